//! What must hold, whatever goes wrong. Written from the rules, not from the code that follows them.

use std::collections::BTreeMap;
use std::fmt;

use heddle_hotstuff::CheckedProposal;
use heddle_hotstuff::Message;
use heddle_types::BlockHash;
use heddle_types::CommitVote;
use heddle_types::Committee;
use heddle_types::Epoch;
use heddle_types::EpochEnd;
use heddle_types::ExecutedRoot;
use heddle_types::Hash32;
use heddle_types::Height;
use heddle_types::Timeout;
use heddle_types::TimeoutCert;
use heddle_types::TxId;
use heddle_types::View;
use heddle_types::Vote;

use super::disk::Disk;

/// Something that must never happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation(pub String);

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

macro_rules! ensure {
    ($condition:expr, $($message:tt)+) => {
        if !$condition {
            return Err(Violation(format!($($message)+)));
        }
    };
}

/// What a validator has signed so far in one epoch, over all its restarts.
#[derive(Debug, Default)]
struct Signed {
    votes: BTreeMap<View, BlockHash>,
    commit_votes: BTreeMap<View, BlockHash>,
    timeouts: BTreeMap<View, View>,
    proposals: BTreeMap<View, BlockHash>,
}

impl Signed {
    fn highest_vote(&self) -> View {
        self.votes.last_key_value().map_or(View::ZERO, |(view, _)| *view)
    }

    fn highest_timeout(&self) -> View {
        self.timeouts.last_key_value().map_or(View::ZERO, |(view, _)| *view)
    }

    fn highest_commit_vote(&self) -> View {
        self.commit_votes.last_key_value().map_or(View::ZERO, |(view, _)| *view)
    }
}

/// How an epoch ended: its closing block, and the committee that follows.
type Ending = (BlockHash, Hash32);

/// How a proposal justifies itself.
#[derive(Clone, Copy, Debug)]
struct Justification {
    qc_view: View,
    /// The TC's view and the highest QC view in it.
    tc: Option<(View, View)>,
}

/// Sees everything that leaves a node and everything that is executed.
#[derive(Debug, Default)]
pub(crate) struct Oracle {
    signed: BTreeMap<(usize, Epoch), Signed>,
    ends: BTreeMap<Epoch, Ending>,
    /// The highest epoch that each node signed in.
    signed_in: BTreeMap<usize, Epoch>,
    proposals: BTreeMap<BlockHash, Vec<Justification>>,
    agreed: BTreeMap<Height, (BlockHash, Option<ExecutedRoot>)>,
    executed_ids: BTreeMap<TxId, Height>,
}

impl Oracle {
    /// A message leaves `node`, whose disk holds `disk`.
    pub(crate) fn on_sent(
        &mut self,
        node: usize,
        message: &Message,
        disk: &Disk,
    ) -> Result<(), Violation> {
        match message {
            Message::Proposal(proposal) => self.on_proposal(node, proposal, disk),
            Message::Vote(vote) => self.on_vote(node, vote, disk),
            Message::CommitVote(vote) => self.on_commit_vote(node, vote, disk),
            Message::Timeout(timeout) => self.on_timeout(node, timeout, disk),
            Message::Certificates(_)
            | Message::UnmuteRequest { .. }
            | Message::UnmuteAnswer(_)
            | Message::EpochEnd(_) => Ok(()),
        }
    }

    /// What `node` has signed in an epoch. It signs in no earlier one any more.
    fn signed(&mut self, node: usize, epoch: Epoch) -> Result<&mut Signed, Violation> {
        let highest = self.signed_in.entry(node).or_insert(epoch);
        ensure!(*highest <= epoch, "node {node} signed in epoch {epoch} after {highest}");
        *highest = epoch;
        Ok(self.signed.entry((node, epoch)).or_default())
    }

