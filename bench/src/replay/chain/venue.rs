//! The market that a recording is replayed in, as the chain describes it.

use heddle_clearing::MarketId;
use heddle_clearing::MarketParams;
use heddle_num::Lots;
use heddle_num::Quote;
use heddle_num::Ticks;
use heddle_oracle::Feed;
use heddle_oracle::feed_key;
use heddle_rpc_api::Market;
use heddle_types::Address;
use heddle_types::Canonical;
use heddle_types::StateKey;
use heddle_types::decode_exact;

use crate::error::BenchError;
use crate::network::Network;
use crate::orderflow::OrderLimits;
use crate::orderflow::Scale;

/// A market and its price feed.
#[derive(Clone, Debug)]
pub(super) struct Venue {
    pub(super) market: Market,
    pub(super) params: MarketParams,
    pub(super) feed: Feed,
}

impl Venue {
    /// The market of this name or number.
    pub(super) async fn find(network: &Network, name: &str) -> Result<Self, BenchError> {
        let markets = network.nodes()[0].markets().await?;
        let names: Vec<&str> = markets.iter().map(|market| market.name.as_str()).collect();
        let names = names.join(", ");
        let is_meant = |market: &Market| market.name == name || market.market.to_string() == name;
        let Some(market) = markets.iter().find(|market| is_meant(market)).cloned() else {
            return Err(BenchError::usage(format!(
                "--market: found {name:?}, expected one of {names}; give one of these names"
            )));
        };
        let params_key = heddle_clearing::params_key(MarketId::new(market.market));
        let params: MarketParams = read(network, &params_key).await?;
        let feed = read(network, &feed_key(params.feed)).await?;
        Ok(Self { market, params, feed })
    }

    /// The market as it is now.
    pub(super) async fn look(&self, network: &Network) -> Result<Market, BenchError> {
        let markets = network.nodes()[0].markets().await?;
        let found = markets.into_iter().find(|market| market.market == self.market.market);
        found.ok_or_else(|| {
            BenchError::failed(format!("{}: found no such market any more", self.market.name))
        })
    }

    pub(super) const fn id(&self) -> MarketId {
        MarketId::new(self.market.market)
    }

    pub(super) const fn scale(&self) -> Scale {
        Scale {
            price_decimals: self.market.price_decimals,
            size_decimals: self.market.size_decimals,
        }
    }

    /// What an order may have around `middle`. The mark may be a little lower than that, so a quarter more than the least is asked for.
    pub(super) fn limits(&self, middle: Ticks) -> OrderLimits {
        let least = self.market.notional_min.get();
        OrderLimits {
            lots_min: self.market.lots_min,
            lots_max: self.market.lots_max,
            unit: self.params.unit,
            notional_min: Quote::new(least.saturating_add(least / 4)),
            mark: middle,
        }
    }

    /// Lots that one account may come to hold.
    pub(super) const fn position_max(&self) -> Lots {
        self.params.position_max
    }

    /// A price of so many ticks in what the feed counts; none when that does not fit, or is not the same price in ticks.
    pub(super) fn feed_price(&self, ticks: Ticks) -> Option<i64> {
        let scale = self.params.tick;
        let places = i32::from(scale.exponent) - i32::from(self.feed.exponent);
        let whole = i128::from(ticks.get()) * i128::from(scale.tick);
        let shift = 10_i128.checked_pow(places.unsigned_abs())?;
        let price = if places >= 0 { whole.checked_mul(shift)? } else { whole / shift };
        let price = i64::try_from(price).ok().filter(|price| *price > 0)?;
        scale.ticks(price, self.feed.exponent).is_some().then_some(price)
    }

    /// Whether prices are this key's to post, and whether they count then.
    pub(super) fn check_publisher(&self, address: &Address) -> Result<(), BenchError> {
        let Some(weight) = self.feed.weight_of(address) else {
            return Err(BenchError::failed(format!(
                "--publisher: found {address}, expected a publisher of {}; give the key file of one, of a localnet \
                 HOME/feed/publisher.json",
                self.feed.name
            )));
        };
        let quorum = self.feed.quorum();
        if u64::from(weight) < quorum {
            return Err(BenchError::failed(format!(
                "--publisher: found a weight of {weight} for {}, expected at least {quorum}; run the feed's publishers, and \
                 leave the key out",
                self.feed.name
            )));
        }
        Ok(())
    }
}

async fn read<T: Canonical>(network: &Network, key: &StateKey) -> Result<T, BenchError> {
    let bytes = key.bytes().to_vec().into();
    let value = network.nodes()[0].value(key.program(), bytes).await?;
    let decoded = value.and_then(|value| decode_exact(&value).ok());
    decoded.ok_or_else(|| {
        BenchError::failed(format!(
            "{}: found no {} that this program can read, expected one; use the binaries of one version",
            key.program().0,
            T::NAME
        ))
    })
}
