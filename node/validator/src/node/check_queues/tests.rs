use heddle_types::BlockSpace::Ordinary;
use heddle_types::BlockSpace::Reserved;
use heddle_types::PublicKey;
use heddle_wire::Channel;

use super::BULK_ROOM;
use super::Entrance;
use super::Job;
use super::SUBMISSIONS_MAX;
use super::Urgency;
use super::queues;
use crate::node::turns::Source;

const FLOOD: &str = "flood";
const WORKERS: usize = 2;

fn frame(
    entrance: &Entrance<&'static str, &str>,
    from: u8,
    name: &'static str,
    urgency: Urgency,
) -> bool {
    let channel = if urgency == Urgency::Urgent { Channel::Ctl } else { Channel::Bulk };
    entrance.frame(Source::Peer(PublicKey([from; 32]), channel), (name, 100), urgency)
}

#[test]
fn a_flood_of_ordinary_jobs_leaves_reserved_ones_their_room_and_every_second_turn() {
    let (entrance, mut jobs) = queues::<&str, &str>(WORKERS);
    while frame(&entrance, 1, FLOOD, Urgency::Bulk(Ordinary)) {}
    while entrance.submission(FLOOD, Ordinary) {}
    for _ in 0..3 {
        assert!(frame(&entrance, 1, "forwarded", Urgency::Bulk(Reserved)));
    }
    assert!(entrance.submission("cancel", Reserved));
    let taken: Vec<_> = (0..8).map(|_| jobs.next().unwrap()).collect();
    let reserved = [Job::Frame("forwarded"), Job::Submissions(vec!["cancel"])];
    let served = taken.iter().filter(|job| reserved.contains(job)).count();
    assert_eq!(served, 4, "all of them, within twice their number: {taken:?}");
}

#[test]
fn a_flood_of_reserved_jobs_leaves_ordinary_ones_theirs() {
    let (entrance, mut jobs) = queues::<&str, &str>(WORKERS);
    while frame(&entrance, 1, FLOOD, Urgency::Bulk(Reserved)) {}
    while entrance.submission(FLOOD, Reserved) {}
    assert!(entrance.submission("order", Ordinary));
    let taken: Vec<_> = (0..2).map(|_| jobs.next().unwrap()).collect();
    assert!(taken.contains(&Job::Submissions(vec!["order"])), "{taken:?}");
}

#[test]
fn a_flood_of_one_peer_leaves_the_others_and_users_their_room_and_turns() {
    let (entrance, mut jobs) = queues::<&str, &str>(WORKERS);
    for urgency in [Urgency::Urgent, Urgency::Bulk(Ordinary), Urgency::Bulk(Reserved)] {
        while frame(&entrance, 1, FLOOD, urgency) {}
    }
    assert!(frame(&entrance, 2, "proposal", Urgency::Urgent));
    let taken: Vec<_> = (0..2).map(|_| jobs.next().unwrap()).collect();
    assert!(taken.contains(&Job::Frame("proposal")), "{taken:?}");
    while jobs.waiting.jobs.lock().urgent.pop().is_some() {}
    assert!(frame(&entrance, 2, "forwarded", Urgency::Bulk(Ordinary)));
    assert!(entrance.submission("order", Ordinary));
    let taken: Vec<_> = (0..6).map(|_| jobs.next().unwrap()).collect();
    assert!(taken.contains(&Job::Frame("forwarded")), "{taken:?}");
    assert!(taken.contains(&Job::Submissions(vec!["order"])), "{taken:?}");
}

#[test]
fn what_waits_is_bounded() {
    let (entrance, _jobs) = queues::<&str, &str>(WORKERS);
    let of_peer = std::iter::repeat_with(|| frame(&entrance, 1, FLOOD, Urgency::Bulk(Ordinary)));
    assert_eq!(of_peer.take_while(|has_room| *has_room).count(), BULK_ROOM.items);
    let large = BULK_ROOM.bytes / 2;
    let from = Source::Peer(PublicKey([2; 32]), Channel::Bulk);
    let put = || entrance.frame(from, ("answer", large), Urgency::Bulk(Ordinary));
    assert_eq!([put(), put(), put()], [true, true, false]);
}

#[test]
fn urgent_frames_come_before_all() {
    let (entrance, mut jobs) = queues::<&str, &str>(WORKERS);
    assert!(frame(&entrance, 1, "reserved", Urgency::Bulk(Reserved)));
    assert!(entrance.submission(FLOOD, Ordinary));
    assert!(frame(&entrance, 1, "proposal", Urgency::Urgent));
    assert_eq!(jobs.next(), Some(Job::Frame("proposal")));
}

#[test]
fn submissions_of_one_kind_come_together_up_to_a_bound() {
    let (entrance, mut jobs) = queues::<u8, usize>(WORKERS);
    for n in 0..SUBMISSIONS_MAX + 1 {
        assert!(entrance.submission(n, Ordinary));
    }
    assert_eq!(jobs.next(), Some(Job::Submissions((0..SUBMISSIONS_MAX).collect())));
    assert_eq!(jobs.next(), Some(Job::Submissions(vec![SUBMISSIONS_MAX])));
    drop(entrance);
    assert_eq!(jobs.next(), None);
}

#[test]
fn workers_that_wait_are_told_of_jobs_and_of_the_end() {
    let (entrance, mut jobs) = queues::<&str, &str>(WORKERS);
    let more = entrance.clone();
    let worker = std::thread::spawn(move || std::iter::from_fn(|| jobs.next()).count());
    drop(entrance);
    for _ in 0..3 {
        assert!(frame(&more, 1, "forwarded", Urgency::Bulk(Ordinary)));
    }
    drop(more);
    assert_eq!(worker.join().unwrap(), 3);
}

#[test]
fn the_frames_of_one_peer_occupy_half_of_the_workers_at_most() {
    for urgency in [Urgency::Urgent, Urgency::Bulk(Ordinary), Urgency::Bulk(Reserved)] {
        let (entrance, mut first) = queues::<&str, &str>(4);
        let [mut second, mut third] = [first.clone(), first.clone()];
        for _ in 0..8 {
            assert!(frame(&entrance, 1, FLOOD, Urgency::Bulk(Ordinary)));
            assert!(frame(&entrance, 1, FLOOD, urgency));
        }
        let given = [&mut first, &mut second].map(|worker| worker.next().unwrap());
        assert_eq!(given, [Job::Frame(FLOOD), Job::Frame(FLOOD)]);
        assert!(frame(&entrance, 2, "another's", urgency));
        assert_eq!(third.next(), Some(Job::Frame("another's")));
        assert!(entrance.submission("order", Ordinary));
        assert_eq!(third.next(), Some(Job::Submissions(vec!["order"])));
        // Whoever is done with one may have the next.
        assert_eq!(first.next(), Some(Job::Frame(FLOOD)));
    }
    // A worker that is alone checks all.
    let (entrance, mut alone) = queues::<&str, &str>(1);
    assert!(frame(&entrance, 1, FLOOD, Urgency::Urgent));
    assert_eq!(alone.next(), Some(Job::Frame(FLOOD)));
}
