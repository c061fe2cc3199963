//! Collateral in and out, agents, backstops, parameters: one call a block.

use heddle_clearing::Account;
use heddle_clearing::AccountId;
use heddle_clearing::ClearingCall;
use heddle_clearing::ClearingError;
use heddle_clearing::ClearingEvent;
use heddle_clearing::Deposited;
use heddle_clearing::Lane;
use heddle_clearing::MarketId;
use heddle_clearing::Role;
use heddle_clearing::Side;
use heddle_clearing::Withdrawn;
use heddle_clearing::account_key;
use heddle_clearing::backstop::Backstops;
use heddle_clearing::backstops_key;
use heddle_executor::testing::TestChain;
use heddle_num::Lots;
use heddle_num::Quote;
use heddle_sdk::decode_number;
use heddle_types::AssetId;
use heddle_types::Call;
use heddle_types::UnixMillis;

use crate::chain::AUTHORITY;
use crate::chain::DeskCall;
use crate::chain::FUNDS;
use crate::chain::account;
use crate::chain::account_of;
use crate::chain::block;
use crate::chain::chain;
use crate::chain::clearing_genesis;
use crate::chain::genesis;
use crate::chain::params;
use crate::chain::params_of;
use crate::chain::price;
use crate::chain::programs;
use crate::chain::run_ok;
use crate::chain::run_refused;
use crate::chain::take;
use crate::chain::units;
use crate::chain::usd;
use crate::chain::who;
use crate::world::M;
use crate::world::order;

fn deposit(account: AccountId, amount: u64) -> Call {
    ClearingCall::Deposit { account, asset: usd(), amount: units(amount) }.to_call()
}

fn withdraw(account: AccountId, amount: u64) -> Call {
    ClearingCall::Withdraw { account, asset: usd(), amount: units(amount) }.to_call()
}

fn open(sub: u8, amount: u64) -> Call {
    let isolated = Some(MarketId::new(1)).filter(|_| sub == 7);
    ClearingCall::Open { sub, isolated, asset: usd(), amount: units(amount) }.to_call()
}

fn place(account: AccountId, role: Role, lots: u64) -> Call {
    DeskCall::Place(account, role, order(Side::Buy, 1000, lots)).to_call()
}

fn lane(chain: &TestChain, lane: Lane) -> i128 {
    decode_number(chain.state.0[&lane.key()].value.as_bytes()).unwrap()
}

#[test]
fn what_is_paid_in_is_cash_and_what_is_free_is_paid_out() {
    let mut chain = chain();
    let first = account_of(&chain, 1);
    let events = run_ok(&mut chain, 1, deposit(first, 500));
    let deposited = Deposited { account: first, amount: units(500) };
    assert_eq!(events, [ClearingEvent::Deposited(deposited)]);
    assert_eq!(account(&chain, 1).cash, Quote::new(1_000_500));
    let events = run_ok(&mut chain, 1, withdraw(first, 1_000_500));
    let withdrawn = Withdrawn { account: first, amount: units(1_000_500) };
    assert_eq!(events, [ClearingEvent::Withdrawn(withdrawn)]);
    assert_eq!(account(&chain, 1).cash, Quote::ZERO);
    assert_eq!(chain.balance(&who(1), &usd()), units(2 * FUNDS));
}

#[test]
fn anybody_may_pay_in_but_only_the_owner_takes_out() {
    let mut chain = chain();
    let first = account_of(&chain, 1);
    run_ok(&mut chain, 2, deposit(first, 500));
    run_refused(&mut chain, 2, withdraw(first, 1), ClearingError::NotAuthorised);
    run_refused(&mut chain, 2, deposit(AccountId::new(99), 1), ClearingError::UnknownAccount);
}

#[test]
fn amounts_that_are_not_there_are_refused() {
    let mut chain = chain();
    let first = account_of(&chain, 1);
    run_refused(&mut chain, 1, deposit(first, 0), ClearingError::Zero);
    run_refused(&mut chain, 1, withdraw(first, 0), ClearingError::Zero);
    let too_much = ClearingError::InsufficientCollateral;
    run_refused(&mut chain, 1, deposit(first, FUNDS + 1), too_much);
    run_refused(&mut chain, 1, withdraw(first, FUNDS + 1), too_much);
    let other = ClearingCall::Deposit { account: first, asset: AssetId::HDL, amount: units(1) };
    run_refused(&mut chain, 1, other.to_call(), ClearingError::WrongAsset);
}

