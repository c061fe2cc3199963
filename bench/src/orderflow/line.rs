//! One line of a recording, with its decimals still as text. Errors are texts that name the field; the caller adds file and line.

use heddle_clearing::Side;
use heddle_num::Lots;
use heddle_num::Ticks;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::Level;
use super::Scale;
use super::Take;
use super::Touch;
use super::TouchUpdate;
use super::Update;
use super::decimal;

/// A price and a size.
type Pair<'a> = (&'a str, &'a str);

/// What a line says.
#[derive(Debug)]
pub(super) enum Line<'a> {
    Depth(Depth<'a>),
    Whole(Whole<'a>),
    Ticker(Ticker<'a>),
    Trade(Trade<'a>),
    /// Something that order flow is not made of.
    Other,
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    stream: Option<&'a str>,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
    #[serde(rename = "lastUpdateId")]
    last_update_id: Option<u64>,
    #[serde(rename = "T")]
    time: Option<u64>,
    #[serde(borrow)]
    bids: Option<Vec<Pair<'a>>>,
    #[serde(borrow)]
    asks: Option<Vec<Pair<'a>>>,
}

/// Levels that changed.
#[derive(Debug, Deserialize)]
pub(super) struct Depth<'a> {
    #[serde(rename = "s")]
    symbol: &'a str,
    #[serde(rename = "u")]
    id: u64,
    #[serde(rename = "pu")]
    prior: Option<u64>,
    #[serde(rename = "U")]
    first: u64,
    /// Absent where the venue has one time only.
    #[serde(rename = "T")]
    time: Option<u64>,
    #[serde(rename = "E")]
    event_time: u64,
    #[serde(rename = "b", borrow)]
    bids: Vec<Pair<'a>>,
    #[serde(rename = "a", borrow)]
    asks: Vec<Pair<'a>>,
}

/// The best levels of a book, all of them.
#[derive(Debug)]
pub(super) struct Whole<'a> {
    id: u64,
    time: Option<u64>,
    bids: Vec<Pair<'a>>,
    asks: Vec<Pair<'a>>,
}

/// The best prices.
#[derive(Debug, Deserialize)]
pub(super) struct Ticker<'a> {
    #[serde(rename = "s")]
    symbol: &'a str,
    #[serde(rename = "u")]
    id: u64,
    #[serde(rename = "b")]
    bid: &'a str,
    #[serde(rename = "B")]
    bid_size: &'a str,
    #[serde(rename = "a")]
    ask: &'a str,
    #[serde(rename = "A")]
    ask_size: &'a str,
}

/// A trade.
#[derive(Debug, Deserialize)]
pub(super) struct Trade<'a> {
    #[serde(rename = "s")]
    symbol: &'a str,
    #[serde(rename = "T")]
    time: u64,
    #[serde(rename = "p")]
    price: &'a str,
    #[serde(rename = "q")]
    size: &'a str,
    #[serde(rename = "m")]
    buyer_is_maker: bool,
    /// What kind, on venues that tell.
    #[serde(rename = "X")]
    kind: Option<&'a str>,
}

impl<'a> Line<'a> {
    /// What the bytes say.
    pub(super) fn parse(bytes: &'a [u8]) -> Result<Self, String> {
        let text = std::str::from_utf8(bytes).map_err(|e| e.to_string())?.trim_end();
        let (received, json) = text.split_once(' ').unwrap_or((text, ""));
        if received.parse::<u64>().is_err() {
            return Err("expected receive_time_ns {json}".to_owned());
        }
        let envelope: Envelope<'a> = parse(json)?;
        let Envelope { stream, data, last_update_id, time, bids, asks } = envelope;
        match (stream, data, last_update_id) {
            (Some(stream), Some(data), _) => Self::of_stream(stream, data.get()),
            (None, None, Some(id)) => {
                let levels = bids.zip(asks).ok_or("bids, asks: expected both of a whole book")?;
                Ok(Self::Whole(Whole { id, time, bids: levels.0, asks: levels.1 }))
            }
            _ => Ok(Self::Other),
        }
    }

    fn of_stream(stream: &str, data: &'a str) -> Result<Self, String> {
        let mut parts = stream.split('@').skip(1);
        match parts.next() {
            Some("depth") => parse(data).map(Self::Depth),
            Some("bookTicker") => parse(data).map(Self::Ticker),
            Some("trade") => parse(data).map(Self::Trade),
            _ => Ok(Self::Other),
        }
    }

