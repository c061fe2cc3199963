//! What people may ask of markets and accounts, read from state. No call and no phase uses it.
//!
//! Everything is as after one block: whoever asks gives a reader of one state.

mod account;
mod market;
mod position;

use heddle_clearing::Account;
use heddle_clearing::AccountId;
use heddle_clearing::MarketId;
use heddle_clearing::OpenOrders;
use heddle_clearing::RiskTable;
use heddle_types::Address;
use heddle_types::AssetId;
use heddle_types::Canonical;
use heddle_types::StateKey;
use heddle_types::UnixMillis;
use heddle_types::Value;
use heddle_types::decode_exact;

use crate::book::Book;
use crate::book::Corrupt;
use crate::keys;
use crate::listing::Market;

pub use account::AccountView;
pub use market::FundingView;
pub use market::MarketView;
pub use position::PositionView;

/// Reads one state.
#[derive(Clone, Copy)]
pub struct Query<'a> {
    read: &'a dyn Fn(&StateKey) -> Option<Value>,
}

impl<'a> Query<'a> {
    /// Of the state that `read` gives values of.
    pub const fn new(read: &'a dyn Fn(&StateKey) -> Option<Value>) -> Self {
        Self { read }
    }

    /// The markets that there are, by number.
    pub fn markets(&self) -> impl Iterator<Item = MarketId> + use<> {
        let count = (self.read)(&keys::count_key());
        let count = count.and_then(|value| <[u8; 2]>::try_from(value.as_bytes()).ok());
        (0..count.map_or(0, u16::from_le_bytes)).map(MarketId::new)
    }

    /// A market's listing.
    pub fn listing(&self, market: MarketId) -> Option<Market> {
        self.decode(&keys::market_key(market))
    }

    /// The market of this name. Upper and lower case are the same.
    pub fn market_named(&self, name: &str) -> Option<MarketId> {
        let is_named = |market: &MarketId| {
            let listing = self.listing(*market);
            listing.is_some_and(|listing| listing.name.to_string().eq_ignore_ascii_case(name))
        };
        self.markets().find(is_named)
    }

    /// Everything about a market, as it is for a block at `now`.
    pub fn market(&self, market: MarketId, now: UnixMillis) -> Option<MarketView> {
        MarketView::read(self, market, now)
    }

    /// What margin accounts hold and everything is paid in; none on a chain without them.
    pub fn collateral(&self) -> Option<AssetId> {
        let venue: heddle_clearing::Venue = self.decode(&heddle_clearing::venue_key())?;
        Some(venue.asset)
    }

    /// A market's book, loaded from its parts: work in proportion to its orders.
    ///
    /// # Errors
    /// When the parts are none of a book.
    pub fn book(&self, market: MarketId) -> Result<Book, Corrupt> {
        let key = keys::book_key(market);
        Book::load(&mut |suffix| key.part(suffix).and_then(|part| (self.read)(&part)))
    }

    /// The number of an owner's margin account.
    pub fn account_of(&self, owner: &Address, sub: u8) -> Option<AccountId> {
        let value = (self.read)(&heddle_clearing::owner_key(owner, sub))?;
        let bytes = <[u8; 4]>::try_from(value.as_bytes()).ok()?;
        Some(AccountId::new(u32::from_le_bytes(bytes)))
    }

    /// Everything about a margin account. None too when an amount of it does not fit.
    pub fn account(&self, account: AccountId) -> Option<AccountView> {
        let account: Account = self.decode(&heddle_clearing::account_key(account))?;
        AccountView::new(account, &self.risk_table()?)
    }

    /// An account's open orders in a market.
    pub fn open_orders(&self, account: AccountId, market: MarketId) -> OpenOrders {
        self.decode(&heddle_clearing::orders_key(account, market)).unwrap_or_default()
    }

    fn risk_table(&self) -> Option<RiskTable> {
        RiskTable::from_value((self.read)(&heddle_clearing::risk_table_key())?)
    }

    fn decode<T: Canonical>(&self, key: &StateKey) -> Option<T> {
        decode_exact((self.read)(key)?.as_bytes()).ok()
    }
}

#[cfg(test)]
mod tests;
