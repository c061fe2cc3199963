//! What can be asked about markets, margin accounts and orders.

mod account;
mod flow;
mod listing;

use heddle_types::Address;
use serde::Serialize;
use serde_json::Value;

use crate::error::quoted;
use crate::limits;
use crate::params::ParamError;
use crate::params::Params;
use crate::request::Request;
use crate::text;

pub use account::MarginAccount;
pub use account::OpenOrder;
pub use account::Position;
pub use account::Trigger;
pub use flow::FundingPayment;
pub use flow::Liquidation;
pub use flow::OrderName;
pub use flow::OrderState;
pub use flow::OrderStatus;
pub use flow::Trade;
pub use listing::BookLevel;
pub use listing::Breaker;
pub use listing::Fees;
pub use listing::Funding;
pub use listing::MarginTier;
pub use listing::Market;
pub use listing::OrderBook;
pub use listing::PriceBand;
pub use listing::PriceUse;

/// A market, by its number or its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum MarketName {
    /// By its number.
    Number(u16),
    /// By its name, such as `BTC-PERP`.
    Name(String),
}

/// A margin account, by its number or by its owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum AccountName {
    /// By its number.
    Number {
        /// The number.
        account: u32,
    },
    /// By its owner.
    Owner {
        /// The owner.
        #[serde(with = "text")]
        address: Address,
        /// Which of the owner's; 0 for the first.
        sub: u8,
    },
}

/// `getMarkets`: every market.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct GetMarkets {}

/// `getOrderBook`: the best price levels of a market.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct GetOrderBook {
    /// Which market.
    pub market: MarketName,
    /// Levels of each side at most, 1 to [`limits::BOOK_LEVELS_MAX`].
    pub depth: u64,
}

/// `getMarginAccount`: equity, requirements and positions of a margin account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct GetMarginAccount(pub AccountName);

/// `getOpenOrders`: the open orders of a margin account, in one market or in all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct GetOpenOrders {
    /// Whose.
    #[serde(flatten)]
    pub account: AccountName,
    /// In which market only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub market: Option<MarketName>,
}

/// `getOrder`: where an order stands, and what became of it so far.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct GetOrder {
    /// Whose.
    #[serde(flatten)]
    pub account: AccountName,
    /// Where.
    pub market: MarketName,
    /// Its number among all that the account ever placed.
    pub number: u32,
}

