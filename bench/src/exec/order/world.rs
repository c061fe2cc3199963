//! The chain that orders are placed on: accounts with collateral, markets, and a feed that one publisher posts to.

use heddle_clearing::Clearing;
use heddle_clearing::ClearingGenesis;
use heddle_clearing::FeeRates;
use heddle_clearing::FundingParams;
use heddle_clearing::LiquidationParams;
use heddle_clearing::MarginTier;
use heddle_clearing::MarkParams;
use heddle_clearing::MarketId;
use heddle_clearing::MarketParams;
use heddle_exchange::Exchange;
use heddle_exchange::ExchangeGenesis;
use heddle_exchange::Market;
use heddle_exchange::MarketRules;
use heddle_ledger::GenesisAsset;
use heddle_ledger::Ledger;
use heddle_ledger::LedgerGenesis;
use heddle_num::Lots;
use heddle_num::Ppm;
use heddle_num::Quote;
use heddle_num::Ticks;
use heddle_num::UnitValue;
use heddle_oracle::Feed;
use heddle_oracle::FeedId;
use heddle_oracle::FeedPost;
use heddle_oracle::Oracle;
use heddle_oracle::OracleGenesis;
use heddle_oracle::Post;
use heddle_oracle::PriceLimit;
use heddle_oracle::Publisher;
use heddle_oracle::QualityLimits;
use heddle_oracle::TickScale;
use heddle_oracle::publish_call;
use heddle_sdk::Programs;
use heddle_sdk::genesis_state;
use heddle_state::State;
use heddle_types::Address;
use heddle_types::Amount;
use heddle_types::AssetId;
use heddle_types::Call;
use heddle_types::Genesis;
use heddle_types::GenesisAccount;
use heddle_types::Millis;
use heddle_types::SecretKey;
use heddle_types::UnixMillis;
use rayon::prelude::*;

/// What everybody has of HDL.
const FUNDS: Amount = Amount::from_units(1 << 60);
/// What every account has as collateral: a hundred million dollars, so that nobody is refused for want of it.
const COLLATERAL: Amount = Amount::from_units(100_000_000_000_000);
/// Decimals of the collateral.
const DECIMALS: u8 = 6;
/// A lot is a thousandth, a tick ten cents: so much of the collateral.
const UNIT: UnitValue = UnitValue::new(100);

/// Keys and programs; accounts are those of the keys, numbered in their order.
pub(super) struct World {
    pub(super) programs: Programs,
    pub(super) state: State,
    /// Traders, ascending by address.
    pub(super) keys: Vec<SecretKey>,
    pub(super) publisher: SecretKey,
}

impl World {
    /// Before its first block.
    pub(super) fn new(accounts: u32, markets: u16) -> Self {
        let programs = Programs::new(vec![
            Box::new(Ledger),
            Box::new(Oracle),
            Box::new(Clearing),
            Box::new(Exchange),
        ]);
        let mut keys: Vec<_> = (0..accounts).into_par_iter().map(key).collect();
        keys.par_sort_by_cached_key(address);
        let publisher = key(u32::MAX);
        let genesis = genesis(&keys, &publisher, markets);
        let changes = genesis_state(&programs, &genesis).expect("sections as programs take them");
        let mut state = State::empty();
        state.apply(&changes);
        Self { programs, state, keys, publisher }
    }

    /// The publisher's word on all markets: these prices, as of `time`.
    pub(super) fn posts(prices: &[Ticks], time: UnixMillis) -> Call {
        let post = |(market, price): (u16, &Ticks)| {
            let post = Post { price: price.get().into(), confidence: 1, time };
            FeedPost { feed: FeedId::new(market), post }
        };
        publish_call((0..).zip(prices).map(post).collect())
    }
}

fn key(number: u32) -> SecretKey {
    SecretKey::from_seed(*blake3::hash(&number.to_le_bytes()).as_bytes())
}

fn address(key: &SecretKey) -> Address {
    Address::of_key(&key.public_key())
}

