//! How the process ends: its exit code, and the last line that it says.

use std::fmt;
use std::path::Path;
use std::path::PathBuf;

use heddle_storage::SafetyError;
use heddle_storage::StorageError;

/// What a process of this program ends with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum ExitCode {
    /// Done, or asked to stop.
    Ok = 0,
    /// Refused or failed.
    Failed = 1,
    /// Bad usage or configuration.
    Usage = 2,
    /// Corrupt data. Of a client's command: no answer, and the outcome is unknown.
    Corrupt = 3,
    /// The disk is full or fails.
    Disk = 4,
    /// The home or the key is in use.
    InUse = 5,
    /// Another version or chain.
    WrongChain = 6,
    /// What was executed here differs from a certified root.
    Diverged = 11,
}

impl ExitCode {
    /// As the number that the process ends with.
    pub const fn number(self) -> u8 {
        self as u8
    }
}

impl From<ExitCode> for std::process::ExitCode {
    fn from(code: ExitCode) -> Self {
        Self::from(code.number())
    }
}

/// Why the process ends when nobody asked it to.
///
/// It prints as one line, `error: CODE PATH: what was found, what was expected, what to do`, whatever its texts hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fatal {
    /// The code to end with.
    pub code: ExitCode,
    /// The file or directory that it is about.
    pub path: PathBuf,
    /// What was found there.
    pub found: String,
    /// What was expected.
    pub expected: String,
    /// What a person should do.
    pub remedy: String,
}

impl Fatal {
    /// Of a database that cannot be used.
    pub fn of_storage(error: &StorageError) -> Self {
        let (code, path) = match error {
            StorageError::Missing { path }
            | StorageError::Corrupt { path, .. }
            | StorageError::BadSnapshot { path, .. } => (ExitCode::Corrupt, path),
            StorageError::NoSnapshotYet { path } => (ExitCode::Failed, path),
            StorageError::Exists { path } => (ExitCode::Usage, path),
            StorageError::WrongChain { path, .. } | StorageError::Version { path, .. } => {
                (ExitCode::WrongChain, path)
            }
            StorageError::DiskFull { path } | StorageError::Io { path, .. } => {
                (ExitCode::Disk, path)
            }
            StorageError::Locked { path } => (ExitCode::InUse, path),
        };
        Self::of_text(code, path, &error.to_string())
    }

    /// Of a safety file that cannot be read or written.
    pub fn of_safety(error: &SafetyError) -> Self {
        Self::of_text(ExitCode::Disk, &error.path, &error.to_string())
    }

    /// Takes `PATH: FOUND, expected EXPECTED, REMEDY` apart, as storage's errors read.
    fn of_text(code: ExitCode, path: &Path, text: &str) -> Self {
        let prefix = format!("{}: ", path.display());
        let text = text.strip_prefix(&prefix).unwrap_or(text);
        let (found, rest) = text.split_once(", expected ").unwrap_or((text, "none of it"));
        let (expected, remedy) = rest.split_once(", ").unwrap_or((rest, "look into the log"));
        let (found, expected, remedy) = (found.into(), expected.into(), remedy.into());
        Self { code, path: path.to_owned(), found, expected, remedy }
    }
}

impl fmt::Display for Fatal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = format!(
            "error: {} {}: found {}, expected {}; {}",
            self.code.number(),
            self.path.display(),
            self.found,
            self.expected,
            self.remedy
        );
        f.write_str(&one_line(&line))
    }
}

impl std::error::Error for Fatal {}

/// `text` without control characters: each run of them becomes one blank, so that a log line stays one line and a
/// file's contents cannot steer a terminal.
pub fn one_line(text: &str) -> String {
    let printable = text.split(char::is_control).filter(|part| !part.is_empty());
    printable.collect::<Vec<_>>().join(" ")
}
