//! The handle that the driver holds.

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use heddle_types::PublicKey;
use heddle_wire::Channel;
use heddle_wire::InstanceId;
use quinn::Endpoint;
use tokio::runtime::Handle;
use tracing::warn;

use crate::accept;
use crate::close::CloseCode;
use crate::config::Peer;
use crate::config::TransportConfig;
use crate::dial::Dialer;
use crate::endpoint;
use crate::error::TransportError;
use crate::event::Event;
use crate::faults::LinkFault;
use crate::faults::LinkFaults;
use crate::link::Link;
use crate::peers::PeerEntry;
use crate::shared::Shared;
use crate::stats::Stats;
use crate::tls::Identity;
use crate::tls::VALIDATOR_ALPN;

/// A node's place in its chain's network. All methods return at once, from any thread. Dropped, it closes.
#[derive(Debug)]
pub struct Transport {
    shared: Arc<Shared>,
    endpoint: Endpoint,
    local_addr: SocketAddr,
    faults: Arc<LinkFaults>,
    identity: Identity,
    runtime: Handle,
}

/// What became of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Sent {
    /// It waits in the peer's queue, and is sent while the connection lasts.
    Queued,
    /// The peer is not connected, or there is no such peer.
    NotConnected,
    /// The queue was full. On `bulk` the frame is dropped; on `ctl` the connection has ended too.
    Dropped,
}

impl Transport {
    /// Binds, and from then on keeps connections to all peers on `runtime`'s threads. `events` is told what happens, from
    /// those threads, and must not block.
    ///
    /// # Errors
    /// See [`TransportError`].
    pub fn start(
        config: TransportConfig,
        runtime: &Handle,
        events: impl Fn(Event) + Send + Sync + 'static,
    ) -> Result<Self, TransportError> {
        let _within = runtime.enter();
        let key = config.secret.public_key();
        let instance = InstanceId(config.instance);
        let identity = Identity::new(&config.secret)?;
        let faults = Arc::new(LinkFaults::new(config.instance));
        let socket = endpoint::bind(config.listen)?;
        let endpoint =
            endpoint::open(Arc::clone(&socket), Arc::clone(&faults), &config, &identity)?;
        let local_addr = endpoint
            .local_addr()
            .map_err(|source| TransportError::Bind { addr: config.listen, source })?;
        let shared = Shared::new(key, config.chain, instance, Box::new(events));
        let (shared, runtime) = (Arc::new(shared), runtime.clone());
        let transport = Self { shared, endpoint, local_addr, faults, identity, runtime };
        let stopping = transport.shared.stopping.subscribe();
        tokio::spawn(Arc::clone(&transport.faults).send_late(socket, stopping));
        transport.set_peers(&config.peers)?;
        tokio::spawn(accept::accept_all(Arc::clone(&transport.shared), transport.endpoint.clone()));
        Ok(transport)
    }

    /// Takes `peers` in place of those that were. Connections to whoever stays are kept, and what waits there is sent; whoever is
    /// gone loses its connections, is refused from now on, and is told [`Event::Disconnected`] of as ever; new ones are dialled, or may
    /// dial. Another address of the same key counts the next time that it is dialled.
    ///
    /// # Errors
    /// [`TransportError::Peer`] and [`TransportError::TooManyPeers`], and nothing is changed; [`TransportError::Key`].
    pub fn set_peers(&self, peers: &[Peer]) -> Result<(), TransportError> {
        let _within = self.runtime.enter();
        let added = self.shared.peers.replace(&self.shared.key, peers)?;
        added.iter().try_for_each(|entry| self.spawn_dialers(entry))
    }

    /// Where this node listens.
    pub const fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// Sends `body` to one peer. Frames of one channel arrive in order, or not at all; [`Self::send_first`] apart.
    pub fn send(&self, to: &PublicKey, channel: Channel, body: Bytes) -> Sent {
        match self.shared.peers.by_key(to) {
            Some(entry) => self.send_to(&entry, channel, body),
            None => Sent::NotConnected,
        }
    }

