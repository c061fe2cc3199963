//! `heddle node verify`: executes a home's chain again, from genesis, and compares every root.

use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

use heddle_executor::BlockInput;
use heddle_executor::Executor;
use heddle_executor::Sequential;
use heddle_ledger::genesis_changes;
use heddle_sdk::Programs;
use heddle_state::State;
use heddle_storage::Storage;
use heddle_types::CheckedBlock;
use heddle_types::Height;
use heddle_types::StateRoot;

use crate::exit::Fatal;
use crate::home::Home;
use crate::node::fatal;
use crate::node::open;

/// What to verify.
#[derive(Clone, Debug)]
pub struct VerifyOptions {
    /// A home that is not running.
    pub home: PathBuf,
}

/// What verifying found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VerifyReport {
    /// Where execution began: 0, genesis.
    pub from_height: Height,
    /// The last height that was executed and compared; the home's last when all is well.
    pub height: Height,
    /// The root after it, as computed now.
    pub state_root: StateRoot,
    /// The first height whose outcome differs from what the home or a certificate says.
    pub first_bad_height: Option<Height>,
}

impl VerifyReport {
    /// Whether every root was reproduced.
    pub const fn is_ok(&self) -> bool {
        self.first_bad_height.is_none()
    }
}

/// Verifies a home; `progress` is called after each height.
///
/// # Errors
/// When the home is in use, cannot be read, or its database is damaged.
pub fn verify(options: &VerifyOptions, progress: impl Fn(Height)) -> Result<VerifyReport, Fatal> {
    let home = Home::load(&options.home).map_err(|error| error.to_fatal())?;
    let _lock = home.lock().map_err(|error| error.to_fatal())?;
    let db = home.db_path();
    let opened = Storage::open(&db, home.committee().chain());
    let (storage, _) = opened.map_err(|error| fatal::storage(&error))?;

    let mut replay = Replay {
        programs: open::programs(),
        state: State::empty(),
        storage: &storage,
        db: &db,
        headers: Vec::new(),
    };
    replay.state.apply(&genesis_changes(home.genesis()));
    let last = storage.last_final().height;
    let mut report = VerifyReport {
        from_height: Height::ZERO,
        height: Height::ZERO,
        state_root: replay.state.root(),
        first_bad_height: None,
    };
    if !replay.genesis_is_right(&home)? {
        report.first_bad_height = Some(Height::ZERO);
        return Ok(report);
    }
    while report.height < last {
        let height = report.height.next();
        let good = replay.step(height)?;
        report.height = height;
        report.state_root = replay.state.root();
        if !good {
            report.first_bad_height = Some(height);
            break;
        }
        progress(height);
    }
    Ok(report)
}

/// The chain so far, as it is executed again.
struct Replay<'a> {
    programs: Programs,
    state: State,
    storage: &'a Storage,
    db: &'a Path,
    /// The root after each height, by height: what later headers say is compared with them.
    headers: Vec<StateRoot>,
}

impl Replay<'_> {
    fn genesis_is_right(&mut self, home: &Home) -> Result<bool, Fatal> {
        let root = self.state.root();
        self.headers.push(root);
        let stored = self.storage.final_record(Height::ZERO).map_err(|e| fatal::storage(&e))?;
        Ok(stored.is_some_and(|record| {
            record.root == root && record.hash == home.genesis().header(root).hash()
        }))
    }

    /// Executes one height; false when something differs from what is stored or certified.
    fn step(&mut self, height: Height) -> Result<bool, Fatal> {
        let corrupt = |error: &dyn std::fmt::Display| fatal::corrupt(self.db, error);
        let record = self.storage.final_record(height).map_err(|e| fatal::storage(&e))?;
        let block = self.storage.final_block(height).map_err(|e| fatal::storage(&e))?;
        let (Some(record), Some(block)) = (record, block) else {
            return Err(corrupt(&format!("height {height} is missing")));
        };
        // All signatures are verified again.
        let block = CheckedBlock::check(block, |_, _| false).map_err(|error| corrupt(&error))?;
        let block = Arc::new(block);
        let input = BlockInput { header: block.header(), transactions: block.transactions() };
        let outcome = Sequential.execute(&self.programs, &self.state, &input);
        let root = self.state.apply(&outcome.changes);
        self.headers.push(root);
        let named = block.header().executed;
        let position = usize::try_from(named.height.get()).unwrap_or(usize::MAX);
        let named_right = self.headers.get(position) == Some(&named.root);
        Ok(named_right && root == record.root && outcome.receipts_root == record.receipts_root)
    }
}
