//! Starting the price feed's process.

use std::fs::OpenOptions;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::thread;
use std::time::Duration;
use std::time::Instant;

use super::Cluster;
use super::ClusterError;
use super::robots;

/// How long the feed has until it holds its lock.
const BEGIN_MAX: Duration = Duration::from_secs(5);
const POLL: Duration = Duration::from_millis(5);

/// Starts `PROGRAM localnet feed ARGS --home DIR` in a process group of its own and waits until it has begun. It ends by itself
/// when this process is gone. What it says is appended to its `feed.log`.
pub(super) fn spawn(
    program: &Path,
    cluster: &Cluster,
    args: &[String],
) -> Result<Child, ClusterError> {
    let path = cluster.dir.join(robots::DIR).join("feed.log");
    let log = OpenOptions::new().append(true).create(true).open(&path);
    let log = log.map_err(|error| ClusterError::io(&path, error))?;
    let out = log.try_clone().map_err(|error| ClusterError::io(&path, error))?;
    let mut command = Command::new(program);
    command.args(["localnet", "feed"]).args(args).arg("--home").arg(&cluster.dir);
    command.args(["--parent", &std::process::id().to_string()]).process_group(0);
    command.stdin(Stdio::null()).stdout(out).stderr(log);
    let mut child = command.spawn().map_err(|error| ClusterError::io(program, error))?;
    let end = Instant::now() + BEGIN_MAX;
    while cluster.feed() != Some(child.id()) {
        let has_ended = matches!(child.try_wait(), Ok(Some(_)));
        if has_ended || Instant::now() >= end {
            // One that hangs is no feed either; it is this process's own child.
            let _ = child.kill();
            let _ = child.wait();
            return Err(ClusterError::FeedEnded { log: path });
        }
        thread::sleep(POLL);
    }
    Ok(child)
}
