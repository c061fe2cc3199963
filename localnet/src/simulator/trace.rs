//! A hash over all that happens: two runs with the same hash were the same.

use heddle_hotstuff::Message;
use heddle_wire::PeerMessage;

use super::world::Event;
use super::world::World;

impl World {
    pub(super) fn note(&mut self, event: &Event) {
        self.trace.update(&self.now.to_le_bytes());
        let (tag, a, b) = match event {
            Event::Deliver { from, to, .. } => (0, *from as u64, *to as u64),
            Event::Wake { node, life } => (1, *node as u64, *life),
            Event::Synced { node, life } => (2, *node as u64, *life),
            Event::Executed { node, life } => (3, *node as u64, *life),
            Event::Submit { account } => (4, *account as u64, 0),
            Event::Begin(position) => (5, *position as u64, 0),
            Event::End(position) => (6, *position as u64, 0),
            Event::Garbage { from, to } => (7, *from as u64, *to as u64),
            Event::Resume { node, life } => (8, *node as u64, *life),
        };
        self.trace.update(&[tag]);
        self.trace.update(&a.to_le_bytes());
        self.trace.update(&b.to_le_bytes());
        if let Event::Deliver { message, .. } = event {
            note_message(&mut self.trace, message);
        }
    }
}

/// What is signed says all that the rest does.
fn note_message(trace: &mut blake3::Hasher, message: &PeerMessage) {
    let signature = match message {
        PeerMessage::Consensus(Message::Proposal(proposal)) => proposal.signature,
        PeerMessage::Consensus(Message::Vote(vote)) => vote.signature,
        PeerMessage::Consensus(Message::CommitVote(vote)) => vote.signature,
        PeerMessage::Consensus(Message::Timeout(timeout)) => timeout.signature,
        _ => {
            trace.update(&heddle_wire::encode(message));
            return;
        }
    };
    trace.update(&signature.0);
}
