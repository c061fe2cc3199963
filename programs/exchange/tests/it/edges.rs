//! The edges of every type: refused or right, and never a frozen market or account, or a panic.

use heddle_clearing::AccountId;
use heddle_clearing::Agent;
use heddle_clearing::ClearingCall;
use heddle_clearing::MarketId;
use heddle_clearing::MarketParams;
use heddle_clearing::NewOrder;
use heddle_clearing::OrderRef;
use heddle_clearing::Role;
use heddle_clearing::Side;
use heddle_clearing::TimeInForce;
use heddle_clearing::Trigger;
use heddle_clearing::TriggerWhen;
use heddle_exchange::Action;
use heddle_exchange::ActionResult;
use heddle_exchange::Batch;
use heddle_exchange::BatchMode;
use heddle_exchange::ExchangeCall;
use heddle_exchange::MarketMode;
use heddle_exchange::MarketRules;
use heddle_exchange::ModeChange;
use heddle_executor::testing::address;
use heddle_num::Lots;
use heddle_num::Ppm;
use heddle_num::Quote;
use heddle_num::Ticks;
use heddle_num::UnitValue;
use heddle_types::Amount;
use heddle_types::StateView;
use heddle_types::UnixMillis;
use heddle_types::decode_exact;

use crate::check;
use crate::scene::Scene;
use crate::scene::Sent;
use crate::scene::codes;
use crate::scene::results;
use crate::venue::PRICE;
use crate::venue::RULES;
use crate::venue::Setup;
use crate::venue::buy;
use crate::venue::limit;
use crate::venue::params;
use crate::venue::sell;
use crate::venue::trader;
use crate::venue::usd;

const ORDER_LOTS_MAX: u64 = heddle_clearing::limits::ORDER_LOTS_MAX;

#[test]
fn orders_at_the_edges_are_refused_or_admitted_and_all_goes_on() {
    let mut scene = Scene::open(Setup::default());
    let sides = [Side::Buy, Side::Sell];
    let prices = [0, 1, 899, 900, 1000, 1100, 1101, u32::MAX];
    let sizes = [0, 1, 1_000_000, 1_000_001, ORDER_LOTS_MAX, u64::MAX];
    let mut orders = Vec::new();
    for side in sides {
        for price in prices {
            for lots in sizes {
                let plain = limit(side, price, lots);
                orders.push(plain);
                orders.push(NewOrder { reduce_only: true, ..plain });
                for (when, at) in [
                    (TriggerWhen::AtOrAbove, 0),
                    (TriggerWhen::AtOrAbove, u32::MAX),
                    (TriggerWhen::AtOrBelow, 1),
                    (TriggerWhen::AtOrBelow, u32::MAX),
                ] {
                    let trigger = Some(Trigger { when, price: Ticks::new(at) });
                    orders.push(NewOrder { trigger, ..plain });
                }
                for display in [0, 1, lots, u64::MAX] {
                    orders.push(NewOrder { display: Some(Lots::new(display)), ..plain });
                }
                for time in [0, u64::MAX] {
                    let time_in_force = TimeInForce::GoodTillTime(UnixMillis::new(time));
                    orders.push(NewOrder { time_in_force, client: u64::MAX, ..plain });
                }
            }
        }
    }
    let mut placed = 0;
    for chunk in orders.chunks(100) {
        let actions = |n: u8| {
            let mut actions: Vec<_> = chunk.iter().copied().map(Action::Place).collect();
            actions.push(Action::Amend(OrderRef::Number(u32::MAX), chunk[usize::from(n)]));
            actions.push(Action::Cancel(OrderRef::Client(u64::MAX)));
            actions.push(Action::CancelAfter(Some(UnixMillis::new(u64::MAX))));
            actions
        };
        let outcome = scene.block(&[scene.send(0, &actions(0)), scene.send(1, &actions(1))]);
        let done = results(&outcome);
        placed += done.iter().filter(|result| matches!(result, ActionResult::Order(_))).count();
        scene.block(&[0, 1].map(|n| scene.send(n, &[Action::CancelAll])));
    }
    assert!(placed > 50, "{placed}");
    assert_eq!(scene.mode(), MarketMode::Continuous);
    scene.meet((2, 3), PRICE, 1);
}

#[test]
fn who_and_what_does_not_exist_is_refused() {
    let mut scene = Scene::open(Setup::default());
    let orders = |scene: &Scene, account: u32, market: u16, role: Role| -> Sent {
        let batch = Batch {
            account: AccountId::new(account),
            role,
            market: MarketId::new(market),
            mode: BatchMode::EachAlone,
            actions: vec![buy(u32::MAX, u64::MAX), Action::CancelAll],
        };
        scene.venue.chain.transaction(&trader(0), vec![ExchangeCall::Orders(batch).to_call()])
    };
    let own = scene.venue.account(0).get();
    for (account, market, role, code) in [
        (u32::MAX, 0, Role::Owner, 1004),
        (4, 0, Role::Agent, 1004),
        (own, 0xffff, Role::Owner, 2),
        (own, 1, Role::Owner, 2),
        (own, 0xffff, Role::Agent, 2),
        (own, 0, Role::Agent, 1007),
        (own ^ 1, 0, Role::Owner, 1007),
    ] {
        let outcome = scene.block(&[orders(&scene, account, market, role)]);
        assert_eq!(codes(&outcome, 1), [code], "{account} {market} {role:?}");
    }
    for change in [ModeChange::Halt, ModeChange::Resume, ModeChange::Close] {
        let call = ExchangeCall::SetMode(MarketId::new(0xffff), change).to_call();
        assert_eq!(codes(&scene.block(&[scene.venue.govern(call)]), 1), [2]);
        let call = ExchangeCall::SetMode(MarketId::new(0), change).to_call();
        let by_trader = scene.venue.chain.transaction(&trader(0), vec![call]);
        assert_eq!(codes(&scene.block(&[by_trader]), 1), [3]);
    }
}

