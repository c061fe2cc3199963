//! What can be wrong with a home.

use std::fmt;
use std::io;
use std::path::Path;
use std::path::PathBuf;

use crate::exit::ExitCode;
use crate::exit::Fatal;
use crate::home::FieldError;

/// A file that a home has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HomeFile {
    /// `config.toml`.
    Config,
    /// `genesis.json`.
    Genesis,
    /// `key.json`, and any other key file.
    Key,
}

impl HomeFile {
    /// The most bytes that are read of it.
    pub const fn bytes_max(self) -> u64 {
        match self {
            Self::Config => 256 * 1024,
            // 100,000 accounts of about 130 characters, and as much again for blanks.
            Self::Genesis => 32 * 1024 * 1024,
            Self::Key => 4 * 1024,
        }
    }

    const fn damaged(self) -> ExitCode {
        match self {
            Self::Config => ExitCode::Usage,
            Self::Genesis => ExitCode::WrongChain,
            Self::Key => ExitCode::Corrupt,
        }
    }

    const fn missing(self) -> ExitCode {
        match self {
            Self::Config | Self::Key => ExitCode::Usage,
            Self::Genesis => ExitCode::WrongChain,
        }
    }

    const fn remedy(self) -> &'static str {
        match self {
            Self::Config => "correct the file",
            Self::Genesis => "copy genesis.json from another validator of the chain",
            Self::Key => "restore the key file from its backup",
        }
    }
}

/// Why a home, or one of its files, cannot be used.
#[derive(Debug)]
pub enum HomeError {
    /// There is no such directory.
    NoHome {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// A file is not there.
    Missing {
        /// Which.
        file: HomeFile,
        /// Where it was looked for.
        path: PathBuf,
    },
    /// What stands there is a directory, a pipe, a socket.
    NotAFile {
        /// Which.
        file: HomeFile,
        /// Where it stands.
        path: PathBuf,
    },
    /// A file is larger than any such file can be; it was not read.
    TooLarge {
        /// Which.
        file: HomeFile,
        /// Where it stands.
        path: PathBuf,
    },
    /// A field, or the file's form as a whole, is wrong.
    Field {
        /// Which file.
        file: HomeFile,
        /// Where it stands.
        path: PathBuf,
        /// The field, what was found and what was expected.
        error: FieldError,
    },
    /// A key file that others than its owner may read or write.
    Exposed {
        /// Where it stands.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// A file that must not be overwritten.
    Exists {
        /// Where it stands.
        path: PathBuf,
    },
    /// Another process has the home.
    InUse {
        /// The lock.
        path: PathBuf,
        /// The process, if it could be read.
        pid: Option<u32>,
    },
    /// The first database or safety file could not be made.
    Data(Fatal),
    /// The system refused, or the disk failed.
    Io {
        /// What was being read or written.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
}

impl HomeError {
    /// A wrong field of a file.
    pub fn field(file: HomeFile, path: &Path, error: FieldError) -> Self {
        Self::Field { file, path: path.to_owned(), error }
    }

    /// What the system said about `path`.
    pub fn io(path: &Path, error: io::Error) -> Self {
        Self::Io { path: path.to_owned(), error }
    }

    /// The code that a node ends with for this.
    pub fn code(&self) -> ExitCode {
        match self {
            Self::NoHome { .. } | Self::Exposed { .. } | Self::Exists { .. } => ExitCode::Usage,
            Self::Missing { file, .. } => file.missing(),
            Self::NotAFile { file, .. }
            | Self::TooLarge { file, .. }
            | Self::Field { file, .. } => file.damaged(),
            Self::InUse { .. } => ExitCode::InUse,
            Self::Data(fatal) => fatal.code,
            Self::Io { error, .. } if error.kind() == io::ErrorKind::PermissionDenied => {
                ExitCode::Usage
            }
            Self::Io { .. } => ExitCode::Disk,
        }
    }

    /// The file or directory that it is about.
    pub fn path(&self) -> &Path {
        match self {
            Self::NoHome { path }
            | Self::Missing { path, .. }
            | Self::NotAFile { path, .. }
            | Self::TooLarge { path, .. }
            | Self::Field { path, .. }
            | Self::Exposed { path, .. }
            | Self::Exists { path }
            | Self::InUse { path, .. }
            | Self::Io { path, .. } => path,
            Self::Data(fatal) => &fatal.path,
        }
    }

    /// As the last line that the process says.
    pub fn to_fatal(&self) -> Fatal {
        let (found, expected, remedy) = self.texts();
        Fatal { code: self.code(), path: self.path().to_owned(), found, expected, remedy }
    }

    fn texts(&self) -> (String, String, String) {
        let texts = |found: &str, expected: &str, remedy: &str| {
            (found.to_owned(), expected.to_owned(), remedy.to_owned())
        };
        match self {
            Self::NoHome { .. } => texts(
                "no directory",
                "a validator's home",
                "make one with `heddle localnet init`, or name another with --home",
            ),
            Self::Missing { file, .. } => texts("no file", "one to be there", file.remedy()),
            Self::NotAFile { file, .. } => {
                texts("something that is no file", "a regular file", file.remedy())
            }
            Self::TooLarge { file, .. } => (
                format!("more than {} bytes", file.bytes_max()),
                "at most that".to_owned(),
                file.remedy().to_owned(),
            ),
            Self::Field { file, error, .. } => {
                let FieldError { field, found, expected } = error;
                let found =
                    if field.is_empty() { found.clone() } else { format!("{field}: {found}") };
                (found, expected.clone(), file.remedy().to_owned())
            }
            Self::Exposed { path, mode } => (
                format!("mode {mode:04o}, which others can read or write"),
                "mode 0600".to_owned(),
                format!("run `chmod 600 {}`", path.display()),
            ),
            Self::Data(Fatal { found, expected, remedy, .. }) => texts(found, expected, remedy),
            Self::Exists { .. } => {
                texts("a file already", "none", "keep it, or name another with --out or --home")
            }
            Self::InUse { pid, .. } => (
                pid.map_or_else(
                    || "it held by another process".to_owned(),
                    |pid| format!("it held by process {pid}"),
                ),
                "a home that no process uses".to_owned(),
                "end that process first".to_owned(),
            ),
            Self::Io { error, .. } => {
                let remedy = match error.kind() {
                    io::ErrorKind::PermissionDenied => "give this user the right to it",
                    io::ErrorKind::StorageFull => "free some space",
                    _ => "check the disk and the path",
                };
                texts(&error.to_string(), "to read and write it", remedy)
            }
        }
    }
}

impl fmt::Display for HomeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_fatal().fmt(f)
    }
}

impl std::error::Error for HomeError {}
