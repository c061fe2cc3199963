//! Doing things to one validator.

use std::path::Path;
use std::thread;
use std::time::Duration;
use std::time::Instant;

use heddle_validator::home;
use rustix::process::Signal;

use super::Cluster;
use super::ClusterError;
use super::launch;
use super::probe::Prober;
use super::process;

/// How long a validator has to answer after its start.
const ANSWER_MAX: Duration = Duration::from_secs(20);
/// How often it is asked.
const POLL: Duration = Duration::from_millis(20);
/// How long the system has to end a process.
const KILL_WAIT: Duration = Duration::from_secs(5);

impl Cluster {
    /// Ends a validator with SIGKILL, and returns when it is gone.
    ///
    /// # Errors
    /// [`ClusterError::NotRunning`], [`ClusterError::NoSuchValidator`], [`ClusterError::Immortal`].
    pub fn kill(&self, index: u16) -> Result<u32, ClusterError> {
        let pid = self.signal(index, Signal::KILL)?;
        if !process::wait_end(&self.member(index)?.home, KILL_WAIT) {
            return Err(ClusterError::Immortal { pid });
        }
        self.write_manifest()?;
        Ok(pid)
    }

    /// Ends all validators that run with SIGKILL, at the same moment as nearly as can be, and returns when they are gone.
    ///
    /// # Errors
    /// [`ClusterError::Immortal`], and what the system says.
    pub fn kill_all(&self) -> Result<(), ClusterError> {
        let mut pids = Vec::with_capacity(self.members.len());
        for member in &self.members {
            pids.push(process::signal(&member.home, Signal::KILL)?);
        }
        for (member, pid) in self.members.iter().zip(pids) {
            match pid {
                Some(pid) if !process::wait_end(&member.home, KILL_WAIT) => {
                    return Err(ClusterError::Immortal { pid });
                }
                Some(_) | None => {}
            }
        }
        self.write_manifest()?;
        Ok(())
    }

    /// Makes a validator stand still (SIGSTOP).
    ///
    /// # Errors
    /// [`ClusterError::NotRunning`], [`ClusterError::NoSuchValidator`].
    pub fn pause(&self, index: u16) -> Result<u32, ClusterError> {
        self.signal(index, Signal::STOP)
    }

    /// Lets a validator that stands still go on (SIGCONT); its links have the faults that were set meanwhile.
    ///
    /// # Errors
    /// [`ClusterError::NotRunning`], [`ClusterError::NoSuchValidator`], and when `faults.json` cannot be read.
    pub fn resume(&self, index: u16) -> Result<u32, ClusterError> {
        let pid = self.signal(index, Signal::CONT)?;
        self.apply_links(&[index])?;
        Ok(pid)
    }

    /// Starts a validator that is down, and returns when it answers. Its links have faults as those of the others; until it
    /// answers, what it sends is not faulty, though what is sent to it is.
    ///
    /// # Errors
    /// [`ClusterError::ValidatorRunning`]; [`ClusterError::Ended`] with its exit code; [`ClusterError::NotReady`] after
    /// 20 s, when it runs on.
    pub fn start_one(&self, index: u16, program: &Path) -> Result<u32, ClusterError> {
        let member = self.member(index)?;
        if let Some(pid) = home::holder_of(&member.home) {
            return Err(ClusterError::ValidatorRunning { index, pid });
        }
        let prober = Prober::new()?;
        let mut child = launch::spawn(program, member)?;
        let end = Instant::now() + ANSWER_MAX;
        loop {
            let ended = child.try_wait().map_err(|error| ClusterError::io(program, error))?;
            if let Some(status) = ended {
                return Err(launch::ended(index, member, status));
            }
            // Whoever else may listen on its port, it is this process that must hold the home.
            let holds = home::holder_of(&member.home) == Some(child.id());
            if holds && prober.answers(member) {
                self.write_manifest()?;
                self.apply_links(&[index])?;
                return Ok(child.id());
            }
            if Instant::now() >= end {
                self.write_manifest()?;
                let seconds = ANSWER_MAX.as_secs();
                return Err(ClusterError::NotReady { silent: vec![index], seconds });
            }
            thread::sleep(POLL);
        }
    }

    fn signal(&self, index: u16, signal: Signal) -> Result<u32, ClusterError> {
        let member = self.member(index)?;
        process::signal(&member.home, signal)?.ok_or(ClusterError::NotRunning { index })
    }
}
