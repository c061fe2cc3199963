//! The driver's side of the network: who is sent what, whichever way it goes.
//!
//! A member of the committee has links to the others, and to guests. A node that is none has those that let it in, and asks on the
//! public protocol what is final besides, as a follower does. Which of the two a validator is changes with the epoch.

use std::sync::Arc;

use heddle_transport::Peer;
use heddle_transport::PublicClientConfig;
use heddle_transport::Transport;
use heddle_types::BlockSpace;
use heddle_types::CheckedTransaction;
use heddle_types::Committee;
use heddle_types::PublicKey;
use heddle_types::SecretKey;
use heddle_types::ValidatorIndex;
use heddle_validators::Members;
use heddle_wire::Channel;
use heddle_wire::PeerMessage;
use tokio::runtime::Handle;

use crate::node::follow::Endpoints;
use crate::node::peers::Peers;
use crate::node::told::Told;

/// How a node asks others on the public protocol.
pub(crate) struct Asking {
    /// This node's key.
    pub(crate) secret: SecretKey,
    /// Who hears the answers.
    pub(crate) told: Told,
    /// Where it is done.
    pub(crate) runtime: Handle,
}

/// The network of a node.
pub(crate) struct Network {
    transport: Arc<Transport>,
    peers: Peers,
    asking: Asking,
    /// Those that are asked; none for a member of the committee.
    endpoints: Option<Endpoints>,
    /// Whether they are always the same: this node never becomes a member.
    is_follower: bool,
    /// Whether the machine is still to be told who is connected, by their new places.
    are_places_new: bool,
}

impl Network {
    /// Of a validator.
    pub(crate) fn of_validator(transport: Arc<Transport>, peers: Peers, asking: Asking) -> Self {
        let (endpoints, is_follower, are_places_new) = (None, false, false);
        let mut network = Self { transport, peers, asking, endpoints, is_follower, are_places_new };
        network.connect();
        network
    }

    /// Of a follower, which asks these.
    pub(crate) fn of_follower(
        transport: Arc<Transport>,
        peers: Peers,
        asking: Asking,
        followed: Vec<PublicClientConfig>,
    ) -> Self {
        let endpoints = asking.start(followed);
        let peers = peers.following(endpoints.keys());
        let (endpoints, is_follower, are_places_new) = (Some(endpoints), true, false);
        Self { transport, peers, asking, endpoints, is_follower, are_places_new }
    }

    /// From here on places are those of this committee.
    pub(crate) fn begin_epoch(&mut self, committee: Arc<Committee>) {
        self.are_places_new = true;
        if committee != *self.peers.committee() {
            self.peers.begin_epoch(committee);
            self.connect();
        }
    }

    /// State names these: whoever is to decide next is connected before it does.
    pub(crate) fn learn(&mut self, members: &Members) {
        self.peers.learn(members);
        self.connect();
    }

    /// The peer is connected. True when it was already: what was sent to it may be lost.
    pub(crate) fn on_up(&mut self, peer: PublicKey) -> bool {
        self.peers.on_up(peer)
    }

    /// A connection to the peer is gone. True when it was the last.
    pub(crate) fn on_down(&mut self, peer: &PublicKey) -> bool {
        self.peers.on_down(peer)
    }

    /// How many peers are connected.
    pub(crate) fn connected(&self) -> usize {
        self.peers.connected().count()
    }

    /// Who is connected, when the machine is to be told by new places.
    pub(crate) fn take_new_places(&mut self) -> Vec<PublicKey> {
        if !std::mem::take(&mut self.are_places_new) {
            return Vec::new();
        }
        self.peers.connected().copied().collect()
    }

    /// Who decides.
    pub(crate) const fn committee(&self) -> &Arc<Committee> {
        self.peers.committee()
    }

    /// Whether this node is a follower, and nothing else ever.
    pub(crate) const fn is_follower(&self) -> bool {
        self.is_follower
    }

    /// The place of a peer; none when it has none.
    pub(crate) fn index_of(&self, peer: &PublicKey) -> Option<ValidatorIndex> {
        self.peers.index_of(peer)
    }

    /// The peer at a place.
    pub(crate) fn key_at(&self, index: ValidatorIndex) -> Option<PublicKey> {
        self.peers.key_at(index)
    }

    /// Sends to one peer. One that is not there, or too slow, hears it again or catches up.
    pub(crate) fn send(&self, to: ValidatorIndex, message: PeerMessage) {
        let Some(to) = self.peers.key_at(to) else { return };
        if let Some(endpoints) = self.endpoints.as_ref().filter(|endpoints| endpoints.has(&to)) {
            endpoints.send(&to, message);
            return;
        }
        let body = heddle_wire::encode(&message).into();
        let _ = if takes_reserved_space(&message) {
            self.transport.send_first(&to, body)
        } else {
            self.transport.send(&to, message.channel(), body)
        };
    }

    /// Sends to all other members.
    pub(crate) fn broadcast(&self, message: &PeerMessage) {
        let body = bytes::Bytes::from(heddle_wire::encode(message));
        for member in self.peers.committee().validators() {
            // This node itself is no peer of the transport's.
            let _ = self.transport.send(&member.public_key, message.channel(), body.clone());
        }
    }

    /// The peer sent what is no message.
    pub(crate) fn on_bad_frame(&self, peer: &PublicKey, channel: Channel, error: &str) {
        self.transport.report_bad_frame(peer, channel, &error);
    }

    /// The peer lied.
    pub(crate) fn on_misbehaved(&self, peer: ValidatorIndex) {
        if let (Some(endpoints), Some(key)) = (&self.endpoints, self.peers.key_at(peer)) {
            endpoints.set_aside(&key);
        }
    }

    /// Has connections to all whom this node knows now, and to nobody else.
    fn connect(&mut self) {
        if self.is_follower {
            return;
        }
        if let Err(error) = self.transport.set_peers(&self.peers.to_transport()) {
            tracing::error!(%error, "the network keeps its former peers: a bug");
        }
        let followed = self.peers.to_follow();
        let mut wanted: Vec<PublicKey> = followed.iter().map(|peer| peer.key).collect();
        wanted.sort_unstable();
        if self.endpoints.as_ref().map(Endpoints::keys).unwrap_or_default() != wanted {
            let followed = followed.into_iter().map(|peer| self.asking.config(peer)).collect();
            self.endpoints = (!wanted.is_empty()).then(|| self.asking.start(followed));
        }
    }
}

impl Asking {
    fn config(&self, Peer { key, addr }: Peer) -> PublicClientConfig {
        let chain = self.told.shared.committees.chain();
        PublicClientConfig { secret: self.secret.clone(), chain, addr, key }
    }

    fn start(&self, followed: Vec<PublicClientConfig>) -> Endpoints {
        Endpoints::start(followed, self.told.clone(), &self.runtime)
    }
}

/// Whether these are forwarded transactions, all of them of reserved block space.
fn takes_reserved_space(message: &PeerMessage) -> bool {
    let is_reserved = |transaction: &Arc<CheckedTransaction>| {
        let declared = transaction.known_declared();
        declared.is_some_and(|declared| declared.space == BlockSpace::Reserved)
    };
    match message {
        PeerMessage::Transactions(transactions) => transactions.iter().all(is_reserved),
        PeerMessage::Consensus(_)
        | PeerMessage::Request { .. }
        | PeerMessage::Response { .. }
        | PeerMessage::Ping(_)
        | PeerMessage::Pong(_) => false,
    }
}
