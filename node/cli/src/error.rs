//! Why a command failed, in one line.

use std::fmt;

use clap::error::ContextKind;
use heddle_localnet::chaos::ChaosError;
use heddle_localnet::cluster::ClusterError;
use heddle_validator::exit;
use heddle_validator::exit::ExitCode;
use heddle_validator::home::HomeError;

/// Refused or failed.
pub(crate) const REFUSED: u8 = 1;
/// Bad usage.
pub(crate) const USAGE: u8 = 2;
/// No answer; the outcome is unknown.
pub(crate) const UNKNOWN: u8 = 3;

/// Why a command failed: an exit code, and one line that says what was wrong, what was expected and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CliError {
    code: u8,
    line: String,
    /// Whether stdout has the JSON that says so already.
    is_printed: bool,
}

impl CliError {
    /// Refused or failed.
    pub(crate) fn refused(line: impl Into<String>) -> Self {
        Self::new(REFUSED, line)
    }

    /// Bad usage.
    pub(crate) fn usage(line: impl Into<String>) -> Self {
        Self::new(USAGE, line)
    }

    /// No answer, and the outcome is unknown.
    pub(crate) fn unknown(line: impl Into<String>) -> Self {
        Self::new(UNKNOWN, line)
    }

    /// The system has no random bytes.
    pub(crate) fn no_random(error: getrandom::Error) -> Self {
        Self::refused(format!(
            "random numbers: found none ({error}), expected some; check the system's random device"
        ))
    }

    pub(crate) fn new(code: u8, line: impl Into<String>) -> Self {
        Self { code, line: exit::one_line(&line.into()), is_printed: false }
    }

    /// The same, when stdout has said it already.
    pub(crate) fn printed(self) -> Self {
        Self { is_printed: true, ..self }
    }

    /// Of a command line that clap did not understand.
    pub(crate) fn from_clap(error: &clap::Error) -> Self {
        let text = error.to_string();
        let what = text.split("\n\n").next().unwrap_or_default();
        let what = what.trim().trim_start_matches("error: ");
        let usage = error.get(ContextKind::Usage).map(ToString::to_string);
        let usage =
            usage.map(|usage| format!("expected `{}`; ", usage.trim_start_matches("Usage: ")));
        Self::usage(format!("{what}; {}see --help", usage.unwrap_or_default()))
    }

    pub(crate) const fn exit_code(&self) -> u8 {
        self.code
    }

    pub(crate) const fn is_printed(&self) -> bool {
        self.is_printed
    }
}

impl fmt::Display for CliError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.line)
    }
}

impl From<ClusterError> for CliError {
    fn from(error: ClusterError) -> Self {
        Self::new(error.exit_code(), error.to_string())
    }
}

impl From<ChaosError> for CliError {
    fn from(error: ChaosError) -> Self {
        Self::new(error.exit_code(), error.to_string())
    }
}

impl From<HomeError> for CliError {
    fn from(error: HomeError) -> Self {
        let code = if error.code() == ExitCode::Usage { USAGE } else { REFUSED };
        let fatal = error.to_fatal();
        let (path, found) = (fatal.path.display(), fatal.found);
        Self::new(
            code,
            format!("{path}: found {found}, expected {}; {}", fatal.expected, fatal.remedy),
        )
    }
}
