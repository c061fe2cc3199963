//! Why a command failed, in one line.

use std::fmt;

use heddle_client::ClientError;
use heddle_localnet::cluster::ClusterError;
use heddle_validator::exit;
use heddle_validator::exit::ExitCode;
use heddle_validator::home::HomeError;

/// Why a command failed: an exit code, and one line that says what was wrong, what was expected and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BenchError {
    code: u8,
    line: String,
}

impl BenchError {
    /// Refused or failed.
    pub(crate) fn failed(line: impl Into<String>) -> Self {
        Self::new(1, line)
    }

    /// Bad usage.
    pub(crate) fn usage(line: impl Into<String>) -> Self {
        Self::new(2, line)
    }

    /// No answer, and the outcome is unknown.
    pub(crate) fn unknown(line: impl Into<String>) -> Self {
        Self::new(3, line)
    }

    fn new(code: u8, line: impl Into<String>) -> Self {
        Self { code, line: exit::one_line(&line.into()) }
    }

    pub(crate) const fn exit_code(&self) -> u8 {
        self.code
    }

    /// Of a command line that clap did not understand.
    pub(crate) fn from_clap(error: &clap::Error) -> Self {
        let text = error.to_string();
        let what = text.split("\n\n").next().unwrap_or_default().trim();
        let what = what.trim_start_matches("error: ");
        Self::usage(format!("{what}; see heddle-bench --help"))
    }
}

impl fmt::Display for BenchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.line)
    }
}

impl From<ClientError> for BenchError {
    fn from(error: ClientError) -> Self {
        let line = error.to_string();
        match error {
            ClientError::Url { .. } => Self::usage(line),
            ClientError::Refused(_) | ClientError::Http { .. } => Self::failed(line),
            ClientError::NoAnswer { .. } | ClientError::Malformed { .. } => Self::unknown(line),
        }
    }
}

impl From<ClusterError> for BenchError {
    fn from(error: ClusterError) -> Self {
        Self::new(error.exit_code(), error.to_string())
    }
}

impl From<HomeError> for BenchError {
    fn from(error: HomeError) -> Self {
        let code = if error.code() == ExitCode::Usage { 2 } else { 1 };
        let fatal = error.to_fatal();
        let (path, found) = (fatal.path.display(), fatal.found);
        let line = format!("{path}: found {found}, expected {}; {}", fatal.expected, fatal.remedy);
        Self::new(code, line)
    }
}
