//! Certificates: verified once, adopted when higher, and what follows from holding one.

use heddle_types::CommitCert;
use heddle_types::QuorumCert;
use heddle_types::TimeoutCert;
use heddle_types::ValidatorIndex;
use heddle_types::View;
use heddle_types::VoteData;
use heddle_types::Voters;

use super::Replica;
use super::entered_view;
use crate::io::Certificates;
use crate::limits;
use crate::own::Kind;
use crate::pacemaker::Entry;
use crate::safety;

impl Replica {
    pub(super) fn on_certificates(&mut self, from: ValidatorIndex, heard: &Certificates) {
        self.is_heard();
        self.hear_certificates(from, heard);
        let theirs = heard.high_tc.as_ref().map_or(View::ZERO, |tc| tc.view);
        let theirs = theirs.max(heard.high_qc.data.view).next();
        if theirs < self.view || heard.commit.data.height < self.tree.final_height() {
            self.answer(from);
        }
    }

    /// Verifies and adopts what is higher than one's own; whether all of that was good.
    pub(super) fn hear_certificates(&mut self, from: ValidatorIndex, heard: &Certificates) -> bool {
        let qc = self.hear_qc(&heard.high_qc);
        let tc = heard.high_tc.as_ref().is_none_or(|tc| self.hear_tc(tc));
        let is_new = heard.commit.data.height > self.tree.final_height();
        let commit = !is_new || self.verify_commit(&heard.commit);
        if is_new && commit {
            self.adopt_commit(heard.commit.clone(), from);
        }
        qc && tc && commit
    }

    /// Verifies a QC, unless one for the same block is known, and adopts it if it is the highest.
    pub(super) fn hear_qc(&mut self, qc: &QuorumCert) -> bool {
        let known = self.certified.get(&qc.data.view) == Some(&qc.data)
            || self.record.high_qc.data == qc.data;
        if !known && !self.context.verify_qc(qc) {
            return false;
        }
        if !known {
            self.check_own(qc.voters, &qc.data, Kind::Vote);
        }
        self.adopt_qc(qc);
        true
    }

    /// Verifies a TC, unless it is the one held, and adopts it if it leads to a later view. It must be good to be of use,
    /// whatever view one is in.
    pub(super) fn hear_tc(&mut self, tc: &TimeoutCert) -> bool {
        if self.high_tc.as_ref() == Some(tc) {
            return true;
        }
        if !self.context.verify_tc(tc) {
            return false;
        }
        let mine = tc.entries.iter().any(|entry| Some(entry.voter) == self.context.me());
        if mine && self.own.is_foreign(tc.view, Kind::Timeout, heddle_types::BlockHash::ZERO) {
            self.on_own_key_elsewhere(tc.view);
        }
        self.adopt_tc(tc);
        true
    }

    pub(super) fn verify_commit(&mut self, cert: &CommitCert) -> bool {
        let good = self.context.verify_commit(cert);
        if good {
            self.check_own(cert.voters, &cert.data, Kind::CommitVote);
        }
        good
    }

    /// A verified QC: the highest is kept, its view's successor entered, its block voted final.
    pub(super) fn adopt_qc(&mut self, qc: &QuorumCert) {
        self.certified.insert(qc.data.view, qc.data);
        if self.certified.len() > limits::VIEWS_REMEMBERED_MAX {
            self.certified.pop_first();
        }
        if qc.data.view <= self.record.high_qc.data.view {
            return;
        }
        self.record = safety::adopt(&self.record, &self.context.trim(qc));
        if self.high_tc.as_ref().is_some_and(|tc| tc.view <= qc.data.view) {
            self.high_tc = None;
            self.record.high_tc = None;
        }
        let waited_for = qc.data.view == self.view;
        self.enter(if waited_for { Entry::Certified } else { Entry::Skipped });
        self.try_unmute();
        self.try_commit_vote();
    }

    /// A verified TC is of use only beside a QC as high as it names: R3 would refuse what is built on a lower one.
    pub(super) fn adopt_tc(&mut self, tc: &TimeoutCert) {
        let based = self.record.high_qc.data.view >= tc.highest_qc_view();
        if based && tc.view >= self.view {
            self.record.high_tc = Some(tc.hash());
            self.high_tc = Some(tc.clone());
            self.enter(Entry::GivenUp);
        }
    }

    fn enter(&mut self, how: Entry) {
        let view = entered_view(&self.record, self.high_tc.as_ref());
        if view <= self.view {
            return;
        }
        self.view = view;
        self.pacemaker.enter(self.now.instant, how);
        self.presence.enter();
        self.timeouts.clear();
        self.votes.prune(view);
        self.commit_votes.prune(view);
        let lowest = View::new(view.get().saturating_sub(limits::VIEWS_BEHIND_MAX));
        self.proposals = self.proposals.split_off(&(lowest, ValidatorIndex::ZERO));
        self.held = None;
        self.building = None;
        self.own_vote = None;
        self.own_proposal = None;
    }

    pub(super) fn check_own(&mut self, voters: Voters, data: &VoteData, kind: Kind) {
        let mine = self.context.me().is_some_and(|me| voters.contains(me));
        if mine && self.own.is_foreign(data.view, kind, data.block) {
            self.on_own_key_elsewhere(data.view);
        }
    }
}
