//! Users: they send the transfers of the plan, and send again what was refused or lost.

use std::sync::Arc;

use heddle_executor::declared_by;
use heddle_machine::Candidate;
use heddle_machine::Input;
use heddle_machine::Ticket;
use heddle_mempool::AccountView;
use heddle_mempool::Refusal;
use heddle_mempool::Terms;
use heddle_types::Amount;
use heddle_types::CheckedTransaction;
use heddle_types::StateView;

use super::oracle::Violation;
use super::world::Event;
use super::world::World;

impl World {
    pub(super) fn candidate(&self, node: usize, transaction: Arc<CheckedTransaction>) -> Candidate {
        let state = &self.nodes[node].disk.state;
        let body = &transaction.transaction().body;
        let lane = match body.nonce {
            heddle_types::Nonce::Lane { lane, .. } => lane,
            heddle_types::Nonce::Window { .. } => 0,
        };
        let nonce = state.entry(&heddle_sdk::native::nonce_key(&body.sender, lane));
        let balance = state.entry(&heddle_sdk::native::native_balance_key(&body.payer()));
        let balance =
            balance.and_then(|entry| heddle_sdk::native::decode_amount(entry.value.as_bytes()));
        let account = AccountView {
            next_sequence: heddle_sdk::native::next_sequence(nonce.as_ref()),
            fee_balance: balance.unwrap_or_default(),
        };
        let space = declared_by(&self.universe.programs, &transaction).space;
        let terms = Terms { required_fee: Amount::from_units(1), space };
        Candidate { transaction, account, terms }
    }

    pub(super) fn submit(&mut self, account: usize) -> Result<(), Violation> {
        let Some(transfer) = self.next_transfer(account) else { return Ok(()) };
        let node = usize::try_from(self.dice.below(self.plan.nodes as u64)).unwrap_or(0);
        if self.nodes[node].running.is_none() {
            let later = self.now + 20_000;
            self.schedule(later, Event::Submit { account });
            return Ok(());
        }
        let ticket = Ticket(self.scheduled);
        self.submitted_by.insert(ticket, account);
        let candidate = self.candidate(node, transfer);
        self.tell(node, Input::Submit { ticket, candidate })
    }

    pub(super) fn on_reply(&mut self, ticket: Ticket, refusal: Option<Refusal>) {
        let Some(account) = self.submitted_by.remove(&ticket) else { return };
        match refusal {
            None => self.next_sequence[account] += 1,
            Some(
                Refusal::NonceGap { expected, .. }
                | Refusal::NonceUsed { expected, .. }
                | Refusal::NonceTaken { expected, .. },
            ) => {
                self.next_sequence[account] = usize::try_from(expected).unwrap_or(usize::MAX);
            }
            Some(_) => {}
        }
        let again = self.now + 30_000;
        self.schedule(again, Event::Submit { account });
    }

    /// What a user sends next: the next of its lane; once all were sent, the first that is not final, which a crash of the
    /// node that admitted it may have lost. None when all are final.
    fn next_transfer(&mut self, account: usize) -> Option<Arc<CheckedTransaction>> {
        let planned = self.planned(account);
        let lost = planned.iter().position(|transfer| !self.oracle.is_final(&transfer.id()))?;
        let sequence = self.next_sequence[account];
        let sequence = if sequence < planned.len() { sequence } else { lost };
        let transfer = Arc::clone(&planned[sequence]);
        self.next_sequence[account] = sequence;
        Some(transfer)
    }

    /// The transfers that the plan has for an account.
    pub(super) fn planned(&self, account: usize) -> &[Arc<CheckedTransaction>] {
        let transfers = &self.universe.transfers[account];
        let each = self.plan.transfers / self.next_sequence.len();
        &transfers[..each.min(transfers.len())]
    }
}
