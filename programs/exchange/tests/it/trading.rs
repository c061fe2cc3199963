//! The rules of trading, through orders.

use heddle_clearing::AccountId;
use heddle_clearing::ClearingCall;
use heddle_clearing::ClearingEvent;
use heddle_clearing::FeeRates;
use heddle_clearing::Lane;
use heddle_clearing::MarketId;
use heddle_clearing::MarketParams;
use heddle_clearing::NewOrder;
use heddle_clearing::OrderRef;
use heddle_clearing::Role;
use heddle_clearing::Side;
use heddle_clearing::Trigger;
use heddle_clearing::TriggerWhen;
use heddle_exchange::Action;
use heddle_exchange::ActionResult;
use heddle_exchange::Batch;
use heddle_exchange::BatchMode;
use heddle_exchange::ExchangeCall;
use heddle_exchange::MarketRules;
use heddle_executor::testing::address;
use heddle_executor::testing::sign;
use heddle_num::Lots;
use heddle_num::Ppm;
use heddle_num::Quote;
use heddle_num::Ticks;
use heddle_oracle::FeedId;
use heddle_oracle::FeedPost;
use heddle_oracle::Post;
use heddle_types::Access;
use heddle_types::Amount;
use heddle_types::Millis;
use heddle_types::UnixMillis;

use crate::check;
use crate::scene::Scene;
use crate::scene::Sent;
use crate::scene::clearing_events;
use crate::scene::codes;
use crate::scene::liquidations;
use crate::scene::results;
use crate::scene::trades;
use crate::venue::PRICE;
use crate::venue::RULES;
use crate::venue::Setup;
use crate::venue::USD;
use crate::venue::buy;
use crate::venue::limit;
use crate::venue::params;
use crate::venue::sell;
use crate::venue::trader;
use crate::venue::usd;

const MARKET: MarketId = MarketId::new(0);

fn cancel(number: u32) -> Action {
    Action::Cancel(OrderRef::Number(number))
}

fn placed(number: u32) -> ActionResult {
    ActionResult::Order(number)
}

/// A dollar, in base units.
fn dollar() -> i128 {
    i128::try_from(USD).unwrap()
}

/// A batch of market 0 in which everything or nothing is done, by an agent.
fn by_agent(scene: &Scene, agent: u8, account: AccountId, actions: Vec<Action>) -> Sent {
    let batch = Batch {
        account,
        role: Role::Agent,
        market: MARKET,
        mode: BatchMode::AllOrNothing,
        actions,
    };
    scene.venue.chain.transaction(&trader(agent), vec![ExchangeCall::Orders(batch).to_call()])
}

/// A batch of a sub-account.
fn of_account(scene: &Scene, n: u8, account: AccountId, market: u16, actions: Vec<Action>) -> Sent {
    let batch = Batch {
        account,
        role: Role::Owner,
        market: MarketId::new(market),
        mode: BatchMode::EachAlone,
        actions,
    };
    scene.venue.chain.transaction(&trader(n), vec![ExchangeCall::Orders(batch).to_call()])
}

#[test]
fn a_cancel_beats_a_taker_of_its_block_whichever_comes_first() {
    for cancel_first in [true, false] {
        let mut scene = Scene::open(Setup::default());
        scene.block(&[scene.send(0, &[sell(1001, 5)])]);
        let mut sent = vec![scene.send(1, &[buy(1001, 5)]), scene.send(0, &[cancel(0)])];
        if cancel_first {
            sent.reverse();
        }
        let outcome = scene.block(&sent);
        assert!(trades(&outcome).is_empty());
        assert_eq!(scene.position(1), 0);
        let book = check::book(&scene.venue, MARKET);
        assert_eq!((book.best(Side::Buy), book.best(Side::Sell)), (Some(Ticks::new(1001)), None));
    }
}

