//! Signals to validators, and waiting for their ends.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::Duration;
use std::time::Instant;

use heddle_validator::home;
use rustix::process::Pid;
use rustix::process::Signal;
use rustix::process::kill_process;

use super::ClusterError;

/// How often the system is asked whether a process has ended.
const POLL: Duration = Duration::from_millis(5);

/// Sends a signal to the process that holds the lock in `dir`. None when nobody does.
pub(super) fn signal(dir: &Path, signal: Signal) -> Result<Option<u32>, ClusterError> {
    let Some(pid) = home::holder_of(dir) else {
        return Ok(None);
    };
    send(pid, signal).map_err(|error| ClusterError::io(dir, error.into())).map(|()| Some(pid))
}

/// Waits until nobody holds the lock in `dir`; false when `wait` was not enough.
pub(super) fn wait_end(dir: &Path, wait: Duration) -> bool {
    let end = Instant::now() + wait;
    while home::holder_of(dir).is_some() {
        if Instant::now() >= end {
            return false;
        }
        thread::sleep(POLL);
    }
    true
}

/// Whether a process stands still by SIGSTOP.
pub(super) fn is_paused(pid: u32) -> bool {
    // `PID (NAME) STATE …`; the name may hold anything, so the state is looked for behind the last parenthesis.
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(')').is_some_and(|(_, rest)| rest.trim_start().starts_with(['T', 't']))
}

/// Sends a signal to a process; one that has just ended is no error.
pub(super) fn send(pid: u32, signal: Signal) -> rustix::io::Result<()> {
    let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) else {
        return Ok(());
    };
    match kill_process(pid, signal) {
        Err(rustix::io::Errno::SRCH) => Ok(()),
        result => result,
    }
}
