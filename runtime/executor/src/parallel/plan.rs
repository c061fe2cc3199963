//! The plan pass over numbered keys: what [`crate::plan`] says, and the tasks of the declared part.

use std::sync::Arc;

use heddle_engine::Key;
use heddle_engine::Mode;
use heddle_engine::Tasks;
use heddle_sdk::Programs;
use heddle_types::Access;
use heddle_types::AccessMode;
use heddle_types::AccessSet;
use heddle_types::CheckedTransaction;
use heddle_types::ProgramId;
use heddle_types::StateView;
use heddle_types::TxId;
use heddle_types::TxIndex;

use crate::block::BlockInput;
use crate::block::SkipReason;
use crate::declare;
use crate::parallel::table::Table;
use crate::plan;
use crate::plan::Lane;
use crate::plan::Planned;
use crate::plan::TakenIds;

/// A transaction that will have a receipt.
#[derive(Clone, Debug)]
pub(crate) struct PlannedTx {
    tx: Arc<CheckedTransaction>,
    pub(crate) index: TxIndex,
    is_open: bool,
}

impl PlannedTx {
    /// As what runs transactions takes it.
    pub(crate) fn planned(&self) -> Planned<'_> {
        let (body, id) = (&self.tx.transaction().body, self.tx.id());
        let declared = self.tx.known_declared().expect("it was asked for when this was planned");
        Planned { index: self.index, id, body, declared, is_open: self.is_open }
    }
}

/// A block, planned.
#[derive(Debug, Default)]
pub(crate) struct BlockPlan {
    /// In block order; run first.
    pub(crate) declared: Vec<PlannedTx>,
    /// What they declare.
    pub(crate) tasks: Tasks,
    /// In block order; run after the others.
    pub(crate) open: Vec<PlannedTx>,
    pub(crate) ids: Vec<TxId>,
    pub(crate) skipped: Vec<(u32, SkipReason)>,
}

/// Plans blocks. Its memory is used again for the next one.
#[derive(Debug, Default)]
pub(crate) struct BlockPlanner {
    /// The keys that the transactions declare, by number.
    numbers: Vec<(u32, Mode)>,
    /// Of each transaction, in block order.
    candidates: Vec<Candidate>,
    /// Lanes and the numbers of their keys.
    lanes: Vec<(u32, Lane)>,
    /// By number of a key, one more than the position of its lane.
    lane_of: Vec<u32>,
    /// Of an earlier block, for their memory.
    tasks: Tasks,
}

/// A transaction of the block, before it is known whether its nonce is the next.
#[derive(Clone, Copy, Debug)]
enum Candidate {
    Skipped(SkipReason),
    Checked {
        /// The number of the lane's key.
        lane: u32,
        sequence: u64,
        /// Where its keys end; they begin where those before it end.
        end: usize,
    },
}

impl BlockPlanner {
    /// Plans `block` on `state`, that before the block, and fetches everything that it declares.
    pub(crate) fn plan(
        &mut self,
        programs: &Programs,
        state: &dyn StateView,
        block: &BlockInput<'_>,
        (table, plan): (&mut Table, &mut BlockPlan),
    ) {
        plan.declared.reserve(block.transactions.len());
        plan.ids.reserve_exact(block.transactions.len());
        plan.tasks = std::mem::take(&mut self.tasks);
        self.number_keys(programs, block, table);
        table.fetch(state);
        self.lanes.clear();
        self.lane_of.clear();
        self.lane_of.resize(table.keys().len(), 0);
        plan.tasks.clear();
        let mut taken = TakenIds::default();
        let mut begin = 0;
        for position in 0..block.transactions.len() {
            let tx = &block.transactions[position];
            let admitted = match self.candidates[position] {
                Candidate::Skipped(reason) => Err(reason),
                Candidate::Checked { lane, sequence, end } => {
                    let keys = begin..end;
                    begin = end;
                    self.lane(lane, table).and_then_take(sequence).map(|lane| (lane, keys))
                }
            };
            let (lane, keys) = match admitted {
                Ok(admitted) => admitted,
                Err(reason) => {
                    let reason = taken.reason(&plan.ids, &tx.id(), reason);
                    let position = u32::try_from(position).expect("a block has 10,000 at most");
                    plan.skipped.push((position, reason));
                    continue;
                }
            };
            let is_open = tx.transaction().body.access == Access::Open;
            lane.is_open |= is_open;
            let index = TxIndex::new(u32::try_from(plan.ids.len()).unwrap_or(u32::MAX));
            plan.ids.push(tx.id());
            let planned = PlannedTx { tx: Arc::clone(tx), index, is_open };
            if lane.is_open {
                plan.open.push(planned);
            } else {
                for (number, mode) in &self.numbers[keys] {
                    plan.tasks.declare(Key::new(*number), *mode);
                }
                let cost = planned.planned().declared.cost;
                plan.tasks.end_task(u32::try_from(cost).unwrap_or(u32::MAX));
                plan.declared.push(planned);
            }
        }
        self.use_nonces(table);
    }

