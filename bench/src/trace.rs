//! Transfers and accesses of real Ethereum blocks, from files of access traces (`N.jsonl.gz`).
//!
//! The files are somebody else's: every length is bounded, and whatever is wrong is told with its file and line.

mod file;
mod row;

#[cfg(test)]
mod tests;

use std::fmt;
use std::fs;
use std::num::NonZeroU128;
use std::path::Path;
use std::path::PathBuf;

use heddle_types::Amount;
use thiserror::Error;

use crate::limits;

/// The 20 bytes of an Ethereum address.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct EthAddress(pub(crate) [u8; 20]);

impl fmt::Display for EthAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for EthAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// One transaction that succeeded, moved a positive value after scaling, and had a recipient.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TracedTransfer {
    /// Who sent it.
    pub(crate) from: EthAddress,
    /// Whom it was sent to, or the contract that it created.
    pub(crate) to: EthAddress,
    /// Its value divided by the scale, rounded down; never zero.
    pub(crate) amount: Amount,
}

/// What one transaction touched. Locations are numbered within the block; each list holds a location once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TracedAccess {
    /// Gas used, after refunds.
    pub(crate) gas: u64,
    /// Locations that it read.
    pub(crate) reads: Vec<u32>,
    /// Balances that it added to unseen; none of them is among the reads.
    pub(crate) credits: Vec<u32>,
    /// Locations that it changed, credits included.
    pub(crate) writes: Vec<u32>,
}

/// The accesses of a block's transactions, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TracedBlock {
    /// How many locations there are.
    pub(crate) locations: u32,
    /// What its transactions touched.
    pub(crate) txs: Vec<TracedAccess>,
}

/// What is wrong with the traces.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(crate) enum TraceError {
    /// A file or directory that cannot be read, or not as what it should be.
    #[error("{}: {what}; give a directory of N.jsonl.gz access traces", path.display())]
    File { path: PathBuf, what: String },
    /// A line that is not what it should be.
    #[error("{}:{line}: {what}; fetch the file again, or leave it out", path.display())]
    Line { path: PathBuf, line: u64, what: String },
}

impl TraceError {
    fn file(path: &Path, what: impl fmt::Display) -> Self {
        Self::File { path: path.to_owned(), what: what.to_string() }
    }
}

/// The transfers of all traces in `dir`, in ascending block order and, within a block, in its own.
pub(crate) fn read_dir(dir: &Path, scale: NonZeroU128) -> Result<Vec<TracedTransfer>, TraceError> {
    let mut transfers = Vec::new();
    for (block, path) in files(dir)? {
        file::read(&path, block, |head, index, line| {
            transfers.extend(row::transfer(line, index, &head.addresses, scale)?);
            Ok(())
        })?;
        if transfers.len() > limits::REPLAY_TRANSFERS_MAX {
            let max = limits::REPLAY_TRANSFERS_MAX;
            return Err(TraceError::file(
                &path,
                format!("found more than {max} transfers up to here"),
            ));
        }
    }
    Ok(transfers)
}

/// The accesses of all traces in `dir`, in ascending block order.
pub(crate) fn read_accesses(dir: &Path) -> Result<Vec<TracedBlock>, TraceError> {
    let mut blocks = Vec::new();
    let mut total = 0;
    for (block, path) in files(dir)? {
        let mut txs = Vec::new();
        let head = file::read(&path, block, |head, index, line| {
            txs.push(row::access(line, index, head.locations)?);
            Ok(())
        })?;
        total += txs.len();
        if total > limits::EXEC_TRANSACTIONS_MAX {
            let max = limits::EXEC_TRANSACTIONS_MAX;
            let what = format!("found more than {max} transactions up to here");
            return Err(TraceError::file(&path, what));
        }
        blocks.push(TracedBlock { locations: head.locations, txs });
    }
    Ok(blocks)
}

/// The trace files of a directory by ascending block number. Files of other names are none of ours.
fn files(dir: &Path) -> Result<Vec<(u64, PathBuf)>, TraceError> {
    let mut files = Vec::new();
    for entry in fs::read_dir(dir).map_err(|e| TraceError::file(dir, e))? {
        let path = entry.map_err(|e| TraceError::file(dir, e))?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        let Some(stem) = name.and_then(|name| name.strip_suffix(".jsonl.gz")) else {
            continue;
        };
        let digits = stem.bytes().all(|byte| byte.is_ascii_digit());
        let block = stem.parse::<u64>().ok().filter(|_| digits);
        let block = block
            .ok_or_else(|| TraceError::file(&path, "found no block number, expected N.jsonl.gz"))?;
        files.push((block, path));
        if files.len() > limits::TRACE_FILES_MAX {
            let max = limits::TRACE_FILES_MAX;
            return Err(TraceError::file(dir, format!("found more than {max} traces")));
        }
    }
    files.sort_unstable();
    if let Some(pair) = files.windows(2).find(|pair| pair[0].0 == pair[1].0) {
        return Err(TraceError::file(&pair[1].1, "found this block's number twice"));
    }
    if files.is_empty() {
        return Err(TraceError::file(dir, "found no trace"));
    }
    Ok(files)
}
