//! Giving up on a view, alone or with others.

use heddle_types::BlockHash;
use heddle_types::Timeout;
use heddle_types::TimeoutData;
use heddle_types::TimeoutEntry;
use heddle_types::ValidatorIndex;

use super::Replica;
use crate::io::Action;
use crate::io::Message;
use crate::own::Kind;
use crate::safety;

impl Replica {
    pub(super) fn on_timeout(&mut self, from: ValidatorIndex, timeout: &Timeout) {
        if from != timeout.voter || !self.is_coherent(timeout) {
            return;
        }
        let Timeout { data, voter, signature, .. } = *timeout;
        if !self.context.verify(voter, data.message(), signature) {
            return;
        }
        self.notice(from, data.view);
        if !self.hear_qc(&timeout.high_qc) {
            return;
        }
        if data.view > self.view
            && let Some(tc) = &timeout.entry_tc
            && !self.hear_tc(tc)
        {
            return;
        }
        if let Some(vote) = timeout.own_vote.filter(|vote| vote.data.view == data.view) {
            self.on_vote(from, vote);
        }
        if data.view < self.view {
            self.answer(from);
        } else if data.view == self.view {
            let high_qc_view = data.high_qc_view;
            self.timeouts.insert(TimeoutEntry { voter, high_qc_view }, signature);
            self.pacemaker.stir();
            self.count_timeouts();
        }
    }

    /// Gives up on the current view, or says so again: R5.
    pub(super) fn give_up(&mut self) {
        self.pacemaker.on_gave_up(self.now.instant);
        let entry = self.high_tc.as_ref().filter(|tc| Some(tc.view) == self.view.prev());
        let Some(record) = safety::timeout(&self.record, self.view, entry) else { return };
        let data = TimeoutData {
            chain: record.chain,
            epoch: record.epoch,
            view: self.view,
            high_qc_view: record.high_qc.data.view,
        };
        let Some((voter, signature)) = self.context.sign(&data.message()) else { return };
        let timeout = Timeout {
            data,
            voter,
            signature,
            high_qc: record.high_qc.clone(),
            entry_tc: entry.cloned(),
            own_vote: self.own_vote,
        };
        self.record = record;
        self.own.record(self.view, Kind::Timeout, BlockHash::ZERO);
        self.outbox.push_signed(Action::Broadcast(Message::Timeout(Box::new(timeout))));
        let high_qc_view = data.high_qc_view;
        self.timeouts.insert(TimeoutEntry { voter, high_qc_view }, signature);
        self.count_timeouts();
    }

    /// One honest validator gave up: join. A quorum did: the next view begins.
    fn count_timeouts(&mut self) {
        let committee = &self.context.committee;
        if let Some(tc) = self.timeouts.certificate(&self.context, self.view) {
            self.adopt_tc(&tc);
        } else if self.may_sign()
            && self.record.timeout < self.view
            && self.timeouts.has_honest(committee)
        {
            self.give_up();
        }
    }

    /// Whether it says what it carries, and carries what its view is entered by.
    fn is_coherent(&self, timeout: &Timeout) -> bool {
        let Timeout { data, high_qc, entry_tc, .. } = timeout;
        let why = safety::Justification { qc: high_qc, tc: entry_tc.as_ref() };
        data.chain == self.context.committee.chain()
            && data.epoch == self.context.committee.epoch()
            && data.high_qc_view == high_qc.data.view
            && data.high_qc_view < data.view
            && why.admits(data.view)
    }
}
