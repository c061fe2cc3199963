use super::*;

#[test]
fn the_lowest_free_slot_is_taken_first() {
    let mut slots = Slots::new();
    for expected in 0..5000 {
        assert_eq!(slots.take(), Some(expected));
    }
    for freed in [4999, 70, 4096, 3, 63, 64] {
        slots.free(freed);
    }
    for expected in [3, 63, 64, 70, 4096, 4999, 5000] {
        assert!(!slots.is_taken(expected));
        assert_eq!(slots.take(), Some(expected));
        assert!(slots.is_taken(expected));
    }
}

#[test]
fn slots_run_out() {
    let mut slots = Slots::new();
    assert_eq!(std::iter::from_fn(|| slots.take()).count(), SLOTS_MAX as usize);
    assert_eq!(slots.take(), None);
    slots.free(SLOTS_MAX - 1);
    assert_eq!(slots.take(), Some(SLOTS_MAX - 1));
}

#[test]
fn a_claimed_slot_is_not_given() {
    let mut slots = Slots::new();
    slots.claim(0);
    slots.claim(2);
    assert_eq!((slots.take(), slots.take()), (Some(1), Some(3)));
}
