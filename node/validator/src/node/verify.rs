//! `heddle node verify`: executes a home's chain again and compares every root: from genesis, or from the oldest snapshot of a home
//! that does not have all blocks.

use std::path::Path;
use std::sync::Arc;

use heddle_executor::BlockInput;
use heddle_executor::Executor;
use heddle_executor::Sequential;
use heddle_sdk::Programs;
use heddle_state::State;
use heddle_storage::Snapshot;
use heddle_storage::Storage;
use heddle_types::CheckedBlock;
use heddle_types::Height;
use heddle_types::StateRoot;

use crate::exit::Fatal;
use crate::home::ExecutionChoice;
use crate::home::Home;
use crate::node::beginning::Beginning;
use crate::node::clock;
use crate::node::executor;
use crate::node::fatal;
use crate::node::open;
use crate::node::snapshots;
use crate::run::VerifyOptions;
use crate::run::VerifyReport;

/// Verifies a home that this process has locked.
pub(crate) fn verify(
    home: &Home,
    options: &VerifyOptions,
    progress: impl Fn(Height),
) -> Result<VerifyReport, Fatal> {
    let beginning = Beginning::of(home)?;
    let db = home.db_path();
    let opened = Storage::open(&db, home.committee().chain());
    let (storage, _) = opened.map_err(|error| Fatal::of_storage(&error))?;

    let executor: Box<dyn Executor> = if options.sequential {
        Box::new(Sequential::default())
    } else {
        let threads = executor::threads(options.threads);
        executor::executor(threads, ExecutionChoice::Auto, clock::nanos)
    };
    let mut replay = Replay {
        executor,
        programs: open::programs(),
        state: State::empty(),
        storage: &storage,
        db: &db,
        first: Height::ZERO,
        roots: Vec::new(),
    };
    let last = storage.last_final().height;
    let right = match base(home, &beginning, &storage)? {
        None => replay.begin_at_genesis(&beginning)?,
        Some(snapshot) => replay.begin_at(&snapshot)?,
    };
    let first = replay.first;
    let mut done = first;
    let mut bad = (!right).then_some(first);
    while bad.is_none() && done < last {
        let height = done.next();
        if !replay.step(height)? {
            bad = Some(height);
        }
        done = height;
        progress(height);
    }
    Ok(VerifyReport {
        from_height: first.get(),
        height: done.get(),
        state_root: replay.state.root().to_string(),
        ok: bad.is_none(),
        first_bad_height: bad.map(Height::get),
    })
}

/// The chain so far, as it is executed again.
struct Replay<'a> {
    executor: Box<dyn Executor>,
    programs: Programs,
    state: State,
    storage: &'a Storage,
    db: &'a Path,
    /// Where it begins.
    first: Height,
    /// The root after each height from there on: what later headers say is compared with them.
    roots: Vec<StateRoot>,
}

/// The snapshot to begin with; none for genesis.
fn base(home: &Home, beginning: &Beginning, storage: &Storage) -> Result<Option<Snapshot>, Fatal> {
    let Some(lowest) = storage.oldest().prev() else { return Ok(None) };
    let kept = snapshots::kept(home)?;
    let height = kept.into_iter().find(|height| *height >= lowest);
    let height = height.ok_or_else(|| fatal::no_base(home, lowest))?;
    snapshots::open(home, beginning, &snapshots::path(home, height)).map(Some)
}

impl Replay<'_> {
    /// False when genesis is not the one that is stored.
    fn begin_at_genesis(&mut self, beginning: &Beginning) -> Result<bool, Fatal> {
        let root = self.state.apply(&beginning.changes);
        self.roots.push(root);
        let stored = self.storage.final_record(Height::ZERO).map_err(|e| Fatal::of_storage(&e))?;
        Ok(stored
            .is_some_and(|record| record.root == root && record.hash == beginning.header.hash()))
    }

    /// Takes the state from a snapshot, each chunk of which is verified. False when its root is not the one that is stored.
    fn begin_at(&mut self, snapshot: &Snapshot) -> Result<bool, Fatal> {
        let mut entries = Vec::new();
        for index in 0..snapshot.chunks() {
            entries.extend(snapshot.entries(index).map_err(|error| Fatal::of_storage(&error))?);
        }
        self.state = State::from_entries(entries);
        self.first = snapshot.root().height;
        self.roots.push(self.state.root());
        let stored = self.storage.final_record(self.first).map_err(|e| Fatal::of_storage(&e))?;
        let same = stored.is_none_or(|record| record.root == self.state.root());
        Ok(same && self.state.root() == snapshot.root().root)
    }

    /// Executes one height; false when something differs from what is stored or certified.
    fn step(&mut self, height: Height) -> Result<bool, Fatal> {
        let corrupt = |error: &dyn std::fmt::Display| fatal::corrupt(self.db, error);
        let record = self.storage.final_record(height).map_err(|e| Fatal::of_storage(&e))?;
        let block = self.storage.final_block(height).map_err(|e| Fatal::of_storage(&e))?;
        let (Some(record), Some(block)) = (record, block) else {
            return Err(corrupt(&format!("height {height} is missing")));
        };
        // All signatures are verified again.
        let block = CheckedBlock::check(block, |_, _| false).map_err(|error| corrupt(&error))?;
        let block = Arc::new(block);
        let input = BlockInput { header: block.header(), transactions: block.transactions() };
        let outcome = self.executor.execute(&self.programs, &self.state, &input);
        let root = self.state.apply(&outcome.changes);
        self.roots.push(root);
        let named = block.header().executed;
        let position = named.height.get().checked_sub(self.first.get());
        // What was before the beginning cannot be compared.
        let named_right = position.is_none_or(|position| {
            let position = usize::try_from(position).unwrap_or(usize::MAX);
            self.roots.get(position) == Some(&named.root)
        });
        Ok(named_right && root == record.root && outcome.receipts_root == record.receipts_root)
    }
}
