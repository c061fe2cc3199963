//! Proposes to one, votes for one, and answers nobody.

use heddle_wire::PeerMessage;

use super::Hand;
use super::Misbehave;

/// Tells one validator, at random, what all should hear.
#[derive(Debug)]
pub(super) struct Withholder;

impl Misbehave for Withholder {
    fn tell(&mut self, hand: &mut Hand<'_>, to: &[usize], message: &PeerMessage) {
        if matches!(message, PeerMessage::Response { .. }) {
            return;
        }
        if let Some(to) = hand.any(to) {
            hand.send(to, message.clone());
        }
    }
}
