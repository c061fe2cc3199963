//! The rules of voting once more, written from `docs/consensus.md` and not from the code that follows them: every statement that
//! leaves an honest node is held against what its disk has and against all that left it before.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use heddle_hotstuff::CheckedProposal;
use heddle_hotstuff::Message;
use heddle_types::BlockHash;
use heddle_types::CommitCert;
use heddle_types::CommitVote;
use heddle_types::Epoch;
use heddle_types::LeaseLimit;
use heddle_types::QuorumCert;
use heddle_types::SafetyRecord;
use heddle_types::Timeout;
use heddle_types::TimeoutCert;
use heddle_types::TimeoutData;
use heddle_types::ValidatorIndex;
use heddle_types::View;
use heddle_types::Vote;
use heddle_types::Voters;

use super::disk::Disk;
use super::oracle::Violation;
use super::oracle::ensure;

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

/// How a proposal justifies itself.
#[derive(Clone, Copy, Debug)]
struct Justification {
    qc_view: View,
    /// The TC's view and the highest QC view in it.
    tc: Option<(View, View)>,
}

impl Justification {
    fn of(qc: &QuorumCert, tc: Option<&TimeoutCert>) -> Self {
        let tc = tc.map(|tc| (tc.view, tc.highest_qc_view()));
        Self { qc_view: qc.data.view, tc }
    }

    /// R3, and R5's way into a view.
    fn admits(&self, view: View) -> bool {
        let follows_qc = view == self.qc_view.next();
        let follows_tc =
            self.tc.is_some_and(|(tc, highest)| view == tc.next() && self.qc_view >= highest);
        follows_qc || follows_tc
    }
}

/// Which honest validators signed for a block in a view, as far as their disks know.
type Signers = BTreeMap<(View, BlockHash), BTreeSet<usize>>;

/// A node, and its index if it is a member of the committee that it knows.
pub(crate) type Member = (usize, Option<ValidatorIndex>);

/// Everything that honest nodes signed.
#[derive(Debug)]
pub(crate) struct Rules {
    /// Honest signatures that a quorum has at least: all but those of the Byzantine, who sign whatever is of use.
    honest_quorum: usize,
    signed: BTreeMap<(usize, Epoch), Signed>,
    /// The highest epoch that each node signed in.
    signed_in: BTreeMap<usize, Epoch>,
    votes: Signers,
    commit_votes: Signers,
    proposals: BTreeMap<BlockHash, Vec<Justification>>,
}

impl Rules {
    /// For committees of `members`, any third of which may be faulty.
    pub(crate) fn new(members: usize, byzantine: usize) -> Self {
        let quorum = members - (members - 1) / 3;
        Self {
            honest_quorum: quorum - byzantine,
            signed: BTreeMap::new(),
            signed_in: BTreeMap::new(),
            votes: Signers::new(),
            commit_votes: Signers::new(),
            proposals: BTreeMap::new(),
        }
    }

    /// Whatever a record says was signed may be in a certificate, though a crash kept it from leaving by itself.
    pub(crate) fn on_record(&mut self, (node, me): Member, record: &SafetyRecord) {
        let SafetyRecord { vote, commit_vote, high_qc, .. } = record;
        self.votes.entry((vote.view, vote.block)).or_default().insert(node);
        self.commit_votes.entry((commit_vote.view, commit_vote.block)).or_default().insert(node);
        if me.is_some_and(|me| high_qc.voters.contains(me)) {
            // Votes of two views may share the later one's record.
            let voted = (high_qc.data.view, high_qc.data.block);
            self.votes.entry(voted).or_default().insert(node);
        }
    }

    /// A Byzantine validator says something; what it proposes may be voted for.
    pub(crate) fn on_said(&mut self, message: &Message) {
        if let Message::Proposal(proposal) = message {
            let why = Justification::of(&proposal.qc, proposal.tc.as_ref());
            self.proposals.entry(proposal.block.hash()).or_default().push(why);
        }
    }