    /// Of which market it is; a whole book does not say.
    pub(super) const fn symbol(&self) -> Option<&'a str> {
        match self {
            Self::Depth(depth) => Some(depth.symbol),
            Self::Ticker(ticker) => Some(ticker.symbol),
            Self::Trade(trade) => Some(trade.symbol),
            Self::Whole(_) | Self::Other => None,
        }
    }

    /// How many decimals its prices and sizes need.
    pub(super) fn decimals(&self) -> Result<Scale, String> {
        let mut scale = Scale::default();
        for (price, size) in self.pairs() {
            scale.price_decimals = scale.price_decimals.max(decimal::decimals(price)?);
            scale.size_decimals = scale.size_decimals.max(decimal::decimals(size)?);
        }
        Ok(scale)
    }

    /// How many levels it has.
    pub(super) fn len(&self) -> usize {
        self.pairs().count()
    }

    fn pairs(&self) -> impl Iterator<Item = Pair<'a>> + '_ {
        let (lists, two): ([&[Pair<'a>]; 2], [Option<Pair<'a>>; 2]) = match self {
            Self::Depth(Depth { bids, asks, .. }) | Self::Whole(Whole { bids, asks, .. }) => {
                ([bids, asks], [None, None])
            }
            Self::Ticker(ticker) => {
                let bid = (ticker.bid, ticker.bid_size);
                ([&[], &[]], [Some(bid), Some((ticker.ask, ticker.ask_size))])
            }
            Self::Trade(trade) => ([&[], &[]], [Some((trade.price, trade.size)), None]),
            Self::Other => ([&[], &[]], [None, None]),
        };
        lists.into_iter().flatten().copied().chain(two.into_iter().flatten())
    }
}

impl Depth<'_> {
    pub(super) fn update(&self, scale: Scale) -> Result<Update, String> {
        Ok(Update {
            id: self.id,
            // Without a word about it, the numbers of consecutive updates follow each other.
            prior: self.prior.or_else(|| self.first.checked_sub(1)),
            time: self.time.unwrap_or(self.event_time),
            is_snapshot: false,
            bids: levels("b", &self.bids, scale)?,
            asks: levels("a", &self.asks, scale)?,
        })
    }
}

impl Whole<'_> {
    pub(super) fn update(&self, scale: Scale) -> Result<Update, String> {
        Ok(Update {
            id: self.id,
            prior: None,
            time: self.time.unwrap_or_default(),
            is_snapshot: true,
            bids: levels("bids", &self.bids, scale)?,
            asks: levels("asks", &self.asks, scale)?,
        })
    }
}

impl Ticker<'_> {
    pub(super) fn update(&self, scale: Scale) -> Result<TouchUpdate, String> {
        let bid = level("b", (self.bid, self.bid_size), scale)?;
        let ask = level("a", (self.ask, self.ask_size), scale)?;
        let there = |level: Level| Some(level).filter(|level| !level.lots.is_zero());
        Ok(TouchUpdate { id: self.id, touch: Touch { bid: there(bid), ask: there(ask) } })
    }
}

impl Trade<'_> {
    /// What a taker did in the book; none when no order of the book was traded with.
    pub(super) fn take(&self, scale: Scale) -> Result<Option<Take>, String> {
        let Level { price, lots } = level("p, q", (self.price, self.size), scale)?;
        let side = if self.buyer_is_maker { Side::Sell } else { Side::Buy };
        let is_market = self.kind.is_none_or(|kind| kind == "MARKET") && !lots.is_zero();
        Ok(is_market.then_some(Take { time: self.time, side, price, lots }))
    }
}

fn levels(field: &str, pairs: &[Pair<'_>], scale: Scale) -> Result<Vec<Level>, String> {
    pairs.iter().map(|pair| level(field, *pair, scale)).collect()
}

fn level(field: &str, (price, size): Pair<'_>, scale: Scale) -> Result<Level, String> {
    let wrong = |e| format!("{field}: {e}");
    let ticks = decimal::units(price, scale.price_decimals).map_err(wrong)?;
    let lots = decimal::units(size, scale.size_decimals).map_err(wrong)?;
    let ticks = u32::try_from(ticks).map_err(|_| {
        let decimals = scale.price_decimals;
        format!(
            "{field}: found a price of {ticks} ticks of {decimals} decimals, expected below 2^32"
        )
    })?;
    Ok(Level { price: Ticks::new(ticks), lots: Lots::new(lots) })
}

fn parse<'a, T: Deserialize<'a>>(json: &'a str) -> Result<T, String> {
    serde_json::from_str(json).map_err(|e| e.to_string())
}
