//! A cluster in this process's foreground.

use std::path::Path;
use std::process::Child;
use std::thread;
use std::time::Duration;
use std::time::Instant;

use heddle_validator::home::HomeError;
use heddle_validator::home::HomeLock;

use super::Cluster;
use super::ClusterError;
use super::Manifest;
use super::launch;
use super::launch_feed;
use super::ports;
use super::probe::Prober;
use super::stop;

/// How often validators are asked whether they are ready.
const POLL: Duration = Duration::from_millis(20);
/// How long they have until they are.
const READY_MAX: Duration = Duration::from_secs(60);

/// A cluster that this process started and will end. Dropping it leaves the validators running, as a crash would.
#[derive(Debug)]
pub struct Running {
    cluster: Cluster,
    /// The validators and followers, and then the price feed if there is one.
    children: Vec<Option<Child>>,
    written: Manifest,
    _lock: HomeLock,
}

impl Cluster {
    /// Starts every validator at once and waits until each answers and a first block is final. `program` is the `heddle`
    /// binary; `is_asked_to_stop` ends the wait.
    ///
    /// # Errors
    /// [`ClusterError::Running`], [`ClusterError::ValidatorRunning`], [`ClusterError::PortInUse`] before anything is
    /// started; [`ClusterError::Ended`], [`ClusterError::NotReady`] after what was started has been ended again.
    pub fn start(
        self,
        program: &Path,
        is_asked_to_stop: impl Fn() -> bool,
    ) -> Result<Running, ClusterError> {
        let lock = HomeLock::take(&self.dir).map_err(|error| match error {
            HomeError::InUse { pid, .. } => {
                ClusterError::Running { path: self.dir.clone(), pid: pid.unwrap_or_default() }
            }
            error => ClusterError::Home(error),
        })?;
        let running = (0_u16..).zip(self.pids()).find_map(|(index, pid)| Some((index, pid?)));
        if let Some((index, pid)) = running {
            return Err(ClusterError::ValidatorRunning { index, pid });
        }
        ports::check(&self.members)?;
        self.forget_links()?;
        let written = self.manifest_with(None, &[]);
        let mut started = Running { children: Vec::new(), written, _lock: lock, cluster: self };
        let ready = started.spawn(program).and_then(|()| started.wait_ready(is_asked_to_stop));
        match ready {
            Ok(()) => Ok(started),
            Err(error) => {
                started.end()?;
                Err(error)
            }
        }
    }
}

impl Running {
    /// The same with a price feed, `heddle localnet feed ARGS`. When that cannot be, everything is ended.
    ///
    /// # Errors
    /// [`ClusterError::FeedEnded`], and what the system says.
    pub fn with_feed(mut self, program: &Path, args: &[String]) -> Result<Self, ClusterError> {
        match launch_feed::spawn(program, &self.cluster, args) {
            Ok(child) => {
                self.children.push(Some(child));
                self.refresh()?;
                Ok(self)
            }
            Err(error) => {
                self.end()?;
                Err(error)
            }
        }
    }

    fn spawn(&mut self, program: &Path) -> Result<(), ClusterError> {
        for member in &self.cluster.members {
            self.children.push(Some(launch::spawn(program, member)?));
        }
        Ok(())
    }

    fn wait_ready(&mut self, is_asked_to_stop: impl Fn() -> bool) -> Result<(), ClusterError> {
        let prober = Prober::new()?;
        let end = Instant::now() + READY_MAX;
        loop {
            let silent = prober.silent(&self.cluster);
            if silent.is_empty() || is_asked_to_stop() {
                return self.refresh();
            }
            for (index, child) in (0_u16..).zip(&mut self.children) {
                let status = child.as_mut().and_then(|child| child.try_wait().ok().flatten());
                if let Some(status) = status {
                    let member = self.cluster.member(index)?;
                    return Err(launch::ended(index, member, status));
                }
            }
            if Instant::now() >= end {
                return Err(ClusterError::NotReady { silent, seconds: READY_MAX.as_secs() });
            }
            self.refresh()?;
            thread::sleep(POLL);
        }
    }

    /// Takes leave of validators that ended, and rewrites `localnet.json` when any process has changed, whoever changed
    /// it. To be called a few times a second.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn refresh(&mut self) -> Result<(), ClusterError> {
        for child in &mut self.children {
            // A child that cannot be asked is kept and asked again.
            if child.as_mut().is_some_and(|child| matches!(child.try_wait(), Ok(Some(_)))) {
                *child = None;
            }
        }
        self.cluster.find_added()?;
        let now = self.cluster.manifest_with(Some(std::process::id()), &self.cluster.pids());
        if now != self.written {
            self.cluster.write(&now)?;
            self.written = now;
        }
        Ok(())
    }

    /// Ends every validator, whoever started it, within 6 s.
    ///
    /// # Errors
    /// [`ClusterError::Immortal`], and when `localnet.json` cannot be written.
    pub fn end(mut self) -> Result<(), ClusterError> {
        self.cluster.find_added()?;
        stop::end_validators(&self.cluster, &mut self.children)?;
        self.cluster.write(&self.cluster.manifest_with(None, &[]))
    }

    /// The cluster.
    pub const fn cluster(&self) -> &Cluster {
        &self.cluster
    }

    /// What runs, as `localnet.json` has it.
    pub const fn manifest(&self) -> &Manifest {
        &self.written
    }
}
