//! What is known of a market besides what accounts need: its name, how prices and sizes are shown, how it trades.

use std::fmt;
use std::io;
use std::str::FromStr;

use borsh::BorshDeserialize;
use borsh::BorshSerialize;

use heddle_types::Canonical;

use crate::market::MarketRules;

/// A market as it is listed. Its risk parameters are [`heddle_clearing::MarketParams`].
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Market {
    /// Such as `BTC-PERP`.
    pub name: MarketName,
    /// Decimals of a price of one tick, for people: with 1 a price of 600,005 ticks reads 60000.5.
    pub price_decimals: u8,
    /// Decimals of a size of one lot, for people: with 3 a size of 100 lots reads 0.1.
    pub size_decimals: u8,
    /// How it trades.
    pub rules: MarketRules,
}

impl Market {
    /// The most decimals that a price or a size may have.
    pub const DECIMALS_MAX: u8 = 18;
}

impl Canonical for Market {
    const NAME: &'static str = "market";
    const BYTES_MAX: usize = 512;
}

/// A market's name: 1 to 16 upper-case letters, digits and hyphens.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, BorshSerialize)]
pub struct MarketName([u8; Self::LEN]);

/// What is no market's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseNameError;

impl MarketName {
    const LEN: usize = 16;

    fn as_str(&self) -> &str {
        let len = self.0.iter().position(|byte| *byte == 0).unwrap_or(Self::LEN);
        let name = self.0.get(..len).unwrap_or_default();
        std::str::from_utf8(name).expect("a name is ASCII, as parsing checks")
    }
}

impl fmt::Display for ParseNameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "a market's name is 1 to 16 upper-case letters, digits and hyphens, such as BTC-PERP",
        )
    }
}

impl std::error::Error for ParseNameError {}

impl FromStr for MarketName {
    type Err = ParseNameError;

    fn from_str(text: &str) -> Result<Self, ParseNameError> {
        let is_good = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'-';
        if text.is_empty() || !text.bytes().all(is_good) {
            return Err(ParseNameError);
        }
        let mut bytes = [0; Self::LEN];
        bytes.get_mut(..text.len()).ok_or(ParseNameError)?.copy_from_slice(text.as_bytes());
        Ok(Self(bytes))
    }
}

impl BorshDeserialize for MarketName {
    fn deserialize_reader<R: io::Read>(reader: &mut R) -> io::Result<Self> {
        let bytes = <[u8; Self::LEN]>::deserialize_reader(reader)?;
        let len = bytes.iter().position(|byte| *byte == 0).unwrap_or(Self::LEN);
        let (text, padding) = bytes.split_at(len);
        let invalid = || io::Error::new(io::ErrorKind::InvalidData, ParseNameError);
        if padding.iter().any(|byte| *byte != 0) {
            return Err(invalid());
        }
        std::str::from_utf8(text).ok().and_then(|text| text.parse().ok()).ok_or_else(invalid)
    }
}

impl fmt::Display for MarketName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for MarketName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}
