//! The validators, and which links to them are up.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use bytes::Bytes;
use heddle_types::PublicKey;
use heddle_wire::Channel;
use heddle_wire::InstanceId;
use parking_lot::Mutex;
use parking_lot::RwLock;
use tokio::sync::Notify;
use tokio::sync::Semaphore;
use tokio::sync::watch;

use crate::close::CloseCode;
use crate::config::Peer;
use crate::error::TransportError;
use crate::limits;
use crate::link::Link;

/// All peers, by key.
#[derive(Debug, Default)]
pub(crate) struct Peers(RwLock<BTreeMap<PublicKey, Arc<PeerEntry>>>);

/// One peer.
#[derive(Debug)]
pub(crate) struct PeerEntry {
    pub(crate) key: PublicKey,
    addr: Mutex<SocketAddr>,
    links: Mutex<[Option<Arc<Link>>; 2]>,
    /// Whether it is a peer no more. Set while `links` is locked, so that no link comes after.
    retired: watch::Sender<bool>,
    /// Held while a new link claims its place, so that claims are settled one after the other.
    claims: tokio::sync::Mutex<()>,
    /// Claims that may wait for that.
    pub(crate) pending: Arc<Semaphore>,
    /// Wakes whoever waits before dialling again.
    pub(crate) nudge: Notify,
    penalty: Mutex<Penalty>,
}

#[derive(Debug, Default)]
struct Penalty {
    faults: u32,
    until: Option<Instant>,
}

/// A link could not take its place: another node with the peer's key is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Taken;

/// Why a link could not take its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoPlace {
    /// Another node with the peer's key is there.
    Taken,
    /// The other end is a peer no more.
    Retired,
}

impl From<Taken> for NoPlace {
    fn from(Taken: Taken) -> Self {
        Self::Taken
    }
}

impl NoPlace {
    pub(crate) const fn close_code(self) -> CloseCode {
        match self {
            Self::Taken => CloseCode::SameKeyElsewhere,
            Self::Retired => CloseCode::NoPeer,
        }
    }
}

impl Peers {
    /// Takes `peers` in place of those that were, and says which are new. Who stays keeps its links, who is gone loses them. Changes
    /// nothing when it fails.
    pub(crate) fn replace(
        &self,
        own: &PublicKey,
        peers: &[Peer],
    ) -> Result<Vec<Arc<PeerEntry>>, TransportError> {
        if peers.len() > limits::PEERS_MAX {
            let error = TransportError::TooManyPeers { found: peers.len(), max: limits::PEERS_MAX };
            return Err(error);
        }
        let mut entries = self.0.write();
        let mut after = BTreeMap::new();
        let mut added = Vec::new();
        for peer in peers {
            let entry = entries.get(&peer.key).cloned().unwrap_or_else(|| {
                let entry = Arc::new(PeerEntry::new(*peer));
                added.push(Arc::clone(&entry));
                entry
            });
            if peer.key == *own || after.insert(peer.key, entry).is_some() {
                return Err(TransportError::Peer { key: peer.key });
            }
        }
        for peer in peers {
            after[&peer.key].set_addr(peer.addr);
        }
        let before = std::mem::replace(&mut *entries, after);
        for gone in before.values().filter(|entry| !entries.contains_key(&entry.key)) {
            gone.retire();
        }
        Ok(added)
    }

    pub(crate) fn by_key(&self, key: &PublicKey) -> Option<Arc<PeerEntry>> {
        self.0.read().get(key).cloned()
    }

    pub(crate) fn all(&self) -> Vec<Arc<PeerEntry>> {
        self.0.read().values().cloned().collect()
    }
}

impl PeerEntry {
    fn new(peer: Peer) -> Self {
        Self {
            key: peer.key,
            addr: Mutex::new(peer.addr),
            links: Mutex::default(),
            retired: watch::Sender::new(false),
            claims: tokio::sync::Mutex::default(),
            pending: Arc::new(Semaphore::new(limits::PEER_PENDING_MAX)),
            nudge: Notify::new(),
            penalty: Mutex::default(),
        }
    }

    /// Where it listens.
    pub(crate) fn addr(&self) -> SocketAddr {
        *self.addr.lock()
    }

    /// A connection that stands is not touched: it is the key's, wherever that listens.
    fn set_addr(&self, addr: SocketAddr) {
        *self.addr.lock() = addr;
    }