    /// Takes tasks back that are not needed any more, for their memory.
    pub(crate) fn recycle(&mut self, tasks: Tasks) {
        self.tasks = tasks;
    }

    /// Gives every key a number that a transaction declares which may run.
    fn number_keys(&mut self, programs: &Programs, block: &BlockInput<'_>, table: &mut Table) {
        self.numbers.clear();
        self.candidates.clear();
        for tx in block.transactions {
            let candidate = match plan::check_envelope(block, tx) {
                Err(reason) => Candidate::Skipped(reason),
                Ok((_, sequence)) => {
                    let declared = declare::declared_by(programs, tx);
                    let mut lane = 0;
                    for (slot, (key, mode, fingerprint)) in declared.set.iter_hashed().enumerate() {
                        if key.program() != ProgramId::SYSTEM {
                            self.numbers.push((table.intern(key, fingerprint), mode_of(mode)));
                        } else if declared.nonce_slot == Some(slot) {
                            lane = table.intern(key, fingerprint);
                        }
                    }
                    Candidate::Checked { lane, sequence, end: self.numbers.len() }
                }
            };
            self.candidates.push(candidate);
        }
    }

    fn lane(&mut self, number: u32, table: &Table) -> &mut Lane {
        let key = usize::try_from(number).expect("32 bits");
        if self.lane_of[key] == 0 {
            self.lanes.push((number, Lane::new(table.start[key].as_ref())));
            self.lane_of[key] = u32::try_from(self.lanes.len()).expect("fewer than keys");
        }
        let position = usize::try_from(self.lane_of[key]).expect("32 bits") - 1;
        &mut self.lanes[position].1
    }

    /// Nonces are used up whatever becomes of the calls.
    fn use_nonces(&self, table: &mut Table) {
        for (number, lane) in self.lanes.iter().filter(|(_, lane)| lane.is_used) {
            table.now[usize::try_from(*number).expect("32 bits")] = Some(lane.entry());
        }
    }
}

impl Lane {
    fn and_then_take(&mut self, sequence: u64) -> Result<&mut Self, SkipReason> {
        self.take(sequence).map(|()| self)
    }
}

/// Ends a task that declares what a phase's item does, whose keys get numbers.
pub(crate) fn declare_item(access: &AccessSet, table: &mut Table, tasks: &mut Tasks) {
    for (key, mode, fingerprint) in access.iter_hashed() {
        if key.program() != ProgramId::SYSTEM {
            tasks.declare(Key::new(table.intern(key, fingerprint)), mode_of(mode));
        }
    }
    tasks.end_task(ITEM_NANOS);
}

/// What an item of a phase is taken to cost, in nanoseconds.
const ITEM_NANOS: u32 = 5_000;

/// An inbox is not read or written by who appends to it; that it is declared keeps its slot.
const fn mode_of(mode: AccessMode) -> Mode {
    match mode {
        AccessMode::Read | AccessMode::Append => Mode::Read,
        AccessMode::Add => Mode::Add,
        AccessMode::Write => Mode::Write,
    }
}