    /// `node` begins where `end`, if any, says, with `committee`.
    pub(crate) fn on_committee(
        &mut self,
        node: usize,
        committee: &Committee,
        end: Option<&EpochEnd>,
    ) -> Result<(), Violation> {
        let Some(end) = end else {
            ensure!(committee.epoch() == Epoch::ZERO, "node {node} begins an epoch from nothing");
            return Ok(());
        };
        let ending = (end.closing.hash(), committee.hash());
        let agreed = *self.ends.entry(end.epoch()).or_insert(ending);
        ensure!(agreed == ending, "node {node} ended epoch {} otherwise", end.epoch());
        let block = self.agreed.get(&end.closing.height).map(|(block, _)| *block);
        let is_final = block == Some(end.closing.hash());
        ensure!(is_final, "node {node} ended epoch {} with no final block", end.epoch());
        Ok(())
    }

    /// The newest epoch that ended anywhere.
    pub(crate) fn last_ended(&self) -> Option<Epoch> {
        self.ends.last_key_value().map(|(epoch, _)| *epoch)
    }

    fn on_proposal(
        &mut self,
        node: usize,
        proposal: &CheckedProposal,
        disk: &Disk,
    ) -> Result<(), Violation> {
        let header = proposal.block.header();
        let view = header.view;
        let hash = proposal.block.hash();
        let tc = proposal.tc.as_ref().map(|tc| (tc.view, tc.highest_qc_view()));
        let justification = Justification { qc_view: proposal.qc.data.view, tc };
        self.proposals.entry(hash).or_default().push(justification);
        let before = self.signed(node, header.epoch)?.proposals.insert(view, hash);
        ensure!(before.is_none_or(|b| b == hash), "node {node} proposed twice in view {view}");
        let record = disk.safety.as_ref();
        let durable = record.is_some_and(|r| r.epoch == header.epoch && r.proposal.view >= view);
        ensure!(durable, "node {node} sent a proposal of view {view} that its disk does not know");
        Ok(())
    }

    fn on_vote(&mut self, node: usize, vote: &Vote, disk: &Disk) -> Result<(), Violation> {
        let view = vote.data.view;
        let block = vote.data.block;
        let signed = self.signed(node, vote.data.epoch)?;
        if let Some(before) = signed.votes.get(&view) {
            ensure!(*before == block, "node {node} voted twice in view {view}");
            return Ok(());
        }
        ensure!(
            view > signed.highest_vote(),
            "node {node} voted in view {view} below an earlier vote"
        );
        ensure!(
            view > signed.highest_timeout(),
            "node {node} voted in view {view} that it gave up"
        );
        signed.votes.insert(view, block);
        let record = disk.safety.as_ref();
        ensure!(
            record.is_some_and(|r| r.epoch == vote.data.epoch
                && (r.vote.view > view || (r.vote.view == view && r.vote.block == block))),
            "node {node} sent a vote of view {view} that its disk does not know"
        );
        ensure!(
            disk.blocks.contains_key(&block),
            "node {node} voted for a block that its disk lacks"
        );
        let unsent = unsent_proposal(vote, disk);
        let mut ways = self.proposals.get(&block).into_iter().flatten().chain(&unsent);
        let justified = ways.any(|way| {
            let follows_qc = view == way.qc_view.next();
            let follows_tc =
                way.tc.is_some_and(|(tc, highest)| view == tc.next() && way.qc_view >= highest);
            follows_qc || follows_tc
        });
        ensure!(justified, "node {node} voted in view {view} for a block that nothing justifies");
        Ok(())
    }

    fn on_commit_vote(
        &mut self,
        node: usize,
        vote: &CommitVote,
        disk: &Disk,
    ) -> Result<(), Violation> {
        let view = vote.data.view;
        let block = vote.data.block;
        let signed = self.signed(node, vote.data.epoch)?;
        if let Some(before) = signed.commit_votes.get(&view) {
            ensure!(*before == block, "node {node} commit-voted twice in view {view}");
            return Ok(());
        }
        let timeout = signed.highest_timeout();
        ensure!(
            view > timeout,
            "node {node} commit-voted in view {view} after giving up on {timeout}"
        );
        signed.commit_votes.insert(view, block);
        let record = disk.safety.as_ref();
        ensure!(
            record.is_some_and(|r| r.epoch == vote.data.epoch
                && r.commit_vote.view >= view
                && r.high_qc.data.view >= view),
            "node {node} sent a commit vote of view {view} that its disk does not know"
        );
        Ok(())
    }

