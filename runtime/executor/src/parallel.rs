//! Blocks on several threads, with the result of [`crate::Sequential`].
//!
//! A block's keys get numbers, all that is at them is fetched at once, and from there on nothing looks at a key:
//!
//! 1. **Begin** runs, then the **plan** pass numbers what the transactions declare, and says what is skipped.
//! 2. **Declared** transactions are the tasks of a planned run of the engine ([`heddle_engine::Engine`]); their values are entries.
//! 3. **Open** transactions follow, on what those left.
//! 4. Deposits and fees are **settled** in the order of execution, the other phases run, and the changes are collected.
//!
//! When the engine finds one of its invariants broken, everything is discarded and the block runs as [`crate::Sequential`]; its
//! [`BlockExecution`] says so.

use std::collections::BTreeSet;
use std::fmt;

use heddle_engine::Choice;
use heddle_engine::Config;
use heddle_engine::Engine;
use heddle_engine::Reason;
use heddle_engine::Report;
use heddle_engine::Tasks;
use heddle_sdk::Phase;
use heddle_sdk::Programs;
use heddle_sdk::native;
use heddle_types::AccessMode;
use heddle_types::Event;
use heddle_types::StateView;

use crate::block::BlockInput;
use crate::block::BlockOutcome;
use crate::block::Executor;
use crate::execution::BlockExecution;
use crate::execution::Recorder;
use crate::execution::Stage;
use crate::parallel::job::BlockJob;
use crate::parallel::job::Work;
use crate::parallel::plan::BlockPlan;
use crate::parallel::plan::BlockPlanner;
use crate::parallel::seats::Seats;
use crate::parallel::settle::Settled;
use crate::parallel::settle::Settlement;
use crate::parallel::table::Table;
use crate::parallel::table::TableState;
use crate::phases::Item;
use crate::phases::Outset;
use crate::phases::PhaseRun;
use crate::residents::KeptResidents;
use crate::sequential::Sequential;
use crate::transaction::Runner;
use crate::transaction::Scratch;

mod hashes;
mod interner;
mod job;
mod late;
mod open;
mod order;
mod plan;
mod seats;
mod settle;
mod table;

/// Executes blocks on several threads. Keeps its threads and its memory from block to block.
pub struct Parallel {
    config: Config,
    engine: Engine<BlockJob>,
    table: Table,
    planner: BlockPlanner,
    scratch: Scratch,
    was_present: Vec<bool>,
    residents: KeptResidents,
    last: BlockExecution,
}

/// The engine gave up.
struct Broken;

impl Executor for Parallel {
    fn execute(
        &mut self,
        programs: &Programs,
        state: &dyn StateView,
        block: &BlockInput<'_>,
    ) -> BlockOutcome {
        if self.config.threads == 1 {
            return self.execute_here(programs, state, block);
        }
        // On a thread of the pool that what has many parts is spread over: from there one thread less has to be woken for each.
        rayon::scope(|_| self.execute_here(programs, state, block))
    }

    fn last_execution(&self) -> BlockExecution {
        self.last.clone()
    }
}

impl Parallel {
    /// With these settings.
    ///
    /// # Panics
    /// When the system gives no threads.
    pub fn new(config: Config) -> Self {
        Self {
            config,
            engine: Engine::new(config),
            table: Table::new(config.threads),
            planner: BlockPlanner::default(),
            scratch: Scratch::default(),
            was_present: Vec::new(),
            residents: KeptResidents::default(),
            last: BlockExecution::default(),
        }
    }

    /// Keeps at most so many resident objects in memory from here on; [`heddle_sdk::limits::RESIDENTS_KEPT_MAX`] if nobody says. More take more memory, fewer
    /// are loaded more often; no result depends on it.
    pub fn set_residents_max(&mut self, max: usize) {
        self.residents.set_max(max);
    }

    /// How many resident objects are in memory.
    pub fn residents(&self) -> usize {
        self.residents.len()
    }