#[test]
fn what_orders_require_stays_and_a_stale_price_keeps_everything() {
    let mut chain = chain();
    let first = account_of(&chain, 1);
    // 100 lots: margin of 100,000 and fees of 500.
    run_ok(&mut chain, 1, place(first, Role::Owner, 100));
    let kept = ClearingError::InsufficientCollateral;
    run_refused(&mut chain, 1, withdraw(first, FUNDS - 100_499), kept);
    for _ in 0..4 {
        block(&mut chain, &[]);
    }
    run_refused(&mut chain, 1, withdraw(first, 1), ClearingError::PriceQuality);
    price(&mut chain, 1000);
    run_ok(&mut chain, 1, withdraw(first, FUNDS - 100_500));
    // Who has nothing in a market needs no price.
    let second = account_of(&chain, 2);
    run_ok(&mut chain, 2, withdraw(second, FUNDS));
}

#[test]
fn an_owner_opens_sub_accounts_and_moves_between_them_only() {
    let mut chain = chain();
    let (first, other) = (account_of(&chain, 1), account_of(&chain, 2));
    run_ok(&mut chain, 1, open(7, 300));
    let second = AccountId::new(4);
    let opened: Account = take(&chain, &account_key(second));
    assert_eq!((opened.owner, opened.sub, opened.cash), (who(1), 7, Quote::new(300)));
    assert_eq!(opened.isolated, Some(MarketId::new(1)));
    run_refused(&mut chain, 1, open(7, 300), ClearingError::AccountExists);
    let transfer =
        |from, to, amount| ClearingCall::Move { from, to, amount: units(amount) }.to_call();
    run_ok(&mut chain, 1, transfer(first, second, 200));
    assert_eq!(take::<Account>(&chain, &account_key(second)).cash, Quote::new(500));
    let too_much = ClearingError::InsufficientCollateral;
    run_refused(&mut chain, 1, transfer(second, first, 501), too_much);
    run_refused(&mut chain, 1, transfer(second, second, 1), ClearingError::OtherOwner);
    run_refused(&mut chain, 1, transfer(first, other, 1), ClearingError::OtherOwner);
    run_refused(&mut chain, 2, transfer(first, other, 1), ClearingError::NotAuthorised);
    run_refused(&mut chain, 1, place(second, Role::Owner, 1), ClearingError::IsolatedMarket);
}

#[test]
fn accounts_opened_in_one_block_have_different_numbers() {
    let mut chain = chain();
    let outcome = block(&mut chain, &[(1, open(1, 10)), (2, open(1, 20)), (1, open(2, 30))]);
    assert!(outcome.receipts.iter().all(|receipt| receipt.outcome == heddle_types::Outcome::Ok));
    let cash = |n| take::<Account>(&chain, &account_key(AccountId::new(n))).cash.get();
    assert_eq!([cash(4), cash(5), cash(6)], [10, 20, 30]);
}

#[test]
fn an_agent_trades_within_its_budget_until_it_expires_or_is_revoked_and_does_nothing_else() {
    let mut chain = chain();
    let first = account_of(&chain, 1);
    let set = |n: u64, budget| {
        let expiry = UnixMillis::new(n);
        let budget = Quote::new(budget);
        ClearingCall::SetAgent { account: first, agent: who(5), expiry, budget }.to_call()
    };
    let by_agent = |lots| place(first, Role::Agent, lots);
    run_refused(&mut chain, 5, by_agent(1), ClearingError::NotAuthorised);
    run_refused(&mut chain, 5, set(1 << 40, 1), ClearingError::NotAuthorised);
    run_ok(&mut chain, 1, set(1 << 40, 30_000));
    price(&mut chain, 1000);
    run_refused(&mut chain, 5, place(first, Role::Owner, 1), ClearingError::NotAuthorised);
    let placed = block(&mut chain, &[(5, by_agent(2))]);
    assert_eq!(placed.receipts[0].outcome, heddle_types::Outcome::Ok);
    run_refused(&mut chain, 5, by_agent(2), ClearingError::AgentBudget);
    run_ok(&mut chain, 5, by_agent(1));
    run_refused(&mut chain, 5, withdraw(first, 1), ClearingError::NotAuthorised);
    let next = chain.block_info().time.get() + 1000;
    run_ok(&mut chain, 1, set(next, 30_000));
    run_refused(&mut chain, 5, by_agent(1), ClearingError::AgentExpired);
    run_ok(&mut chain, 1, set(1 << 40, 30_000));
    let revoke = ClearingCall::RevokeAgent { account: first, agent: who(5) }.to_call();
    run_refused(&mut chain, 5, revoke.clone(), ClearingError::NotAuthorised);
    run_ok(&mut chain, 1, revoke);
    run_refused(&mut chain, 5, by_agent(1), ClearingError::NotAuthorised);
}

