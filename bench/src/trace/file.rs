//! One trace file: header, addresses, locations, then one line a transaction.

use std::fs::File;
use std::io::BufRead;
use std::io::BufReader;
use std::io::Read;
use std::path::Path;

use flate2::bufread::MultiGzDecoder;

use crate::limits;
use crate::trace::EthAddress;
use crate::trace::TraceError;
use crate::trace::row;

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
    let file = File::open(path).map_err(|e| TraceError::file(path, e))?;
    let packed = BufReader::new(file).take(limits::TRACE_BYTES_MAX);
    let mut lines = Lines::new(path, MultiGzDecoder::new(packed));

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
    match lines.next()? {
        None => Ok(head),
        Some(_) => {
            let what = format!("found a line, expected the end after {txs} transactions");
            Err(lines.wrong(what))
        }
    }
}

/// Lines of a file, one at a time, bounded one by one and in all.
struct Lines<'p, R> {
    path: &'p Path,
    reader: BufReader<std::io::Take<R>>,
    buffer: Vec<u8>,
    number: u64,
}

impl<'p, R: Read> Lines<'p, R> {
    fn new(path: &'p Path, unpacked: R) -> Self {
        // One byte more than allowed, so that reaching the limit can be told from ending at it.
        let reader = BufReader::new(unpacked.take(limits::TRACE_BYTES_MAX + 1));
        Self { path, reader, buffer: Vec::new(), number: 0 }
    }

    fn expect(&mut self, what: &str) -> Result<&[u8], TraceError> {
        if self.read()? {
            return Ok(&self.buffer);
        }
        Err(self.wrong(format!("found the end, expected {what}")))
    }

    fn next(&mut self) -> Result<Option<&[u8]>, TraceError> {
        Ok(self.read()?.then_some(self.buffer.as_slice()))
    }

    /// Reads a line into the buffer; false at the end.
    fn read(&mut self) -> Result<bool, TraceError> {
        self.number += 1;
        self.buffer.clear();
        let mut line = self.reader.by_ref().take(limits::TRACE_LINE_BYTES_MAX + 1);
        let read = line.read_until(b'\n', &mut self.buffer);
        let len = read.map_err(|e| self.wrong(format!("cannot be unpacked: {e}")))?;
        if self.reader.get_ref().limit() == 0 {
            let max = limits::TRACE_BYTES_MAX;
            return Err(self.wrong(format!("found more than {max} bytes unpacked")));
        }
        if u64::try_from(len).is_ok_and(|len| len > limits::TRACE_LINE_BYTES_MAX) {
            let max = limits::TRACE_LINE_BYTES_MAX;
            return Err(self.wrong(format!("found a line of more than {max} bytes")));
        }
        Ok(len > 0)
    }

    fn wrong(&self, what: String) -> TraceError {
        TraceError::Line { path: self.path.to_owned(), line: self.number, what }
    }
}
