//! How the process ends: its exit code, and the last line that it says.

use std::fmt;
use std::path::PathBuf;

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
