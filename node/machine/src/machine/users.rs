//! Users' transactions: admitted here, and sent on to those who will lead.

use std::sync::Arc;

use heddle_hotstuff::Now;
use heddle_types::ValidatorIndex;
use heddle_wire::PeerMessage;

use super::Machine;
use crate::io::Action;
use crate::io::Candidate;
use crate::io::Ticket;

/// To how many of the next leaders an admitted transaction is sent.
const FORWARD_LEADERS_MAX: usize = 3;
/// Bytes of transactions in one forwarding message.
const FORWARD_BYTES_MAX: usize = 256 * 1024;

impl Machine {
    pub(super) fn on_forwarded(&mut self, candidates: &[Candidate]) {
        for candidate in candidates {
            // A refusal concerns the sender at its own node; here it is dropped.
            let _ = self.admit(candidate, heddle_mempool::Origin::Forwarded);
        }
    }

    pub(super) fn on_submit(
        &mut self,
        now: Now,
        ticket: Ticket,
        candidate: &Candidate,
        actions: &mut Vec<Action>,
    ) {
        let result = self.admit(candidate, heddle_mempool::Origin::Local);
        if result.is_ok() {
            // An earlier transaction's second time may be far away; this one is due now.
            let due = now.instant.after(self.forward_delay);
            self.forward_at = Some(self.forward_at.map_or(due, |at| at.min(due)));
        }
        let id = candidate.transaction.id();
        actions.push(Action::Reply { ticket, result: result.map(|admission| (id, admission)) });
    }

    fn admit(
        &mut self,
        candidate: &Candidate,
        origin: heddle_mempool::Origin,
    ) -> Result<heddle_mempool::Admission, heddle_mempool::Refusal> {
        let transaction = Arc::clone(&candidate.transaction);
        self.pool.admit(transaction, &candidate.account, candidate.terms, origin)
    }

    pub(super) fn forward(&mut self, now: Now, actions: &mut Vec<Action>) {
        loop {
            let batch = self.pool.to_forward(now.instant, FORWARD_BYTES_MAX);
            if batch.is_empty() {
                break;
            }
            for to in self.forward_to() {
                let message = PeerMessage::Transactions(batch.clone());
                actions.push(Action::Send { to, message });
            }
        }
        let again = self.pool.forward_deadline();
        self.forward_at = again.map(|at| at.max(now.instant.after(self.forward_delay)));
    }

    pub(super) fn next_leaders(&self) -> Vec<ValidatorIndex> {
        let view = self.replica.status().view;
        let count = FORWARD_LEADERS_MAX.min(self.committee.len());
        let mut leaders = Vec::with_capacity(count);
        let rounds = 2 * self.committee.len();
        let views = std::iter::successors(Some(view), |view| Some(view.next())).take(rounds);
        for leader in self.replica.leaders(views) {
            if Some(leader) != self.own && !leaders.contains(&leader) && leaders.len() < count {
                leaders.push(leader);
            }
        }
        leaders
    }
}
