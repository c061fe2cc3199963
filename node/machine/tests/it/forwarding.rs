//! When a submitted transaction leaves for the next leaders.

use heddle_machine::Action;
use heddle_machine::Input;
use heddle_machine::Machine;
use heddle_types::TxId;
use heddle_wire::PeerMessage;

use crate::chain::DELAY_MS;
use crate::chain::machine;
use crate::chain::now;
use crate::chain::submission;

/// What is forwarded, and to how many, when `input` is told.
fn forwarded(machine: &mut Machine, at: u64, input: Input) -> (Vec<TxId>, usize) {
    let mut actions = Vec::new();
    machine.handle(now(at), input, &mut actions);
    let batches: Vec<Vec<TxId>> = actions
        .into_iter()
        .filter_map(|action| match action {
            Action::Send { message: PeerMessage::Transactions(batch), .. } => {
                Some(batch.iter().map(|transaction| transaction.id()).collect())
            }
            _ => None,
        })
        .collect();
    let first = batches.first().cloned().unwrap_or_default();
    assert!(batches.iter().all(|batch| *batch == first));
    (first, batches.len())
}

#[test]
fn a_transaction_is_forwarded_at_once_though_an_earlier_one_waits_for_its_second_time() {
    let mut machine = machine(3);
    for (sequence, at) in [(0, 10), (1, 100), (2, 300)] {
        let (id, input) = submission(sequence);
        assert_eq!(forwarded(&mut machine, at, input), (Vec::new(), 0));
        let due = now(at + DELAY_MS).instant;
        assert!(machine.deadline().is_some_and(|deadline| deadline <= due), "{sequence}");
        let (ids, peers) = forwarded(&mut machine, at + DELAY_MS, Input::Tick);
        assert_eq!(ids, [id]);
        assert!(peers >= 2, "{peers}");
    }
}

#[test]
fn what_is_submitted_within_the_delay_leaves_together_and_is_not_held_up_by_more() {
    let mut machine = machine(3);
    let submitted: Vec<TxId> = [(0, 10), (1, 11)]
        .into_iter()
        .map(|(sequence, at)| {
            let (id, input) = submission(sequence);
            forwarded(&mut machine, at, input);
            id
        })
        .collect();
    assert_eq!(forwarded(&mut machine, 10 + DELAY_MS, Input::Tick).0, submitted);
}
