//! Who is who among the peers: by key, as the network's threads know them, and by place, as the machine does.
//!
//! Places are the driver's thread's business alone: what one of them means changes with the epoch, between two inputs. The members of
//! the committee have the first ones. After them come *guests*, whom this node is connected to all the same: those who are to decide
//! next, so that they are there when they do; those who decided last, so that they hear how it ended; and, for a node that is itself
//! no member, whomever its configuration names, because the committee that it knows may be long gone.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;

use heddle_hotstuff::limits::GUESTS_MAX;
use heddle_transport::Peer;
use heddle_types::Committee;
use heddle_types::PublicKey;
use heddle_types::ValidatorIndex;
use heddle_validators::Members;

use crate::node::addresses::Addresses;
use crate::node::follow::ENDPOINTS_MAX;

/// The peers of this node.
#[derive(Debug)]
pub(crate) struct Peers {
    own: PublicKey,
    committee: Arc<Committee>,
    addresses: Addresses,
    /// Who is to decide next.
    candidates: Vec<PublicKey>,
    /// By place.
    keys: Vec<PublicKey>,
    /// Those that are connected, and how many times.
    up: BTreeMap<PublicKey, u32>,
    /// The nodes that a follower asks, instead of all others.
    followed: Option<Vec<PublicKey>>,
}

impl Peers {
    /// Of a validator, nobody of whose peers is connected yet. `before` decided before the present committee.
    pub(crate) fn new(
        own: PublicKey,
        committee: Arc<Committee>,
        before: Option<&Committee>,
        addresses: Addresses,
    ) -> Self {
        let (candidates, keys, up) = (Vec::new(), Vec::new(), BTreeMap::new());
        let mut peers = Self { own, committee, addresses, candidates, keys, up, followed: None };
        peers.place(before.map(keys_of).unwrap_or_default());
        peers
    }

    /// The same of a follower, which asks `followed` and nobody else; their places never change.
    pub(crate) fn following(self, followed: Vec<PublicKey>) -> Self {
        Self { keys: followed.clone(), followed: Some(followed), ..self }
    }

    /// State names these. Each that has no place becomes a guest; nobody's place changes.
    pub(crate) fn learn(&mut self, members: &Members) {
        self.addresses.learn(members);
        self.candidates = members.as_slice().iter().map(|member| member.public_key).collect();
        for key in self.candidates.clone() {
            self.invite(key);
        }
    }

    /// Another committee decides: everybody has another place.
    pub(crate) fn begin_epoch(&mut self, committee: Arc<Committee>) {
        let before = std::mem::replace(&mut self.committee, committee);
        self.place(keys_of(&before));
    }

    /// The peer is connected. True when it was already: the end of the older connection may be told after the beginning of a newer
    /// one, and a node that is no member may have one of each kind.
    pub(crate) fn on_up(&mut self, peer: PublicKey) -> bool {
        let times = self.up.entry(peer).or_default();
        *times += 1;
        *times > 1
    }

    /// A connection to the peer is gone. True when it was the last.
    pub(crate) fn on_down(&mut self, peer: &PublicKey) -> bool {
        let Some(times) = self.up.get_mut(peer) else { return false };
        *times -= 1;
        *times == 0 && self.up.remove(peer).is_some()
    }

    /// Those that are connected.
    pub(crate) fn connected(&self) -> impl Iterator<Item = &PublicKey> {
        self.up.keys()
    }

    /// Who decides.
    pub(crate) const fn committee(&self) -> &Arc<Committee> {
        &self.committee
    }

    /// The place of a key; none when it has none.
    pub(crate) fn index_of(&self, key: &PublicKey) -> Option<ValidatorIndex> {
        let position = self.keys.iter().position(|known| known == key)?;
        u16::try_from(position).ok().map(ValidatorIndex::new)
    }

    /// The key at a place.
    pub(crate) fn key_at(&self, index: ValidatorIndex) -> Option<PublicKey> {
        self.keys.get(usize::from(index.get())).copied()
    }

    /// All of them as the transport wants them.
    pub(crate) fn to_transport(&self) -> Vec<Peer> {
        let others = self.keys.iter().filter(|key| **key != self.own);
        others.filter_map(|key| Some(Peer { key: *key, addr: self.addresses.get(key)? })).collect()
    }

    /// Whom to ask on the public protocol: nobody, if this node is a member; else those that the configuration names, and members, as
    /// many as are enough.
    pub(crate) fn to_follow(&self) -> Vec<Peer> {
        if self.committee.index_of(&self.own).is_some() {
            return Vec::new();
        }
        let configured: BTreeSet<PublicKey> = self.addresses.configured().collect();
        let all = self.to_transport().into_iter();
        let (named, others): (Vec<_>, Vec<_>) =
            all.partition(|peer| configured.contains(&peer.key));
        named.into_iter().chain(others).take(ENDPOINTS_MAX).collect()
    }

    /// Gives everybody a place.
    fn place(&mut self, before: Vec<PublicKey>) {
        if self.followed.is_some() {
            return;
        }
        self.keys = keys_of(&self.committee);
        let is_member = self.committee.index_of(&self.own).is_some();
        let configured: Vec<_> =
            if is_member { Vec::new() } else { self.addresses.configured().collect() };
        for key in self.candidates.clone().into_iter().chain(before).chain(configured) {
            self.invite(key);
        }
    }

    /// Makes a guest of whoever has no place, while there is room.
    fn invite(&mut self, key: PublicKey) {
        let has_room = self.followed.is_none()
            && self.keys.len() < self.committee.len().saturating_add(GUESTS_MAX);
        if key != self.own && has_room && !self.keys.contains(&key) {
            self.keys.push(key);
        }
    }
}

fn keys_of(committee: &Committee) -> Vec<PublicKey> {
    committee.validators().iter().map(|validator| validator.public_key).collect()
}

#[cfg(test)]
mod tests;
