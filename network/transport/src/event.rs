//! What the transport tells its driver.

use std::net::SocketAddr;

use bytes::Bytes;
use heddle_types::PublicKey;
use heddle_wire::Channel;
use heddle_wire::PublicRequest;
use tokio::sync::oneshot;

/// What happened on the network. Told from the runtime's threads: the callback must not block. The events of one peer's channel
/// come in order: `Connected`, its frames, `Disconnected`. Of a peer that was taken away and then given again, the last of before
/// may come among the first of after.
#[derive(Debug)]
pub enum Event {
    /// A channel to a validator is up.
    Connected {
        /// Who.
        peer: PublicKey,
        /// Which channel.
        channel: Channel,
    },
    /// It is down. It is being brought up again for as long as it is a peer.
    Disconnected {
        /// Who.
        peer: PublicKey,
        /// Which channel.
        channel: Channel,
    },
    /// A validator said something.
    Frame {
        /// Who.
        peer: PublicKey,
        /// On which channel.
        channel: Channel,
        /// What, for `heddle_wire::decode`.
        body: Bytes,
    },
    /// Somebody asked something on the public protocol.
    PublicRequest {
        /// What.
        request: PublicRequest,
        /// Takes the answer, a frame's body. Dropped unused, the asker's stream ends.
        reply: PublicReply,
    },
    /// Another node with this node's key is connected.
    SameKeyElsewhere(Elsewhere),
}

/// How it came out that another node has this node's key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Elsewhere {
    /// A validator refused this node, because one with the same key is connected there and answered a fresh ping.
    RefusedBy {
        /// Who refused.
        peer: PublicKey,
    },
    /// A node proved this node's own key in a connection to it.
    ConnectedHere {
        /// From where.
        from: SocketAddr,
    },
}

/// Takes the answer to a public request.
#[derive(Debug)]
pub struct PublicReply {
    /// Who asks. Any key can be had for nothing: good for counting only.
    pub asker: PublicKey,
    pub(crate) answer: oneshot::Sender<Bytes>,
}

impl PublicReply {
    /// Sends the answer. The asker may be gone by now, which is its own affair.
    pub fn send(self, body: Bytes) {
        let _asker_is_gone = self.answer.send(body);
    }
}