#[test]
fn a_maker_with_no_margin_left_cancels_and_replaces_in_one_block() {
    let mut scene = Scene::open(Setup { collateral: 100_000, ..Setup::default() });
    scene.block(&[scene.send(0, &[buy(990, 540)])]);
    let short_of_margin = ActionResult::Refused(1011);
    let outcome = scene.block(&[scene.send(0, &[buy(991, 540)])]);
    assert_eq!(results(&outcome), [short_of_margin]);
    let outcome = scene.block(&[
        scene.send(1, &[sell(990, 400)]),
        scene.send(0, &[cancel(0), buy(989, 270), buy(988, 270), buy(987, 270)]),
    ]);
    let expected = [placed(0), placed(0), placed(1), placed(2), short_of_margin];
    assert_eq!(results(&outcome), expected);
    assert!(trades(&outcome).is_empty());
    let outcome =
        scene.block(&[scene.send(
            0,
            &[Action::Amend(OrderRef::Number(1), limit(Side::Buy, 990, 270)), cancel(2)],
        )]);
    assert_eq!(results(&outcome), [placed(3), placed(2)]);
    assert_eq!(scene.position(0), 270, "the new order met the seller");
}

#[test]
fn a_client_that_falls_silent_has_no_orders_after_its_deadline() {
    let mut scene = Scene::open(Setup::default());
    let alive = |scene: &Scene| {
        let now = scene.venue.chain.block_info().time.get();
        Action::CancelAfter(Some(UnixMillis::new(now + 3_000)))
    };
    scene.block(&[scene.send(0, &[buy(990, 1), alive(&scene)]), scene.send(1, &[buy(990, 2)])]);
    for _ in 0..6 {
        scene.block(&[scene.send(0, &[alive(&scene)])]);
        assert_eq!(check::book(&scene.venue, MARKET).len(), 2, "it is alive");
    }
    scene.blocks(2);
    assert_eq!(check::book(&scene.venue, MARKET).len(), 2);
    // What it sends in the very block of its deadline is not concerned, and its old order does not trade in it.
    let outcome = scene.block(&[scene.send(2, &[sell(990, 2)]), scene.send(0, &[buy(989, 7)])]);
    assert_eq!(trades(&outcome).len(), 1);
    assert_eq!((scene.position(0), scene.position(1)), (0, 2));
    let listed = check::orders(&scene.venue, scene.venue.account(0), MARKET);
    assert_eq!(listed.as_slice()[0].lots, Lots::new(7));
    scene.block(&[scene.send(0, &[alive(&scene)])]);
    scene.block(&[scene.send(0, &[Action::CancelAfter(None)])]);
    scene.blocks(5);
    assert_eq!(check::book(&scene.venue, MARKET).len(), 1, "it took its wish back");
}

#[test]
fn an_agent_trades_within_time_and_budget_and_does_nothing_else() {
    let mut scene = Scene::open(Setup::default());
    let (account, agent) = (scene.venue.account(0), address(&trader(3)));
    let set = |scene: &Scene, seconds: u64, budget: i128| {
        let expiry = UnixMillis::new(scene.venue.chain.block_info().time.get() + seconds * 1000);
        let budget = Quote::new(budget);
        scene.call(0, &ClearingCall::SetAgent { account, agent, expiry, budget })
    };
    let order = |scene: &Scene, lots| by_agent(scene, 3, account, vec![buy(1000, lots)]);
    assert_eq!(codes(&scene.block(&[order(&scene, 1)]), 1), [1007], "nobody's agent");
    scene.block(&[set(&scene, 5, 3_000 * dollar())]);
    assert_eq!(codes(&scene.block(&[order(&scene, 2)]), 1), [0]);
    assert_eq!(codes(&scene.block(&[order(&scene, 2)]), 1), [1009], "a thousand dollars are left");
    assert_eq!(codes(&scene.block(&[order(&scene, 1)]), 1), [0]);
    let cancels = by_agent(&scene, 3, account, vec![Action::CancelAll]);
    assert_eq!(codes(&scene.block(&[cancels]), 1), [0], "a cancel takes no budget");
    let amount = Amount::new(USD).unwrap();
    let own = scene.venue.account(3);
    for forbidden in [
        ClearingCall::Withdraw { account, asset: usd(), amount },
        ClearingCall::Move { from: account, to: own, amount },
        ClearingCall::SetAgent {
            account,
            agent,
            expiry: UnixMillis::new(u64::MAX),
            budget: Quote::MAX,
        },
        ClearingCall::SetBackstop { account, volunteers: true },
        ClearingCall::RevokeAgent { account, agent },
    ] {
        assert_eq!(codes(&scene.block(&[scene.call(3, &forbidden)]), 1), [7], "{forbidden:?}");
    }
    assert_eq!(codes(&scene.block(&[order(&scene, 1)]), 1), [1008], "its time is over");
    scene.block(&[set(&scene, 1_000, i128::MAX)]);
    assert_eq!(codes(&scene.block(&[order(&scene, 1)]), 1), [0]);
    let revoke = scene.call(0, &ClearingCall::RevokeAgent { account, agent });
    let sent = [revoke, order(&scene, 1)];
    assert_eq!(codes(&scene.block(&sent), 2), [0, 1007], "in the very block");
}

