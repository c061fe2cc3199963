//! One process a home.

use std::fs;
use std::fs::File;
use std::fs::OpenOptions;
use std::io;
use std::io::Read;
use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::thread;
use std::time::Duration;
use std::time::Instant;

use rustix::fs::FlockOperation;
use rustix::fs::flock;

use crate::home::HomeError;

/// How long a process that was killed may take to let go of its home.
const LET_GO_MAX: Duration = Duration::from_secs(2);
const POLL: Duration = Duration::from_millis(5);

/// A home taken for this process. The system gives it back when the process ends, however it ends, so a lock is never
/// stale. The file stays; only the lock on it counts.
#[derive(Debug)]
pub struct HomeLock {
    _file: File,
}

impl HomeLock {
    /// Takes the home in `dir`. A process that was killed lets go of it a moment after it looks gone, which is waited for.
    ///
    /// # Errors
    /// [`HomeError::InUse`] when another process has it, [`HomeError::Io`] otherwise.
    pub fn take(dir: &Path) -> Result<Self, HomeError> {
        let path = dir.join("lock");
        let opened =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path);
        let mut file = opened.map_err(|error| HomeError::io(&path, error))?;
        let end = Instant::now() + LET_GO_MAX;
        loop {
            match flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => break,
                Err(rustix::io::Errno::WOULDBLOCK) => {
                    if holder_of(dir).is_some() || Instant::now() >= end {
                        return Err(HomeError::InUse { pid: holder(&mut file), path });
                    }
                    thread::sleep(POLL);
                }
                Err(error) => return Err(HomeError::io(&path, io::Error::from(error))),
            }
        }
        // For people who look, and for the message above.
        let noted = file.set_len(0).and_then(|()| writeln!(file, "{}", std::process::id()));
        noted.map_err(|error| HomeError::io(&path, error))?;
        Ok(Self { _file: file })
    }
}

/// The process that uses the home in `dir`, if one does.
///
/// The number in the lock file may be that of a process long gone, or by now of another one: it counts only while that
/// process has this very file open. The lock itself is not tried, which would get in the way of a node about to take it.
pub fn holder_of(dir: &Path) -> Option<u32> {
    let path = dir.join("lock");
    let mut file = File::open(&path).ok()?;
    let pid = holder(&mut file)?;
    let lock = file.metadata().ok()?;
    drop(file);
    let descriptors = fs::read_dir(format!("/proc/{pid}/fd")).ok()?;
    let is_lock = |entry: fs::DirEntry| {
        // Through the link, to what is open.
        fs::metadata(entry.path())
            .is_ok_and(|open| open.dev() == lock.dev() && open.ino() == lock.ino())
    };
    descriptors.flatten().any(is_lock).then_some(pid)
}

fn holder(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.take(32).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}
