use std::thread;
use std::time::Duration;
use std::time::Instant;

use heddle_types::PublicKey;
use heddle_wire::Channel;
use heddle_wire::PeerMessage;
use tokio::sync::oneshot;

use super::inbox;
use crate::node::driver::DriverEvent;
use crate::node::driver::ROOM;
use crate::node::inbox::FromSource;

fn said(peer: u8) -> DriverEvent {
    DriverEvent::Said { from: PublicKey([peer; 32]), message: PeerMessage::Ping(0) }
}

#[test]
fn of_a_flood_what_is_too_much_is_lost_and_nothing_else() {
    let (entrance, inbox) = inbox(ROOM);
    let flood = std::iter::repeat_with(|| entrance.try_tell(said(1), 100));
    assert_eq!(flood.take_while(Option::is_none).count(), ROOM.items);
    assert!(entrance.try_tell(said(2), 100).is_none());
    // Always told, and behind what the peer said before.
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
fn votes_do_not_wait_behind_the_transactions_of_their_peer() {
    let (entrance, inbox) = inbox(ROOM);
    for _ in 0..3 {
        let forwarded = DriverEvent::Forwarded { from: PublicKey([1; 32]), candidates: Vec::new() };
        assert!(entrance.try_tell(forwarded, 100).is_none());
    }
    assert!(entrance.try_tell(said(1), 100).is_none());
    assert_eq!(
        said(1).source(),
        crate::node::turns::Source::Peer(PublicKey([1; 32]), Channel::Ctl)
    );
    assert!(matches!(inbox.try_next(), Some(DriverEvent::Forwarded { .. })));
    assert!(matches!(inbox.try_next(), Some(DriverEvent::Said { .. })));
}
