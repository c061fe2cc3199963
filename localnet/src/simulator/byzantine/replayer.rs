//! Says again what it heard and said, to anybody.

use heddle_wire::PeerMessage;

use super::Hand;
use super::Misbehave;

/// Messages that it remembers.
const HEARD_MAX: usize = 256;

/// Adds an old message to each new one.
#[derive(Debug, Default)]
pub(super) struct Replayer {
    heard: Vec<PeerMessage>,
}

impl Misbehave for Replayer {
    fn tell(&mut self, hand: &mut Hand<'_>, to: &[usize], message: &PeerMessage) {
        hand.send_all(to, message);
        self.remember(hand, message);
        let place = usize::try_from(hand.dice.below(self.heard.len() as u64)).unwrap_or(0);
        let others = hand.others();
        if let Some(old) = self.heard.get(place) {
            hand.send_all(&others, old);
        }
    }

    fn hear(&mut self, hand: &mut Hand<'_>, _from: usize, message: &PeerMessage) {
        self.remember(hand, message);
    }
}

impl Replayer {
    /// When it remembers enough, a random one makes room, so that some get old.
    fn remember(&mut self, hand: &mut Hand<'_>, message: &PeerMessage) {
        if self.heard.len() < HEARD_MAX {
            return self.heard.push(message.clone());
        }
        let place = usize::try_from(hand.dice.below(HEARD_MAX as u64)).unwrap_or(0);
        self.heard[place] = message.clone();
    }
}
