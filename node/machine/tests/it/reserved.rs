//! What takes reserved block space is in the next block, with a hundred times what fits waiting beside it.

use std::collections::BTreeSet;
use std::sync::Arc;

use heddle_hotstuff::Executed;
use heddle_machine::Action;
use heddle_machine::Candidate;
use heddle_machine::Input;
use heddle_machine::Machine;
use heddle_machine::Ticket;
use heddle_mempool::AccountView;
use heddle_mempool::PayloadLimits;
use heddle_mempool::Terms;
use heddle_types::Access;
use heddle_types::Address;
use heddle_types::Amount;
use heddle_types::Auth;
use heddle_types::BlockHash;
use heddle_types::BlockSpace;
use heddle_types::Call;
use heddle_types::CheckedBlock;
use heddle_types::CheckedTransaction;
use heddle_types::ExecutedRoot;
use heddle_types::Genesis;
use heddle_types::Height;
use heddle_types::Nonce;
use heddle_types::ProgramId;
use heddle_types::Signature;
use heddle_types::StateRoot;
use heddle_types::Transaction;
use heddle_types::TransactionBody;
use heddle_types::TxId;

use crate::chain;

/// What a block holds.
pub(crate) const FITS: u32 = 40;

fn genesis() -> Genesis {
    chain::genesis_of(1)
}

/// A chain of one validator, and what it made final.
pub(crate) struct Chain {
    machine: Machine,
    ms: u64,
    /// By height, from 1.
    pub(crate) blocks: Vec<Arc<CheckedBlock>>,
    pub(crate) executed: usize,
    /// What the disk holds by now.
    pub(crate) stored: BTreeSet<BlockHash>,
    /// The view of the last vote that it knows of.
    pub(crate) recorded: u64,
}

impl Chain {
    pub(crate) fn new() -> Self {
        let mut actions = Vec::new();
        let payload = PayloadLimits::new(FITS as usize, 1_000_000);
        let machine = chain::start(&genesis(), chain::key(0), payload, &mut actions);
        let mut chain = Self {
            machine,
            ms: 0,
            blocks: Vec::new(),
            executed: 0,
            stored: BTreeSet::new(),
            recorded: 0,
        };
        chain.note(actions);
        chain
    }

    fn tell(&mut self, input: Input) {
        self.ms += 1;
        let mut actions = Vec::new();
        self.machine.handle(chain::now(self.ms), input, &mut actions);
        self.note(actions);
    }

    fn note(&mut self, actions: Vec<Action>) {
        for action in actions {
            match action {
                Action::StoreBlock(block) => {
                    self.stored.insert(block.hash());
                }
                Action::Persist(record) => {
                    assert!(
                        self.stored.contains(&record.vote.block),
                        "a vote for what is not stored"
                    );
                    self.recorded = record.vote.view.get();
                }
                Action::Execute { block, cert: _ } => {
                    assert!(block.header().view.get() <= self.recorded, "final and not recorded");
                    self.blocks.push(block);
                }
                Action::Reply { result, .. } => assert!(result.is_ok(), "{result:?}"),
                _ => {}
            }
        }
    }

    /// Executes the oldest block that is not, so that the chain may go on: it is as far ahead as it may be.
    pub(crate) fn execute_one(&mut self) {
        let height = self.blocks[self.executed].header().height;
        self.executed += 1;
        let executed = ExecutedRoot { height, root: StateRoot::ZERO };
        let candidates = genesis().validators.into();
        let executed = Executed { root: executed, candidates };
        self.tell(Input::Executed { executed, skipped: Vec::new() });
    }

    pub(crate) fn submit(&mut self, sender: u32, nonce: Nonce, space: BlockSpace) -> TxId {
        let mut address = [1; 32];
        address[..4].copy_from_slice(&sender.to_le_bytes());
        let body = TransactionBody {
            version: TransactionBody::VERSION,
            chain: genesis().chain_id(),
            sender: Address(address),
            payer: None,
            nonce,
            valid_until: Height::new(u64::MAX),
            max_fee: Amount::from_units(1),
            access: Access::DERIVED,
            calls: vec![Call { program: ProgramId::LEDGER, data: Vec::new().into() }],
        };
        let auth = Auth::Ed25519(Signature([9; 64]));
        let transaction = Transaction { auth, payer_auth: None, body };
        // As if its signature had been found good.
        let mut checked = CheckedTransaction::check_all(vec![transaction], |_, _| true).unwrap();
        let candidate = Candidate {
            transaction: Arc::new(checked.remove(0)),
            account: AccountView { next_sequence: 0, fee_balance: Amount::from_units(10_000) },
            terms: Terms { required_fee: Amount::from_units(1), space },
        };
        let id = candidate.transaction.id();
        self.tell(Input::Submit { ticket: Ticket(0), candidate });
        id
    }

    /// The height that holds a transaction.
    fn height_of(&self, id: TxId) -> Option<u64> {
        let holds =
            |block: &&Arc<CheckedBlock>| block.transactions().iter().any(|tx| tx.id() == id);
        self.blocks.iter().find(holds).map(|block| block.header().height.get())
    }
}

/// How many blocks later than the next one each of the cancels was final that came one by one, with that many ordinary transactions
/// waiting when the first came.
fn delays(load: u32) -> Vec<u64> {
    let mut chain = Chain::new();
    for n in 0..load {
        let nonce = Nonce::Lane { lane: 0, sequence: u64::from(n / 500) };
        chain.submit(n % 500, nonce, BlockSpace::Ordinary);
    }
    let mut sent = Vec::new();
    for n in 0..50 {
        let before = chain.blocks.len() as u64;
        // One of those who send the load, in a lane for cancels.
        let nonce = Nonce::Lane { lane: 1, sequence: 0 };
        let id = chain.submit(n, nonce, BlockSpace::Reserved);
        sent.push((id, before));
        while chain.height_of(id).is_none() && chain.executed < chain.blocks.len() {
            chain.execute_one();
        }
    }
    let left = chain.machine.status().pool_transactions;
    assert!(load == 0 || left >= 100 * FITS as usize, "{left} still waiting");
    let delay = |(id, before): &(TxId, u64)| chain.height_of(*id).unwrap() - before - 1;
    sent.iter().map(delay).collect()
}

#[test]
fn cancels_are_in_the_next_block_that_holds_anything_whatever_the_load() {
    let with_load = delays(170 * FITS);
    assert_eq!(with_load, [0; 50]);
    assert_eq!(delays(0), with_load);
}
