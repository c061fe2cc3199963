//! The rules once more, written independently: every message that leaves is held against what was durable and what had
//! left before, and every commit against all others.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;

use heddle_hotstuff::CheckedProposal;
use heddle_types::BlockHash;
use heddle_types::BlockHeader;
use heddle_types::CheckedBlock;
use heddle_types::CommitCert;
use heddle_types::CommitVote;
use heddle_types::Committee;
use heddle_types::EpochEnd;
use heddle_types::PublicKey;
use heddle_types::SafetyRecord;
use heddle_types::Timeout;
use heddle_types::ValidatorIndex;
use heddle_types::View;
use heddle_types::Vote;

use crate::scheme::HashScheme;

/// A view of an epoch. Whoever signed in an epoch signs in none before it any more, so views are in order over epochs too.
type At = (u64, u64);

/// What one validator ever let out, across its restarts.
#[derive(Default)]
pub(crate) struct Witness {
    votes: BTreeMap<At, BlockHash>,
    commit_votes: BTreeMap<At, BlockHash>,
    proposals: BTreeMap<At, BlockHash>,
    timeouts: BTreeSet<At>,
}

/// Who signed what: by view and block.
type Signers = BTreeMap<(At, BlockHash), BTreeSet<ValidatorIndex>>;

/// What all validators together may never do.
pub(crate) struct Oracle {
    /// By epoch.
    committees: Vec<Committee>,
    /// The closing block of each epoch that ended.
    closing: Vec<BlockHash>,
    votes: Signers,
    commit_votes: Signers,
    proposals: BTreeMap<BlockHash, (At, u64, Option<u64>)>,
    chain: BTreeMap<u64, BlockHeader>,
}

const fn at(record: &SafetyRecord, view: View) -> At {
    (record.epoch.get(), view.get())
}

impl Oracle {
    pub(crate) fn new(committee: &Committee) -> Self {
        Self {
            committees: vec![committee.clone()],
            closing: Vec::new(),
            votes: Signers::new(),
            commit_votes: Signers::new(),
            proposals: BTreeMap::new(),
            chain: BTreeMap::new(),
        }
    }

    /// How many epochs have ended.
    pub(crate) fn ended(&self) -> usize {
        self.closing.len()
    }

    /// Whatever a record says was signed may be in a certificate, though a crash kept it from leaving by itself.
    pub(crate) fn on_record(&mut self, who: &PublicKey, record: &SafetyRecord) {
        let committee = &self.committees[usize::try_from(record.epoch.get()).unwrap()];
        let who = committee.index_of(who).expect("only members sign");
        let SafetyRecord { vote, commit_vote, high_qc, .. } = record;
        let voted = (at(record, vote.view), vote.block);
        self.votes.entry(voted).or_default().insert(who);
        if high_qc.voters.contains(who) {
            // Votes of two views may share the later one's record.
            let voted = (at(record, high_qc.data.view), high_qc.data.block);
            self.votes.entry(voted).or_default().insert(who);
        }
        let commit_voted = (at(record, commit_vote.view), commit_vote.block);
        self.commit_votes.entry(commit_voted).or_default().insert(who);
    }

    pub(crate) fn on_proposal(
        &mut self,
        who: &mut Witness,
        proposal: &CheckedProposal,
        durable: &SafetyRecord,
    ) {
        let header = proposal.block.header();
        let view = (header.epoch.get(), header.view.get());
        let hash = proposal.block.hash();
        assert_eq!(*who.proposals.entry(view).or_insert(hash), hash, "two proposals in {view:?}");
        let recorded = (at(durable, durable.proposal.view), durable.proposal.block);
        assert_eq!(recorded, (view, hash));
        let skipped = proposal.tc.as_ref().map(|tc| {
            assert_eq!(tc.view.get() + 1, view.1);
            tc.entries.iter().map(|entry| entry.high_qc_view.get()).max().unwrap()
        });
        self.proposals.insert(hash, (view, proposal.qc.data.view.get(), skipped));
    }

