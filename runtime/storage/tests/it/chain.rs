//! A chain of made-up outcomes. Storage checks no signatures and executes nothing, so they need none.

use std::path::Path;

use heddle_state::State;
use heddle_storage::Outcome;
use heddle_storage::PhaseEvents;
use heddle_storage::RECENT_MAX;
use heddle_storage::Recovery;
use heddle_storage::Storage;
use heddle_types::*;

/// What each height of the chain is; the same in every process.
pub(crate) struct Chain {
    pub(crate) state: State,
    pub(crate) parent: BlockHeader,
    /// Of the next block.
    pub(crate) epoch: Epoch,
    /// What the next block names.
    pub(crate) next_committee: Option<Hash32>,
}

pub(crate) fn key(i: u64) -> StateKey {
    StateKey::new(ProgramId::LEDGER, &[&i.to_be_bytes()]).unwrap()
}

fn entry(i: u64) -> Entry {
    Entry { deposit: None, value: Value::new(&i.to_le_bytes()) }
}

fn genesis_changes() -> ChangeSet {
    ChangeSet::new((0..100).map(|i| (key(i), Some(entry(i)))).collect())
}

pub(crate) fn genesis() -> BlockHeader {
    let root = State::empty().apply(&genesis_changes());
    let genesis = Genesis {
        version: 1,
        time: UnixMillis::default(),
        dev: true,
        validators: Vec::new(),
        possessions: Vec::new(),
        accounts: Vec::new(),
        faucet: None,
        sections: Vec::new(),
    };
    genesis.header(root)
}

pub(crate) fn create(dir: &Path) {
    Storage::create(dir, &genesis(), &genesis_changes()).unwrap();
}

pub(crate) fn open(dir: &Path) -> (Storage, Recovery) {
    Storage::open(dir, genesis().chain).unwrap()
}

impl Chain {
    pub(crate) fn new() -> Self {
        let mut state = State::empty();
        state.apply(&genesis_changes());
        Self { state, parent: genesis(), epoch: Epoch::ZERO, next_committee: None }
    }

    /// After `height` blocks.
    pub(crate) fn at(height: u64) -> Self {
        let mut chain = Self::new();
        for _ in 0..height {
            chain.next();
        }
        chain
    }

    /// The next block, and one that loses against it.
    pub(crate) fn blocks(&self) -> [CheckedBlock; 2] {
        [1, 2].map(|view| {
            let header = BlockHeader {
                view: View::new(self.parent.view.get() + view),
                height: self.parent.height.next(),
                parent: self.parent.hash(),
                executed: ExecutedRoot { height: self.parent.height, root: self.state.root() },
                epoch: self.epoch,
                next_committee: self.next_committee,
                ..self.parent.clone()
            };
            CheckedBlock::build(header, Vec::new())
        })
    }

    /// The next block and its outcome.
    pub(crate) fn next(&mut self) -> (CheckedBlock, Outcome) {
        let [block, _] = self.blocks();
        let height = block.header().height;
        let number = height.get();
        let changes = (0..20).map(|i| {
            let changed = (i * 7 + number * 13) % 150;
            (key(changed), (i % 5 != 0).then(|| entry(number * 1000 + i)))
        });
        let changes = ChangeSet::new(changes.collect());
        let root = self.state.apply(&changes);
        self.parent = block.header().clone();
        let outcome = Outcome {
            height,
            hash: block.hash(),
            view: block.header().view,
            proposer: block.header().proposer,
            cert: CommitCert::genesis(block.header().vote_data()),
            receipts: (0..3).map(|i| receipt(height, i)).collect(),
            traces: vec![TxTrace::of_keys(vec![(key(number), Touch::READ)])],
            phase_events: PhaseEvents { events: vec![event(number); 2], left_out: number },
            skipped: 2,
            changes,
            root,
            candidates: Vec::new().into(),
        };
        (block, outcome)
    }
}

pub(crate) fn id(height: Height, index: u32) -> TxId {
    TxId(Hash32::of(Domain::TRANSACTION, &[&height.get().to_le_bytes(), &index.to_le_bytes()]))
}

fn event(number: u64) -> Event {
    let data = EventData::new(&number.to_le_bytes());
    Event { program: ProgramId::EXCHANGE, kind: 3, data }
}

fn receipt(height: Height, index: u32) -> Receipt {
    Receipt {
        id: id(height, index),
        outcome: heddle_types::Outcome::Ok,
        fee_paid: Amount::from_units(height.get()),
        deposit_paid: Amount::ZERO,
        events: Events::default(),
    }
}

/// Stores the next `heights` one by one.
pub(crate) fn extend(storage: &Storage, chain: &mut Chain, heights: u64) {
    for _ in 0..heights {
        let (block, outcome) = chain.next();
        storage.put_block(&block).unwrap();
        storage.put_outcome(&outcome).unwrap();
    }
}

/// Whether what was opened is exactly the chain up to `height`.
pub(crate) fn check(storage: &Storage, recovery: &Recovery, height: u64) {
    let mut chain = Chain::new();
    for number in 1..=height {
        let (block, outcome) = chain.next();
        let height = Height::new(number);
        assert_eq!(storage.final_block(height).unwrap().unwrap(), block.to_block());
        assert_eq!(storage.block(block.hash()).unwrap().unwrap(), block.to_block());
        assert_eq!(storage.receipts(height).unwrap().unwrap(), outcome.receipts);
        assert_eq!(storage.traces(height).unwrap().unwrap(), outcome.traces);
        assert_eq!(storage.phase_events(height).unwrap().unwrap(), outcome.phase_events);
        assert_eq!(storage.certificate(height).unwrap().unwrap(), outcome.cert);
        assert_eq!(storage.final_record(height).unwrap().unwrap(), outcome.record());
        for index in 0..3 {
            let found = storage.transaction(&id(height, index)).unwrap().unwrap();
            assert_eq!((found.height, found.index), (height, TxIndex::new(index)));
        }
    }
    assert_eq!(storage.last_final().height, Height::new(height));
    assert_eq!(recovery.last_final.header, chain.parent);
    assert_eq!(recovery.state.root(), chain.state.root());
    assert!(recovery.state.entries().eq(chain.state.entries()));
    assert_eq!(recovery.cert.data, chain.parent.vote_data());
    let (last, record) = recovery.recent.last().unwrap();
    assert_eq!((*last, record.root), (Height::new(height), chain.state.root()));
    assert_eq!((record.view, record.proposer), (chain.parent.view, chain.parent.proposer));
    assert_eq!(recovery.recent.len() as u64, (1 + height).min(RECENT_MAX));
}
