#![expect(clippy::arithmetic_side_effects, reason = "a test that overflows fails")]

use super::*;

fn at(periods: u64, parts: u64) -> UnixMillis {
    UnixMillis::new(PERIOD_MS * periods + PERIOD_MS / 4 * parts)
}

#[test]
fn volume_fades_evenly_over_the_period_after_it_and_is_gone_then() {
    let mut volume = Volume::NONE;
    let traded = i128::from(PERIOD_MS) * 8;
    volume.add(at(10, 1), Quote::new(traded));
    assert_eq!(volume.at(at(10, 3)), Quote::new(traded));
    assert_eq!(volume.at(at(11, 0)), Quote::new(traded));
    assert_eq!(volume.at(at(11, 1)), Quote::new(traded / 4 * 3));
    assert_eq!(volume.at(at(11, 3)), Quote::new(traded / 4));
    assert_eq!(volume.at(at(12, 0)), Quote::ZERO);
    volume.add(at(11, 2), Quote::new(100));
    assert_eq!(volume.at(at(11, 2)), Quote::new(traded / 2 + 100));
}

#[test]
fn a_volume_past_the_largest_amount_stays_there() {
    let mut volume = Volume::NONE;
    volume.add(at(1, 0), Quote::MAX);
    volume.add(at(1, 0), Quote::MAX);
    assert_eq!(volume.at(at(1, 0)), Quote::MAX);
}
