//! Results on stdout, everything else on stderr.

use std::fmt;
use std::io;
use std::io::Write;

use serde::Serialize;
use serde_json::json;

use crate::error::BenchError;

/// Prints a result: as one JSON document, or what `text` makes of it.
pub(crate) fn result<T: Serialize>(
    json: bool,
    value: &T,
    text: impl FnOnce(&T) -> String,
) -> Result<(), BenchError> {
    let line = match json {
        true => serde_json::to_string(value).map_err(|e| {
            BenchError::failed(format!("result: {e}; this is a bug, please report it"))
        })?,
        false => text(value),
    };
    let mut stdout = io::stdout().lock();
    match writeln!(stdout, "{line}").and_then(|()| stdout.flush()) {
        // Whoever closed the pipe has read enough.
        Err(e) if e.kind() != io::ErrorKind::BrokenPipe => {
            Err(BenchError::failed(format!("stdout: {e}; check where it leads")))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Tells a person how far the run is.
pub(crate) fn progress(what: fmt::Arguments<'_>) {
    // There is nobody to tell when stderr is gone.
    let _ = writeln!(io::stderr().lock(), "{what}");
}

/// Says why the command failed: on stderr, and with `--json` on stdout too.
pub(crate) fn failure(json: bool, error: &BenchError) {
    if json {
        let value =
            json!({ "error": { "exitCode": error.exit_code(), "message": error.to_string() } });
        // There is nobody to tell when stdout is gone.
        let _ = writeln!(io::stdout().lock(), "{value}");
    }
    progress(format_args!("error: {error}"));
}
