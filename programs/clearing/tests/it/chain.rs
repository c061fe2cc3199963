//! A chain with the ledger, clearing, and a program in the exchange's place that reports whatever outcomes it is told to.

use borsh::BorshDeserialize;
use borsh::BorshSerialize;

use heddle_clearing::Account;
use heddle_clearing::AccountId;
use heddle_clearing::Actor;
use heddle_clearing::BookSummary;
use heddle_clearing::Clearing;
use heddle_clearing::ClearingCall;
use heddle_clearing::ClearingError;
use heddle_clearing::ClearingEvent;
use heddle_clearing::ClearingGenesis;
use heddle_clearing::Count;
use heddle_clearing::FeeRates;
use heddle_clearing::FundingParams;
use heddle_clearing::Lane;
use heddle_clearing::LiquidationParams;
use heddle_clearing::MarkParams;
use heddle_clearing::MarketId;
use heddle_clearing::MarketParams;
use heddle_clearing::MarketState;
use heddle_clearing::NewOrder;
use heddle_clearing::Outcome;
use heddle_clearing::Outcomes;
use heddle_clearing::Role;
use heddle_clearing::account_key;
use heddle_clearing::agent_key;
use heddle_clearing::authorise;
use heddle_clearing::book_summary_key;
use heddle_clearing::create_market;
use heddle_clearing::declare_market;
use heddle_clearing::market_state_key;
use heddle_clearing::orders_key;
use heddle_clearing::outcome_inbox;
use heddle_clearing::read_orders;
use heddle_clearing::read_risk_table;
use heddle_clearing::risk_table_key;
use heddle_clearing::vault;
use heddle_clearing::write_account;
use heddle_clearing::write_orders;
use heddle_executor::BlockOutcome;
use heddle_executor::testing::TestChain;
use heddle_executor::testing::address;
use heddle_executor::testing::key;
use heddle_executor::testing::sign;
use heddle_ledger::GenesisAsset;
use heddle_ledger::Ledger;
use heddle_ledger::LedgerGenesis;
use heddle_num::Lots;
use heddle_num::Ppm;
use heddle_num::Quote;
use heddle_num::Ticks;
use heddle_num::UnitValue;
use heddle_oracle::FeedId;
use heddle_oracle::PriceLimit;
use heddle_oracle::QualityLimits;
use heddle_oracle::Snapshot;
use heddle_oracle::TickScale;
use heddle_oracle::snapshot_key;
use heddle_sdk::CallContext;
use heddle_sdk::CallError;
use heddle_sdk::Declaration;
use heddle_sdk::Described;
use heddle_sdk::ErrorText;
use heddle_sdk::Program;
use heddle_sdk::Programs;
use heddle_types::Access;
use heddle_types::AccessMode;
use heddle_types::Address;
use heddle_types::Amount;
use heddle_types::AssetId;
use heddle_types::Call;
use heddle_types::Canonical;
use heddle_types::Entry;
use heddle_types::Genesis;
use heddle_types::GenesisAccount;
use heddle_types::Millis;
use heddle_types::ProgramError;
use heddle_types::ProgramId;
use heddle_types::Receipt;
use heddle_types::StateKey;
use heddle_types::TxFailure;
use heddle_types::UnixMillis;
use heddle_types::Value;
use heddle_types::decode_exact;
use heddle_types::encode;

use crate::world::M;
use crate::world::tier;

/// The key of the authority.
pub(crate) const AUTHORITY: u8 = 9;
/// What each of keys 1 to 4 holds in its first account, and again in the ledger.
pub(crate) const FUNDS: u64 = 1_000_000;

pub(crate) fn usd() -> AssetId {
    "USD".parse().unwrap()
}

pub(crate) fn who(n: u8) -> Address {
    address(&key(n))
}

pub(crate) fn units(units: u64) -> Amount {
    Amount::from_units(units)
}

/// The first account of key `n`.
pub(crate) fn account_of(chain: &TestChain, n: u8) -> AccountId {
    let value = &chain.state.0[&heddle_clearing::owner_key(&who(n), 0)].value;
    AccountId::new(u32::from_le_bytes(value.as_bytes().try_into().unwrap()))
}

/// As `row(0)`, with funding paid every 10 s of a premium sampled each second.
pub(crate) fn params() -> MarketParams {
    let limit = |seconds: u64, confidence| PriceLimit {
        age_max: Millis::new(seconds * 1000),
        confidence_max: Ppm::new(confidence),
    };
    MarketParams {
        market: M,
        unit: UnitValue::new(10),
        feed: FeedId::new(3),
        tick: TickScale { tick: 1, exponent: -1 },
        tiers: [tier(i128::MAX, 100_000, 50_000); 4],
        fees: [FeeRates { taker: Ppm::new(450), maker: Ppm::new(-100) }; 4],
        open_interest_max: Lots::new(1 << 40),
        position_max: Lots::new(1 << 40),
        mark: MarkParams {
            basis_time: Millis::new(1_000),
            spread_max: Ppm::new(20_000),
            basis_max: Ppm::new(50_000),
        },
        funding: FundingParams {
            interest: Ppm::new(80),
            clamp_factor: 6_000_000,
            sample_every: Millis::new(1_000),
            pay_every: Millis::new(10_000),
        },
        liquidation: LiquidationParams {
            slice: Ppm::new(200_000),
            slice_notional_min: Quote::new(1_000_000),
            fee_max: Ppm::new(5_000),
            bankruptcy_adjustment: Ppm::new(1_000_000),
            spread_to_maintenance: Ppm::new(100_000),
        },
        quality: QualityLimits {
            liquidate: limit(2, 1_000),
            increase: limit(5, 2_000),
            reduce: limit(20, 10_000),
        },
    }
}

