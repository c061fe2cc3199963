//! The validators, and which links to them are up.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use bytes::Bytes;
use heddle_types::PublicKey;
use heddle_types::ValidatorIndex;
use heddle_types::limits::VALIDATORS_MAX;
use heddle_wire::Channel;
use heddle_wire::InstanceId;
use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::sync::Semaphore;

use crate::close::CloseCode;
use crate::config::Peer;
use crate::error::TransportError;
use crate::limits;
use crate::link::Link;

/// All peers, by index and by key.
#[derive(Debug)]
pub(crate) struct Peers(BTreeMap<ValidatorIndex, Arc<PeerEntry>>);

/// One peer.
#[derive(Debug)]
pub(crate) struct PeerEntry {
    pub(crate) peer: Peer,
    links: Mutex<[Option<Arc<Link>>; 2]>,
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

impl Peers {
    pub(crate) fn new(own: &PublicKey, peers: &[Peer]) -> Result<Self, TransportError> {
        if peers.len() > VALIDATORS_MAX {
            let error = TransportError::TooManyPeers { found: peers.len(), max: VALIDATORS_MAX };
            return Err(error);
        }
        let mut entries: BTreeMap<ValidatorIndex, Arc<PeerEntry>> = BTreeMap::new();
        for peer in peers {
            let same_key = |entry: &Arc<PeerEntry>| entry.peer.key == peer.key;
            let taken = peer.key == *own || entries.values().any(same_key);
            let entry = Arc::new(PeerEntry::new(*peer));
            if taken || entries.insert(peer.index, entry).is_some() {
                return Err(TransportError::Peer { index: peer.index });
            }
        }
        Ok(Self(entries))
    }

    pub(crate) fn by_index(&self, index: ValidatorIndex) -> Option<&Arc<PeerEntry>> {
        self.0.get(&index)
    }

    pub(crate) fn by_key(&self, key: &PublicKey) -> Option<&Arc<PeerEntry>> {
        self.0.values().find(|entry| entry.peer.key == *key)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Arc<PeerEntry>> {
        self.0.values()
    }
}

impl PeerEntry {
    fn new(peer: Peer) -> Self {
        Self {
            peer,
            links: Mutex::default(),
            claims: tokio::sync::Mutex::default(),
            pending: Arc::new(Semaphore::new(limits::PEER_PENDING_MAX)),
            nudge: Notify::new(),
            penalty: Mutex::default(),
        }
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
    pub(crate) async fn install(&self, link: &Arc<Link>, told: impl FnOnce()) -> Result<(), Taken> {
        let _one_at_a_time = self.claims.lock().await;
        self.settle_locked(link.instance).await?;
        if let Some(older) = self.link(link.channel) {
            CloseCode::Replaced.close(&older.connection);
            older.wait_ended().await;
        }
        self.links.lock()[slot(link.channel)] = Some(Arc::clone(link));
        told();
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
