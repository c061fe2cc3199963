//! Where the exchange keeps what.

use heddle_clearing::MarketId;
use heddle_sdk::ResidentKey;
use heddle_types::ProgramId;
use heddle_types::StateKey;

const AUTHORITY_TAG: u8 = b'g';
const COUNT_TAG: u8 = b'n';
const MARKET_TAG: u8 = b'm';
const SESSION_TAG: u8 = b's';
const BOOK_NAME: &[u8] = b"book";

/// Where the address that may create and change markets is.
pub fn authority_key() -> StateKey {
    key(&[&[AUTHORITY_TAG]])
}

/// Where the number of markets is: 2 bytes, little-endian.
pub fn count_key() -> StateKey {
    key(&[&[COUNT_TAG]])
}

/// Where a market's [`crate::Market`] is.
pub fn market_key(market: MarketId) -> StateKey {
    key(&[&[MARKET_TAG], &market.get().to_be_bytes()])
}

/// Where a market's [`crate::Session`] is.
pub fn session_key(market: MarketId) -> StateKey {
    key(&[&[SESSION_TAG], &market.get().to_be_bytes()])
}

/// The name of a market's book.
///
/// # Panics
/// Never: 6 bytes are a name.
pub fn book_key(market: MarketId) -> ResidentKey {
    let name = [BOOK_NAME, &market.get().to_be_bytes()].concat();
    ResidentKey::new(ProgramId::EXCHANGE, &name).expect("6 bytes are a name")
}

/// Whether this is the name of a book.
pub(crate) fn is_book(name: &[u8]) -> bool {
    name.strip_prefix(BOOK_NAME).is_some_and(|market| market.len() == 2)
}

fn key(parts: &[&[u8]]) -> StateKey {
    StateKey::new(ProgramId::EXCHANGE, parts).expect("a few bytes fit a key")
}
