use heddle_types::BlockSpace::Ordinary;
use heddle_types::BlockSpace::Reserved;

use super::Job;
use super::QUEUE_MAX;
use super::SUBMISSIONS_MAX;
use super::Urgency;
use super::queues;

const FLOOD: &str = "ordinary";

#[test]
fn a_flood_of_ordinary_jobs_leaves_reserved_ones_their_room_and_every_second_turn() {
    let (entrance, mut jobs) = queues::<&str, &str>();
    while entrance.frame(FLOOD, Urgency::Bulk(Ordinary)).is_ok() {}
    while entrance.submission(FLOOD, Ordinary).is_ok() {}
    for _ in 0..3 {
        entrance.frame("forwarded", Urgency::Bulk(Reserved)).unwrap();
    }
    entrance.submission("cancel", Reserved).unwrap();
    let taken: Vec<_> = (0..8).map(|_| jobs.next().unwrap()).collect();
    let reserved = [Job::Frame("forwarded"), Job::Submissions(vec!["cancel"])];
    let served = taken.iter().filter(|job| reserved.contains(job)).count();
    assert_eq!(served, 4, "all of them, within twice their number: {taken:?}");
}

#[test]
fn a_flood_of_reserved_jobs_leaves_ordinary_ones_theirs() {
    let (entrance, mut jobs) = queues::<&str, &str>();
    while entrance.frame("reserved", Urgency::Bulk(Reserved)).is_ok() {}
    while entrance.submission("reserved", Reserved).is_ok() {}
    entrance.submission(FLOOD, Ordinary).unwrap();
    // Every second job is whichever comes; 1,500 of those without it would be a chance of one in 10^264.
    let mut taken = (0..3 * QUEUE_MAX).map_while(|_| jobs.next());
    assert!(taken.any(|job| job == Job::Submissions(vec![FLOOD])));
}

#[test]
fn urgent_frames_come_before_all() {
    let (entrance, mut jobs) = queues::<&str, &str>();
    entrance.frame("reserved", Urgency::Bulk(Reserved)).unwrap();
    entrance.submission(FLOOD, Ordinary).unwrap();
    entrance.frame("proposal", Urgency::Urgent).unwrap();
    assert_eq!(jobs.next(), Some(Job::Frame("proposal")));
}

#[test]
fn submissions_of_one_kind_come_together_up_to_a_bound() {
    let (entrance, mut jobs) = queues::<u8, usize>();
    for n in 0..SUBMISSIONS_MAX + 1 {
        entrance.submission(n, Ordinary).unwrap();
    }
    assert_eq!(jobs.next(), Some(Job::Submissions((0..SUBMISSIONS_MAX).collect())));
    assert_eq!(jobs.next(), Some(Job::Submissions(vec![SUBMISSIONS_MAX])));
    drop(entrance);
    assert_eq!(jobs.next(), None);
}
