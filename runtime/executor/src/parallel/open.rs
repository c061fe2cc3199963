//! Open transactions as tasks of the engine's Block-STM.

use std::cell::RefCell;

use heddle_engine::Choice;
use heddle_engine::Config;
use heddle_engine::Key;
use heddle_engine::OpenEngine;
use heddle_engine::OpenJob;
use heddle_engine::OpenView;
use heddle_engine::Reason;
use heddle_engine::Report;
use heddle_engine::Task;
use heddle_sdk::Base;
use heddle_sdk::Blocked;
use heddle_types::Entry;
use heddle_types::StateKey;
use heddle_types::fingerprint;

use crate::effects::Added;
use crate::effects::Write;
use crate::overlay::Overlay;
use crate::parallel::Execution;
use crate::parallel::Parallel;
use crate::parallel::job;
use crate::parallel::job::Output;
use crate::parallel::job::Rare;
use crate::parallel::late::LateKeys;
use crate::parallel::plan::PlannedTx;
use crate::parallel::settle::Settled;
use crate::parallel::settle::Settlement;
use crate::parallel::table::Table;
use crate::parallel::table::TableState;
use crate::transaction;
use crate::transaction::Ran;
use crate::transaction::Runner;
use crate::transaction::Scratch;

/// Open transactions that are expected to take less than this each are not run together: Block-STM takes about half as long for
/// what it does besides.
const COST_MIN_NS: u64 = 1_000;
/// Nor are those that take less than this in all: threads are woken, and memory is taken, for each block that has some.
const TOTAL_MIN_NS: u64 = 1_000_000;

impl Execution<'_> {
    /// Runs the open part.
    pub(super) fn open(&mut self, transactions: &[PlannedTx], settled: &mut Settled) {
        if transactions.is_empty() {
            return;
        }
        match self.why_alone(transactions) {
            None => self.open_together(transactions, settled),
            Some(reason) => {
                transactions.iter().for_each(|planned| self.open_alone(planned, settled));
                let tasks = u32::try_from(transactions.len()).unwrap_or(u32::MAX);
                let executions = u64::from(tasks);
                let report = Report { reason, threads: 1, tasks, executions, ..Report::default() };
                self.recorder.add(&report, []);
            }
        }
    }

    /// Why open transactions run one after the other, if they do.
    fn why_alone(&self, transactions: &[PlannedTx]) -> Option<Reason> {
        let config = self.parallel.config;
        let costs = transactions.iter().map(|planned| planned.planned().declared.cost);
        let total = costs.fold(0, u64::saturating_add);
        let each = total / u64::try_from(transactions.len()).unwrap_or(u64::MAX).max(1);
        match config.choice {
            Choice::Sequential => Some(Reason::Asked),
            Choice::Planned => None,
            Choice::Auto if config.threads == 1 => Some(Reason::OneThread),
            Choice::Auto if each < COST_MIN_NS || total < TOTAL_MIN_NS => Some(Reason::LittleWork),
            Choice::Auto => None,
        }
    }

    fn open_alone(&mut self, planned: &PlannedTx, settled: &mut Settled) {
        let Parallel { table, scratch, .. } = &mut *self.parallel;
        let mut state = TableState { table, before: self.state };
        let planned = planned.planned();
        let Ok(mut ran) = transaction::run(self.runner, &state, &planned, scratch) else {
            unreachable!("everything is known when one runs after the other");
        };
        let mut effects = std::mem::take(&mut scratch.effects);
        let kept = state.apply(&mut effects, |slot| *scratch.key(&planned, slot));
        ran.receipt.deposit_paid =
            ran.receipt.deposit_paid.checked_add(kept).expect("deposits are part of the supply");
        settled.take_appends(planned.index, effects.appends.drain(..));
        scratch.effects = effects;
        settled.push(planned.index, ran);
    }

    /// By an engine that is made for this block alone, because its type names how long the job lives: that takes threads and memory
    /// anew, which is why little work is not worth it.
    fn open_together(&mut self, transactions: &[PlannedTx], settled: &mut Settled) {
        let Parallel { table, was_present, config, .. } = &mut *self.parallel;
        let late = LateKeys::new(table.keys().len(), self.state);
        let job = OpenTransactions { runner: self.runner, transactions, table, late };
        let (mut done, late) = job.run(*config);
        was_present.clear();
        was_present.extend(table.now.iter().map(Option::is_some));
        let numbers = late.join(table, was_present);
        for rare in done.outputs.iter_mut().filter_map(|output| output.rare.as_deref_mut()) {
            rare.marks.iter_mut().for_each(|(key, _)| *key = numbers.of(*key));
        }
        let mut settlement = Settlement::new(table, was_present, &done.outputs);
        for (planned, output) in transactions.iter().zip(&mut done.outputs) {
            settlement.settle(planned.index, output, settled);
        }
        for (key, entry) in done.writes {
            table.now[numbers.of(key).index()] = entry;
        }
        self.recorder.add(&done.report, table.named(&done.report.conflicts));
    }
}

