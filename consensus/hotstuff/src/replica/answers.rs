//! Telling others where this node is: at start, when one is heard in a lower view, and to who lost its record.

use heddle_types::CommitVote;
use heddle_types::ValidatorIndex;
use heddle_types::View;
use heddle_types::Vote;
use heddle_types::VoteKind;

use super::Replica;
use crate::io::Action;
use crate::io::Certificates;
use crate::io::Message;
use crate::io::UnmuteAnswer;
use crate::io::VotingState;
use crate::mute;
use crate::mute::Mute;
use crate::safety;

impl Replica {
    /// The first words: where this node is, and once more what it signed last, which may not have left before a crash.
    pub(super) fn start(&mut self) {
        if self.commit.data.height > self.tree.final_height() {
            let hint = self.hint(self.commit.data.view);
            self.pending_commit = Some((self.commit.clone(), hint));
        }
        self.outbox.push_free(Action::Voting(self.voting));
        self.recall_votes();
        self.announce();
        if self.mute.is_some() {
            self.ask_to_unmute();
        }
    }

    /// Who decides nothing asks in this way whether the epoch ended: nobody tells it anything else.
    pub(super) fn announce(&mut self) {
        let certificates = Box::new(self.certificates());
        self.outbox.push(Action::Broadcast(Message::Certificates(certificates)));
        let vote = self.own_vote.map(Message::Vote);
        let commit_vote = self.own_commit_vote.map(Message::CommitVote);
        for message in [vote, commit_vote].into_iter().flatten() {
            self.outbox.push(Action::Broadcast(message));
        }
        self.announce_later();
    }

    /// Tells a peer the certificates, unless it was told often lately.
    pub(super) fn answer(&mut self, to: ValidatorIndex) {
        if self.context.me().is_none() || Some(to) == self.context.me() {
            return;
        }
        if self.rates.answers.is_due(to, self.now.instant) {
            self.introduce(to);
        }
    }

    /// Tells a peer where this node is, unless that was done lately: it answers with what is final.
    pub(super) fn ask_what_is_final(&mut self, of: ValidatorIndex) {
        let is_other = self.context.me().is_some_and(|me| me != of);
        if is_other && self.rates.asked.is_due(of, self.now.instant) {
            self.introduce(of);
        }
    }

    /// Tells a peer where this node is.
    pub(super) fn introduce(&mut self, to: ValidatorIndex) {
        let message = Message::Certificates(Box::new(self.certificates()));
        self.outbox.push(Action::Send { to, message });
    }

    /// Tells a peer what it may have missed while nothing reached it: where this node is and what it signed in its view. Without it, a quorum
    /// that comes together again waits until somebody repeats a timeout.
    pub(super) fn on_reachable(&mut self, peer: ValidatorIndex) {
        let is_member = self.context.committee.validator(peer).is_some();
        let is_other = is_member && Some(peer) != self.context.me();
        // Whatever it was answered lately may have gone the old way.
        if !is_other || !self.rates.reached.is_due(peer, self.now.instant) {
            return;
        }
        self.introduce(peer);
        self.fetches.on_reachable(self.now.instant, peer);
        if !self.may_sign() {
            return;
        }
        // Nobody asks for a block that was never certified.
        let proposal = self.own_proposal.clone().filter(|_| self.record.timeout < self.view);
        let proposal = proposal.map(Message::Proposal);
        let vote = self.own_vote.map(Message::Vote);
        let commit_vote = self.own_commit_vote.map(Message::CommitVote);
        for message in [proposal, vote, commit_vote].into_iter().flatten() {
            self.outbox.push(Action::Send { to: peer, message });
        }
        if self.record.timeout == self.view {
            self.give_up();
        }
    }

    pub(super) fn ask_to_unmute(&mut self) {
        let now = self.now.instant;
        let Some(question) = self.mute.as_mut().and_then(Mute::question) else { return };
        let (epoch, nonce) = (self.context.committee.epoch(), question.ask(now));
        self.outbox.push(Action::Broadcast(Message::UnmuteRequest { epoch, nonce }));
    }

    pub(super) fn on_unmute_request(&mut self, from: ValidatorIndex, nonce: [u8; 32]) {
        if !self.may_sign() || !self.rates.unmuted.is_due(from, self.now.instant) {
            return;
        }
        let record = &self.record;
        let signed = record.vote.view.max(record.commit_vote.view).max(record.proposal.view);
        let view = self.view.max(signed).max(record.timeout);
        let message = mute::message(&self.context.committee, &nonce, view, from);
        let Some((voter, signature)) = self.context.sign(&message) else { return };
        let certificates = self.certificates();
        let answer = UnmuteAnswer { nonce, view, voter, signature, certificates };
        let message = Message::UnmuteAnswer(Box::new(answer));
        self.outbox.push(Action::Send { to: from, message });
    }

    pub(super) fn on_unmute_answer(&mut self, from: ValidatorIndex, answer: &UnmuteAnswer) {
        let (Some(me), Some(mute)) = (self.context.me(), &self.mute) else { return };
        if Some(answer.nonce) != mute.nonce() || answer.voter != from {
            return;
        }
        let committee = &self.context.committee;
        let message = mute::message(committee, &answer.nonce, answer.view, me);
        let Certificates { high_qc, high_tc, .. } = &answer.certificates;
        let proven = high_tc.as_ref().map_or(View::ZERO, |tc| tc.view).max(high_qc.data.view);
        if answer.view > proven.next()
            || !self.context.verify(from, message, answer.signature)
            || !self.hear_certificates(from, &answer.certificates)
        {
            return;
        }
        self.is_heard();
        if let Some(question) = self.mute.as_mut().and_then(Mute::question) {
            question.answer(&self.context.committee, from, answer.view);
        }
        self.try_unmute();
    }

    /// Signs again once that is safe: R9, L3.
    pub(super) fn try_unmute(&mut self) {
        let committee = &self.context.committee;
        let floor = self.mute.as_ref().and_then(|mute| mute.floor(committee));
        let Some(floor) = floor else { return };
        self.own.set_start(floor);
        let Some(record) = safety::unmute(&self.record, floor) else { return };
        self.record = record;
        self.mute = None;
        self.voting = VotingState::Voting;
        self.outbox.persist();
        self.outbox.push(Action::Voting(self.voting));
    }

    /// The highest certificates held.
    fn certificates(&self) -> Certificates {
        Certificates {
            high_qc: self.record.high_qc.clone(),
            high_tc: self.high_tc.clone(),
            commit: self.commit.clone(),
        }
    }

    /// What the record says was signed in the views that still matter, signed again in the same words.
    fn recall_votes(&mut self) {
        if !self.may_sign() {
            return;
        }
        let qc = self.record.high_qc.data;
        if self.record.commit_vote.view == qc.view && qc.view > View::ZERO {
            let message = qc.message(VoteKind::CommitVote);
            if let Some((voter, signature)) = self.context.sign(&message) {
                let vote = CommitVote { data: qc, voter, signature };
                self.own_commit_vote = Some(vote);
                self.commit_votes.add_own(vote.into());
                self.count_commit_votes(&qc);
            }
        }
        let vote = self.record.vote;
        let block = self.tree.get(vote.block).filter(|block| block.header().view == vote.view);
        if let Some(data) = block.map(|block| block.header().vote_data())
            && vote.view == self.view
            && let Some((voter, signature)) = self.context.sign(&data.message(VoteKind::Vote))
        {
            self.add_own_vote(Vote { data, voter, signature });
        }
    }
}