#[test]
fn the_distress_of_an_isolated_account_is_its_own() {
    let mut scene = Scene::open(Setup { markets: 2, ..Setup::default() });
    let amount = Amount::new(50_000 * USD).unwrap();
    let open =
        ClearingCall::Open { sub: 1, isolated: Some(MarketId::new(1)), asset: usd(), amount };
    let mut body = scene.venue.chain.body(&trader(0), vec![open.to_call()]);
    body.access = Access::Open;
    assert_eq!(codes(&scene.block(&[sign(body, &trader(0))]), 1), [0]);
    let isolated = AccountId::new(4);
    let outcome = scene.block(&[of_account(&scene, 0, isolated, 0, vec![buy(1000, 1)])]);
    assert_eq!(results(&outcome), [ActionResult::Refused(1020)]);
    scene.meet((0, 1), PRICE, 100);
    scene.block(&[scene.venue.batch(1, 1, vec![sell(1000, 250)])]);
    scene.block(&[of_account(&scene, 0, isolated, 1, vec![buy(1000, 250)])]);
    assert_eq!(check::position(&scene.venue, isolated, 1), 250);
    let before = scene.account(0);
    scene.prices = vec![PRICE, 700];
    let ordered: usize = scene.blocks(20).iter().map(liquidations).sum();
    assert_eq!(ordered, 0, "it owes at once, and the winner's position closes against it");
    assert_eq!(check::position(&scene.venue, isolated, 1), 0);
    assert_eq!(scene.account(0), before, "what the owner has elsewhere is not touched");
    let debt = check::accounts(&scene.venue)[&isolated].cash;
    assert_eq!(debt, Quote::ZERO);
}

#[test]
fn funding_paid_is_funding_received_and_what_rounding_left() {
    let mut scene = Scene::open(Setup { traders: 5, ..Setup::default() });
    scene.meet((0, 1), PRICE, 33);
    scene.meet((2, 1), PRICE, 17);
    let (mut paid, mut received, mut payments, mut settled) = (0, 0, 0, 0_i128);
    for second in 0..700_u32 {
        scene.prices = vec![995 + second % 11];
        let quotes = scene.send(4, &[Action::CancelAll, buy(996, 3), sell(1004, 3)]);
        let trader = u8::try_from(second % 3).unwrap();
        let trade = scene.send(trader, &[if second % 7 < 4 { buy(1010, 1) } else { sell(990, 1) }]);
        let outcome =
            if second % 20 == 0 { scene.block(&[quotes, trade]) } else { scene.block(&[]) };
        for event in clearing_events(&outcome) {
            match event {
                ClearingEvent::FundingPaid(_) => payments += 1,
                ClearingEvent::PositionSettled(event) => {
                    paid += event.funding.get().max(0);
                    received -= event.funding.get().min(0);
                    settled += 1;
                }
                _ => {}
            }
        }
    }
    assert!(payments >= 10 && paid > 0 && received > 0, "{payments} {paid} {received}");
    for n in 0..5 {
        close_out(&mut scene, n, &mut |event| {
            paid += event.funding.get().max(0);
            received -= event.funding.get().min(0);
            settled += 1;
        });
    }
    let pool = check::money(&scene.venue).lane(Lane::Funding(MARKET));
    assert_eq!(paid - received, pool, "paid = received + dust");
    assert!((0..=settled).contains(&pool), "less than a unit a settlement: {pool} of {settled}");
}

