//! Running and verifying one home.

use std::num::NonZeroU16;
use std::path::Path;

use serde::Serialize;

use crate::exit::ExitCode;
use crate::exit::Fatal;

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

/// stand-in for the driver
pub fn run(dir: &Path, _options: &RunOptions) -> ExitCode {
    use std::io::Write;
    let mut log = crate::home::NodeLog::open(dir);
    let result = crate::home::Home::load(dir).and_then(|home| home.lock().map(|lock| (home, lock)));
    match result {
        Ok(_) => { let _ = writeln!(log, "no driver"); ExitCode::Failed }
        Err(error) => { let _ = writeln!(log, "{error}"); error.code() }
    }
}

/// stand-in for the driver
///
/// # Errors
/// Always.
pub fn verify(dir: &Path, _options: &VerifyOptions) -> Result<VerifyReport, Fatal> {
    let home = crate::home::Home::load(dir).map_err(|e| e.to_fatal())?;
    let _lock = home.lock().map_err(|e| e.to_fatal())?;
    Err(Fatal { code: ExitCode::Failed, path: dir.to_owned(), found: "no driver".into(), expected: "one".into(), remedy: "build it".into() })
}