    /// It is a peer no more: its links end, and no others come.
    fn retire(&self) {
        let links = self.links.lock();
        self.retired.send_replace(true);
        for link in links.iter().flatten() {
            CloseCode::NoPeer.close(&link.connection);
        }
    }

    pub(crate) fn is_retired(&self) -> bool {
        *self.retired.borrow()
    }

    /// Waits until it is a peer no more.
    pub(crate) async fn wait_retired(&self) {
        let mut retired = self.retired.subscribe();
        // An error says that the sender is gone, which cannot be while `self` is there.
        let _same = retired.wait_for(|retired| *retired).await;
    }

    pub(crate) fn link(&self, channel: Channel) -> Option<Arc<Link>> {
        self.links.lock()[slot(channel)].clone()
    }

    /// Settles who has the peer's key, when a node claims to be that start of it. Whoever holds a link and answers a fresh ping
    /// keeps it; whoever does not is gone.
    pub(crate) async fn settle(&self, instance: InstanceId) -> Result<(), Taken> {
        let _one_at_a_time = self.claims.lock().await;
        self.settle_locked(instance).await
    }

    /// As [`Self::settle`]; then the link takes its channel's place, and whatever was there has ended.
    pub(crate) async fn install(
        &self,
        link: &Arc<Link>,
        told: impl FnOnce(),
    ) -> Result<(), NoPlace> {
        let _one_at_a_time = self.claims.lock().await;
        self.settle_locked(link.instance).await?;
        if let Some(older) = self.link(link.channel) {
            CloseCode::Replaced.close(&older.connection);
            older.wait_ended().await;
        }
        self.put(link)?;
        told();
        Ok(())
    }

    fn put(&self, link: &Arc<Link>) -> Result<(), NoPlace> {
        let mut links = self.links.lock();
        if self.is_retired() {
            return Err(NoPlace::Retired);
        }
        links[slot(link.channel)] = Some(Arc::clone(link));
        Ok(())
    }

    async fn settle_locked(&self, instance: InstanceId) -> Result<(), Taken> {
        for channel in Channel::ALL {
            let other = self.link(channel).filter(|link| link.instance != instance);
            let Some(other) = other else { continue };
            if other.answers_ping().await {
                return Err(Taken);
            }
            CloseCode::Replaced.close(&other.connection);
            other.wait_ended().await;
        }
        Ok(())
    }

    /// Takes `link` out of its place if it is there.
    pub(crate) fn remove(&self, link: &Arc<Link>) {
        let mut links = self.links.lock();
        let place = &mut links[slot(link.channel)];
        if place.as_ref().is_some_and(|there| Arc::ptr_eq(there, link)) {
            *place = None;
        }
    }

    pub(crate) fn push(&self, channel: Channel, body: Bytes) -> Option<Result<(), Arc<Link>>> {
        let link = self.link(channel)?;
        Some(link.push(body).map_err(|_full| link))
    }

    /// On `bulk`, before what waits there.
    pub(crate) fn push_first(&self, body: Bytes) -> Option<Result<(), Arc<Link>>> {
        let link = self.link(Channel::Bulk)?;
        Some(link.push_first(body).map_err(|_full| link))
    }

    /// Counts a frame that no honest peer sends: for a while, the peer may not connect.
    pub(crate) fn punish(&self, now: Instant) {
        let mut penalty = self.penalty.lock();
        penalty.until = Some(now + backoff(penalty.faults));
        penalty.faults = penalty.faults.saturating_add(1);
    }

    /// How long the peer may still not connect.
    pub(crate) fn penalty(&self, now: Instant) -> Option<Duration> {
        let mut penalty = self.penalty.lock();
        let until = penalty.until?;
        if now > until + limits::FORGIVE_AFTER {
            *penalty = Penalty::default();
        }
        until.checked_duration_since(now)
    }
}

/// The pause after so many failures in a row.
pub(crate) fn backoff(failures: u32) -> Duration {
    let factor = 1_u32.checked_shl(failures).unwrap_or(u32::MAX);
    limits::BACKOFF_MIN.saturating_mul(factor).min(limits::BACKOFF_MAX)
}

const fn slot(channel: Channel) -> usize {
    match channel {
        Channel::Ctl => 0,
        Channel::Bulk => 1,
    }
}
