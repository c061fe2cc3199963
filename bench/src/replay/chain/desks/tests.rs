use heddle_clearing::CloseReason;
use heddle_clearing::MarketId;
use heddle_clearing::Role;
use heddle_clearing::SelfTrade;
use heddle_clearing::Side;
use heddle_clearing::TimeInForce;
use heddle_clearing::TradeKind;
use heddle_exchange::BatchMode;
use heddle_num::Ticks;

use super::*;

const ACCOUNT: AccountId = AccountId::new(5);

fn batch(actions: &[Action]) -> Batch {
    let (role, market, mode) = (Role::Owner, MarketId::new(0), BatchMode::EachAlone);
    Batch { account: ACCOUNT, role, market, mode, actions: actions.to_vec() }
}

fn order(client: u64, lots: u64) -> NewOrder {
    NewOrder {
        client,
        side: Side::Buy,
        price: Ticks::new(100),
        lots: Lots::new(lots),
        time_in_force: TimeInForce::PostOnly,
        reduce_only: false,
        self_trade: SelfTrade::CancelProvide,
        trigger: None,
        display: None,
    }
}

const fn id(number: u32) -> OrderId {
    OrderId { account: ACCOUNT, number }
}

fn tell(desks: &mut Desks, actions: &[Action], results: &[ActionResult]) -> Told {
    let mut told = Told::default();
    desks.tell(&batch(actions), results, &mut told).unwrap();
    told
}

const CLIENT: OrderRef = OrderRef::Client(9);

#[test]
fn a_reduction_keeps_its_number_and_anything_else_is_a_cancel_and_a_new_order() {
    let mut desks = Desks::default();
    tell(&mut desks, &[Action::Place(order(9, 10))], &[ActionResult::Order(0)]);
    let less = [Action::Amend(CLIENT, order(9, 4))];
    let told = tell(&mut desks, &less, &[ActionResult::Order(0)]);
    assert_eq!(told.instructions, [Instruction::Reduce(id(0), Lots::new(6))]);

    // It has four already: the account cancels it and places another one.
    let told = tell(&mut desks, &less, &[ActionResult::Order(1)]);
    let again = placed(id(1), &order(9, 4));
    assert_eq!(told.instructions, [Instruction::Cancel(id(0)), Instruction::Place(again)]);
    let told = tell(&mut desks, &[Action::Cancel(CLIENT)], &[ActionResult::Order(1)]);
    assert_eq!(told.instructions, [Instruction::Cancel(id(1))]);
    assert!(desks.accounts().is_empty());
}

#[test]
fn what_was_refused_is_counted_and_told_to_no_market() {
    let mut desks = Desks::default();
    let actions = [Action::Place(order(9, 1)), Action::Cancel(CLIENT)];
    let results = [ActionResult::Refused(8), ActionResult::Refused(1006)];
    let told = tell(&mut desks, &actions, &results);
    assert_eq!((told.instructions.len(), told.refused), (0, vec![8, 1006]));
}

#[test]
fn what_traded_or_was_closed_is_gone_and_a_taker_never_has_an_order_open() {
    let mut desks = Desks::default();
    let actions = [(9, 10), (11, 2), (13, 5), (0, 3)];
    let actions = actions.map(|(client, lots)| Action::Place(order(client, lots)));
    tell(&mut desks, &actions, &[0, 1, 2, 3].map(ActionResult::Order));
    assert_eq!(desks.next()[&ACCOUNT], 4);
    let trade = |maker, lots| Trade {
        maker: id(maker),
        taker: OrderId { account: AccountId::new(6), number: 0 },
        taker_side: Side::Sell,
        price: Ticks::new(100),
        lots: Lots::new(lots),
        kind: TradeKind::Continuous,
    };
    let closed = Closed { id: id(2), lots: Lots::new(5), reason: CloseReason::WouldTake };
    desks.settle(&[trade(0, 3), trade(1, 2)], &[closed]);

    // Three of ten were taken, all of the second one, and the third was closed.
    let less = [Action::Amend(CLIENT, order(9, 4))];
    let told = tell(&mut desks, &less, &[ActionResult::Order(0)]);
    assert_eq!(told.instructions, [Instruction::Reduce(id(0), Lots::new(3))]);
    tell(&mut desks, &[Action::Cancel(CLIENT)], &[ActionResult::Order(0)]);
    assert!(desks.accounts().is_empty());
}

#[test]
fn a_result_that_no_action_can_have_is_told() {
    let wrong = |actions: &[Action], results: &[ActionResult]| {
        let mut told = Told::default();
        Desks::default().tell(&batch(actions), results, &mut told).unwrap_err().to_string()
    };
    let cancel = Action::Cancel(CLIENT);
    assert!(wrong(&[cancel], &[]).contains("found 0 results, expected a result of 1 actions"));
    assert!(wrong(&[cancel], &[ActionResult::Order(7)]).contains("found Order(7)"));
    assert!(wrong(&[cancel], &[ActionResult::Cancelled(1)]).contains("account 5"));
}
