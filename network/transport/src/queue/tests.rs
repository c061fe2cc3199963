use bytes::Bytes;

use super::Full;
use super::Outbox;
use crate::limits;

fn body(len: usize) -> Bytes {
    Bytes::from(vec![1; len])
}

#[test]
fn bytes_are_bounded_and_nothing_of_what_is_too_much_stays() {
    let outbox = Outbox::new(100);
    assert_eq!(outbox.push(body(60)), Ok(()));
    assert_eq!(outbox.push(body(41)), Err(Full));
    assert_eq!(outbox.push(body(40)), Ok(()));
    assert_eq!(outbox.push(body(1)), Err(Full));
}

#[test]
fn frames_are_bounded() {
    let outbox = Outbox::new(usize::MAX);
    for _ in 0..limits::QUEUE_FRAMES_MAX {
        assert_eq!(outbox.push(body(1)), Ok(()));
    }
    assert_eq!(outbox.push(body(1)), Err(Full));
}

#[test]
fn taking_makes_room_and_keeps_the_order() {
    let outbox = Outbox::new(10);
    assert_eq!(outbox.push(body(3)), Ok(()));
    assert_eq!(outbox.push(body(7)), Ok(()));
    let mut taken = Vec::new();
    assert!(outbox.try_take(&mut taken));
    assert_eq!(taken, [body(3), body(7)]);
    assert_eq!(outbox.push(body(10)), Ok(()));
}

#[test]
fn what_goes_first_has_room_of_its_own_and_comes_out_first() {
    let outbox = Outbox::new(40);
    assert_eq!(outbox.push(body(40)), Ok(()));
    assert_eq!(outbox.push(body(1)), Err(Full));
    assert_eq!(outbox.push_first(body(9)), Ok(()));
    assert_eq!(outbox.push_first(body(2)), Err(Full));
    assert_eq!(outbox.push_first(body(1)), Ok(()));
    let mut taken = Vec::new();
    assert!(outbox.try_take(&mut taken));
    assert_eq!(taken, [body(9), body(1), body(40)]);
    assert!(!outbox.try_take(&mut taken));
    assert_eq!(outbox.push_first(body(10)), Ok(()));
}

#[test]
fn what_goes_first_leaves_others_half_of_what_is_written() {
    let outbox = Outbox::new(usize::MAX);
    let frame = limits::WRITE_BYTES_MAX / 4;
    for _ in 0..4 {
        assert_eq!(outbox.push_first(body(frame)), Ok(()));
        assert_eq!(outbox.push(body(frame - 1)), Ok(()));
    }
    let mut taken = Vec::new();
    assert!(outbox.try_take(&mut taken));
    let sizes: Vec<_> = taken.iter().map(Bytes::len).collect();
    assert_eq!(sizes, [frame, frame, frame - 1, frame - 1, frame - 1]);
}
