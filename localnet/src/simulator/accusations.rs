//! Who contradicted himself within a node's hearing, and whom the node accuses: the same, and nobody honest.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use heddle_hotstuff::Evidence;
use heddle_hotstuff::Message;
use heddle_types::BlockHash;
use heddle_types::CommitVote;
use heddle_types::ValidatorIndex;
use heddle_types::View;
use heddle_types::Vote;
use heddle_types::VoteKind;
use heddle_types::VoteSigner;
use heddle_wire::PeerMessage;

use super::oracle::Violation;
use super::universe::Universe;

/// Contradictions further than this from a node's view may escape it: it remembers twice as many views.
const VIEWS_SURE: u64 = 16;

/// What binds its signer to one block a view.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Proposal,
    Vote,
    CommitVote,
}

/// A node in one of its lives: what it heard before a crash it has forgotten.
pub(crate) type Hearer = (usize, u64);
type Statement = (Kind, ValidatorIndex, View);

/// Sees what the Byzantine say to others and what these conclude.
#[derive(Debug, Default)]
pub(crate) struct Accusations {
    heard: BTreeMap<(Hearer, Statement), BlockHash>,
    contradicted: BTreeSet<(Hearer, Statement)>,
    accused: BTreeSet<(Hearer, Statement)>,
}

impl Accusations {
    /// A node in `view` is about to hear a Byzantine validator.
    pub(crate) fn on_heard(
        &mut self,
        hearer: Hearer,
        view: View,
        universe: &Universe,
        (from, message): (usize, &PeerMessage),
    ) {
        let PeerMessage::Consensus(message) = message else { return };
        let Some((statement, block)) = signed_by(universe, from, message) else { return };
        let far = statement.2.get().abs_diff(view.get()) > VIEWS_SURE;
        if !far && *self.heard.entry((hearer, statement)).or_insert(block) != block {
            self.contradicted.insert((hearer, statement));
        }
    }

    /// The node accuses somebody.
    pub(crate) fn on_evidence(
        &mut self,
        hearer: Hearer,
        evidence: &Evidence,
        is_byzantine: impl Fn(usize) -> bool,
    ) -> Result<(), Violation> {
        let statement = match evidence {
            Evidence::Proposals(pair) => (Kind::Proposal, pair[0].0.proposer, pair[0].0.view),
            Evidence::Votes([vote, _]) => (Kind::Vote, vote.voter, vote.data.view),
            Evidence::CommitVotes([vote, _]) => (Kind::CommitVote, vote.voter, vote.data.view),
        };
        if !is_byzantine(usize::from(statement.1.get())) {
            return Err(Violation(format!("node {} accuses the honest: {evidence:?}", hearer.0)));
        }
        self.accused.insert((hearer, statement));
        Ok(())
    }

    /// How many contradictions were heard, each by each node.
    ///
    /// # Errors
    /// One for which nobody was accused.
    pub(crate) fn caught(&self) -> Result<u64, Violation> {
        match self.contradicted.difference(&self.accused).next() {
            None => Ok(self.contradicted.len() as u64),
            Some(missed) => Err(Violation(format!("a contradiction is missed: {missed:?}"))),
        }
    }
}

/// The statement in a message, if `from` makes and signed it.
fn signed_by(
    universe: &Universe,
    from: usize,
    message: &Message,
) -> Option<(Statement, BlockHash)> {
    let signer = universe.signers.get(from)?;
    let me = universe.committee.index_of(&signer.public_key())?;
    let (kind, who, data, signed, signature) = match message {
        Message::Proposal(proposal) => {
            let header = proposal.block.header();
            let hash = proposal.block.hash().0;
            (Kind::Proposal, header.proposer, header.vote_data(), hash, proposal.signature)
        }
        Message::Vote(Vote { data, voter, signature }) => {
            (Kind::Vote, *voter, *data, data.message(VoteKind::Vote), *signature)
        }
        Message::CommitVote(CommitVote { data, voter, signature }) => {
            (Kind::CommitVote, *voter, *data, data.message(VoteKind::CommitVote), *signature)
        }
        Message::Timeout(_)
        | Message::Certificates(_)
        | Message::UnmuteRequest { .. }
        | Message::UnmuteAnswer(_)
        | Message::EpochEnd(_) => return None,
    };
    let own = who == me && signature == signer.sign(&signed) && data.view > View::ZERO;
    own.then_some(((kind, me, data.view), data.block))
}
