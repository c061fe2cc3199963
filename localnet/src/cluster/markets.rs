//! The markets that a cluster's chain begins with: BTC and ETH perpetuals in dollars, and their price feeds.

use heddle_clearing::ClearingGenesis;
use heddle_clearing::FeeRates;
use heddle_clearing::FundingParams;
use heddle_clearing::LiquidationParams;
use heddle_clearing::MarginTier;
use heddle_clearing::MarkParams;
use heddle_clearing::MarketId;
use heddle_clearing::MarketParams;
use heddle_exchange::Breaker;
use heddle_exchange::ExchangeGenesis;
use heddle_exchange::Market;
use heddle_exchange::MarketRules;
use heddle_num::Lots;
use heddle_num::Ppm;
use heddle_num::Quote;
use heddle_num::UnitValue;
use heddle_oracle::Feed;
use heddle_oracle::FeedId;
use heddle_oracle::OracleGenesis;
use heddle_oracle::PriceLimit;
use heddle_oracle::Publisher;
use heddle_oracle::QualityLimits;
use heddle_oracle::TickScale;
use heddle_types::Address;
use heddle_types::Amount;
use heddle_types::AssetId;
use heddle_types::GenesisAccount;
use heddle_types::GenesisSection;
use heddle_types::Millis;

/// Prices of feeds are in hundredths of a dollar.
pub(crate) const FEED_EXPONENT: i8 = -2;
/// Base units of one dollar.
const DOLLAR: i128 = 1_000_000;
/// What the insurance fund begins with: 1,000,000 USD.
const INSURANCE: Amount = Amount::from_units(1_000_000_000_000);

/// What is traded.
struct Listed {
    name: &'static str,
    feed: &'static str,
    /// Digits of one tick behind the point, in dollars.
    price_decimals: u8,
    /// Digits of one lot behind the point.
    size_decimals: u8,
    /// The largest order, position, and sum of long positions, in lots.
    lots_max: [u64; 3],
}

const LISTED: [Listed; 2] = [
    Listed {
        name: "BTC-PERP",
        feed: "BTC/USD",
        price_decimals: 1,
        size_decimals: 3,
        lots_max: [100_000, 1_000_000, 10_000_000],
    },
    Listed {
        name: "ETH-PERP",
        feed: "ETH/USD",
        price_decimals: 2,
        size_decimals: 2,
        lots_max: [200_000, 2_000_000, 20_000_000],
    },
];

/// Who governs the markets, who feeds them, and who has collateral.
pub(super) struct Founders {
    /// Whoever may change parameters.
    pub(super) authority: Address,
    /// Whoever posts prices.
    pub(super) publisher: Address,
    /// The collateral asset.
    pub(super) asset: AssetId,
    /// First margin accounts, strictly ascending by address.
    pub(super) accounts: Vec<GenesisAccount>,
}

impl Founders {
    /// The sections of oracle, clearing and exchange.
    pub(super) fn sections(&self) -> Vec<GenesisSection> {
        let oracle = OracleGenesis {
            authority: self.authority,
            feeds: LISTED.iter().map(|listed| listed.feed(self.publisher)).collect(),
        };
        let exchange = ExchangeGenesis {
            authority: self.authority,
            markets: LISTED.iter().map(Listed::market).collect(),
        };
        vec![oracle.to_section(), self.clearing().to_section(), exchange.to_section()]
    }

    /// What clearing's vault holds at first.
    pub(super) fn vault(&self) -> GenesisAccount {
        let amount = self.clearing().vault_balance().expect("a few accounts of a few millions");
        GenesisAccount { address: heddle_clearing::vault(), amount }
    }

    fn clearing(&self) -> ClearingGenesis {
        let volumes = [0, 5_000_000, 25_000_000, 100_000_000];
        let markets = (0..).map(MarketId::new).zip(&LISTED);
        ClearingGenesis {
            authority: self.authority,
            asset: self.asset,
            fee_volumes: volumes.map(dollars),
            markets: markets.map(|(market, listed)| listed.params(market)).collect(),
            accounts: self.accounts.clone(),
            insurance: INSURANCE,
        }
    }
}

impl Listed {
    fn feed(&self, publisher: Address) -> Feed {
        Feed {
            name: self.feed.to_owned(),
            exponent: FEED_EXPONENT,
            age_max: Millis::new(60_000),
            confidence_max: Ppm::new(50_000),
            twap_window: Millis::new(300_000),
            publishers: vec![Publisher { address: publisher, weight: 1 }],
        }
    }

    fn market(&self) -> Market {
        let [order_max, ..] = self.lots_max;
        Market {
            name: self.name.parse().expect("a name of capitals"),
            price_decimals: self.price_decimals,
            size_decimals: self.size_decimals,
            rules: MarketRules {
                band: Ppm::new(100_000),
                breaker: Some(Breaker {
                    move_max: Ppm::new(50_000),
                    window: Millis::new(60_000),
                    auction: Millis::new(5_000),
                }),
                opening: Millis::new(2_000),
                batch: None,
                lots_min: Lots::new(1),
                lots_max: Lots::new(order_max),
                notional_min: dollars(5),
            },
        }
    }

    fn params(&self, market: MarketId) -> MarketParams {
        let [_, position_max, open_interest_max] = self.lots_max;
        let digits = u32::from(self.price_decimals + self.size_decimals);
        let unit = 1_000_000 / 10_u32.pow(digits);
        let exponent = i8::try_from(self.price_decimals).unwrap_or_default();
        MarketParams {
            market,
            unit: UnitValue::new(unit),
            feed: FeedId::new(market.get()),
            tick: TickScale { tick: 1, exponent: -exponent },
            tiers: [
                tier(dollars(100_000), 20_000, 10_000),
                tier(dollars(1_000_000), 50_000, 25_000),
                tier(Quote::MAX, 100_000, 50_000),
                tier(Quote::MAX, 100_000, 50_000),
            ],
            fees: [fees(450, 150), fees(400, 120), fees(350, 80), fees(300, 40)],
            open_interest_max: Lots::new(open_interest_max),
            position_max: Lots::new(position_max),
            mark: MarkParams {
                basis_time: Millis::new(30_000),
                spread_max: Ppm::new(10_000),
                basis_max: Ppm::new(10_000),
            },
            funding: FundingParams {
                interest: Ppm::new(100),
                clamp_factor: 6_000_000,
                sample_every: Millis::new(10_000),
                pay_every: Millis::new(3_600_000),
            },
            liquidation: LiquidationParams {
                slice: Ppm::new(200_000),
                slice_notional_min: dollars(5_000),
                fee_max: Ppm::new(15_000),
                bankruptcy_adjustment: Ppm::ONE,
                spread_to_maintenance: Ppm::new(1_500_000),
            },
            quality: QualityLimits {
                liquidate: price(5_000, 10_000),
                increase: price(10_000, 20_000),
                reduce: price(60_000, 50_000),
            },
        }
    }
}

const fn dollars(whole: i128) -> Quote {
    Quote::new(whole * DOLLAR)
}

const fn tier(notional_max: Quote, initial: i32, maintenance: i32) -> MarginTier {
    MarginTier { notional_max, initial: Ppm::new(initial), maintenance: Ppm::new(maintenance) }
}

const fn fees(taker: i32, maker: i32) -> FeeRates {
    FeeRates { taker: Ppm::new(taker), maker: Ppm::new(maker) }
}

const fn price(age_ms: u64, confidence: i32) -> PriceLimit {
    PriceLimit { age_max: Millis::new(age_ms), confidence_max: Ppm::new(confidence) }
}
