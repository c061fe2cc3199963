//! Why storage cannot go on.

use std::io;
use std::path::Path;
use std::path::PathBuf;

use heddle_types::ChainId;
use rocksdb::ErrorKind;
use thiserror::Error;

/// Why the database cannot be opened, read or written. Each names the path, what was found, what was expected and what to
/// do.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum StorageError {
    /// There is no database, or an empty folder: a new home, or one whose `db/` was emptied.
    #[error("{}: no database, expected one, create it from genesis and refetch from peers", path.display())]
    Missing {
        /// The database's folder.
        path: PathBuf,
    },
    /// A database stands where one was to be created.
    #[error("{}: a database, expected none, open it or move it away", path.display())]
    Exists {
        /// The database's folder.
        path: PathBuf,
    },
    /// It belongs to another chain.
    #[error("{}: chain {found}, expected {expected}, use the home of this chain", path.display())]
    WrongChain {
        /// The database's folder.
        path: PathBuf,
        /// Its chain.
        found: ChainId,
        /// The chain of the genesis beside it.
        expected: ChainId,
    },
    /// It was written by another version.
    #[error("{}: format {found}, expected {expected}, use the version that wrote it", path.display())]
    Version {
        /// The database's folder.
        path: PathBuf,
        /// Its format.
        found: u32,
        /// The format of this version.
        expected: u32,
    },
    /// Its bytes are damaged, or some are missing.
    #[error("{}: {detail}, expected intact data, move it away and restart to refetch from peers", path.display())]
    Corrupt {
        /// The database's folder.
        path: PathBuf,
        /// What is wrong.
        detail: Box<str>,
    },
    /// A snapshot's file is missing or damaged, or is not what the others say.
    #[error("{}: {detail}, expected an intact snapshot, take or fetch it again", path.display())]
    BadSnapshot {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        detail: Box<str>,
    },
    /// No state that a quorum certified is at hand.
    #[error("{}: no certified state, expected a final block that names one, try again when the chain has gone on", path.display())]
    NoSnapshotYet {
        /// The database's folder.
        path: PathBuf,
    },
    /// The disk is full.
    #[error("{}: no space left, expected room to write, free some and restart", path.display())]
    DiskFull {
        /// The database's folder.
        path: PathBuf,
    },
    /// Another process has it open.
    #[error("{}: in use by another process, expected to be alone, stop the other one", path.display())]
    Locked {
        /// The database's folder.
        path: PathBuf,
    },
    /// The system refused to read or write.
    #[error("{}: {detail}, expected working storage, check the disk and its permissions", path.display())]
    Io {
        /// The database's folder.
        path: PathBuf,
        /// What the system said.
        detail: Box<str>,
    },
}

impl StorageError {
    pub(crate) fn corrupt(path: &Path, detail: impl Into<Box<str>>) -> Self {
        Self::Corrupt { path: path.to_owned(), detail: detail.into() }
    }

    pub(crate) fn bad_snapshot(path: &Path, detail: impl Into<Box<str>>) -> Self {
        Self::BadSnapshot { path: path.to_owned(), detail: detail.into() }
    }

    /// Of what the system said about a path.
    pub fn io(path: &Path, error: &io::Error) -> Self {
        let path = path.to_owned();
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::DiskFull { path },
            _ => Self::Io { path, detail: error.to_string().into_boxed_str() },
        }
    }

    /// RocksDB tells most kinds apart only in its text.
    pub(crate) fn rocks(path: &Path, error: &rocksdb::Error) -> Self {
        let text = error.to_string();
        let has = |part: &str| text.contains(part);
        let path = path.to_owned();
        if has("No space left on device") || has("Disk quota exceeded") {
            return Self::DiskFull { path };
        }
        if has("lock hold by current process") || has("While lock file") {
            return Self::Locked { path };
        }
        let is_damage = match error.kind() {
            ErrorKind::IOError => has("No such file") || has("checksum mismatch"),
            ErrorKind::Corruption
            | ErrorKind::NotFound
            | ErrorKind::InvalidArgument
            | ErrorKind::NotSupported
            | ErrorKind::Incomplete => true,
            ErrorKind::MergeInProgress
            | ErrorKind::ShutdownInProgress
            | ErrorKind::TimedOut
            | ErrorKind::Aborted
            | ErrorKind::Busy
            | ErrorKind::Expired
            | ErrorKind::TryAgain
            | ErrorKind::CompactionTooLarge
            | ErrorKind::ColumnFamilyDropped
            | ErrorKind::Unknown => false,
        };
        let detail = text.into_boxed_str();
        if is_damage { Self::Corrupt { path, detail } } else { Self::Io { path, detail } }
    }
}