macro_rules! histories {
    ($($(#[$meta:meta])* $name:ident($method:literal) -> $reply:ty;)+) => {$(
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
        pub struct $name {
            /// Which market.
            pub market: MarketName,
            /// The newest ones, 1 to [`limits::HISTORY_ITEMS_MAX`].
            pub limit: u64,
        }

        impl Request for $name {
            const METHOD: &'static str = $method;
            type Reply = Vec<$reply>;

            fn from_params(mut params: Params) -> Result<Self, ParamError> {
                let market = params.market("market")?;
                let limit = at_least_one(&mut params, "limit", limits::HISTORY_ITEMS_MAX)?;
                params.finish("market, limit")?;
                Ok(Self { market, limit: limit.unwrap_or(limits::HISTORY_ITEMS_DEFAULT) })
            }
        }
    )+};
}

histories! {
    /// `getTrades`: the newest trades of a market, newest first.
    GetTrades("getTrades") -> Trade;
    /// `getFundingHistory`: the newest funding payments of a market, newest first.
    GetFundingHistory("getFundingHistory") -> FundingPayment;
    /// `getLiquidations`: the newest liquidations in a market, newest first.
    GetLiquidations("getLiquidations") -> Liquidation;
}

impl Request for GetMarkets {
    const METHOD: &'static str = "getMarkets";
    type Reply = Vec<Market>;

    fn from_params(params: Params) -> Result<Self, ParamError> {
        params.finish("none")?;
        Ok(Self {})
    }
}

impl Request for GetOrderBook {
    const METHOD: &'static str = "getOrderBook";
    type Reply = OrderBook;

    fn from_params(mut params: Params) -> Result<Self, ParamError> {
        let market = params.market("market")?;
        let depth = at_least_one(&mut params, "depth", limits::BOOK_LEVELS_MAX)?;
        params.finish("market, depth")?;
        Ok(Self { market, depth: depth.unwrap_or(limits::BOOK_LEVELS_DEFAULT) })
    }
}

impl Request for GetMarginAccount {
    const METHOD: &'static str = "getMarginAccount";
    type Reply = MarginAccount;

    fn from_params(mut params: Params) -> Result<Self, ParamError> {
        let account = params.account()?;
        params.finish("account, or address and sub")?;
        Ok(Self(account))
    }
}

impl Request for GetOpenOrders {
    const METHOD: &'static str = "getOpenOrders";
    type Reply = Vec<OpenOrder>;

    fn from_params(mut params: Params) -> Result<Self, ParamError> {
        let account = params.account()?;
        let market = if params.has("market") { Some(params.market("market")?) } else { None };
        params.finish("account, or address and sub; market")?;
        Ok(Self { account, market })
    }
}

impl Request for GetOrder {
    const METHOD: &'static str = "getOrder";
    type Reply = OrderStatus;

    fn from_params(mut params: Params) -> Result<Self, ParamError> {
        let account = params.account()?;
        let market = params.market("market")?;
        let number = params.integer("number", u32::MAX.into())?;
        params.finish("account, or address and sub; market, number")?;
        Ok(Self { account, market, number: u32::try_from(number).unwrap_or(u32::MAX) })
    }
}

impl Params {
    /// A market's number or name.
    ///
    /// # Errors
    /// The field is missing, or neither.
    fn market(&mut self, field: &str) -> Result<MarketName, ParamError> {
        const EXPECTED: &str = "a market's number, or its name such as BTC-PERP";
        let wrong = |found: String| ParamError::new(field, found, EXPECTED);
        match self.take(field) {
            None => Err(wrong("nothing".to_owned())),
            Some(Value::String(name)) if name.len() <= limits::MARKET_NAME_BYTES_MAX => {
                Ok(MarketName::Name(name))
            }
            Some(Value::String(name)) => Err(wrong(quoted(&name))),
            Some(other) => {
                let number = other.as_u64().and_then(|number| u16::try_from(number).ok());
                number.map(MarketName::Number).ok_or_else(|| wrong(crate::params::found(&other)))
            }
        }
    }

    /// `account`, or `address` and perhaps `sub`.
    ///
    /// # Errors
    /// Neither is there, or both are, or one is not what it should be.
    fn account(&mut self) -> Result<AccountName, ParamError> {
        let number = self.optional_integer("account", u32::MAX.into())?;
        let address = self.optional_text::<Address>("address")?;
        let sub = self.optional_integer("sub", u8::MAX.into())?;
        let sub = sub.and_then(|sub| u8::try_from(sub).ok());
        let wrong = |found: &str| ParamError::new("params", found, "account, or address and sub");
        match (number.and_then(|number| u32::try_from(number).ok()), address, sub) {
            (Some(account), None, None) => Ok(AccountName::Number { account }),
            (None, Some(address), sub) => Ok(AccountName::Owner { address, sub: sub.unwrap_or(0) }),
            (Some(_), Some(_), _) => Err(wrong("account and address")),
            (Some(_), None, Some(_)) => Err(wrong("account and sub")),
            (None, None, _) => Err(wrong("neither")),
        }
    }
}

/// An integer from 1 to `max`, or nothing.
fn at_least_one(params: &mut Params, field: &str, max: u64) -> Result<Option<u64>, ParamError> {
    match params.optional_integer(field, max)? {
        Some(0) => Err(ParamError::new(field, "0", format!("an integer from 1 to {max}"))),
        number => Ok(number),
    }
}

#[cfg(test)]
mod tests;
