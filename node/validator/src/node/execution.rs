//! The execution thread: final blocks in order, one durable write for what waits together, then everyone is told.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

use crossbeam_channel::Receiver;
use heddle_executor::BlockExecution;
use heddle_executor::BlockInput;
use heddle_executor::BlockOutcome;
use heddle_executor::Executor;
use heddle_executor::Reason;
use heddle_executor::Stage;
use heddle_executor::StageTime;
use heddle_hotstuff::Executed;
use heddle_machine::Input;
use heddle_storage::Outcome;
use heddle_storage::PhaseEvents;
use heddle_types::CheckedBlock;
use heddle_types::ExecutedRoot;
use heddle_types::Hash32;
use heddle_types::TxId;
use heddle_validators::Members;
use heddle_validators::changed_members;

use crate::exit::Fatal;
use crate::node::blocks::BlockParts;
use crate::node::blocks::block_reply;
use crate::node::clock;
use crate::node::driver::DriverEvent;
use crate::node::driver::ExecuteJob;
use crate::node::inbox::Entrance;
use crate::node::markets::When;
use crate::node::receipts::BlockReceipts;
use crate::node::shared::Shared;

/// Blocks whose outcomes go into one write.
const GROUP_BLOCKS_MAX: usize = 64;
/// Transactions in them, about: a group ends with the block that passes it.
const GROUP_TXS_MAX: usize = 20_000;

/// Executes what comes until nobody sends any more.
///
/// State in memory runs ahead of the store within a group, but nothing of a group is said to be final before all of it is
/// durable.
pub(crate) fn run(
    shared: &Shared,
    mut executor: Box<dyn Executor>,
    jobs: &Receiver<ExecuteJob>,
    driver: &Entrance<DriverEvent>,
) -> Result<(), Fatal> {
    let mut log = Log { since: Instant::now(), blocks: 0, transactions: 0 };
    while let Ok(first) = jobs.recv() {
        let mut next = Some(first);
        let mut group = Vec::new();
        let mut transactions = 0;
        while let Some(job) = next {
            transactions += job.block.transactions().len();
            group.push(execute(shared, executor.as_mut(), job));
            let full = group.len() >= GROUP_BLOCKS_MAX || transactions >= GROUP_TXS_MAX;
            next = if full { None } else { jobs.try_recv().ok() };
        }
        // Blocks that came by catching up are not stored yet; the others are, and cost nothing here.
        let blocks = group.iter().map(|done| done.block.as_ref());
        shared.storage.put_blocks(blocks).map_err(|error| Fatal::of_storage(&error))?;
        let outcomes: Vec<Outcome> = group.iter().map(|done| done.outcome.clone()).collect();
        shared.storage.put_outcomes(&outcomes).map_err(|error| Fatal::of_storage(&error))?;
        for done in group {
            log.on_block(&done);
            announce(shared, driver, done);
        }
    }
    Ok(())
}

/// Says what was executed, once a second at most: under load there are hundreds of blocks in one.
struct Log {
    since: Instant,
    blocks: u64,
    transactions: usize,
}

impl Log {
    const INTERVAL: Duration = Duration::from_millis(900);

    fn on_block(&mut self, done: &Done) {
        let height = done.outcome.height.get();
        let view = done.block.header().view.get();
        tracing::debug!(height, view, txs = done.ids.len(), root = ?done.outcome.root, "executed");
        self.blocks += 1;
        self.transactions += done.ids.len();
        if self.since.elapsed() >= Self::INTERVAL {
            let (blocks, txs) = (self.blocks, self.transactions);
            tracing::info!(height, view, blocks, txs, root = ?done.outcome.root, "executed");
            *self = Self { since: Instant::now(), blocks: 0, transactions: 0 };
        }
    }
}

/// An executed block that is not durable yet.
struct Done {
    block: Arc<CheckedBlock>,
    ids: Vec<TxId>,
    receipts_root: Hash32,
    skipped: Vec<u32>,
    outcome: Outcome,
    execution: BlockExecution,
    /// Who the validators are to be, if the block changed that.
    members: Option<Members>,
}

