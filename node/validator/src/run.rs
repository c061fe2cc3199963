//! Running and verifying one home, with the process's log and last line around it.

use std::io::Write;
use std::num::NonZeroU16;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;
use std::sync::Mutex;

use heddle_types::Height;
use serde::Serialize;
use tracing_subscriber::EnvFilter;

use crate::exit::ExitCode;
use crate::exit::Fatal;
use crate::home::Home;
use crate::home::HomeLock;
use crate::home::LogLevel;
use crate::home::NodeLog;
use crate::node;
use crate::node::Ended;
use crate::node::Role;

/// How a node is run.
#[derive(Clone, Copy, Debug, Default)]
pub struct RunOptions {
    /// Follow the chain without voting. A validator's home is refused with [`ExitCode::Usage`].
    pub follow: bool,
}

/// How a home is verified.
#[derive(Clone, Copy, Debug, Default)]
pub struct VerifyOptions {
    /// Threads for signatures, hashing and execution; as many as there are cores when none.
    pub threads: Option<NonZeroU16>,
    /// Execute with the specification of execution, one transaction after the other.
    pub sequential: bool,
}

/// What verifying found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VerifyReport {
    /// Where execution began: 0, genesis, or the height of a snapshot.
    pub from_height: u64,
    /// The last height that was executed and compared.
    pub height: u64,
    /// The root after it, as computed now.
    pub state_root: String,
    /// Whether all roots were reproduced.
    pub ok: bool,
    /// The first height whose outcome differs from what is stored or certified.
    pub first_bad_height: Option<u64>,
}

/// Runs the node of a home until it is asked to stop by SIGTERM or SIGINT, or cannot go on. The last line on stderr and in
/// `node.log` says why.
pub fn run(dir: &Path, options: &RunOptions) -> ExitCode {
    let mut log = NodeLog::open(dir);
    let prepared = prepare(dir, &log);
    let role = if options.follow { Role::Follower } else { Role::Validator };
    // The lock is held until the store is closed and the last line is written: whoever finds the home free finds it as it was left.
    let ended = match &prepared {
        Ok((home, _lock)) => node::run(home, role),
        Err(fatal) => Err(fatal.clone()),
    };
    let ended = ended.and_then(|ended| match ended {
        Ended::Stopped => Ok(()),
        Ended::ToBeginAgain => Err(begin_again(dir)),
    });
    match ended {
        Ok(()) => ExitCode::Ok,
        Err(fatal) => {
            // Nobody is left to be told when the log cannot be written.
            let _ = writeln!(log, "{fatal}");
            fatal.code
        }
    }
}

/// Becomes a new run of this program with the same arguments; the system lets go of the home, the ports and the database's threads.
/// Returns only when that fails.
fn begin_again(dir: &Path) -> Fatal {
    tracing::info!("beginning again with the snapshot");
    let program = std::env::current_exe();
    let error = match program {
        Ok(program) => Command::new(program).args(std::env::args_os().skip(1)).exec(),
        Err(error) => error,
    };
    Fatal {
        code: ExitCode::Failed,
        path: dir.to_owned(),
        found: format!("a snapshot to begin again with, and no way to do so ({error})"),
        expected: "this program where it was started from".to_owned(),
        remedy: "start the node again".to_owned(),
    }
}

/// Reads the home and takes it.
fn prepare(dir: &Path, log: &NodeLog) -> Result<(Home, HomeLock), Fatal> {
    let home = Home::load(dir).map_err(|error| error.to_fatal())?;
    let lock = home.lock().map_err(|error| error.to_fatal())?;
    start_log(home.config().log_level, log);
    Ok((home, lock))
}

fn start_log(level: LogLevel, log: &NodeLog) {
    let filter =
        format!("warn,heddle_validator={level},heddle_storage={level}", level = level.as_str());
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(filter))
        .with_ansi(false)
        .with_writer(Mutex::new(log.clone()))
        .finish();
    // A second node in one process, as in tests, logs where the first does.
    let _ = tracing::subscriber::set_global_default(subscriber);
    let log = Mutex::new(log.clone());
    std::panic::set_hook(Box::new(move |panic| {
        let backtrace = std::backtrace::Backtrace::force_capture();
        if let Ok(mut log) = log.lock() {
            let _ = writeln!(log, "panic: {panic}\n{backtrace}");
        }
    }));
}

/// The evidence that a home holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EvidenceReport {
    /// The genesis hash.
    pub chain_id: String,
    /// Each piece.
    pub evidence: Vec<EvidenceItem>,
}

/// A piece of evidence and whether it proves what it says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EvidenceItem {
    /// As `getEvidence` has it.
    #[serde(flatten)]
    pub evidence: heddle_rpc_api::Evidence,
    /// Whether both statements are of this chain, epoch and view, name different blocks, and bear the signer's signatures.
    pub verified: bool,
}

/// Reads and verifies the evidence that a home holds.
///
/// # Errors
/// When the home is in use, cannot be read, or its database is damaged.
pub fn export_evidence(dir: &Path) -> Result<EvidenceReport, Fatal> {
    let home = Home::load(dir).map_err(|error| error.to_fatal())?;
    let _lock = home.lock().map_err(|error| error.to_fatal())?;
    node::export_evidence(&home)
}

/// A snapshot that was taken or restored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SnapshotReport {
    /// The height of its state.
    pub height: u64,
    /// The root of its state.
    pub state_root: String,
    /// How many entries it has.
    pub entries: u64,
    /// How many chunks it has.
    pub chunks: usize,
    /// Bytes of its files.
    pub bytes: u64,
}

/// Writes a snapshot of a home's newest certified state into `out`, which must be absent or empty.
///
/// # Errors
/// When the home is in use, cannot be read, or its database is damaged; when there is no certified state yet; from writing.
pub fn snapshot(dir: &Path, out: &Path) -> Result<SnapshotReport, Fatal> {
    let home = Home::load(dir).map_err(|error| error.to_fatal())?;
    let _lock = home.lock().map_err(|error| error.to_fatal())?;
    node::snapshot(&home, out)
}

/// Makes the database of a home that has none of a snapshot, all of which is verified against the home's genesis.
///
/// # Errors
/// When the home is in use or has a database, the snapshot is damaged or not certified, naming the file; from writing.
pub fn restore(dir: &Path, from: &Path) -> Result<SnapshotReport, Fatal> {
    let home = Home::load(dir).map_err(|error| error.to_fatal())?;
    let _lock = home.lock().map_err(|error| error.to_fatal())?;
    node::restore(&home, from)
}

/// Executes a home's chain again, from genesis or the oldest snapshot of a home that does not have all blocks, and compares every root; `progress` is called after each height.
///
/// # Errors
/// When the home is in use, cannot be read, or its database is damaged.
pub fn verify(
    dir: &Path,
    options: &VerifyOptions,
    progress: impl Fn(Height),
) -> Result<VerifyReport, Fatal> {
    let home = Home::load(dir).map_err(|error| error.to_fatal())?;
    let _lock = home.lock().map_err(|error| error.to_fatal())?;
    if let Some(threads) = options.threads {
        // Fails only when a pool exists already, which then serves as well.
        let _ =
            rayon::ThreadPoolBuilder::new().num_threads(usize::from(threads.get())).build_global();
    }
    node::verify(&home, options, progress)
}