/// Closes the position of a trader against trader 3.
fn close_out(scene: &mut Scene, n: u8, settled: &mut impl FnMut(heddle_clearing::PositionSettled)) {
    let lots = scene.position(n);
    if lots == 0 || n == 3 {
        return;
    }
    let size = lots.unsigned_abs();
    let (own, other) = if lots > 0 {
        (sell(1000, size), buy(1000, size))
    } else {
        (buy(1000, size), sell(1000, size))
    };
    let sent =
        [scene.send(n, &[Action::CancelAll, own]), scene.send(3, &[Action::CancelAll, other])];
    for event in clearing_events(&scene.block(&sent)) {
        if let ClearingEvent::PositionSettled(event) = event {
            settled(event);
        }
    }
}

#[test]
fn who_trades_more_pays_less_and_makers_are_paid() {
    let mut scene = Scene::open(Setup::default());
    let rates =
        |taker: i32, maker: i32| FeeRates { taker: Ppm::new(taker), maker: Ppm::new(maker) };
    let fees = [rates(450, 100), rates(300, -150), rates(250, -200), rates(200, -200)];
    let volumes = [0, 150_000, 10_000_000, 20_000_000].map(|volume| Quote::new(volume * dollar()));
    let sent = [scene.set_params(MarketParams { fees, ..params(0) })];
    scene.block(&sent);
    let call = ClearingCall::SetFeeVolumes { volumes }.to_call();
    scene.block(&[scene.venue.govern(call)]);
    let mut paid = Vec::new();
    for _ in 0..3 {
        let before = [0, 1].map(|n| scene.equity(n));
        scene.meet((0, 1), PRICE, 100);
        paid.push([0, 1].map(|n: u8| before[usize::from(n)] - scene.equity(n)));
    }
    // 450 and 100, then 300 and -150 millionths of 100,000 dollars, in dollars.
    let expected = [[45, 10], [45, 10], [30, -15]].map(|fees| fees.map(|fee| fee * dollar()));
    assert_eq!(paid, expected);
}

fn stop(order: NewOrder, when: TriggerWhen, at: u32) -> NewOrder {
    NewOrder { reduce_only: true, trigger: Some(Trigger { when, price: Ticks::new(at) }), ..order }
}

#[test]
fn stops_and_take_profits_wait_for_the_mark_and_not_for_trades() {
    let mut scene = Scene::open(Setup { traders: 5, ..Setup::default() });
    scene.meet((0, 1), PRICE, 10);
    let loss = stop(limit(Side::Sell, 900, 10), TriggerWhen::AtOrBelow, 950);
    let profit = stop(limit(Side::Sell, 1045, 4), TriggerWhen::AtOrAbove, 1050);
    scene.block(&[scene.send(0, &[Action::Place(loss), Action::Place(profit)])]);
    assert!(check::book(&scene.venue, MARKET).depth(Side::Sell, 9).is_empty(), "they only wait");
    // Two others trade far below.
    scene.meet((2, 3), 910, 1);
    scene.blocks(3);
    assert_eq!(scene.position(0), 10);
    scene.prices = vec![1050];
    scene.block(&[scene.send(4, &[buy(1040, 20)])]);
    scene.blocks(2);
    assert_eq!(check::book(&scene.venue, MARKET).best(Side::Sell), Some(Ticks::new(1045)));
    scene.block(&[scene.send(4, &[Action::CancelAll, buy(1045, 4), buy(940, 20)])]);
    assert_eq!(scene.position(0), 6);
    scene.prices = vec![951];
    scene.blocks(3);
    assert_eq!(scene.position(0), 6);
    scene.prices = vec![949];
    scene.blocks(2);
    assert_eq!(scene.position(0), 0, "no more than there was");
    assert_eq!(scene.position(4), 10);
}

