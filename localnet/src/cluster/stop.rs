//! Ending a cluster.

use std::process::Child;
use std::thread;
use std::time::Duration;
use std::time::Instant;

use heddle_validator::home;
use rustix::process::Signal;

use super::Cluster;
use super::ClusterError;
use super::process;
use super::robots;

/// How long validators have after SIGTERM; with what follows it stays below 6 s.
const TERM_WAIT: Duration = Duration::from_millis(4800);
/// How long the system has after SIGKILL.
const KILL_WAIT: Duration = Duration::from_millis(800);
/// How long the process in whose foreground the cluster runs has.
const SUPERVISOR_WAIT: Duration = Duration::from_millis(6500);
/// How long the price feed has after SIGTERM, when it is ended alone.
const FEED_WAIT: Duration = Duration::from_millis(2000);
const POLL: Duration = Duration::from_millis(5);

/// What there was to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// Validators, or the process in whose foreground they ran.
    Running,
    /// Nothing.
    Nothing,
}

impl Cluster {
    /// Asks the process in whose foreground the cluster runs to end it; ends by itself whatever is left, or everything
    /// when there is no such process.
    ///
    /// # Errors
    /// [`ClusterError::Immortal`], and what the system says.
    pub fn stop(&self) -> Result<Stopped, ClusterError> {
        let ran = self.supervisor().is_some()
            || self.feed().is_some()
            || self.pids().iter().any(Option::is_some);
        if process::signal(&self.dir, Signal::TERM)?.is_some() {
            process::signal(&self.dir, Signal::CONT)?;
            if !process::wait_end(&self.dir, SUPERVISOR_WAIT) {
                process::signal(&self.dir, Signal::KILL)?;
                process::wait_end(&self.dir, KILL_WAIT);
            }
        }
        end_validators(self, &mut [])?;
        self.write_manifest()?;
        Ok(if ran { Stopped::Running } else { Stopped::Nothing })
    }
}

impl Cluster {
    /// Ends the price feed, if it runs.
    pub(super) fn end_feed(&self) -> Result<(), ClusterError> {
        let dir = self.dir.join(robots::DIR);
        for (signal, wait) in [(Signal::TERM, FEED_WAIT), (Signal::KILL, KILL_WAIT)] {
            if process::signal(&dir, signal)?.is_some() {
                process::signal(&dir, Signal::CONT)?;
                process::wait_end(&dir, wait);
            }
        }
        match self.feed() {
            Some(pid) => Err(ClusterError::Immortal { pid }),
            None => Ok(()),
        }
    }
}

/// Ends every validator of `cluster`, its price feed, and every process of `children`: SIGTERM, and SIGKILL for those that do not heed
/// it. A child that has not taken its home's lock yet is known as a child only.
pub(super) fn end_validators(
    cluster: &Cluster,
    children: &mut [Option<Child>],
) -> Result<(), ClusterError> {
    for (signal, wait) in [(Signal::TERM, TERM_WAIT), (Signal::KILL, KILL_WAIT)] {
        let alive = alive(cluster, children);
        for pid in &alive {
            // A stopped process handles its signals once it is continued.
            process::send(*pid, signal)
                .and_then(|()| process::send(*pid, Signal::CONT))
                .map_err(|error| ClusterError::io(&cluster.dir, error.into()))?;
        }
        let end = Instant::now() + wait;
        while Instant::now() < end && !self::alive(cluster, children).is_empty() {
            thread::sleep(POLL);
        }
    }
    match alive(cluster, children).first() {
        Some(pid) => Err(ClusterError::Immortal { pid: *pid }),
        None => Ok(()),
    }
}

fn alive(cluster: &Cluster, children: &mut [Option<Child>]) -> Vec<u32> {
    let mut pids: Vec<u32> =
        cluster.members.iter().filter_map(|member| home::holder_of(&member.home)).collect();
    pids.extend(cluster.feed());
    for child in children.iter_mut() {
        match child.as_mut().map(|child| (child.id(), child.try_wait())) {
            Some((_, Ok(Some(_)))) => *child = None,
            Some((pid, _)) => pids.push(pid),
            None => {}
        }
    }
    pids.sort_unstable();
    pids.dedup();
    pids
}
