//! Votes and commit votes: heard, cast, and made into certificates.

use heddle_types::CommitCert;
use heddle_types::CommitVote;
use heddle_types::QuorumCert;
use heddle_types::ValidatorIndex;
use heddle_types::Vote;
use heddle_types::VoteData;
use heddle_types::VoteKind;

use super::Replica;
use crate::io::Action;
use crate::io::Evidence;
use crate::io::Message;
use crate::own::Kind;
use crate::safety;
use crate::votes;
use crate::votes::Cast;
use crate::votes::Heard;

impl Replica {
    pub(super) fn on_vote(&mut self, from: ValidatorIndex, vote: Vote) {
        if !self.may_hear(from, vote.into(), VoteKind::Vote) {
            return;
        }
        match self.votes.hear(vote.into(), self.view, &self.context) {
            Heard::Nothing => {}
            Heard::New => {
                if vote.data.view == self.view {
                    self.pacemaker.stir();
                }
                self.count_votes(&vote.data);
            }
            Heard::Contradicts(first) => {
                let evidence = Evidence::Votes([first.into(), vote]);
                self.outbox.push_free(Action::Evidence(Box::new(evidence)));
            }
        }
    }

    pub(super) fn on_commit_vote(&mut self, from: ValidatorIndex, vote: CommitVote) {
        if !self.may_hear(from, vote.into(), VoteKind::CommitVote) {
            return;
        }
        match self.commit_votes.hear(vote.into(), self.view, &self.context) {
            Heard::Nothing => {}
            Heard::New => self.count_commit_votes(&vote.data),
            Heard::Contradicts(first) => {
                let evidence = Evidence::CommitVotes([first.into(), vote]);
                self.outbox.push_free(Action::Evidence(Box::new(evidence)));
            }
        }
    }

    /// Casts the vote that the rules allow by now: R4.
    pub(super) fn try_commit_vote(&mut self) {
        if !self.may_sign() {
            return;
        }
        let data = self.record.high_qc.data;
        let Some(record) = safety::commit_vote(&self.record, &self.record.high_qc) else { return };
        let message = data.message(VoteKind::CommitVote);
        let Some((voter, signature)) = self.context.sign(&message) else { return };
        self.record = record;
        let vote = CommitVote { data, voter, signature };
        self.own_commit_vote = Some(vote);
        self.own.record(data.view, Kind::CommitVote, data.block);
        self.outbox.push_signed(Action::Broadcast(Message::CommitVote(vote)));
        self.commit_votes.add_own(vote.into());
        self.count_commit_votes(&data);
    }

    /// This node's vote, counted like any other.
    pub(super) fn add_own_vote(&mut self, vote: Vote) {
        self.own_vote = Some(vote);
        self.own.record(vote.data.view, Kind::Vote, vote.data.block);
        self.votes.add_own(vote.into());
        self.count_votes(&vote.data);
    }

    fn count_votes(&mut self, data: &VoteData) {
        if data.view <= self.record.high_qc.data.view {
            return;
        }
        if let Some(votes) = self.votes.quorum(data, &self.context) {
            self.adopt_qc(&QuorumCert::new(*data, &votes, self.context.scheme()));
        }
    }

    /// R10.
    pub(super) fn count_commit_votes(&mut self, data: &VoteData) {
        if data.height <= self.tree.final_height() {
            return;
        }
        if let Some(votes) = self.commit_votes.quorum(data, &self.context) {
            let hint = self.hint(data.view);
            self.adopt_commit(CommitCert::new(*data, &votes, self.context.scheme()), hint);
        }
    }

    /// Votes come from their voter only. One of this node's own key from another is at most a sign that the key is in use
    /// elsewhere.
    fn may_hear(&mut self, from: ValidatorIndex, cast: Cast, kind: VoteKind) -> bool {
        if !self.context.is_ours(&cast.data) {
            return false;
        }
        if Some(cast.voter) == self.context.me() {
            let statement = match kind {
                VoteKind::Vote => Kind::Vote,
                VoteKind::CommitVote => Kind::CommitVote,
            };
            let foreign = self.own.is_foreign(cast.data.view, statement, cast.data.block);
            if foreign && votes::verify(&cast, kind, &self.context) {
                self.on_own_key_elsewhere(cast.data.view);
            }
            return false;
        }
        if from == cast.voter {
            self.notice(from, cast.data.view);
        }
        from == cast.voter
    }
}