    /// What is wrong with the first resident object in memory that is not what its program loads from `state`, which is that after the last
    /// block; none when all are as they have to be. For tests and tools: it loads them all.
    pub fn check_residents(&self, state: &dyn StateView) -> Option<String> {
        self.residents.first_difference(state)
    }

    fn execute_here(
        &mut self,
        programs: &Programs,
        state: &dyn StateView,
        block: &BlockInput<'_>,
    ) -> BlockOutcome {
        let clock = self.config.clock;
        let recorder = Recorder::start(clock);
        let runner = Runner { programs, block: block.info() };
        self.residents.begin(programs);
        let events = Vec::new();
        let execution = Execution { parallel: self, runner, state, recorder, events };
        execution.all(block).unwrap_or_else(|Broken| {
            let mut sequential = clock.map_or_else(Sequential::default, Sequential::with_clock);
            let outcome = sequential.execute(programs, state, block);
            self.last = BlockExecution { reason: Reason::Broken, ..sequential.last_execution() };
            outcome
        })
    }
}

impl fmt::Debug for Parallel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parallel").field("config", &self.config).finish_non_exhaustive()
    }
}

/// A block that is being executed.
struct Execution<'a> {
    parallel: &'a mut Parallel,
    runner: Runner<'a>,
    state: &'a dyn StateView,
    recorder: Recorder,
    events: Vec<Event>,
}

