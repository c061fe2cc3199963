use std::time::Duration;
use std::time::Instant;

use super::Rate;

#[test]
fn what_is_within_the_rate_never_waits() {
    let start = Instant::now();
    let mut rate = Rate::new(1000, start);
    for tenth in 1..50_u32 {
        let now = start + Duration::from_millis(100) * tenth;
        assert_eq!(rate.take(100, now), None);
    }
}

#[test]
fn what_is_beyond_it_waits_as_long_as_it_is_worth() {
    let start = Instant::now();
    let mut rate = Rate::new(1000, start);
    assert_eq!(rate.take(2000, start), Some(Duration::from_secs(2)));
}

#[test]
fn no_more_than_a_second_is_saved_up() {
    let start = Instant::now();
    let mut rate = Rate::new(1000, start);
    let later = start + Duration::from_secs(100);
    assert_eq!(rate.take(3000, later), Some(Duration::from_secs(2)));
}
