//! Its wall clock is off by up to an hour.

use heddle_wire::PeerMessage;

use super::Hand;
use super::Misbehave;

const HOUR_MS: u64 = 3_600_000;

/// Keeps to the rules by a clock that is wrong, and differently wrong from time to time.
#[derive(Debug, Default)]
pub(super) struct ClockLiar {
    /// Above [`HOUR_MS`]: ahead.
    shift_ms: u64,
}

impl Misbehave for ClockLiar {
    fn tell(&mut self, hand: &mut Hand<'_>, to: &[usize], message: &PeerMessage) {
        hand.send_all(to, message);
    }

    fn clock(&mut self, hand: &mut Hand<'_>, wall_ms: u64) -> u64 {
        if self.shift_ms == 0 || hand.dice.chance(5) {
            let extreme = hand.dice.chance(500);
            let most = if extreme { HOUR_MS } else { 3_000 };
            self.shift_ms = HOUR_MS - most + hand.dice.below(2 * most);
        }
        (wall_ms + self.shift_ms).saturating_sub(HOUR_MS)
    }
}