pub(crate) fn clearing_genesis() -> ClearingGenesis {
    ClearingGenesis {
        authority: who(AUTHORITY),
        asset: usd(),
        fee_volumes: [0, 1_000_000, 10_000_000, 100_000_000].map(Quote::new),
        markets: vec![params()],
        accounts: balances(),
        insurance: units(5_000),
    }
}

fn balances() -> Vec<GenesisAccount> {
    let mut accounts: Vec<_> =
        (1..=4).map(|n| GenesisAccount { address: who(n), amount: units(FUNDS) }).collect();
    accounts.sort_by_key(|account| account.address);
    accounts
}

pub(crate) fn genesis(clearing: &ClearingGenesis) -> Genesis {
    let mut balances = balances();
    balances.push(GenesisAccount { address: vault(), amount: units(4 * FUNDS + 5_000) });
    balances.sort_by_key(|account| account.address);
    let usd = GenesisAsset { asset: usd(), decimals: 6, authority: None, balances };
    let mut accounts: Vec<_> = [1, 2, 3, 4, 5, AUTHORITY]
        .map(|n| GenesisAccount { address: who(n), amount: units(1_000_000_000_000) })
        .into();
    accounts.sort_by_key(|account| account.address);
    Genesis {
        version: Genesis::VERSION,
        time: UnixMillis::new(0),
        dev: true,
        validators: Vec::new(),
        possessions: Vec::new(),
        accounts,
        faucet: None,
        sections: vec![LedgerGenesis { assets: vec![usd] }.to_section(), clearing.to_section()],
    }
}

pub(crate) fn programs() -> Programs {
    Programs::new(vec![Box::new(Ledger), Box::new(Clearing), Box::new(Desk)])
}

/// Keys 1 to 4 have an account each, market 0 has a price of 100.0, which is 1000 ticks.
pub(crate) fn chain() -> TestChain {
    let mut chain = TestChain::begin(programs(), &genesis(&clearing_genesis())).unwrap();
    price(&mut chain, 1000);
    chain.run(&[]);
    chain
}

/// Says the price of market 0 as of the next block, in ticks.
pub(crate) fn price(chain: &mut TestChain, ticks: i64) {
    let time = chain.block_info().time;
    let snapshot =
        Snapshot { price: ticks, confidence: 0, exponent: -1, time, publishers: 1, twap: ticks };
    put(chain, snapshot_key(FeedId::new(3)), &snapshot);
}

pub(crate) fn book(chain: &mut TestChain, summary: &BookSummary) {
    put(chain, book_summary_key(M), summary);
}

pub(crate) fn put<T: Canonical>(chain: &mut TestChain, key: StateKey, to: &T) {
    let entry = Entry { deposit: None, value: Value::from(encode(to)) };
    chain.state.0.insert(key, entry);
}

pub(crate) fn take<T: Canonical>(chain: &TestChain, key: &StateKey) -> T {
    decode_exact(chain.state.0[key].value.as_bytes()).unwrap()
}

pub(crate) fn account(chain: &TestChain, n: u8) -> Account {
    take(chain, &account_key(account_of(chain, n)))
}

pub(crate) fn market_state(chain: &TestChain) -> MarketState {
    take(chain, &market_state_key(M))
}

/// Runs a block of one call each, by these keys. All money is accounted for after it.
pub(crate) fn block(chain: &mut TestChain, calls: &[(u8, Call)]) -> BlockOutcome {
    let mut bodies = Vec::new();
    let mut sequences = [0; 16];
    for (n, call) in calls {
        let mut body = chain.body(&key(*n), vec![call.clone()]);
        if let heddle_types::Nonce::Lane { sequence, .. } = &mut body.nonce {
            *sequence += sequences[usize::from(*n)];
        }
        sequences[usize::from(*n)] += 1;
        if matches!(decode_exact(&call.data), Ok(ClearingCall::Open { .. })) {
            body.access = Access::Open;
        }
        bodies.push(sign(body, &key(*n)));
    }
    let outcome = chain.run(&bodies);
    assert!(outcome.skipped.is_empty());
    check_sums(chain);
    outcome
}