fn genesis(keys: &[SecretKey], publisher: &SecretKey, markets: u16) -> Genesis {
    let publisher = address(publisher);
    let addresses: Vec<_> = keys.par_iter().map(address).collect();
    let holding = |amount| move |address: &Address| GenesisAccount { address: *address, amount };
    let mut accounts: Vec<_> = addresses.iter().map(holding(FUNDS)).collect();
    accounts.push(GenesisAccount { address: publisher, amount: FUNDS });
    accounts.sort_by_key(|account| account.address);
    let clearing = ClearingGenesis {
        authority: publisher,
        asset: collateral(),
        fee_volumes: [0, 10_000_000, 100_000_000, 1_000_000_000]
            .map(|dollars| Quote::new(dollars * 1_000_000)),
        markets: (0..markets).map(params).collect(),
        accounts: addresses.iter().map(holding(COLLATERAL)).collect(),
        insurance: COLLATERAL,
    };
    let held = clearing.vault_balance().expect("far below the largest amount");
    let vault = GenesisAccount { address: heddle_clearing::vault(), amount: held };
    let asset = GenesisAsset {
        asset: collateral(),
        decimals: DECIMALS,
        authority: None,
        balances: vec![vault],
    };
    let oracle = OracleGenesis {
        authority: publisher,
        feeds: (0..markets).map(|market| feed(market, publisher)).collect(),
    };
    let exchange =
        ExchangeGenesis { authority: publisher, markets: (0..markets).map(listing).collect() };
    Genesis {
        version: Genesis::VERSION,
        time: UnixMillis::new(0),
        dev: true,
        validators: Vec::new(),
        possessions: Vec::new(),
        accounts,
        faucet: None,
        sections: vec![
            LedgerGenesis { assets: vec![asset] }.to_section(),
            oracle.to_section(),
            clearing.to_section(),
            exchange.to_section(),
        ],
    }
}

fn collateral() -> AssetId {
    "USD".parse().expect("three capitals are a symbol")
}

fn feed(market: u16, publisher: Address) -> Feed {
    Feed {
        name: format!("M{market}/USD"),
        exponent: -1,
        age_max: Millis::new(60_000),
        confidence_max: Ppm::new(1_000),
        twap_window: Millis::new(60_000),
        publishers: vec![Publisher { address: publisher, weight: 1 }],
    }
}

fn listing(market: u16) -> Market {
    Market {
        name: format!("M{market}-PERP").parse().expect("capitals, digits and a hyphen"),
        price_decimals: 1,
        size_decimals: 3,
        rules: MarketRules {
            band: Ppm::new(100_000),
            breaker: None,
            opening: Millis::new(1),
            batch: None,
            lots_min: Lots::new(1),
            lots_max: Lots::new(1_000_000),
            notional_min: Quote::new(1_000_000),
        },
    }
}

fn params(market: u16) -> MarketParams {
    let tier = |notional_max: i128, initial| MarginTier {
        notional_max: Quote::new(notional_max),
        initial: Ppm::new(initial),
        maintenance: Ppm::new(initial / 2),
    };
    let limit = |seconds: u64, confidence| PriceLimit {
        age_max: Millis::new(seconds * 1_000),
        confidence_max: Ppm::new(confidence),
    };
    MarketParams {
        market: MarketId::new(market),
        unit: UNIT,
        feed: FeedId::new(market),
        tick: TickScale { tick: 1, exponent: -1 },
        tiers: [
            tier(1_000_000_000_000, 20_000),
            tier(10_000_000_000_000, 50_000),
            tier(100_000_000_000_000, 100_000),
            tier(i128::MAX, 200_000),
        ],
        fees: [FeeRates { taker: Ppm::new(450), maker: Ppm::new(-50) }; 4],
        open_interest_max: Lots::new(1 << 40),
        position_max: Lots::new(1 << 40),
        mark: MarkParams {
            basis_time: Millis::new(30_000),
            spread_max: Ppm::new(5_000),
            basis_max: Ppm::new(5_000),
        },
        funding: FundingParams {
            interest: Ppm::new(100),
            clamp_factor: 6_000_000,
            sample_every: Millis::new(1_000),
            pay_every: Millis::new(3_600_000),
        },
        liquidation: LiquidationParams {
            slice: Ppm::new(200_000),
            slice_notional_min: Quote::new(1_000_000_000),
            fee_max: Ppm::new(5_000),
            bankruptcy_adjustment: Ppm::new(1_000_000),
            spread_to_maintenance: Ppm::new(100_000),
        },
        quality: QualityLimits {
            liquidate: limit(5, 1_000),
            increase: limit(30, 2_000),
            reduce: limit(60, 10_000),
        },
    }
}