impl Execution<'_> {
    fn all(mut self, block: &BlockInput<'_>) -> Result<BlockOutcome, Broken> {
        let mut settled = Settled::default();
        self.parallel.table.begin();
        self.phase(Phase::Begin, &mut settled)?;
        let mut plan = BlockPlan::default();
        let Parallel { planner, table, .. } = &mut *self.parallel;
        planner.plan(self.runner.programs, self.state, block, (table, &mut plan));
        let open = std::mem::take(&mut plan.open);
        let (ids, skipped) = (std::mem::take(&mut plan.ids), std::mem::take(&mut plan.skipped));
        settled.receipts.reserve_exact(ids.len());
        settled.traces.reserve_exact(ids.len());
        settled.indices.reserve_exact(ids.len());
        self.recorder.end_stage(Stage::Plan, block.transactions.len());
        self.declared(plan, &mut settled)?;
        self.open(&open, &mut settled);
        self.recorder.end_stage(Stage::Open, open.len());
        for phase in Phase::AFTER_TRANSACTIONS {
            self.phase(phase, &mut settled)?;
        }
        let Self {
            parallel: Parallel { table, config, last, .. },
            state,
            mut recorder,
            events,
            ..
        } = self;
        table.credit(native::fee_collector(), settled.fees.signed());
        let (receipts, traces) = settled.into_block_order();
        let outcome = BlockOutcome {
            transaction_ids: ids,
            receipts_root: hashes::receipts_root(&receipts, config.threads),
            receipts,
            traces,
            skipped,
            phase_events: events,
            changes: table.finish(state),
        };
        recorder.end_stage(Stage::Finish, outcome.changes.len());
        *last = recorder.finish();
        Ok(outcome)
    }

    fn declared(&mut self, plan: BlockPlan, settled: &mut Settled) -> Result<(), Broken> {
        let BlockPlan { declared, tasks, .. } = plan;
        let (job, report) = self.run(Work::Transactions(declared), tasks)?;
        let Parallel { engine, table, was_present, .. } = &mut *self.parallel;
        self.recorder.add(&report, table.named(&report.conflicts));
        let Work::Transactions(transactions) = job else { unreachable!("as it was given") };
        let outputs = engine.outputs();
        let mut settlement = Settlement::new(table, was_present, outputs);
        for (planned, output) in transactions.iter().zip(outputs) {
            settlement.settle(planned.index, output, settled);
        }
        self.recorder.end_stage(Stage::Declared, transactions.len());
        Ok(())
    }

    fn phase(&mut self, phase: Phase, settled: &mut Settled) -> Result<(), Broken> {
        let Parallel { table, config, residents, .. } = &mut *self.parallel;
        let (runner, inboxes) = (self.runner, &settled.inboxes);
        let state = &TableState { table, before: self.state };
        let items = Outset { runner, phase, state, inboxes }.plan_items(config.threads);
        let count = items.len();
        let is_alone = items.len() < 2 || config.choice == Choice::Sequential;
        if is_alone || fills_inboxes(&items) || residents.is_outnumbered(&items) {
            self.items_in_order(items, settled);
        } else {
            self.items_together(items, settled)?;
        }
        self.recorder.end_stage(Stage::Phase(phase), count);
        Ok(())
    }

    fn items_in_order(&mut self, items: Vec<Item>, settled: &mut Settled) {
        let Parallel { table, scratch, residents, .. } = &mut *self.parallel;
        PhaseRun {
            runner: self.runner,
            state: &mut TableState { table, before: self.state },
            inboxes: &mut settled.inboxes,
            events: &mut self.events,
            kept: Some(residents),
            scratch,
        }
        .run_items(items);
    }

    fn items_together(
        &mut self,
        mut items: Vec<Item>,
        settled: &mut Settled,
    ) -> Result<(), Broken> {
        let Parallel { table, residents, engine, config, .. } = &mut *self.parallel;
        let mut tasks = Tasks::default();
        for item in &mut items {
            let inbox = item.work.inbox.as_ref();
            item.inbox = inbox.map(|key| settled.inboxes.take(key)).unwrap_or_default();
            plan::declare_item(&item.work.access, table, &mut tasks);
        }
        table.fetch(self.state);
        let state = TableState { table, before: self.state };
        let seats = Seats::fill(self.runner.programs, &items, residents, &state);
        let before = if seats.is_empty() { Vec::new() } else { table.changeable(&items) };
        engine.config().speculate = config.speculate && seats.is_empty();
        let ran = self.run(Work::Items(items, seats), tasks);
        self.parallel.engine.config().speculate = self.parallel.config.speculate;
        let (work, report) = ran?;
        let Parallel { engine, table, was_present, residents, .. } = &mut *self.parallel;
        self.recorder.add_items(&report, table.named(&report.conflicts));
        let Work::Items(items, seats) = work else { unreachable!("as it was given") };
        seats.clear(residents);
        let outputs = engine.outputs();
        if outputs.iter().any(|output| output.is_void) {
            table.restore(before);
            self.items_in_order(items, settled);
            return Ok(());
        }
        let rare = outputs.iter_mut().filter_map(|output| output.rare.as_deref_mut());
        let mut parts: Vec<_> = rare.flat_map(|rare| std::mem::take(&mut rare.parts)).collect();
        let mut settlement = Settlement::new(table, was_present, outputs);
        for (item, output) in items.iter().zip(outputs) {
            settlement.settle_item(item, output, &mut settled.inboxes, &mut self.events);
        }
        table.put_parts(self.state, &mut parts);
        Ok(())
    }

    /// Runs tasks on the table's values, and gives the work back. Outputs are in the engine.
    fn run(&mut self, work: Work, tasks: Tasks) -> Result<(Work, Report), Broken> {
        let Parallel { engine, table, was_present, planner, .. } = &mut *self.parallel;
        was_present.clear();
        was_present.extend(table.now.iter().map(Option::is_some));
        let job = BlockJob {
            programs: self.runner.programs.clone(),
            block: self.runner.block,
            work,
            tasks,
            start: std::mem::take(&mut table.start),
        };
        let report = engine.run(&job, &job.tasks, &mut table.now);
        table.start = job.start;
        planner.recycle(job.tasks);
        Ok((job.work, report.map_err(|_| Broken)?))
    }
}

/// Whether an item may append to an inbox that an item of the same phase is handed: what that one gets depends on the order in which they
/// run, which no declaration says.
fn fills_inboxes(items: &[Item]) -> bool {
    let handed: BTreeSet<_> = items.iter().filter_map(|item| item.work.inbox).collect();
    items
        .iter()
        .flat_map(|item| item.work.access.iter())
        .any(|(key, mode)| mode.allows(AccessMode::Append) && handed.contains(key))
}
