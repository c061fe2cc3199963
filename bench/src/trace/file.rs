//! One trace file: header, addresses, locations, then one line a transaction.

use std::path::Path;

use crate::limits;
use crate::packed_lines::LineLimits;
use crate::packed_lines::Next;
use crate::packed_lines::PackedLines;
use crate::trace::EthAddress;
use crate::trace::TraceError;
use crate::trace::row;

const LIMITS: LineLimits =
    LineLimits { bytes_max: limits::TRACE_BYTES_MAX, line_bytes_max: limits::TRACE_LINE_BYTES_MAX };

/// What a file says before its transactions.
pub(super) struct Head {
    pub(super) addresses: Vec<EthAddress>,
    pub(super) locations: u32,
}

/// Hands each transaction's line and index to `take`, in order; what `take` finds wrong is told with its line.
pub(super) fn read(
    path: &Path,
    block: u64,
    mut take: impl FnMut(&Head, u64, &[u8]) -> Result<(), String>,
) -> Result<Head, TraceError> {
    let mut lines = Lines::open(path)?;

    let header = lines.expect("the header")?;
    let txs = row::header(header, block).map_err(|e| lines.wrong(e))?;
    let addresses = lines.expect("the addresses")?;
    let addresses = row::addresses(addresses).map_err(|e| lines.wrong(e))?;
    let locations = lines.expect("the locations")?;
    let locations = row::locations(locations).map_err(|e| lines.wrong(e))?;
    let head = Head { addresses, locations };
    for index in 0..txs {
        let line = lines.expect("a transaction, of as many as the header says")?;
        take(&head, index, line).map_err(|e| lines.wrong(e))?;
    }
    match lines.advance()? {
        false => Ok(head),
        true => {
            let what = format!("found a line, expected the end after {txs} transactions");
            Err(lines.wrong(what))
        }
    }
}

/// The lines of one file.
struct Lines<'p> {
    path: &'p Path,
    packed: PackedLines,
}

impl<'p> Lines<'p> {
    fn open(path: &'p Path) -> Result<Self, TraceError> {
        let packed = PackedLines::open(path, LIMITS).map_err(|e| TraceError::file(path, e))?;
        Ok(Self { path, packed })
    }

    fn expect(&mut self, what: &str) -> Result<&[u8], TraceError> {
        if self.advance()? {
            return Ok(self.packed.line());
        }
        Err(self.wrong(format!("found the end, expected {what}")))
    }

    /// Reads a line; false at the end.
    fn advance(&mut self) -> Result<bool, TraceError> {
        match self.packed.advance().map_err(|e| self.wrong(e))? {
            Next::Line | Next::LastLine => Ok(true),
            Next::End => Ok(false),
            Next::Cut => Err(self.wrong("cannot be unpacked: the file is cut".to_owned())),
        }
    }

    fn wrong(&self, what: String) -> TraceError {
        TraceError::Line { path: self.path.to_owned(), line: self.packed.number(), what }
    }
}
