use heddle_types::PublicKey;
use heddle_wire::Channel;
use proptest::prelude::*;

use super::Room;
use super::Source;
use super::Turns;

const ROOM: Room = Room { items: 4, bytes: 10 };

fn peer(number: u8) -> Source {
    Source::Peer(PublicKey([number; 32]), Channel::Ctl)
}

#[test]
fn one_thing_waits_for_one_of_each_other_source() {
    let mut turns = Turns::new(Room { items: 1_000, bytes: usize::MAX });
    for _ in 0..1_000 {
        turns.push(peer(1), "flood", 1).unwrap();
    }
    turns.push(peer(2), "vote", 1).unwrap();
    turns.push(Source::Own, "executed", 1).unwrap();
    let first: Vec<_> = std::iter::from_fn(|| turns.pop()).take(4).collect();
    assert_eq!(first, ["flood", "vote", "executed", "flood"]);
}

#[test]
fn whoever_comes_back_has_no_turn_before_the_others() {
    let mut turns = Turns::new(ROOM);
    for source in [peer(1), peer(2), peer(2)] {
        turns.push(source, source, 1).unwrap();
    }
    assert_eq!(turns.pop(), Some(peer(1)));
    turns.push(peer(1), peer(1), 1).unwrap();
    assert_eq!(std::iter::from_fn(|| turns.pop()).collect::<Vec<_>>(), [peer(2), peer(1), peer(2)]);
}

#[test]
fn a_source_has_its_own_room_of_things_and_of_bytes() {
    let mut turns = Turns::new(ROOM);
    for n in 0..4 {
        turns.push(peer(1), n, 1).unwrap();
    }
    assert_eq!(turns.push(peer(1), 4, 1), Err(4));
    turns.push(peer(2), 5, 10).unwrap();
    assert_eq!(turns.push(peer(2), 6, 1), Err(6));
    assert_eq!(turns.pop(), Some(0));
    turns.push(peer(1), 4, 1).unwrap();
    assert_eq!(turns.pop(), Some(5));
    turns.push(peer(2), 6, 1).unwrap();
}

#[test]
fn one_thing_may_be_larger_than_the_room() {
    let mut turns = Turns::new(ROOM);
    turns.push(peer(1), "large", 11).unwrap();
    assert_eq!(turns.push(peer(1), "more", 0), Err("more"));
    turns.push_anyway(peer(1), "disconnected", 0);
    assert_eq!((turns.pop(), turns.pop()), (Some("large"), Some("disconnected")));
}

proptest! {
    /// Nothing is lost or doubled, each source's things keep their order, and none has two turns while another waits.
    #[test]
    fn each_source_is_a_queue_and_all_take_turns(
        ops in prop::collection::vec((0..4_u8, any::<bool>(), any::<bool>()), 1..200),
    ) {
        let mut turns = Turns::new(Room { items: 1_000, bytes: 1_000 });
        let mut waiting: [Vec<usize>; 4] = Default::default();
        let mut passed_over = [0_usize; 4];
        for (n, (source, pops, of_one)) in ops.into_iter().enumerate() {
            let place = usize::from(source);
            if !pops {
                turns.push(peer(source), (place, n), 1).unwrap();
                waiting[place].push(n);
                continue;
            }
            let popped = if of_one { turns.pop_of(peer(source)) } else { turns.pop() };
            let Some((place, n)) = popped else {
                let none_waits = if of_one {
                    waiting[place].is_empty()
                } else {
                    waiting.iter().all(Vec::is_empty)
                };
                prop_assert!(none_waits);
                continue;
            };
            prop_assert_eq!(waiting[place].remove(0), n);
            passed_over[place] = 0;
            if of_one {
                continue;
            }
            for (other, passed) in passed_over.iter_mut().enumerate() {
                *passed = if other == place || waiting[other].is_empty() { 0 } else { *passed + 1 };
                prop_assert!(*passed < 4, "all others had their turns");
            }
        }
    }
}
