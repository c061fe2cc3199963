//! Lines of a gzip file that is somebody else's: bounded one by one and in all.

use std::fs::File;
use std::io;
use std::io::BufRead;
use std::io::BufReader;
use std::io::Read;
use std::path::Path;

use flate2::bufread::MultiGzDecoder;

/// How much is read of a file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LineLimits {
    /// Bytes of the file, and bytes unpacked: a small file may not unpack into all memory.
    pub(crate) bytes_max: u64,
    /// Bytes of one line, its end included.
    pub(crate) line_bytes_max: u64,
}

/// What comes next in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// A line with its end.
    Line,
    /// A line that the end of the file ends.
    LastLine,
    /// Nothing: all was read.
    End,
    /// Nothing: the file ends within what was packed. The line that was begun is dropped.
    Cut,
}

/// A reader of lines.
pub(crate) struct PackedLines {
    reader: BufReader<io::Take<MultiGzDecoder<io::Take<BufReader<File>>>>>,
    limits: LineLimits,
    line: Vec<u8>,
    number: u64,
}

impl PackedLines {
    pub(crate) fn open(path: &Path, limits: LineLimits) -> io::Result<Self> {
        let packed = BufReader::new(File::open(path)?).take(limits.bytes_max);
        // One byte more than allowed, so that reaching the limit can be told from ending at it.
        let unpacked = MultiGzDecoder::new(packed).take(limits.bytes_max.saturating_add(1));
        Ok(Self { reader: BufReader::new(unpacked), limits, line: Vec::new(), number: 0 })
    }

    /// Reads on; what is wrong is told without file and line.
    pub(crate) fn advance(&mut self) -> Result<Next, String> {
        self.number += 1;
        self.line.clear();
        let LineLimits { bytes_max, line_bytes_max } = self.limits;
        let mut line = self.reader.by_ref().take(line_bytes_max.saturating_add(1));
        let len = match line.read_until(b'\n', &mut self.line) {
            Ok(len) => len,
            Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => return Ok(Next::Cut),
            Err(e) => return Err(format!("cannot be unpacked: {e}")),
        };
        if self.reader.get_ref().limit() == 0 {
            return Err(format!("found more than {bytes_max} bytes unpacked"));
        }
        if u64::try_from(len).is_ok_and(|len| len > line_bytes_max) {
            return Err(format!("found a line of more than {line_bytes_max} bytes"));
        }
        Ok(match self.line.last() {
            None => Next::End,
            Some(b'\n') => Next::Line,
            Some(_) => Next::LastLine,
        })
    }

    /// The line that was read last.
    pub(crate) fn line(&self) -> &[u8] {
        &self.line
    }

    /// Its number, from 1.
    pub(crate) const fn number(&self) -> u64 {
        self.number
    }
}
