//! `heddle node verify`: executes a home's chain again, from genesis, and compares every root.

use std::path::Path;
use std::sync::Arc;

use heddle_executor::BlockInput;
use heddle_executor::Executor;
use heddle_executor::Sequential;
use heddle_sdk::Programs;
use heddle_state::State;
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
        headers: Vec::new(),
    };
    replay.state.apply(&beginning.changes);
    let last = storage.last_final().height;
    let mut done = Height::ZERO;
    let mut bad = None;
    if !replay.genesis_is_right(&beginning)? {
        bad = Some(Height::ZERO);
    }
    while bad.is_none() && done < last {
        let height = done.next();
        if !replay.step(height)? {
            bad = Some(height);
        }
        done = height;
        progress(height);
    }
    Ok(VerifyReport {
        from_height: 0,
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
    /// The root after each height, by height: what later headers say is compared with them.
    headers: Vec<StateRoot>,
}

impl Replay<'_> {
    fn genesis_is_right(&mut self, beginning: &Beginning) -> Result<bool, Fatal> {
        let root = self.state.root();
        self.headers.push(root);
        let stored = self.storage.final_record(Height::ZERO).map_err(|e| Fatal::of_storage(&e))?;
        Ok(stored
            .is_some_and(|record| record.root == root && record.hash == beginning.header.hash()))
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
        self.headers.push(root);
        let named = block.header().executed;
        let position = usize::try_from(named.height.get()).unwrap_or(usize::MAX);
        let named_right = self.headers.get(position) == Some(&named.root);
        Ok(named_right && root == record.root && outcome.receipts_root == record.receipts_root)
    }
}
