//! Hex on the command line and on stdin.

use std::io;
use std::io::BufRead;
use std::io::Read;

use heddle_types::Canonical;
use heddle_types::decode_exact;
use heddle_types::limits::TRANSACTION_BYTES_MAX;

use crate::error::CliError;

/// Bytes of a line that can be a transaction: its hex, `0x` and blanks around it.
const LINE_BYTES_MAX: u64 = 2 * TRANSACTION_BYTES_MAX as u64 + 1024;

/// Decodes one value from its hex, with or without `0x`.
pub(crate) fn decode<T: Canonical>(text: &str) -> Result<T, CliError> {
    let bytes = bytes(text)?;
    decode_exact(&bytes).map_err(|error| {
        CliError::usage(format!(
            "{}: found {error}, expected its canonical bytes as hex; build it with `heddle tx build`",
            T::NAME
        ))
    })
}

/// The bytes of a hex text, with or without `0x`.
pub(crate) fn bytes(text: &str) -> Result<Vec<u8>, CliError> {
    let text = text.trim();
    hex::decode(text.strip_prefix("0x").unwrap_or(text)).map_err(|error| {
        CliError::usage(format!("hex: found {error}, expected pairs of 0-9, a-f; check the text"))
    })
}

/// Calls `each` with the hex given, or for `-` with each line of stdin that is not blank.
pub(crate) fn for_each(
    hex: &str,
    mut each: impl FnMut(&str) -> Result<(), CliError>,
) -> Result<(), CliError> {
    if hex != "-" {
        return each(hex);
    }
    let mut stdin = io::stdin().lock();
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = stdin.by_ref().take(LINE_BYTES_MAX + 1).read_until(b'\n', &mut line);
        let read = read.map_err(|error| {
            CliError::refused(format!(
                "stdin: found {error}, expected lines of hex; check its source"
            ))
        })?;
        if read == 0 {
            return Ok(());
        }
        if u64::try_from(read).is_ok_and(|read| read > LINE_BYTES_MAX) {
            return Err(CliError::usage(format!(
                "stdin: found a line longer than {LINE_BYTES_MAX} bytes, expected one hex a line; check its source"
            )));
        }
        let text = String::from_utf8_lossy(&line);
        if !text.trim().is_empty() {
            each(text.trim())?;
        }
    }
}