    pub(crate) fn on_vote(
        &mut self,
        who: &mut Witness,
        vote: &Vote,
        durable: &SafetyRecord,
        stored: &BTreeMap<BlockHash, Arc<CheckedBlock>>,
    ) {
        let view = (vote.data.epoch.get(), vote.data.view.get());
        let hash = vote.data.block;
        self.votes.entry((view, hash)).or_default().insert(vote.voter);
        assert!(stored.contains_key(&hash), "a vote for a block that is not durable");
        let recorded = at(durable, durable.vote.view);
        assert!(recorded >= view, "a vote that is not durable");
        if who.votes.get(&view) == Some(&hash) {
            return;
        }
        // Votes of two views may share the later one's record, which forbids both.
        let same = recorded > view || durable.vote.block == hash;
        assert!(same, "a vote for another block than the record's");
        assert!(who.votes.keys().all(|earlier| *earlier < view), "a second vote in {view:?}");
        assert!(who.timeouts.iter().all(|given_up| *given_up < view), "a vote in a view given up");
        if let Some((proposed, qc, tc)) = self.proposals.get(&hash) {
            assert_eq!(*proposed, view);
            assert!(
                qc + 1 == view.1 || tc.is_some_and(|highest| *qc >= highest),
                "a vote in {view:?} on the QC of {qc}"
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
        let view = (vote.data.epoch.get(), vote.data.view.get());
        let hash = vote.data.block;
        self.commit_votes.entry((view, hash)).or_default().insert(vote.voter);
        assert!(self.is_quorum(&self.votes, view, hash), "a commit vote in {view:?} without a QC");
        assert!(at(durable, durable.commit_vote.view) >= view, "a commit vote that is not durable");
        assert!(at(durable, durable.high_qc.data.view) >= view, "a commit vote without its QC");
        if who.commit_votes.get(&view) == Some(&hash) {
            return;
        }
        assert!(!who.commit_votes.contains_key(&view), "two commit votes in {view:?}");
        let given_up = who.timeouts.last().copied().unwrap_or_default();
        assert!(view > given_up, "a commit vote for {view:?}, given up {given_up:?}");
        who.commit_votes.insert(view, hash);
    }

    pub(crate) fn on_timeout(
        &mut self,
        who: &mut Witness,
        timeout: &Timeout,
        durable: &SafetyRecord,
    ) {
        let view = (timeout.data.epoch.get(), timeout.data.view.get());
        let high_qc = (view.0, timeout.high_qc.data.view.get());
        assert_eq!(at(durable, durable.timeout), view, "a timeout that is not durable");
        assert_eq!(timeout.high_qc, durable.high_qc, "a timeout with a stale QC");
        assert_eq!(timeout.data.high_qc_view, timeout.high_qc.data.view);
        assert!(who.votes.keys().all(|voted| *voted <= view), "gave up a view left behind");
        let highest = who.commit_votes.keys().last().copied().unwrap_or_default();
        assert!(high_qc >= highest, "forgot a commit-voted QC");
        let entered = high_qc.1 + 1 == view.1
            || timeout.entry_tc.as_ref().is_some_and(|tc| tc.view.get() + 1 == view.1);
        assert!(entered, "a timeout of a view that was never entered");
        who.timeouts.insert(view);
    }

    pub(crate) fn on_cert(&mut self, cert: &CommitCert) {
        let view = (cert.data.epoch.get(), cert.data.view.get());
        let is_quorum = self.is_quorum(&self.commit_votes, view, cert.data.block);
        assert!(is_quorum, "final in {view:?} without a quorum");
    }

    /// Every epoch ends once, with one block and one successor.
    pub(crate) fn on_end(&mut self, end: &EpochEnd) {
        let epoch = usize::try_from(end.epoch().get()).unwrap();
        let next = end.verify(&self.committees[epoch], &HashScheme).unwrap();
        if epoch == self.closing.len() {
            self.closing.push(end.closing.hash());
            self.committees.push(next.clone());
        }
        assert_eq!(self.closing[epoch], end.closing.hash(), "two ends of epoch {epoch}");
        assert_eq!(self.committees[epoch + 1], next, "two committees after epoch {epoch}");
    }

    pub(crate) fn on_commit(&mut self, block: &CheckedBlock) {
        let header = block.header();
        let height = header.height.get();
        let first = self.chain.entry(height).or_insert_with(|| header.clone()).clone();
        assert_eq!(first.hash(), block.hash(), "two final blocks at height {height}");
        let Some(parent) = self.chain.get(&(height - 1)) else { return };
        let epochs = header.epoch.get() - parent.epoch.get();
        let closed = parent.next_committee.is_some();
        assert_eq!(epochs, u64::from(closed), "height {height} is of epoch {}", header.epoch);
        assert_eq!(header.parent, parent.hash(), "height {height} stands on another block");
    }

    fn is_quorum(&self, signers: &Signers, view: At, block: BlockHash) -> bool {
        let committee = &self.committees[usize::try_from(view.0).unwrap()];
        let voters = signers.get(&(view, block)).into_iter().flatten().copied();
        committee.is_quorum(voters)
    }
}
