//! What a node that is no member of the committee goes by: what others prove to be final, and who can be asked.

use std::collections::BTreeSet;
use std::sync::Arc;

use heddle_hotstuff::Now;
use heddle_types::CommitCert;
use heddle_types::Committee;
use heddle_types::Height;
use heddle_types::ValidatorIndex;
use heddle_types::View;
use heddle_types::VoteData;
use heddle_types::VoteScheme;

use super::Machine;
use crate::io::Action;

/// To how many peers an admitted transaction is sent at a time; each sends it on to the next leaders.
const FORWARD_PEERS_MAX: usize = 2;

/// How far above what is final here blocks are asked for because somebody says that a later epoch has some.
const UNPROVED_MAX: u64 = 64;

/// See the module.
pub(super) struct Follower {
    /// Who is connected.
    pub(super) peers: BTreeSet<ValidatorIndex>,
    /// The view of the highest commit certificate.
    pub(super) view: View,
    genesis: VoteData,
    scheme: Arc<dyn VoteScheme>,
    /// To whom transactions went last.
    last_to: ValidatorIndex,
}

impl Follower {
    pub(super) fn new(agreement: &heddle_hotstuff::Config, commit: &CommitCert) -> Self {
        Self {
            peers: BTreeSet::new(),
            view: commit.data.view,
            genesis: agreement.genesis,
            scheme: Arc::clone(&agreement.scheme),
            last_to: ValidatorIndex::ZERO,
        }
    }

    /// Peers are told again, by the numbers that they have from now on.
    pub(super) fn begin_epoch(&mut self, genesis: VoteData) {
        self.genesis = genesis;
        self.peers.clear();
    }

    fn is_final(&self, cert: &CommitCert, committee: &Committee) -> bool {
        cert.verify(committee, &self.genesis, self.scheme.as_ref())
    }

    /// The next few peers in a circle: one that drops what it gets is not the only one that gets it.
    fn next_peers(&mut self) -> Vec<ValidatorIndex> {
        let after = self.peers.iter().filter(|peer| **peer > self.last_to);
        let before = self.peers.iter().filter(|peer| **peer <= self.last_to);
        let next: Vec<_> = after.chain(before).take(FORWARD_PEERS_MAX).copied().collect();
        self.last_to = next.first().copied().unwrap_or(self.last_to);
        next
    }
}

impl Machine {
    /// What a peer says is final. Believed only with a quorum's signatures; who tells it without lies. Of a later epoch, nobody can
    /// say yet whether it is one, so a little more is fetched, which is checked.
    pub(super) fn on_head(
        &mut self,
        now: Now,
        from: ValidatorIndex,
        cert: &CommitCert,
        actions: &mut Vec<Action>,
    ) {
        let height = cert.data.height;
        if height <= self.catchup.target() {
            return;
        }
        let ahead = self.catchup.own_final().get().saturating_add(UNPROVED_MAX);
        let input = if cert.data.epoch > self.committee.epoch() {
            // Who decides then is known once the epoch's end was fetched.
            heddle_catchup::Input::CatchUp { peer: from, height: height.min(Height::new(ahead)) }
        } else if self.follower.is_final(cert, &self.committee) {
            heddle_catchup::Input::CatchUp { peer: from, height }
        } else {
            heddle_catchup::Input::Malformed { peer: from }
        };
        self.fetch(now, input, actions);
    }

    /// Who gets admitted transactions: whoever leads soon, or, of a follower, some who know who does.
    pub(super) fn forward_to(&mut self) -> Vec<ValidatorIndex> {
        match self.own {
            Some(_) => self.next_leaders(),
            None => self.follower.next_peers(),
        }
    }

    /// The agreement core's. A follower hears no votes, so it goes by what is final.
    pub(super) fn standing(&self) -> heddle_hotstuff::Status {
        let mut status = self.replica.status();
        if self.own.is_none() {
            status.view = status.view.max(self.follower.view.next());
            status.height = status.height.max(self.catchup.target());
        }
        status
    }
}
