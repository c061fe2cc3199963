//! What can be asked while outcomes arrive.

use heddle_storage::PhaseEvents;
use heddle_types::Event;
use heddle_types::EventData;
use heddle_types::Height;
use heddle_types::ProgramId;
use heddle_types::encode;
use heddle_types::limits;
use tempfile::TempDir;

use crate::chain;
use crate::chain::Chain;

#[test]
fn transactions_are_found_before_and_after_they_are_applied() {
    let dir = TempDir::new().unwrap();
    chain::create(&dir.path().join("db"));
    let (storage, _) = chain::open(&dir.path().join("db"));
    chain::extend(&storage, &mut Chain::new(), 3);
    let id = chain::id(Height::new(2), 1);
    let before = storage.transaction(&id).unwrap().unwrap();
    storage.flush().unwrap();
    assert_eq!(storage.transaction(&id).unwrap(), Some(before));
    assert_eq!(storage.transaction(&chain::id(Height::new(9), 1)).unwrap(), None);
}

#[test]
fn nothing_is_final_above_the_last() {
    let dir = TempDir::new().unwrap();
    chain::create(&dir.path().join("db"));
    let (storage, _) = chain::open(&dir.path().join("db"));
    let [block, _] = Chain::new().blocks();
    storage.put_block(&block).unwrap();
    assert_eq!(storage.final_block(Height::new(1)).unwrap(), None);
    assert_eq!(storage.receipts(Height::new(1)).unwrap(), None);
    assert_eq!(storage.phase_events(Height::new(1)).unwrap(), None);
    assert_eq!(storage.certificate(Height::new(1)).unwrap(), None);
    assert!(storage.block(block.hash()).unwrap().is_some());
}

#[test]
fn a_range_of_blocks_is_bounded_by_bytes_but_never_empty() {
    let dir = TempDir::new().unwrap();
    chain::create(&dir.path().join("db"));
    let (storage, _) = chain::open(&dir.path().join("db"));
    chain::extend(&storage, &mut Chain::new(), 10);
    let one = encode(&storage.final_block(Height::new(1)).unwrap().unwrap()).len();
    let count = |from, bytes| storage.final_blocks(Height::new(from), bytes).unwrap().len();
    assert_eq!(count(1, 0), 1);
    assert_eq!(count(1, 3 * one), 3);
    assert_eq!(count(5, usize::MAX), 6);
    assert_eq!(count(11, usize::MAX), 0);
}

#[test]
#[should_panic(expected = "height by height")]
fn outcomes_out_of_order_panic() {
    let dir = TempDir::new().unwrap();
    chain::create(&dir.path().join("db"));
    let (storage, _) = chain::open(&dir.path().join("db"));
    let mut chain = Chain::new();
    chain.next();
    let (block, outcome) = chain.next();
    storage.put_block(&block).unwrap();
    let _ = storage.put_outcome(&outcome);
}

#[test]
fn phase_events_are_kept_up_to_a_number_and_up_to_some_bytes() {
    let event = |bytes: usize| {
        let data = EventData::new(&vec![7; bytes]);
        Event { program: ProgramId::EXCHANGE, kind: 1, data }
    };
    let check = |count: usize, bytes: usize, kept: usize| {
        let events = PhaseEvents::kept_of(vec![event(bytes); count]);
        assert_eq!((events.events.len(), events.left_out), (kept, (count - kept) as u64));
    };
    check(0, 0, 0);
    check(limits::PHASE_EVENTS_MAX, 0, limits::PHASE_EVENTS_MAX);
    check(limits::PHASE_EVENTS_MAX + 2, 0, limits::PHASE_EVENTS_MAX);
    let fit = limits::PHASE_EVENT_BYTES_MAX / 1024;
    check(fit, 1024, fit);
    check(fit + 3, 1024, fit);
}