/// What open transactions left.
struct Done {
    outputs: Vec<Output>,
    /// What there is now at each key that was changed.
    writes: Vec<(Key, Option<Entry>)>,
    report: Report,
}

/// A block's open transactions. Keys get numbers as they are met.
struct OpenTransactions<'a, 's> {
    runner: Runner<'a>,
    transactions: &'a [PlannedTx],
    /// The keys that were declared, and what the declared transactions left.
    table: &'a Table,
    late: LateKeys<'s>,
}

impl<'s> OpenTransactions<'_, 's> {
    fn run(self, config: Config) -> (Done, LateKeys<'s>) {
        let done = {
            let mut engine = OpenEngine::new(config);
            let tasks = u32::try_from(self.transactions.len()).expect("a block has 10,000 at most");
            let report = engine.run(&self, tasks);
            let mut writes = Vec::new();
            engine.writes(|key, entry| writes.push((key, entry)));
            let outputs = engine.outputs().iter_mut().map(std::mem::take).collect();
            Done { outputs, writes, report }
        };
        (done, self.late)
    }

    fn number(&self, key: &StateKey) -> Key {
        let fingerprint = fingerprint(key);
        match self.table.find_hashed(key, fingerprint) {
            Some(number) => Key::new(number),
            None => self.late.number(key, fingerprint),
        }
    }

    /// What was at a key when the block began.
    fn at_start<T>(&self, key: Key, look: impl FnOnce(Option<&Entry>) -> T) -> T {
        match self.table.start.get(key.index()) {
            Some(entry) => look(entry.as_ref()),
            None => self.late.entry(key, look),
        }
    }
}

impl OpenJob for OpenTransactions<'_, '_> {
    type Value = Option<Entry>;
    type Delta = Added;
    type Output = Output;
    type Scratch = Scratch;

    fn base(&self, key: Key) -> Option<Entry> {
        match self.table.now.get(key.index()) {
            Some(entry) => entry.clone(),
            None => self.late.entry(key, |entry| entry.cloned()),
        }
    }

    fn fold(&self, key: Key, value: &mut Option<Entry>, added: &Added) {
        self.at_start(key, |at_start| job::fold(at_start, value, added));
    }

    fn run<V>(
        &self,
        task: Task,
        view: &mut V,
        scratch: &mut Scratch,
    ) -> Result<Output, heddle_engine::Blocked>
    where
        V: OpenView<Value = Option<Entry>, Delta = Added>,
    {
        let planned = self.transactions[task.index()].planned();
        let base = Viewed { job: self, view: RefCell::new(&mut *view) };
        let ran: Ran = transaction::run(self.runner, &base, &planned, scratch)
            .map_err(|Blocked(task)| heddle_engine::Blocked(Task::new(task)))?;
        let mut effects = std::mem::take(&mut scratch.effects);
        let number = |slot| self.number(scratch.key(&planned, slot));
        let rare = Rare::of(&mut effects, number);
        for (slot, write) in effects.writes.drain(..) {
            match write {
                Write::Put(entry) => view.write(number(slot), Some(entry)),
                Write::Delete => view.write(number(slot), None),
                Write::Add(added) => view.add(number(slot), added),
            }
        }
        scratch.effects = effects;
        Ok(Output { ran: Some(ran), rare, is_void: false })
    }
}

/// What an open transaction stands on.
struct Viewed<'a, V> {
    job: &'a OpenTransactions<'a, 'a>,
    view: RefCell<&'a mut V>,
}

impl<V> Base for Viewed<'_, V>
where
    V: OpenView<Value = Option<Entry>, Delta = Added>,
{
    fn entry<'s>(
        &'s self,
        key: &StateKey,
        _slot: Option<usize>,
        copy: &'s mut Option<Entry>,
    ) -> Result<Option<&'s Entry>, Blocked> {
        let number = self.job.number(key);
        let read = self.view.borrow_mut().read(number);
        *copy = read.map_err(|blocked| Blocked(blocked.0.get()))?;
        Ok(copy.as_ref())
    }

    fn was_there(&self, key: &StateKey, _slot: Option<usize>) -> bool {
        self.job.at_start(self.job.number(key), |entry| entry.is_some())
    }
}