    fn on_timeout(&mut self, node: usize, timeout: &Timeout, disk: &Disk) -> Result<(), Violation> {
        let view = timeout.data.view;
        let epoch = timeout.data.epoch;
        let signed = self.signed(node, epoch)?;
        ensure!(
            view >= signed.highest_vote(),
            "node {node} gave up on view {view} below its own vote"
        );
        ensure!(
            view >= signed.highest_timeout(),
            "node {node} gave up on view {view} after a higher one"
        );
        ensure!(
            timeout.data.high_qc_view >= signed.highest_commit_vote(),
            "node {node} hides the certificate that it commit-voted on from its timeout of view {view}"
        );
        ensure!(
            timeout.high_qc.data.view == timeout.data.high_qc_view,
            "node {node} signed another certificate's view than it carries in view {view}"
        );
        signed.timeouts.insert(view, timeout.data.high_qc_view);
        let durable = disk.safety.as_ref().is_some_and(|r| r.epoch == epoch && r.timeout >= view);
        ensure!(durable, "node {node} sent a timeout of view {view} that its disk does not know");
        Ok(())
    }

    /// `node` was told that a block is final.
    pub(crate) fn on_final(
        &mut self,
        node: usize,
        height: Height,
        block: BlockHash,
    ) -> Result<(), Violation> {
        let agreed = self.agreed.entry(height).or_insert((block, None));
        ensure!(
            agreed.0 == block,
            "node {node} made {block} final at height {height}, another made {}",
            agreed.0
        );
        Ok(())
    }

    /// `node` executed a final block.
    pub(crate) fn on_executed(
        &mut self,
        node: usize,
        executed: ExecutedRoot,
        ids: &[TxId],
    ) -> Result<(), Violation> {
        let height = executed.height;
        let Some(agreed) = self.agreed.get_mut(&height) else {
            return Err(Violation(format!(
                "node {node} executed height {height} before it was final"
            )));
        };
        let root = agreed.1.get_or_insert(executed);
        ensure!(
            root.root == executed.root,
            "node {node} has root {} at height {height}, another has {}",
            executed.root,
            root.root
        );
        for id in ids {
            let first = self.executed_ids.entry(*id).or_insert(height);
            ensure!(
                *first == height,
                "transaction {id} was executed at heights {first} and {height}"
            );
        }
        Ok(())
    }

    /// Whether any node executed the transaction.
    pub(crate) fn is_final(&self, id: &TxId) -> bool {
        self.executed_ids.contains_key(id)
    }

    /// The highest height that is final somewhere.
    pub(crate) fn highest_final(&self) -> Height {
        self.agreed.last_key_value().map_or(Height::ZERO, |(height, _)| *height)
    }
}

/// How a leader's own block is justified whose proposal a crash kept from leaving: by what its disk holds. After its restart
/// it repeats its vote for that block, which nobody else can vote for.
fn unsent_proposal(vote: &Vote, disk: &Disk) -> Option<Justification> {
    let header = disk.blocks.get(&vote.data.block)?.header();
    if header.proposer != vote.voter {
        return None;
    }
    let final_blocks = disk.outcomes.iter().map(|outcome| &outcome.block);
    let parent = disk.blocks.values().chain(final_blocks).find(|b| b.hash() == header.parent)?;
    let entered = |tc: &&TimeoutCert| tc.epoch == header.epoch && tc.view.next() == header.view;
    let tc = disk.timeout_certs.values().find(entered);
    let tc = tc.map(|tc| (tc.view, tc.highest_qc_view()));
    // What the epoch began with is certified in its view 0.
    let parent = parent.header();
    let qc_view = if parent.epoch == header.epoch { parent.view } else { View::ZERO };
    Some(Justification { qc_view, tc })
}