#[test]
fn a_batch_market_trades_in_its_auctions_only_and_each_at_one_price() {
    let rules = |_| MarketRules { batch: Some(Millis::new(4_000)), ..RULES };
    let mut scene = Scene::open(Setup { rules, ..Setup::default() });
    let mut blocks_with_trades = 0_u32;
    for _ in 0..24 {
        let sent = [
            scene.send(0, &[buy(1002, 2), buy(999, 2)]),
            scene.send(1, &[sell(998, 1), sell(1001, 2)]),
            scene.send(2, &[sell(1000, 1)]),
        ];
        let outcome = scene.block(&sent);
        let prices: std::collections::BTreeSet<_> =
            trades(&outcome).iter().map(|trade| trade.price).collect();
        assert!(prices.len() <= 1, "{prices:?}");
        blocks_with_trades += u32::from(!prices.is_empty());
    }
    assert_eq!(blocks_with_trades, 6, "one block in four");
    assert_eq!(scene.mode().name(), "batch");
}

#[test]
fn reduce_only_orders_never_turn_a_position_whoever_meets_them() {
    let mut scene = Scene::open(Setup::default());
    scene.meet((0, 1), PRICE, 5);
    let reduce = |price, lots| {
        Action::Place(NewOrder { reduce_only: true, ..limit(Side::Sell, price, lots) })
    };
    let grows = NewOrder { reduce_only: true, ..limit(Side::Buy, 1000, 1) };
    let outcome = scene
        .block(&[scene
            .send(0, &[reduce(1003, 4), reduce(1002, 4), reduce(1001, 9), Action::Place(grows)])]);
    assert_eq!(results(&outcome)[3], ActionResult::Refused(1015));
    let outcome = scene.block(&[
        scene.send(2, &[buy(1003, 100)]),
        scene.send(0, &[reduce(1000, 100)]),
        scene.send(3, &[buy(1004, 100)]),
    ]);
    assert_eq!(scene.position(0), 0);
    let sold: u64 = trades(&outcome).iter().map(|trade| trade.lots.get()).sum();
    assert_eq!(sold, 5);
    scene.blocks(2);
    let left = check::orders(&scene.venue, scene.venue.account(0), MARKET);
    assert!(left.as_slice().iter().all(|order| order.reduce_only));
    assert_eq!(scene.position(0), 0);
}

#[test]
fn prices_cancels_and_deposits_have_their_own_share_of_every_block() {
    use heddle_sdk::BlockSpace::Ordinary;
    use heddle_sdk::BlockSpace::Reserved;
    let scene = Scene::open(Setup::default());
    let programs = &scene.venue.chain.programs;
    let (account, asset, amount) = (scene.venue.account(0), usd(), Amount::new(USD).unwrap());
    let orders = |actions: Vec<Action>| scene.venue.batch_call(0, 0, actions);
    let post = Post { price: 1, confidence: 1, time: UnixMillis::new(1) };
    let price = FeedPost { feed: FeedId::new(0), post };
    for (call, expected) in [
        (heddle_oracle::publish_call(vec![price]), Reserved),
        (ClearingCall::Deposit { account, asset, amount }.to_call(), Reserved),
        (ClearingCall::Withdraw { account, asset, amount }.to_call(), Ordinary),
        (orders(vec![Action::CancelAll, cancel(0)]), Reserved),
        (orders(vec![cancel(0), buy(999, 1)]), Ordinary),
        (orders(vec![Action::CancelAfter(None)]), Ordinary),
    ] {
        let body = scene.venue.chain.body(&trader(0), vec![call.clone()]);
        assert_eq!(heddle_executor::block_space(programs, &body), expected, "{call:?}");
    }
}
