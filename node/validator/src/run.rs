//! Running and verifying one home.

use std::io::Write;
use std::num::NonZeroU16;
use std::path::Path;

use serde::Serialize;

use crate::exit::ExitCode;
use crate::exit::Fatal;
use crate::home::Home;
use crate::home::HomeLock;
use crate::home::NodeLog;

/// How a node is run.
#[derive(Clone, Copy, Debug, Default)]
pub struct RunOptions {
    /// Follow the chain without voting.
    pub follow: bool,
}

/// How a home is verified.
#[derive(Clone, Copy, Debug, Default)]
pub struct VerifyOptions {
    /// Threads to execute with; as many as there are cores when none.
    pub threads: Option<NonZeroU16>,
    /// One transaction after the other.
    pub sequential: bool,
}

/// What verifying found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VerifyReport {
    /// The first height compared.
    pub from_height: u64,
    /// The last.
    pub height: u64,
    /// The root after it.
    pub state_root: String,
    /// Whether all were right.
    pub ok: bool,
    /// The first that was not.
    pub first_bad_height: Option<u64>,
}

/// Runs the node in `dir` until it is asked to stop. The last line that it says is why it ended, if for another reason.
///
/// What is here takes the home and checks it; the driver, which goes on from there, is not built yet.
pub fn run(dir: &Path, _options: &RunOptions) -> ExitCode {
    let mut log = NodeLog::open(dir);
    let ended = open(dir).map_or_else(|fatal| fatal, |_| no_driver(dir));
    // A log that cannot be written is no reason to end otherwise.
    let _ = writeln!(log, "{ended}");
    ended.code
}

/// Executes the chain of the home in `dir` again.
///
/// # Errors
/// Whatever keeps the home from being read; always, as long as there is no driver.
pub fn verify(dir: &Path, _options: &VerifyOptions) -> Result<VerifyReport, Fatal> {
    open(dir).and_then(|_| Err(no_driver(dir)))
}

fn open(dir: &Path) -> Result<(Home, HomeLock), Fatal> {
    let home = Home::load(dir).map_err(|error| error.to_fatal())?;
    let lock = home.lock().map_err(|error| error.to_fatal())?;
    Ok((home, lock))
}

fn no_driver(dir: &Path) -> Fatal {
    Fatal {
        code: ExitCode::Failed,
        path: dir.to_owned(),
        found: "a program without the node's driver".to_owned(),
        expected: "one with it".to_owned(),
        remedy: "build a later version".to_owned(),
    }
}
