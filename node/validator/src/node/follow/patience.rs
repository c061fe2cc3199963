//! How long an endpoint is left alone after a connection ended.

use std::time::Duration;

/// After a first connection that failed or broke.
const RETRY_MIN: Duration = Duration::from_millis(100);
/// What that grows to.
const RETRY_MAX: Duration = Duration::from_secs(2);
/// After a first lie.
const ASIDE_MIN: Duration = Duration::from_secs(1);
/// What that grows to.
const ASIDE_MAX: Duration = Duration::from_secs(60);
/// A connection that lasted so long was good: what came before it is forgotten.
const GOOD_AFTER: Duration = Duration::from_secs(60);

/// How a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// It broke, or was never made.
    Gone,
    /// The endpoint lied.
    Lied,
    /// This node stops.
    Stopping,
}

/// What an endpoint has to its account.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Patience {
    failures: u32,
    lies: u32,
}

impl Patience {
    /// A connection that lasted so long ended like this; how long to wait before the next, if there is to be one.
    pub(super) fn after(&mut self, end: End, lasted: Duration) -> Option<Duration> {
        if lasted >= GOOD_AFTER {
            *self = Self::default();
        }
        match end {
            End::Stopping => None,
            End::Gone => {
                let wait = doubled(RETRY_MIN, self.failures, RETRY_MAX);
                self.failures = self.failures.saturating_add(1);
                Some(wait.max(self.sentence()))
            }
            End::Lied => {
                self.failures = 0;
                self.lies = self.lies.saturating_add(1);
                Some(self.sentence())
            }
        }
    }

    fn sentence(self) -> Duration {
        match self.lies.checked_sub(1) {
            None => Duration::ZERO,
            Some(before) => doubled(ASIDE_MIN, before, ASIDE_MAX),
        }
    }
}

fn doubled(first: Duration, times: u32, max: Duration) -> Duration {
    let factor = 1_u32.checked_shl(times).unwrap_or(u32::MAX);
    first.saturating_mul(factor).min(max)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHORT: Duration = Duration::from_secs(1);

    #[test]
    fn broken_connections_are_made_again_more_and_more_slowly() {
        let mut patience = Patience::default();
        let waits = [100, 200, 400, 800, 1_600, 2_000, 2_000].map(Duration::from_millis);
        for wait in waits {
            assert_eq!(patience.after(End::Gone, SHORT), Some(wait));
        }
    }

    #[test]
    fn liars_wait_longer_and_breaking_off_does_not_help_them() {
        let mut patience = Patience::default();
        for seconds in [1, 2, 4] {
            let wait = Some(Duration::from_secs(seconds));
            assert_eq!(patience.after(End::Lied, SHORT), wait);
        }
        assert_eq!(patience.after(End::Gone, SHORT), Some(Duration::from_secs(4)));
        for _ in 0..40 {
            patience.after(End::Lied, SHORT);
        }
        assert_eq!(patience.after(End::Lied, SHORT), Some(ASIDE_MAX));
    }

    #[test]
    fn a_good_connection_makes_good_what_came_before() {
        let mut patience = Patience::default();
        patience.after(End::Lied, SHORT);
        assert_eq!(patience.after(End::Gone, GOOD_AFTER), Some(RETRY_MIN));
    }

    #[test]
    fn a_node_that_stops_connects_no_more() {
        assert_eq!(Patience::default().after(End::Stopping, SHORT), None);
    }
}