fn execute(shared: &Shared, executor: &mut dyn Executor, job: ExecuteJob) -> Done {
    let ExecuteJob { block, cert } = job;
    let started = Instant::now();
    let (outcome, prepared, began_root) = {
        let state = shared.state.read();
        let input = BlockInput { header: block.header(), transactions: block.transactions() };
        let outcome = executor.execute(&shared.programs, &*state, &input);
        let began_root = clock::nanos();
        let prepared = state.prepare(&outcome.changes);
        (outcome, prepared, began_root)
    };
    let root = {
        let mut state = shared.state.write();
        state.commit(prepared);
        shared.executed_height.store(block.header().height.get(), Ordering::SeqCst);
        state.root()
    };
    shared.metrics.execution_seconds.observe(started.elapsed().as_secs_f64());
    let mut execution = executor.last_execution();
    if execution.reason == Reason::Broken {
        let height = block.header().height.get();
        tracing::error!(
            height,
            "parallel execution broke and the block was run again in order: a bug"
        );
    }
    execution.stages.push(StageTime {
        stage: Stage::Root,
        items: outcome.changes.len() as u64,
        nanos: clock::nanos().saturating_sub(began_root),
    });
    let BlockOutcome {
        transaction_ids,
        receipts,
        traces,
        skipped,
        phase_events,
        changes,
        receipts_root,
    } = outcome;
    let skipped: Vec<u32> = skipped.into_iter().map(|skip| skip.0).collect();
    let members = changed_members(&changes);
    if let Some(members) = &members {
        *shared.candidates.write() = members.validators().into();
    }
    let outcome = Outcome {
        height: block.header().height,
        hash: block.hash(),
        view: block.header().view,
        proposer: block.header().proposer,
        cert,
        receipts,
        traces,
        phase_events: PhaseEvents::kept_of(phase_events),
        // A block has at most 10,000 transactions.
        skipped: u32::try_from(skipped.len()).unwrap_or(u32::MAX),
        changes,
        root,
        candidates: Arc::clone(&shared.candidates.read()),
    };
    Done { block, ids: transaction_ids, receipts_root, skipped, outcome, execution, members }
}

fn announce(shared: &Shared, driver: &Entrance<DriverEvent>, done: Done) {
    let Done { block, ids, receipts_root, skipped, outcome, execution, members } = done;
    let executed = ExecutedRoot { height: outcome.height, root: outcome.root };
    shared.metrics.execution.on_block(&execution);
    // Before the height is final here: whoever hears of it can ask what happened.
    shared.executions.insert(executed.height, Arc::new(execution));
    let when = When { height: executed.height, time: block.header().time };
    shared.history.on_block(when, &outcome.phase_events.events);
    *shared.durable.write() = executed;
    shared.head.on_final(executed.height, &outcome.cert);
    let header = block.header();
    let waited_ms = clock::wall().get().saturating_sub(header.time.get());
    let metrics = &shared.metrics;
    metrics.blocks_final.inc();
    metrics.transactions_final.inc_by(ids.len() as u64);
    metrics.transactions_skipped.inc_by(skipped.len() as u64);
    if !ids.is_empty() {
        metrics.on_commit(waited_ms, ids.len());
    }
    metrics.final_height.set(i64::try_from(executed.height.get()).unwrap_or(i64::MAX));
    shared.samples.on_block(executed.height, ids.len());
    let parts = BlockParts {
        header,
        hash: outcome.hash,
        ids,
        skipped: skipped.len() as u64,
        root: outcome.root,
        receipts_root,
        cert: &outcome.cert,
    };
    let block = block_reply(shared, parts);
    let Outcome { receipts, traces, phase_events, candidates, .. } = outcome;
    let receipts = BlockReceipts { receipts, traces, phase_events };
    // Before the block is told: whoever follows events asks for them then.
    shared.receipts.insert(executed.height, Arc::new(receipts));
    match block {
        Ok(Some(block)) => {
            if let Err(error) = shared.feed.publish(&block) {
                tracing::error!(%error, "a block could not be encoded for subscribers");
            }
        }
        Err(error) => tracing::error!(%error, "a block could not be told to subscribers"),
        Ok(None) => {
            tracing::error!(height = %executed.height, "a certificate names unknown signers");
        }
    }
    if let Some(members) = members {
        // Before the machine hears of it: whoever is to decide is dialled before it does.
        driver.tell(DriverEvent::Members(members));
    }
    let executed = Executed { root: executed, candidates };
    let input = Input::Executed { executed, skipped };
    driver.tell(DriverEvent::Input(input));
}