#[test]
fn anybody_may_give_to_the_insurance_fund() {
    let mut chain = chain();
    let donate = ClearingCall::Donate { asset: usd(), amount: units(70) };
    run_ok(&mut chain, 3, donate.to_call());
    assert_eq!(lane(&chain, Lane::Insurance), 5_070);
    assert_eq!(chain.balance(&who(3), &usd()), units(FUNDS - 70));
}

#[test]
fn an_account_volunteers_and_leaves() {
    let mut chain = chain();
    let first = account_of(&chain, 1);
    let call = |volunteers| ClearingCall::SetBackstop { account: first, volunteers }.to_call();
    run_refused(&mut chain, 2, call(true), ClearingError::NotAuthorised);
    run_ok(&mut chain, 1, call(true));
    assert!(account(&chain, 1).is_backstop);
    assert_eq!(take::<Backstops>(&chain, &backstops_key()).as_slice(), [first]);
    run_ok(&mut chain, 1, call(false));
    assert!(!account(&chain, 1).is_backstop);
    assert!(take::<Backstops>(&chain, &backstops_key()).as_slice().is_empty());
}

#[test]
fn the_authority_alone_changes_parameters_and_never_what_positions_are_counted_in() {
    use ClearingError::InvalidParams;
    let mut chain = chain();
    let set = |change: fn(&mut heddle_clearing::MarketParams)| {
        let mut params = Box::new(params());
        change(&mut params);
        ClearingCall::SetParams { params }.to_call()
    };
    let higher = set(|params| params.position_max = Lots::new(77));
    run_refused(&mut chain, 1, higher.clone(), ClearingError::NotAuthority);
    run_ok(&mut chain, AUTHORITY, higher);
    block(&mut chain, &[]);
    let risk = heddle_clearing::RiskTable::from_value(
        chain.state.0[&heddle_clearing::risk_table_key()].value.clone(),
    );
    assert_eq!(risk.unwrap().row(M).unwrap().position_max, Lots::new(77));
    run_refused(
        &mut chain,
        AUTHORITY,
        set(|p| p.unit = heddle_num::UnitValue::new(11)),
        InvalidParams,
    );
    run_refused(&mut chain, AUTHORITY, set(|p| p.tick.tick = 2), InvalidParams);
    run_refused(&mut chain, AUTHORITY, set(|p| p.position_max = Lots::ZERO), InvalidParams);
    run_refused(
        &mut chain,
        AUTHORITY,
        set(|p| p.tiers[0].maintenance = heddle_num::Ppm::ZERO),
        InvalidParams,
    );
    run_refused(
        &mut chain,
        AUTHORITY,
        set(|p| p.fees[1].maker = heddle_num::Ppm::new(451)),
        InvalidParams,
    );
    let unknown = set(|p| p.market = MarketId::new(1));
    run_refused(&mut chain, AUTHORITY, unknown, ClearingError::UnknownMarket);
    let volumes = |first| ClearingCall::SetFeeVolumes { volumes: [first, 1, 2, 3].map(Quote::new) };
    run_ok(&mut chain, AUTHORITY, volumes(0).to_call());
    run_refused(&mut chain, AUTHORITY, volumes(1).to_call(), InvalidParams);
    let pass = ClearingCall::SetAuthority { authority: who(1) }.to_call();
    run_refused(&mut chain, 1, pass.clone(), ClearingError::NotAuthority);
    run_ok(&mut chain, AUTHORITY, pass);
    run_refused(&mut chain, AUTHORITY, volumes(0).to_call(), ClearingError::NotAuthority);
    run_ok(&mut chain, 1, volumes(0).to_call());
}

#[test]
fn markets_are_made_in_order_by_the_program_that_has_their_books() {
    let mut chain = chain();
    let create = |number| DeskCall::CreateMarket(Box::new(params_of(number))).to_call();
    run_refused(&mut chain, 1, create(0), ClearingError::MarketExists);
    run_refused(&mut chain, 1, create(2), ClearingError::MarketExists);
    run_ok(&mut chain, 1, create(1));
    run_ok(&mut chain, 1, create(2));
}

#[test]
fn a_genesis_that_contradicts_itself_or_the_ledger_is_refused() {
    let check = |change: fn(&mut heddle_clearing::ClearingGenesis)| {
        let mut clearing = clearing_genesis();
        change(&mut clearing);
        assert!(TestChain::begin(programs(), &genesis(&clearing)).is_err());
    };
    check(|genesis| genesis.insurance = units(5_001));
    check(|genesis| genesis.accounts.reverse());
    check(|genesis| genesis.markets[0].market = MarketId::new(1));
    check(|genesis| genesis.markets[0].tick.tick = 0);
    check(|genesis| genesis.fee_volumes[0] = Quote::new(1));
    check(|genesis| genesis.asset = AssetId::HDL);
}
