//! One process a home.

use std::fs::File;
use std::fs::OpenOptions;
use std::io;
use std::io::Read;
use std::io::Write;
use std::path::Path;

use rustix::fs::FlockOperation;
use rustix::fs::flock;

use crate::home::HomeError;

/// A home taken for this process. The system gives it back when the process ends, however it ends, so a lock is never
/// stale. The file stays; only the lock on it counts.
#[derive(Debug)]
pub struct HomeLock {
    _file: File,
}

impl HomeLock {
    /// Takes the home in `dir`.
    ///
    /// # Errors
    /// [`HomeError::InUse`] when another process has it, [`HomeError::Io`] otherwise.
    pub fn take(dir: &Path) -> Result<Self, HomeError> {
        let path = dir.join("lock");
        let opened =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path);
        let mut file = opened.map_err(|error| HomeError::io(&path, error))?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(rustix::io::Errno::WOULDBLOCK) => {
                return Err(HomeError::InUse { pid: holder(&mut file), path });
            }
            Err(error) => return Err(HomeError::io(&path, io::Error::from(error))),
        }
        // For people who look, and for the message above.
        let noted = file.set_len(0).and_then(|()| writeln!(file, "{}", std::process::id()));
        noted.map_err(|error| HomeError::io(&path, error))?;
        Ok(Self { _file: file })
    }
}

fn holder(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.take(32).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}