    /// A message leaves the honest `node`, which has an index if it is a member, and whose disk holds `disk`.
    pub(crate) fn on_sent(
        &mut self,
        (node, me): Member,
        message: &Message,
        disk: &Disk,
    ) -> Result<(), Violation> {
        let shown = Shown { node, me, record: disk.safety.as_ref() };
        within_lease(node, message, disk)?;
        match message {
            Message::Proposal(proposal) => {
                shown.qc(&proposal.qc)?;
                shown.tc(proposal.tc.as_ref())?;
                self.on_proposal(node, proposal, disk)
            }
            Message::Vote(vote) => self.on_vote(node, vote, disk),
            Message::CommitVote(vote) => self.on_commit_vote(node, vote, disk),
            Message::Timeout(timeout) => {
                shown.qc(&timeout.high_qc)?;
                shown.tc(timeout.entry_tc.as_ref())?;
                self.on_timeout(node, timeout, disk)
            }
            Message::Certificates(certificates) => {
                shown.qc(&certificates.high_qc)?;
                shown.tc(certificates.high_tc.as_ref())?;
                shown.commit(&certificates.commit)?;
                self.on_final(node, &certificates.commit)
            }
            Message::EpochEnd(end) => self.on_final(node, &end.cert),
            Message::UnmuteAnswer(answer) => {
                let epoch = answer.certificates.high_qc.data.epoch;
                let highest = self.signed.get(&(node, epoch)).map_or(View::ZERO, |signed| {
                    signed.highest_vote().max(signed.highest_timeout())
                });
                ensure!(
                    answer.view >= highest,
                    "node {node} answers that it is in view {} and signed in {highest}",
                    answer.view
                );
                Ok(())
            }
            Message::UnmuteRequest { .. } => Ok(()),
        }
    }

    /// What `node` has signed in an epoch. It signs in no earlier one any more.
    fn signed(&mut self, node: usize, epoch: Epoch) -> Result<&mut Signed, Violation> {
        let highest = self.signed_in.entry(node).or_insert(epoch);
        ensure!(*highest <= epoch, "node {node} signed in epoch {epoch} after {highest}");
        *highest = epoch;
        Ok(self.signed.entry((node, epoch)).or_default())
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
        let why = Justification::of(&proposal.qc, proposal.tc.as_ref());
        self.proposals.entry(hash).or_default().push(why);
        let signed = self.signed(node, header.epoch)?;
        let before = signed.proposals.insert(view, hash);
        ensure!(before.is_none_or(|b| b == hash), "node {node} proposed twice in view {view}");
        let late =
            before.is_none() && (view <= signed.highest_vote() || view <= signed.highest_timeout());
        ensure!(!late, "node {node} proposed in view {view} that it voted in or gave up");
        let extends = header.parent == proposal.qc.data.block
            && header.height.prev() == Some(proposal.qc.data.height);
        ensure!(extends, "node {node} proposed a block that its certificate is not of");
        ensure!(why.admits(view), "node {node} proposed in view {view} what nothing justifies");
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
        // Two votes may leave after one record, which then names the later one.
        self.votes.entry((view, block)).or_default().insert(node);
        ensure!(
            disk.blocks.contains_key(&block),
            "node {node} voted for a block that its disk lacks"
        );
        let unsent = unsent_proposal(vote, disk);
        let mut ways = self.proposals.get(&block).into_iter().flatten().chain(&unsent);
        let justified = ways.any(|way| way.admits(view));
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
        self.commit_votes.entry((view, block)).or_default().insert(node);
        let record = disk.safety.as_ref();
        ensure!(
            record.is_some_and(|r| r.epoch == vote.data.epoch
                && r.commit_vote.view >= view
                && r.high_qc.data.view >= view),
            "node {node} sent a commit vote of view {view} that its disk does not know"
        );
        let voters = self.votes.get(&(view, block)).map_or(0, BTreeSet::len);
        ensure!(
            voters >= self.honest_quorum,
            "node {node} commit-voted in view {view} for a block that {voters} honest voted for"
        );
        Ok(())
    }

    fn on_timeout(&mut self, node: usize, timeout: &Timeout, disk: &Disk) -> Result<(), Violation> {
        let TimeoutData { view, epoch, .. } = timeout.data;
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
        let why = Justification::of(&timeout.high_qc, timeout.entry_tc.as_ref());
        ensure!(why.admits(view), "node {node} gave up on view {view} that it never entered");
        signed.timeouts.insert(view, timeout.data.high_qc_view);
        let record = disk.safety.as_ref();
        let durable = record.is_some_and(|r| r.epoch == epoch && r.timeout >= view);
        ensure!(durable, "node {node} sent a timeout of view {view} that its disk does not know");
        Ok(())
    }

