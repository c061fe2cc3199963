use std::thread;
use std::time::Duration;
use std::time::Instant;

use heddle_types::PublicKey;
use heddle_wire::PeerMessage;
use tokio::sync::oneshot;

use super::inbox;
use crate::node::driver::DriverEvent;
use crate::node::driver::ROOM;

fn said(peer: u8) -> DriverEvent {
    DriverEvent::Said { from: PublicKey([peer; 32]), message: PeerMessage::Ping(0) }
}

#[test]
fn of_a_flood_what_is_too_much_is_lost_and_nothing_else() {
    let (entrance, inbox) = inbox(ROOM);
    let flood = std::iter::repeat_with(|| entrance.try_tell(said(1), 100));
    assert_eq!(flood.take_while(Option::is_none).count(), ROOM.items);
    assert!(entrance.try_tell(said(2), 100).is_none());
    // These are always told.
    entrance.tell(DriverEvent::Disconnected(PublicKey([2; 32])));
    entrance.tell(DriverEvent::Stop);
    let first: Vec<_> = std::iter::from_fn(|| inbox.try_next()).take(4).collect();
    let is_vote = |event: &DriverEvent| matches!(event, DriverEvent::Said { from, .. } if *from == PublicKey([2; 32]));
    assert!(first.iter().any(is_vote));
    assert!(first.iter().any(|event| matches!(event, DriverEvent::Disconnected(_))));
    assert!(first.iter().any(|event| matches!(event, DriverEvent::Stop)));
}

#[test]
fn the_driver_waits_for_an_event_or_for_its_time() {
    let (entrance, inbox) = inbox(ROOM);
    let began = Instant::now();
    assert!(inbox.next_within(Some(Duration::from_millis(20))).is_none());
    assert!(began.elapsed() >= Duration::from_millis(20));
    let teller = thread::spawn(move || {
        thread::sleep(Duration::from_millis(20));
        entrance.tell(DriverEvent::Stop);
    });
    assert!(matches!(inbox.next_within(None), Some(DriverEvent::Stop)));
    teller.join().unwrap();
}

#[test]
fn who_waits_for_an_answer_of_a_driver_that_ended_waits_no_longer() {
    let (entrance, inbox) = inbox(ROOM);
    let (reply, before) = oneshot::channel();
    assert!(entrance.try_tell(DriverEvent::Submit { checked: Vec::new(), reply }, 0).is_none());
    drop(inbox);
    let (reply, after) = oneshot::channel();
    assert!(entrance.try_tell(DriverEvent::Submit { checked: Vec::new(), reply }, 0).is_none());
    assert!(before.blocking_recv().is_err());
    assert!(after.blocking_recv().is_err());
}

#[test]
fn a_closed_inbox_is_empty_and_ends_whoever_waits() {
    let (entrance, waited_for) = inbox::<DriverEvent>(ROOM);
    let reader = thread::spawn(move || waited_for.next_within(None).is_none());
    // The reader waits by then, or finds it closed: either ends it.
    thread::sleep(Duration::from_millis(20));
    entrance.close();
    assert!(reader.join().unwrap());
    let (entrance, inbox) = inbox(ROOM);
    entrance.tell(DriverEvent::Stop);
    entrance.close();
    entrance.tell(DriverEvent::Stop);
    assert!(inbox.next_within(None).is_none());
}

#[test]
fn votes_do_not_wait_behind_the_transactions_of_their_peer() {
    let (entrance, inbox) = inbox(ROOM);
    for _ in 0..3 {
        let forwarded = DriverEvent::Forwarded { from: PublicKey([1; 32]), candidates: Vec::new() };
        assert!(entrance.try_tell(forwarded, 100).is_none());
    }
    assert!(entrance.try_tell(said(1), 100).is_none());
    assert!(matches!(inbox.try_next(), Some(DriverEvent::Forwarded { .. })));
    assert!(matches!(inbox.try_next(), Some(DriverEvent::Said { .. })));
}
