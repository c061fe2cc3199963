//! DESIGN section 7: phases around the transactions.

use heddle_executor::BlockOutcome;
use heddle_executor::testing::TestChain;
use heddle_types::Access;
use heddle_types::Amount;
use heddle_types::Call;
use heddle_types::Outcome;

use crate::rig::HDL;
use crate::rig::Op;
use crate::rig::assert_conserved;
use crate::rig::cell;
use crate::rig::chain;
use crate::rig::entry;
use crate::rig::honest;
use crate::rig::len_of;
use crate::rig::log_of;
use crate::rig::named;
use crate::rig::tx;
use crate::rig::value;

fn append(inbox: u8, data: &[u8]) -> Op {
    Op::Append(inbox, data.to_vec())
}

fn run(chain: &mut TestChain, calls: &[(u8, Call)]) -> BlockOutcome {
    let block: Vec<_> = calls.iter().map(|(n, call)| tx(chain, *n, call.clone(), |_| {})).collect();
    let outcome = chain.run(&block);
    assert_conserved(chain, 400 * u128::from(HDL));
    outcome
}

fn log(chain: &TestChain, inbox: u8) -> Option<Vec<u8>> {
    value(chain, &log_of(cell(inbox).bytes()))
}

#[test]
fn the_begin_phase_runs_before_the_transactions_even_in_an_empty_block() {
    let mut chain = chain();
    chain.run(&[]);
    assert_eq!(value(&chain, &named(b"height")), Some(1_u64.to_le_bytes().to_vec()));
    chain.run(&[]);
    assert_eq!(value(&chain, &named(b"height")), Some(2_u64.to_le_bytes().to_vec()));
}

#[test]
fn an_inbox_is_handed_out_in_block_position_call_and_item_order() {
    let mut chain = chain();
    let late = tx(&chain, 1, honest(&[append(5, b"1a"), append(5, b"1b")]), |body| {
        // Open, so it runs last; its entries come first all the same.
        body.access = Access::Open;
        body.calls.push(honest(&[append(5, b"1c")]));
    });
    let early = tx(&chain, 2, honest(&[append(5, b"2a")]), |_| {});
    chain.run(&[late, early]);
    assert_eq!(log(&chain, 5), Some(b"1a1b1c2a".to_vec()));
}

#[test]
fn each_inbox_has_its_own_item_and_later_phases_see_what_earlier_ones_append() {
    let mut chain = chain();
    let outcome = run(
        &mut chain,
        &[(1, honest(&[append(6, b"x")])), (2, honest(&[append(5, b"y"), append(6, b"z")]))],
    );
    assert_eq!(log(&chain, 5), Some(b"y".to_vec()));
    assert_eq!(log(&chain, 6), Some(b"xz".to_vec()));
    // Match appended the keys of both inboxes, in item order, to settle's.
    let settled = value(&chain, &log_of(b"settle"));
    assert_eq!(settled, Some([cell(5).bytes(), cell(6).bytes()].concat()));
    let reported: Vec<_> = outcome.phase_events.iter().map(|e| e.data.to_vec()).collect();
    let expected = [cell(5).bytes().to_vec(), cell(6).bytes().to_vec(), b"settle".to_vec()];
    assert_eq!(reported, expected);
}

#[test]
fn an_inbox_does_not_outlive_its_block() {
    let mut chain = chain();
    run(&mut chain, &[(1, honest(&[append(5, b"x")]))]);
    chain.run(&[]);
    assert_eq!(log(&chain, 5), Some(b"x".to_vec()));
}

#[test]
fn a_failed_transaction_appends_nothing() {
    let mut chain = chain();
    run(&mut chain, &[(1, honest(&[append(5, b"x"), Op::Refuse(1)]))]);
    assert_eq!(log(&chain, 5), None);
}

/// An item that fails has no effect, its program is told, and the others go on.
fn check_failing_item(entry: &[u8]) {
    let mut chain = chain();
    run(&mut chain, &[(1, honest(&[append(5, b"kept")]))]);
    let calls = [(1, honest(&[append(5, entry)])), (2, honest(&[append(6, b"fine")]))];
    let outcome = run(&mut chain, &calls);
    assert!(outcome.receipts.iter().all(|receipt| receipt.outcome == Outcome::Ok));
    assert_eq!(log(&chain, 5), Some(b"kept".to_vec()));
    assert_eq!(log(&chain, 6), Some(b"fine".to_vec()));
    assert_eq!(value(&chain, &named(b"frozen")), Some(1_i128.to_le_bytes().to_vec()));
    assert_eq!(value(&chain, &cell(200)), None);
    let events: Vec<_> = outcome.phase_events.iter().map(|e| e.data.to_vec()).collect();
    assert_eq!(events, vec![cell(6).bytes().to_vec(), b"settle".to_vec()]);
}

#[test]
fn an_item_that_fails_has_no_effect_and_its_program_is_told() {
    check_failing_item(b"panic");
    check_failing_item(b"refuse");
    check_failing_item(b"stray");
}

#[test]
fn a_panic_while_a_phase_is_planned_leaves_the_phase_empty() {
    let mut chain = chain();
    run(&mut chain, &[(1, honest(&[append(5, b"no settling")]))]);
    assert_eq!(log(&chain, 5), Some(b"no settling".to_vec()));
    assert_eq!(value(&chain, &log_of(b"settle")), None);
}

#[test]
fn what_a_phase_creates_carries_no_deposit() {
    let mut chain = chain();
    let outcome = run(&mut chain, &[(1, honest(&[append(5, b"x")]))]);
    assert_eq!(entry(&chain, &log_of(cell(5).bytes())).unwrap().deposit, None);
    assert_eq!(outcome.receipts[0].deposit_paid, Amount::ZERO);
}

#[test]
fn an_item_is_handed_what_items_before_it_in_its_phase_append() {
    let mut chain = chain();
    let early = tx(&chain, 1, honest(&[Op::AppendEarly(b"early".to_vec())]), |body| {
        body.access = Access::Open;
    });
    let block = [early, tx(&chain, 2, honest(&[append(5, b"a"), append(6, b"b")]), |_| {})];
    // All executors are compared, and what is handed out is counted.
    chain.run(&block);
    let all: Vec<u8> = [b"early", cell(5).bytes(), cell(6).bytes(), b"settle"].concat();
    assert_eq!(value(&chain, &log_of(b"settle")), Some(all));
    assert_eq!(value(&chain, &len_of(b"settle")), Some(1_usize.to_le_bytes().to_vec()));
}
