//! The specification of execution: one transaction after the other.
//!
//! The result of a block is the result of this, byte for byte, for any executor, number of threads and timing. In order:
//!
//! 1. **Phase begin** runs ([`Phase::Begin`]).
//! 2. **Plan.** Items with a bad signature, for another chain, past their height, or not next in their lane are *skipped*: no
//!    receipt, no fee, no nonce used. The others have a place in the block's ids, and their nonce is used up whatever
//!    becomes of them. A lane that has an open transaction runs in the open part from there on.
//! 3. **Declared** transactions run in block order, then the **open** part, also in block order. For each:
//!    1. The maximum fee is debited from the payer. If it does not have that, or the maximum is below the fee that the envelope
//!       and the declaration cost, no call runs, and what remains is taken, up to that fee and that maximum.
//!    2. The calls run, each on the effects of those before it. An undeclared access, a limit, a refusal or a panic fails the
//!       transaction: all effects go, the fee stays.
//!    3. The unused part of the maximum fee returns, and deposits are taken for keys that were created, outgrew theirs, or may
//!       be created by an add. If the payer cannot pay them, the transaction fails too.
//!    4. Effects are applied; adds are summed up; appended entries go to their inboxes by block position.
//! 4. **Phases** match, settle, risk and fold run, item by item. An item's resident object is loaded from its parts, and the parts that
//!    changed are put when the item has succeeded.
//! 5. **Block end.** Deposits given back and reservations not needed go to who paid them, all fees to the collector.

use heddle_engine::Report;
use heddle_sdk::Inboxes;
use heddle_sdk::Phase;
use heddle_sdk::Programs;
use heddle_sdk::native;
use heddle_types::Amount;
use heddle_types::Event;
use heddle_types::StateView;
use heddle_types::receipts_root;

use crate::block::BlockInput;
use crate::block::BlockOutcome;
use crate::block::Executor;
use crate::block_state::BlockState;
use crate::execution::BlockExecution;
use crate::execution::Clock;
use crate::execution::Recorder;
use crate::execution::Stage;
use crate::overlay::Overlay;
use crate::phases::PhaseRun;
use crate::plan;
use crate::plan::Planned;
use crate::transaction;
use crate::transaction::Ran;
use crate::transaction::Runner;
use crate::transaction::Scratch;

/// Executes one transaction after the other.
#[derive(Clone, Debug, Default)]
pub struct Sequential {
    clock: Option<Clock>,
    last: BlockExecution,
}

impl Sequential {
    /// With a clock by which stages are timed; the default has none.
    pub fn with_clock(clock: Clock) -> Self {
        Self { clock: Some(clock), ..Self::default() }
    }
}

impl Executor for Sequential {
    fn execute(
        &mut self,
        programs: &Programs,
        state: &dyn StateView,
        block: &BlockInput<'_>,
    ) -> BlockOutcome {
        let mut recorder = Recorder::start(self.clock);
        let runner = Runner { programs, block: block.info() };
        let mut run = BlockRun::new(runner, state);
        let items = run.phase(Phase::Begin);
        recorder.end_stage(Stage::Phase(Phase::Begin), items);

        let plan = plan::plan(programs, state, block);
        recorder.end_stage(Stage::Plan, block.transactions.len());
        let mut done = Vec::with_capacity(plan.ids.len());
        for (stage, part) in [(Stage::Declared, &plan.declared), (Stage::Open, &plan.open)] {
            done.extend(part.iter().map(|planned| (planned.index, run.transaction(planned))));
            recorder.end_stage(stage, part.len());
        }
        recorder.add(&in_order(plan.ids.len()), []);

        for phase in Phase::AFTER_TRANSACTIONS {
            let items = run.phase(phase);
            recorder.end_stage(Stage::Phase(phase), items);
        }

        run.state.credit_at_end(native::fee_collector(), run.fees);
        done.sort_by_key(|(index, _)| *index);
        let done = done.into_iter().map(|(_, Ran { receipt, trace })| (receipt, trace));
        let (receipts, traces): (Vec<_>, Vec<_>) = done.unzip();
        let outcome = BlockOutcome {
            transaction_ids: plan.ids,
            receipts_root: receipts_root(&receipts),
            receipts,
            traces,
            skipped: plan.skipped,
            phase_events: run.phase_events,
            changes: run.state.finish(plan.nonces),
        };
        recorder.end_stage(Stage::Finish, outcome.changes.len());
        self.last = recorder.finish();
        outcome
    }

    fn last_execution(&self) -> BlockExecution {
        self.last.clone()
    }
}

/// The report of transactions that ran one after the other.
fn in_order(transactions: usize) -> Report {
    let tasks = u32::try_from(transactions).unwrap_or(u32::MAX);
    Report { threads: 1, tasks, executions: u64::from(tasks), ..Report::default() }
}

/// A block that is being executed.
pub(crate) struct BlockRun<'a> {
    runner: Runner<'a>,
    pub(crate) state: BlockState<'a>,
    inboxes: Inboxes,
    fees: Amount,
    phase_events: Vec<Event>,
    scratch: Scratch,
}

impl<'a> BlockRun<'a> {
    pub(crate) fn new(runner: Runner<'a>, state: &'a dyn StateView) -> Self {
        Self {
            runner,
            state: BlockState::new(state),
            inboxes: Inboxes::default(),
            fees: Amount::ZERO,
            phase_events: Vec::new(),
            scratch: Scratch::default(),
        }
    }

    /// How many items it had.
    fn phase(&mut self, phase: Phase) -> usize {
        PhaseRun {
            runner: self.runner,
            state: &mut self.state,
            inboxes: &mut self.inboxes,
            events: &mut self.phase_events,
            kept: None,
            scratch: &mut self.scratch,
        }
        .run(phase)
    }

    /// Runs a transaction and applies what it does.
    pub(crate) fn transaction(&mut self, planned: &Planned<'_>) -> Ran {
        let Ok(mut ran) = transaction::run(self.runner, &self.state, planned, &mut self.scratch)
        else {
            unreachable!("everything is known when one runs after the other");
        };
        let supply = "fees and deposits are part of the native supply";
        let receipt = &mut ran.receipt;
        self.fees = self.fees.checked_add(receipt.fee_paid).expect(supply);
        let mut effects = std::mem::take(&mut self.scratch.effects);
        let kept = self.state.apply(&mut effects, |slot| *self.scratch.key(planned, slot));
        receipt.deposit_paid = receipt.deposit_paid.checked_add(kept).expect(supply);
        for appended in effects.appends.drain(..) {
            self.inboxes.push(Phase::Transactions, planned.index.get(), appended);
        }
        self.scratch.effects = effects;
        ran
    }
}
