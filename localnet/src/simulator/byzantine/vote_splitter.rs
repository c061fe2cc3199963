//! Tells each of its statements to one half of the others only, so that certificates form with some and not with others.

use heddle_wire::PeerMessage;

use super::Hand;
use super::Misbehave;

/// Draws the half anew each time.
#[derive(Debug)]
pub(super) struct VoteSplitter;

impl Misbehave for VoteSplitter {
    fn tell(&mut self, hand: &mut Hand<'_>, to: &[usize], message: &PeerMessage) {
        for &to in to {
            if !matches!(message, PeerMessage::Consensus(_)) || hand.dice.chance(500) {
                hand.send(to, message.clone());
            }
        }
    }
}
