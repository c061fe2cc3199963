//! Starting one node's process.

use std::fs::File;
use std::fs::OpenOptions;
use std::io::Read;
use std::io::Seek;
use std::io::SeekFrom;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Child;
use std::process::Command;
use std::process::ExitStatus;
use std::process::Stdio;

use heddle_validator::exit;

use super::ClusterError;
use super::Member;
use super::Role;

/// Starts `PROGRAM node run --home HOME`, of a follower with `--follow`, in a process group of its own, so that a terminal's interrupt reaches the one
/// who ends it in order. Its stderr is its `node.log`, appended to.
pub(super) fn spawn(program: &Path, member: &Member) -> Result<Child, ClusterError> {
    let path = member.home.join("node.log");
    let log = OpenOptions::new().append(true).create(true).open(&path);
    let log = log.map_err(|error| ClusterError::io(&path, error))?;
    let out = log.try_clone().map_err(|error| ClusterError::io(&path, error))?;
    let mut command = Command::new(program);
    command.args(["node", "run", "--home"]).arg(&member.home).process_group(0);
    if member.role == Role::Follower {
        command.arg("--follow");
    }
    command.stdin(Stdio::null()).stdout(out).stderr(log);
    command.spawn().map_err(|error| ClusterError::io(program, error))
}

/// What to report of a validator that ended.
pub(super) fn ended(index: u16, member: &Member, status: ExitStatus) -> ClusterError {
    let log = member.home.join("node.log");
    let code = status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1);
    // One that was told to stop while it was waited for did not do what was asked either.
    let code = if code == 0 { 1 } else { code };
    ClusterError::Ended { index, code, last_line: last_line(&log).unwrap_or_default(), log }
}

/// The last line of a file, looked for in its last 4 KiB.
pub(super) fn last_line(path: &Path) -> Option<String> {
    const TAIL: u64 = 4096;
    let mut file = File::open(path).ok()?;
    let len = file.metadata().ok()?.len();
    file.seek(SeekFrom::Start(len.saturating_sub(TAIL))).ok()?;
    let mut bytes = Vec::new();
    file.take(TAIL).read_to_end(&mut bytes).ok()?;
    let text = String::from_utf8_lossy(&bytes);
    text.lines().rev().find(|line| !line.trim().is_empty()).map(exit::one_line)
}
