//! The rules once more, written independently: every message that leaves is held against what was durable and what had
//! left before, and every commit against all others.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use heddle_hotstuff::CheckedProposal;
use heddle_types::BlockHash;
use heddle_types::CheckedBlock;
use heddle_types::CommitCert;
use heddle_types::CommitVote;
use heddle_types::SafetyRecord;
use heddle_types::Timeout;
use heddle_types::Vote;

/// What one validator ever let out, across its restarts.
#[derive(Default)]
pub(crate) struct Witness {
    votes: BTreeMap<u64, BlockHash>,
    commit_votes: BTreeMap<u64, BlockHash>,
    proposals: BTreeMap<u64, BlockHash>,
    timeouts: BTreeSet<u64>,
}

/// Who signed what: by view and block.
type Signers = BTreeMap<(u64, BlockHash), BTreeSet<u16>>;

/// What all validators together may never do.
pub(crate) struct Oracle {
    quorum: usize,
    votes: Signers,
    commit_votes: Signers,
    proposals: BTreeMap<BlockHash, (u64, u64, Option<u64>)>,
    chain: BTreeMap<u64, BlockHash>,
}

impl Oracle {
    /// Of `len` validators of equal power.
    pub(crate) fn new(len: u16) -> Self {
        Self {
            quorum: usize::from(len) - usize::from(len - 1) / 3,
            votes: Signers::new(),
            commit_votes: Signers::new(),
            proposals: BTreeMap::new(),
            chain: BTreeMap::new(),
        }
    }

    /// Whatever a record says was signed may be in a certificate, though a crash kept it from leaving by itself.
    pub(crate) fn on_record(&mut self, who: u16, record: &SafetyRecord) {
        let SafetyRecord { vote, commit_vote, .. } = record;
        self.votes.entry((vote.view.get(), vote.block)).or_default().insert(who);
        let commit_voted = (commit_vote.view.get(), commit_vote.block);
        self.commit_votes.entry(commit_voted).or_default().insert(who);
    }

    pub(crate) fn on_proposal(
        &mut self,
        who: &mut Witness,
        proposal: &CheckedProposal,
        durable: &SafetyRecord,
    ) {
        let header = proposal.block.header();
        let (view, hash) = (header.view.get(), proposal.block.hash());
        assert_eq!(
            *who.proposals.entry(view).or_insert(hash),
            hash,
            "two proposals in view {view}"
        );
        assert_eq!((durable.proposal.view.get(), durable.proposal.block), (view, hash));
        let skipped = proposal.tc.as_ref().map(|tc| {
            assert_eq!(tc.view.get() + 1, view);
            tc.entries.iter().map(|entry| entry.high_qc_view.get()).max().unwrap()
        });
        self.proposals.insert(hash, (view, proposal.qc.data.view.get(), skipped));
    }

    pub(crate) fn on_vote(
        &mut self,
        who: &mut Witness,
        vote: &Vote,
        durable: &SafetyRecord,
        stored: &BTreeMap<BlockHash, std::sync::Arc<CheckedBlock>>,
    ) {
        let (view, hash) = (vote.data.view.get(), vote.data.block);
        self.votes.entry((view, hash)).or_default().insert(vote.voter.get());
        assert!(stored.contains_key(&hash), "a vote for a block that is not durable");
        assert!(durable.vote.view.get() >= view, "a vote that is not durable");
        if who.votes.get(&view) == Some(&hash) {
            return;
        }
        // Votes of two views may share the later one's record, which forbids both.
        let same = durable.vote.view.get() > view || durable.vote.block == hash;
        assert!(same, "a vote for another block than the record's");
        assert!(who.votes.keys().all(|earlier| *earlier < view), "a second vote in view {view}");
        assert!(who.timeouts.iter().all(|given_up| *given_up < view), "a vote in a view given up");
        if let Some((proposed, qc, tc)) = self.proposals.get(&hash) {
            assert_eq!(*proposed, view);
            assert!(
                qc + 1 == view || tc.is_some_and(|highest| *qc >= highest),
                "a vote in view {view} on the QC of {qc}"
            );
        } else {
            // It crashed between the record of its own proposal and the sending of it.
            assert_eq!(stored[&hash].header().proposer, vote.voter, "a vote for an unheard block");
        }
        who.votes.insert(view, hash);
    }

    pub(crate) fn on_commit_vote(
        &mut self,
        who: &mut Witness,
        vote: &CommitVote,
        durable: &SafetyRecord,
    ) {
        let (view, hash) = (vote.data.view.get(), vote.data.block);
        self.commit_votes.entry((view, hash)).or_default().insert(vote.voter.get());
        let votes = self.votes.get(&(view, hash)).map_or(0, BTreeSet::len);
        assert!(votes >= self.quorum, "a commit vote in view {view} on {votes} votes");
        assert!(durable.commit_vote.view.get() >= view, "a commit vote that is not durable");
        assert!(durable.high_qc.data.view.get() >= view, "a commit vote without its QC");
        if who.commit_votes.get(&view) == Some(&hash) {
            return;
        }
        assert!(!who.commit_votes.contains_key(&view), "two commit votes in view {view}");
        let given_up = who.timeouts.last().copied().unwrap_or(0);
        assert!(view > given_up, "a commit vote for {view}, given up {given_up}");
        who.commit_votes.insert(view, hash);
    }

    pub(crate) fn on_timeout(
        &mut self,
        who: &mut Witness,
        timeout: &Timeout,
        durable: &SafetyRecord,
    ) {
        let view = timeout.data.view.get();
        assert_eq!(durable.timeout.get(), view, "a timeout that is not durable");
        assert_eq!(timeout.high_qc, durable.high_qc, "a timeout with a stale QC");
        assert_eq!(timeout.data.high_qc_view, timeout.high_qc.data.view);
        assert!(who.votes.keys().all(|voted| *voted <= view), "gave up a view left behind");
        let highest = who.commit_votes.keys().last().copied().unwrap_or(0);
        assert!(timeout.high_qc.data.view.get() >= highest, "forgot a commit-voted QC");
        let entered = timeout.high_qc.data.view.get() + 1 == view
            || timeout.entry_tc.as_ref().is_some_and(|tc| tc.view.get() + 1 == view);
        assert!(entered, "a timeout of a view that was never entered");
        who.timeouts.insert(view);
    }

    pub(crate) fn on_cert(&mut self, cert: &CommitCert) {
        let (view, hash) = (cert.data.view.get(), cert.data.block);
        let votes = self.commit_votes.get(&(view, hash)).map_or(0, BTreeSet::len);
        assert!(votes >= self.quorum, "final in view {view} by {votes} commit votes");
    }

    pub(crate) fn on_commit(&mut self, block: &CheckedBlock) {
        let height = block.header().height.get();
        let first = *self.chain.entry(height).or_insert(block.hash());
        assert_eq!(first, block.hash(), "two final blocks at height {height}");
    }
}
