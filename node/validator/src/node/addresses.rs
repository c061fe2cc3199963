//! Where validators listen.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use heddle_types::PublicKey;
use heddle_validators::Members;

use crate::home::Config;
use crate::home::Home;

/// Where validators listen, as far as this node was ever told.
///
/// State says it for the whole chain. The configuration may know better, for as long as state says what the chain began with: what an
/// operator changed there by a transaction, it changed for all.
#[derive(Clone, Debug, Default)]
pub(crate) struct Addresses {
    configured: BTreeMap<PublicKey, SocketAddr>,
    first: BTreeMap<PublicKey, SocketAddr>,
    stated: BTreeMap<PublicKey, SocketAddr>,
}

impl Addresses {
    /// As a home knows them before any block.
    pub(crate) fn of(home: &Home) -> Self {
        let Config { peers, follow, .. } = home.config();
        let configured = peers.iter().chain(follow).map(|peer| (peer.public_key, peer.quic));
        let first = heddle_validators::genesis_members(home.genesis());
        let first = first.as_ref().map(by_key).unwrap_or_default();
        Self { configured: configured.collect(), stated: first.clone(), first }
    }

    /// State says this now. Whoever is not there any more is still known: it may be asked for a while.
    pub(crate) fn learn(&mut self, members: &Members) {
        self.stated.extend(by_key(members));
    }

    /// Whom the configuration names.
    pub(crate) fn configured(&self) -> impl Iterator<Item = PublicKey> {
        self.configured.keys().copied()
    }

    /// Where the validator with this key listens.
    pub(crate) fn get(&self, key: &PublicKey) -> Option<SocketAddr> {
        let (configured, stated) = (self.configured.get(key), self.stated.get(key));
        let is_changed = stated != self.first.get(key);
        let found = if is_changed { stated.or(configured) } else { configured.or(stated) };
        found.copied()
    }
}

fn by_key(members: &Members) -> BTreeMap<PublicKey, SocketAddr> {
    members.as_slice().iter().map(|member| (member.public_key, member.quic)).collect()
}

#[cfg(test)]
mod tests;
