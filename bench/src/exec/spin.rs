//! Work for a task: a chain of integer operations, each of which needs the one before.

use std::hint::black_box;
use std::time::Duration;
use std::time::Instant;

/// How long one try at measuring runs at least.
const TRY: Duration = Duration::from_millis(1);
/// Tries; the fastest counts, because whatever disturbs a try makes it slower.
const TRIES: u32 = 25;

/// How many operations this machine does in a nanosecond, on one core.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spin {
    steps_per_nano: f64,
}

impl Spin {
    /// Measured here and now.
    pub(crate) fn calibrate() -> Self {
        let mut steps = 1024;
        while time(steps) < TRY {
            steps *= 2;
        }
        let best = (0..TRIES).map(|_| time(steps)).min().unwrap_or(TRY);
        Self { steps_per_nano: steps as f64 / best.as_nanos() as f64 }
    }

    /// On a machine of this speed.
    #[cfg(test)]
    pub(crate) const fn at(steps_per_nano: f64) -> Self {
        Self { steps_per_nano }
    }

    /// How many operations take about `nanos`.
    pub(crate) fn steps(self, nanos: f64) -> u64 {
        (nanos * self.steps_per_nano).round() as u64
    }
}

/// Does `steps` operations on `state`. Reads no clock: a task takes as long as its operations do.
pub(crate) fn spin(steps: u64, state: u64) -> u64 {
    (0..steps).fold(state, |state, _| mix(state))
}

/// One operation, after which every bit of `state` matters.
pub(crate) const fn mix(state: u64) -> u64 {
    state.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29)
}

fn time(steps: u64) -> Duration {
    let start = Instant::now();
    black_box(spin(black_box(steps), black_box(1)));
    start.elapsed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_is_proportional_to_the_time_asked_for() {
        let spin = Spin::at(0.75);
        assert_eq!(spin.steps(0.0), 0);
        assert_eq!(spin.steps(1400.0), 1050);
        assert_eq!(spin.steps(14_000.0), 10_500);
    }

    #[test]
    fn every_operation_changes_the_outcome() {
        let outcomes: Vec<u64> = (0..4).map(|steps| spin(steps, 0)).collect();
        assert_eq!(outcomes[0], 0);
        assert!(outcomes.windows(2).all(|pair| pair[0] != pair[1]), "{outcomes:?}");
    }

    #[test]
    fn calibration_finds_a_rate_that_a_core_can_have() {
        let rate = Spin::calibrate().steps_per_nano;
        assert!((0.001..10.0).contains(&rate), "{rate}");
    }
}