    /// Sends `body` to one peer on `bulk`, before the other frames that wait there, and with room of its own.
    pub fn send_first(&self, to: &PublicKey, body: Bytes) -> Sent {
        match self.shared.peers.by_key(to) {
            Some(entry) => self.count(&entry, Channel::Bulk, entry.push_first(body)),
            None => Sent::NotConnected,
        }
    }

    /// Sends `body` to all peers that are connected; its bytes are shared.
    pub fn broadcast(&self, channel: Channel, body: &Bytes) {
        for entry in self.shared.peers.all() {
            // Whoever is not there, or stuck, is counted by `send_to` and will be told otherwise.
            let _counted = self.send_to(&entry, channel, body.clone());
        }
    }

    /// Whether a channel to the peer is up.
    pub fn is_connected(&self, peer: &PublicKey, channel: Channel) -> bool {
        self.shared.peers.by_key(peer).is_some_and(|entry| entry.link(channel).is_some())
    }

    /// Replaces the faults of all links; whoever is not named has none. What is sent to a peer suffers from that peer's fault,
    /// what comes from it does not. They are those of the peers' present addresses, whoever is a peer later. False, and nothing is
    /// changed, when one of them is no peer.
    pub fn set_links(&self, faults: &[(PublicKey, LinkFault)]) -> bool {
        let by_addr = |(peer, fault): &(PublicKey, LinkFault)| {
            let entry = self.shared.peers.by_key(peer)?;
            Some((entry.addr(), *fault))
        };
        let Some(by_addr) = faults.iter().map(by_addr).collect::<Option<Vec<_>>>() else {
            return false;
        };
        self.faults.replace(by_addr.into_iter());
        true
    }

    /// The driver found that a frame of the peer is no message, or malformed: it loses the connection, and its place for a
    /// while.
    pub fn report_bad_frame(
        &self,
        peer: &PublicKey,
        channel: Channel,
        error: &dyn std::fmt::Display,
    ) {
        self.shared.on_bad_frame(peer, channel, error);
    }

    /// What was counted since the start.
    pub fn stats(&self) -> Stats {
        self.shared.counters.snapshot()
    }

    /// Ends all connections and frees nothing yet; see [`Self::closed`].
    pub fn close(&self) {
        self.shared.stopping.send_replace(true);
        self.endpoint.close(CloseCode::Stopping.code(), b"stopping");
    }

    /// Closes, and waits until the peers know. At most a few round trips, or QUIC's patience with silent ones.
    pub async fn closed(&self) {
        self.close();
        self.endpoint.wait_idle().await;
    }

    fn send_to(&self, entry: &PeerEntry, channel: Channel, body: Bytes) -> Sent {
        self.count(entry, channel, entry.push(channel, body))
    }

    /// What came of putting a frame into a link's outbox, if there is a link.
    fn count(
        &self,
        entry: &PeerEntry,
        channel: Channel,
        pushed: Option<Result<(), Arc<Link>>>,
    ) -> Sent {
        let Some(pushed) = pushed else { return Sent::NotConnected };
        let counters = &self.shared.counters;
        match (pushed, channel) {
            (Ok(()), Channel::Ctl | Channel::Bulk) => {
                counters.frames_sent.add(1);
                Sent::Queued
            }
            (Err(_link), Channel::Bulk) => {
                counters.bulk_dropped.add(1);
                Sent::Dropped
            }
            (Err(link), Channel::Ctl) => {
                counters.stuck.add(1);
                warn!(peer = %entry.key, "ctl does not get through: connection ended");
                CloseCode::Stuck.close(&link.connection);
                Sent::Dropped
            }
        }
    }

    /// Within the runtime.
    fn spawn_dialers(&self, entry: &Arc<PeerEntry>) -> Result<(), TransportError> {
        let config = endpoint::client_config(&self.identity, entry.key, VALIDATOR_ALPN)?;
        let dialer = || Dialer {
            shared: Arc::clone(&self.shared),
            endpoint: self.endpoint.clone(),
            entry: Arc::clone(entry),
            config: config.clone(),
        };
        if self.shared.dials(&entry.key) {
            for channel in Channel::ALL {
                tokio::spawn(dialer().keep(channel));
            }
        } else {
            tokio::spawn(dialer().probe());
        }
        Ok(())
    }
}

impl Drop for Transport {
    fn drop(&mut self) {
        self.close();
    }
}