    /// R10: a certificate that `node` relies on is of a block for which a quorum commit-voted.
    pub(crate) fn on_final(&self, node: usize, cert: &CommitCert) -> Result<(), Violation> {
        let (view, block) = (cert.data.view, cert.data.block);
        let voters = self.commit_votes.get(&(view, block)).map_or(0, BTreeSet::len);
        ensure!(
            voters >= self.honest_quorum || view == View::ZERO,
            "node {node} takes {block} of view {view} for final, and {voters} honest commit-voted"
        );
        Ok(())
    }
}

/// L1: in lease mode nothing is signed above the durable limit.
fn within_lease(node: usize, message: &Message, disk: &Disk) -> Result<(), Violation> {
    let (epoch, view) = match message {
        Message::Proposal(proposal) => (message.epoch(), proposal.block.header().view),
        Message::Vote(vote) => (message.epoch(), vote.data.view),
        Message::CommitVote(vote) => (message.epoch(), vote.data.view),
        Message::Timeout(timeout) => (message.epoch(), timeout.data.view),
        Message::Certificates(_)
        | Message::UnmuteRequest { .. }
        | Message::UnmuteAnswer(_)
        | Message::EpochEnd(_) => return Ok(()),
    };
    let limit = disk.limit();
    ensure!(
        limit.is_none_or(|limit| limit >= LeaseLimit { epoch, view }),
        "node {node} signs in view {view} of epoch {epoch}, above its limit {limit:?}"
    );
    Ok(())
}

/// R7: a certificate may be the first to show a signature of the node's own.
struct Shown<'a> {
    node: usize,
    me: Option<ValidatorIndex>,
    record: Option<&'a SafetyRecord>,
}

impl Shown<'_> {
    fn qc(&self, qc: &QuorumCert) -> Result<(), Violation> {
        self.covers("vote", qc.data.epoch, qc.voters, |record| record.vote.view >= qc.data.view)
    }

    fn commit(&self, cert: &CommitCert) -> Result<(), Violation> {
        let view = cert.data.view;
        self.covers("commit vote", cert.data.epoch, cert.voters, |r| r.commit_vote.view >= view)
    }

    fn tc(&self, tc: Option<&TimeoutCert>) -> Result<(), Violation> {
        let Some(tc) = tc else { return Ok(()) };
        let voters = tc.entries.iter().map(|entry| entry.voter).collect();
        self.covers("timeout", tc.epoch, voters, |record| record.timeout >= tc.view)
    }

    /// Whether the record knows what the certificate shows; one that was lost, and one of a later epoch, forbid it anyway.
    fn covers(
        &self,
        what: &str,
        epoch: Epoch,
        voters: Voters,
        knows: impl Fn(&SafetyRecord) -> bool,
    ) -> Result<(), Violation> {
        let own = self.me.is_some_and(|me| voters.contains(me));
        let record = self.record.filter(|record| record.epoch == epoch);
        ensure!(
            !own || record.is_none_or(knows),
            "node {} shows a {what} that it may forget",
            self.node
        );
        Ok(())
    }
}

/// How a leader's own block is justified whose proposal a crash kept from leaving: by what its disk holds. After its restart
/// it repeats its vote for that block, which nobody else can vote for.
fn unsent_proposal(vote: &Vote, disk: &Disk) -> Option<Justification> {
    let header = disk.blocks.get(&vote.data.block)?.header();
    if header.proposer != vote.voter {
        return None;
    }
    // The blocks below may be lost, if they were fetched; the record was durable before the vote was.
    let high_qc = disk.safety.as_ref().map(|record| record.high_qc.data);
    let certified = high_qc.filter(|qc| qc.block == header.parent).map(|qc| qc.view);
    let entered = |tc: &&TimeoutCert| tc.epoch == header.epoch && tc.view.next() == header.view;
    let tc = disk.timeout_certs.values().find(entered);
    let tc = tc.map(|tc| (tc.view, tc.highest_qc_view()));
    Some(Justification { qc_view: certified?, tc })
}