/// Counts everything: no money and no lots are made or lost, and what is counted is what the lanes say.
pub(crate) fn check_sums(chain: &TestChain) {
    let count = Count::of(&chain.state.0).unwrap();
    assert_eq!(count.imbalance(), 0);
    assert_eq!(count.accounts, count.lane(Lane::Accounts));
    let held = chain.balance(&vault(), &usd()).signed();
    assert_eq!(count.lane(Lane::Vault), held);
    assert_eq!(count.lane(Lane::Lots(M)), 0);
    let supply = heddle_ledger::supply(&chain.state.0).unwrap();
    assert_eq!(supply[&usd()], units(8 * FUNDS + 5_000));
}

/// Runs one call that must succeed; its events of clearing.
pub(crate) fn run_ok(chain: &mut TestChain, n: u8, call: Call) -> Vec<ClearingEvent> {
    let receipt = block(chain, &[(n, call)]).receipts.remove(0);
    assert_eq!(receipt.outcome, heddle_types::Outcome::Ok);
    events(&receipt)
}

pub(crate) fn events(receipt: &Receipt) -> Vec<ClearingEvent> {
    receipt
        .events
        .iter()
        .map(|event| ClearingEvent::decode(event.kind, &event.data).unwrap())
        .collect()
}

/// Runs one call that must be refused, without any effect but the fee.
pub(crate) fn run_refused(chain: &mut TestChain, n: u8, call: Call, error: ClearingError) {
    let receipt = block(chain, &[(n, call.clone())]).receipts.remove(0);
    assert_eq!(receipt.outcome, refusal(call.program, error));
}

pub(crate) fn refusal(program: ProgramId, error: ClearingError) -> heddle_types::Outcome {
    let error = ProgramError { program, call: 0, code: error.code() };
    heddle_types::Outcome::Failed(TxFailure::Program(error))
}

/// What stands in the exchange's place.
struct Desk;

/// What it can be asked to do.
#[derive(Clone, Debug, BorshSerialize, BorshDeserialize)]
pub(crate) enum DeskCall {
    /// Reserves for an order, as the owner or as an agent.
    Place(AccountId, Role, NewOrder),
    /// Reports outcomes of market 0.
    Report(Vec<Outcome>),
    /// Makes a market.
    CreateMarket(Box<MarketParams>),
}

impl Canonical for DeskCall {
    const NAME: &'static str = "desk call";
    const BYTES_MAX: usize = 8192;
}

impl DeskCall {
    pub(crate) fn to_call(&self) -> Call {
        Call { program: ProgramId::EXCHANGE, data: encode(self).into() }
    }
}

impl Program for Desk {
    fn id(&self) -> ProgramId {
        ProgramId::EXCHANGE
    }

    fn name(&self) -> &'static str {
        "desk"
    }

    fn access(
        &self,
        call: &[u8],
        signer: &Address,
        declaration: &mut Declaration<'_>,
    ) -> Result<(), CallError> {
        match decode_exact(call).unwrap() {
            DeskCall::Place(account, _, _) => {
                declaration.declare(account_key(account), AccessMode::Write)?;
                declaration.declare(orders_key(account, M), AccessMode::Write)?;
                declaration.declare(agent_key(account, signer), AccessMode::Write)?;
                declaration.declare(risk_table_key(), AccessMode::Read)?;
            }
            DeskCall::Report(_) => declaration.declare(outcome_inbox(M), AccessMode::Append)?,
            DeskCall::CreateMarket(params) => declare_market(declaration, params.market)?,
        }
        Ok(())
    }

    fn execute(&self, ctx: &mut CallContext<'_, '_>, call: &[u8]) -> Result<(), CallError> {
        match decode_exact(call).unwrap() {
            DeskCall::Place(account, role, order) => {
                let actor = Actor { signer: *ctx.signer(), now: ctx.block().time, role };
                let risk = read_risk_table(ctx)?;
                let notional = order.price.notional(order.lots, UnitValue::new(10));
                let mut account = authorise(ctx, account, &actor, notional)?;
                let mut orders = read_orders(ctx, account.id, M)?;
                account.place(&mut orders, &risk, M, &order)?;
                write_account(ctx, &account)?;
                Ok(write_orders(ctx, (account.id, M), &orders)?)
            }
            DeskCall::Report(outcomes) => {
                Ok(ctx.append(&outcome_inbox(M), encode(&Outcomes(outcomes)))?)
            }
            DeskCall::CreateMarket(params) => create_market(ctx, &params),
        }
    }

    fn error(&self, _code: u16) -> Option<ErrorText> {
        None
    }

    fn describe_event(&self, _kind: u16, _data: &[u8]) -> Option<Described> {
        None
    }

    fn describe_call(&self, _call: &[u8]) -> Option<Described> {
        None
    }
}

/// A market with a number and everything else as market 0.
pub(crate) fn params_of(market: u16) -> MarketParams {
    MarketParams { market: MarketId::new(market), ..params() }
}

/// A book around a price, with the last trade at it.
pub(crate) fn summary(bid: u32, ask: u32, last: u32) -> BookSummary {
    BookSummary {
        bid: Some(Ticks::new(bid)),
        ask: Some(Ticks::new(ask)),
        last: Some(Ticks::new(last)),
        open_interest: Lots::ZERO,
        status: heddle_clearing::MarketStatus::Active,
    }
}