#[test]
fn amounts_at_the_edges_are_refused_or_right() {
    let mut scene = Scene::open(Setup::default());
    let (account, agent) = (scene.venue.account(0), address(&trader(3)));
    let (asset, other) = (usd(), scene.venue.account(1));
    let expiry = UnixMillis::new(u64::MAX);
    let nowhere = AccountId::new(u32::MAX);
    let most = Amount::MAX;
    let calls = [
        (ClearingCall::Deposit { account, asset, amount: Amount::ZERO }, 2),
        (ClearingCall::Deposit { account, asset, amount: most }, 12),
        (ClearingCall::Deposit { account: nowhere, asset, amount: most }, 4),
        (ClearingCall::Withdraw { account, asset, amount: Amount::ZERO }, 2),
        (ClearingCall::Withdraw { account, asset, amount: most }, 12),
        (ClearingCall::Donate { asset, amount: most }, 12),
        (ClearingCall::Move { from: account, to: account, amount: most }, 29),
        (ClearingCall::Move { from: account, to: other, amount: most }, 29),
        (ClearingCall::SetAgent { account, agent, expiry, budget: Quote::MIN }, 23),
        (ClearingCall::SetAgent { account, agent, expiry, budget: Quote::new(-1) }, 23),
        (ClearingCall::SetAgent { account, agent, expiry, budget: Quote::MAX }, 0),
    ];
    for (call, code) in calls {
        assert_eq!(codes(&scene.block(&[scene.call(0, &call)]), 1), [code], "{call:?}");
    }
    // All that two batches of the largest orders are worth is taken off, though the market refuses every one of them.
    let batch = Batch {
        account,
        role: Role::Agent,
        market: MarketId::new(0),
        mode: BatchMode::EachAlone,
        actions: vec![buy(u32::MAX, u64::MAX); 128],
    };
    let call = ExchangeCall::Orders(batch).to_call();
    let worth = 128 * i128::from(u32::MAX) * i128::from(u64::MAX) * 1_000_000;
    for batches in 1..=2 {
        let outcome = scene.block(&[scene.venue.chain.transaction(&trader(3), vec![call.clone()])]);
        assert_eq!(results(&outcome), [ActionResult::Refused(8); 128]);
        let entry = scene.venue.chain.state.entry(&heddle_clearing::agent_key(account, &agent));
        let agent: Agent = decode_exact(entry.unwrap().value.as_bytes()).unwrap();
        assert_eq!(agent.budget.get(), i128::MAX - batches * worth);
    }
    for params in [
        MarketParams { position_max: Lots::MAX, ..params(0) },
        MarketParams { unit: UnitValue::new(u32::MAX), ..params(0) },
        MarketParams { market: MarketId::new(0xffff), ..params(0) },
    ] {
        let outcome = scene.block(&[scene.set_params(params)]);
        assert!([4, 5, 23].contains(&codes(&outcome, 1)[0]));
    }
}

/// A lot costs as much as it may, and positions are as large as they may be.
fn largest(market: u16) -> MarketParams {
    let mut largest = params(market);
    largest.unit = UnitValue::new(u32::MAX);
    largest.position_max = Lots::new(1 << 40);
    largest.open_interest_max = Lots::MAX;
    for tier in &mut largest.tiers {
        (tier.initial, tier.maintenance) = (Ppm::new(100_000), Ppm::new(50_000));
    }
    largest
}

/// From one end of all prices to the other, with all that the types hold at stake.
fn to_the_ends(collateral: u128, insurance: u128) {
    let rules = |_| MarketRules { lots_max: Lots::new(ORDER_LOTS_MAX), ..RULES };
    let setup =
        Setup { collateral, insurance, rules, params: largest, traders: 6, ..Setup::default() };
    let mut scene = Scene::open(setup);
    let lots = ORDER_LOTS_MAX;
    for (seller, buyer) in [(0, 1), (2, 3)] {
        scene.block(&[scene.send(seller, &[sell(1000, lots)])]);
        scene.block(&[scene.send(buyer, &[buy(1000, lots)])]);
        assert_eq!(scene.position(buyer), 1 << 40);
    }
    for price in [u32::MAX, 1, u32::MAX, 2, 1000, 1] {
        scene.prices = vec![price];
        for _ in 0..8 {
            let around = scene.row().mark.get();
            let sent = [
                scene.send(4, &[Action::CancelAll, buy(around, lots), sell(around, 1)]),
                scene.send(5, &[Action::CancelAll, sell(around, lots), buy(around, 1)]),
            ];
            scene.block(&sent);
        }
        assert_ne!(scene.mode(), MarketMode::Frozen);
        assert_eq!(scene.row().index.get(), price);
    }
    let sum: i64 = (0..6).map(|n| scene.position(n)).sum();
    assert_eq!(sum, 0);
    assert!(
        check::book(&scene.venue, MarketId::new(0))
            .check(heddle_exchange::Matching::Continuous)
            .is_ok()
    );
}

#[test]
fn the_largest_positions_of_the_largest_lots_go_to_the_ends_of_all_prices_and_all_sums_hold() {
    // In dollars: 10^24 of them carry the margin at first, 10^27 whatever comes, and 10^29 are nearly all amounts.
    to_the_ends(1_000_000_000_000_000_000_000_000, 0);
    to_the_ends(1_000_000_000_000_000_000_000_000, 1_000_000_000_000_000_000_000_000);
    to_the_ends(100_000_000_000_000_000_000_000_000_000, 0);
}
