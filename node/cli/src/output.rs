//! Results on stdout, everything else on stderr.

use std::io;
use std::io::IsTerminal;
use std::io::Write;

use serde::Serialize;
use serde_json::json;

use crate::error::CliError;

/// How results are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Output {
    /// For people.
    Text,
    /// One JSON document.
    Json,
}

impl Output {
    pub(crate) const fn new(json: bool) -> Self {
        if json { Self::Json } else { Self::Text }
    }

    /// Prints a result: `value`, or what `text` makes of it.
    pub(crate) fn result<T: Serialize>(
        self,
        value: &T,
        text: impl FnOnce(&T) -> String,
    ) -> Result<(), CliError> {
        match self {
            Self::Json => print_json(value),
            Self::Text => print_line(&text(value)),
        }
    }

    /// Says why the command failed: on stderr, and with `--json` on stdout too.
    pub(crate) fn failure(self, error: &CliError) {
        if self == Self::Json && !error.is_printed() {
            let value =
                json!({ "error": { "exitCode": error.exit_code(), "message": error.to_string() } });
            // There is nobody left to tell.
            let _ = print_json(&value);
        }
        let stderr = io::stderr();
        let red = stderr.is_terminal() && std::env::var_os("NO_COLOR").is_none();
        let (on, off) = if red { ("\u{1b}[31m", "\u{1b}[0m") } else { ("", "") };
        let _ = writeln!(stderr.lock(), "{on}error: {error}{off}");
    }
}

/// Prints one line of JSON.
pub(crate) fn print_json<T: Serialize>(value: &T) -> Result<(), CliError> {
    match serde_json::to_string(value) {
        Ok(text) => print_line(&text),
        Err(error) => Err(CliError::refused(format!(
            "result: found {error}, expected JSON; this is a bug, please report it"
        ))),
    }
}

/// Prints text and a line end. A reader that went away is no failure of the command.
pub(crate) fn print_line(text: &str) -> Result<(), CliError> {
    let mut stdout = io::stdout().lock();
    match writeln!(stdout, "{text}").and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(CliError::refused(format!(
            "stdout: found {error}, expected to write to it; check where it leads"
        ))),
        Ok(()) | Err(_) => Ok(()),
    }
}
