//! What the transport's tasks have in common.

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use heddle_types::ChainId;
use heddle_types::PublicKey;
use heddle_wire::Channel;
use heddle_wire::Hello;
use heddle_wire::InstanceId;
use heddle_wire::Purpose;
use quinn::RecvStream;
use quinn::SendStream;
use tokio::sync::Semaphore;
use tokio::sync::watch;
use tracing::debug;
use tracing::warn;

use crate::close::CloseCode;
use crate::event::Event;
use crate::limits;
use crate::link::Link;
use crate::link::ReadEnd;
use crate::peers::NoPlace;
use crate::peers::PeerEntry;
use crate::peers::Peers;
use crate::public::Quotas;
use crate::stats::Counters;

pub(crate) struct Shared {
    pub(crate) key: PublicKey,
    pub(crate) chain: ChainId,
    pub(crate) instance: InstanceId,
    pub(crate) peers: Peers,
    pub(crate) counters: Counters,
    pub(crate) handshakes: Arc<Semaphore>,
    pub(crate) public: Quotas,
    pub(crate) stopping: watch::Sender<bool>,
    events: Box<dyn Fn(Event) + Send + Sync>,
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").field("key", &self.key).finish_non_exhaustive()
    }
}

impl Shared {
    pub(crate) fn new(
        key: PublicKey,
        chain: ChainId,
        instance: InstanceId,
        events: Box<dyn Fn(Event) + Send + Sync>,
    ) -> Self {
        Self {
            key,
            chain,
            instance,
            peers: Peers::default(),
            counters: Counters::default(),
            handshakes: Arc::new(Semaphore::new(limits::HANDSHAKES_MAX)),
            public: Quotas::default(),
            stopping: watch::Sender::new(false),
            events,
        }
    }

    pub(crate) fn tell(&self, event: Event) {
        (self.events)(event);
    }

    pub(crate) fn hello(&self, purpose: Purpose) -> Hello {
        Hello { chain: self.chain, instance: self.instance, purpose }
    }

    pub(crate) fn is_stopping(&self) -> bool {
        *self.stopping.borrow()
    }

    /// Whether this end of the pair dials: the lower key does, so that there is one connection a channel.
    pub(crate) fn dials(&self, peer: &PublicKey) -> bool {
        self.key < *peer
    }

    /// Runs a link from taking its place to its end, and tells of both.
    pub(crate) async fn run_link(
        &self,
        entry: &PeerEntry,
        link: Arc<Link>,
        streams: (SendStream, RecvStream),
    ) -> Result<(), NoPlace> {
        let peer = entry.key;
        let channel = link.channel;
        entry.install(&link, || self.tell(Event::Connected { peer, channel })).await?;
        debug!(%peer, ?channel, "connected");
        self.move_frames(entry, &link, streams).await;
        entry.remove(&link);
        self.tell(Event::Disconnected { peer, channel });
        debug!(%peer, ?channel, reason = ?link.connection.close_reason(), "disconnected");
        link.set_ended();
        Ok(())
    }

    async fn move_frames(
        &self,
        entry: &PeerEntry,
        link: &Link,
        (send, recv): (SendStream, RecvStream),
    ) {
        let (peer, channel) = (entry.key, link.channel);
        let read = link.read(recv, |body| {
            if entry.is_retired() {
                return;
            }
            self.counters.frames_received.add(1);
            self.tell(Event::Frame { peer, channel, body });
        });
        tokio::select! {
            end = read => match end {
                ReadEnd::Gone => CloseCode::Broken.close(&link.connection),
                ReadEnd::BadFrame(error) => self.on_bad_frame(&peer, channel, &error),
            },
            _gone = link.write(send) => CloseCode::Broken.close(&link.connection),
            _reason = link.connection.closed() => {}
        }
    }

    /// A peer sent what no honest one sends: it loses the channel's connection, and its place for a while.
    pub(crate) fn on_bad_frame(
        &self,
        peer: &PublicKey,
        channel: Channel,
        error: &dyn fmt::Display,
    ) {
        let Some(entry) = self.peers.by_key(peer) else { return };
        warn!(%peer, ?channel, %error, "bad frame");
        self.counters.bad_frames.add(1);
        entry.punish(Instant::now());
        if let Some(link) = entry.link(channel) {
            CloseCode::BadFrame.close(&link.connection);
        }
    }
}
