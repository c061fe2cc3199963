//! Carrying out a fault, and taking it back.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;
use std::time::Instant;

use rustix::process::Pid;
use rustix::process::Resource;
use rustix::process::Rlimit;
use rustix::process::prlimit;

use super::ChaosError;
use super::damage;
use super::follow::Watch;
use super::nodes::Nodes;
use super::observations::CutOff;
use super::observations::Ending;
use super::plan::Fault;
use crate::cluster::Cluster;
use crate::cluster::ClusterError;
use crate::cluster::Latency;
use crate::cluster::Links;
use crate::cluster::Partition;

/// What a node ends with when its disk is full.
const DISK: u8 = 4;
/// What it ends with when its data is damaged.
const CORRUPT: u8 = 3;
/// How long a node may take to notice that its files cannot grow.
const NOTICE_MAX: Duration = Duration::from_secs(60);
/// How much a node's log may still grow when nothing else may, so that its last line is written.
const LOG_ROOM_BYTES: u64 = 64 * 1024;
/// How long a node that started on a damaged database is watched.
const DAMAGED_FOR: Duration = Duration::from_secs(2);
/// Heights that such a node is asked for.
const DAMAGED_HEIGHTS: u64 = 1_000;
/// After this long nothing is on its way any more over links that are cut.
const SETTLED_AFTER: Duration = Duration::from_millis(1_000);
const POLL: Duration = Duration::from_millis(20);

/// Does things to the validators of a cluster.
pub(super) struct Injector<'a> {
    pub(super) cluster: &'a Cluster,
    pub(super) program: &'a Path,
    pub(super) nodes: &'a Nodes,
    pub(super) watch: &'a Watch,
}

impl Injector<'_> {
    /// Carries out a fault and takes it back. Processes that ended by themselves are written down, rightly or not.
    pub(super) fn inject(&self, fault: &Fault) -> Result<(), ChaosError> {
        match fault {
            Fault::Kill { validator, down_ms } => {
                self.cluster.kill(*validator)?;
                sleep(*down_ms);
                self.start(*validator, fault)
            }
            Fault::Pause { validator, ms } => {
                self.cluster.pause(*validator)?;
                sleep(*ms);
                self.cluster.resume(*validator)?;
                Ok(())
            }
            Fault::Storm { validator, restarts } => (0..*restarts).try_for_each(|_| {
                self.cluster.kill(*validator)?;
                self.start(*validator, fault)
            }),
            Fault::PowerLoss { down_ms } => {
                self.cluster.kill_all()?;
                sleep(*down_ms);
                let all = 0..self.cluster.nodes();
                all.into_iter().try_for_each(|index| self.start(index, fault))
            }
            Fault::Partition { cuts, ms } => {
                let validators = self.cluster.settings().validators;
                let links = Links { cuts: Partition::parse(cuts, validators)?.0, latency: None };
                if fault.denies_quorum(validators) {
                    self.without_quorum(links, *ms, fault)
                } else {
                    self.with_links(links, *ms)
                }
            }
            Fault::Latency { delay_ms, jitter_ms, loss_percent, ms } => {
                let latency = Latency {
                    delay_ms: *delay_ms,
                    jitter_ms: *jitter_ms,
                    loss_percent: *loss_percent,
                };
                self.with_links(Links { latency: Some(latency), ..Links::default() }, *ms)
            }
            Fault::Clock { validator, offset_ms, ms } => {
                self.nodes.set_clock(*validator, *offset_ms)?;
                sleep(*ms);
                self.nodes.set_clock(*validator, 0)
            }
            Fault::DiskFull { validator } => self.fill_disk(*validator, fault),
            Fault::DamageDb { validator, seed, bytes } => {
                self.damage_db(*validator, (*seed, *bytes), fault)
            }
            Fault::DamageSafety { validator, seed } => {
                self.cluster.kill(*validator)?;
                damage::flip_in_file(&self.home(*validator)?.join("safety"), *seed)?;
                self.start(*validator, fault)
            }
            Fault::EmptyDb { validator } => {
                self.cluster.kill(*validator)?;
                self.refetch(*validator, fault)
            }
            Fault::Under { cuts, delay_ms, loss_percent, fault } => {
                self.cluster.set_links(self.links(cuts, *delay_ms, *loss_percent)?)?;
                let done = self.inject(fault);
                self.cluster.set_links(Links::default())?;
                done
            }
        }
    }

    fn links(&self, cuts: &str, delay_ms: u64, loss_percent: u8) -> Result<Links, ChaosError> {
        let cuts = match cuts {
            "" => BTreeSet::new(),
            cuts => Partition::parse(cuts, self.cluster.settings().validators)?.0,
        };
        let latency = Latency { delay_ms, jitter_ms: 0, loss_percent };
        let latency = Some(latency).filter(|latency| *latency != Latency::default());
        Ok(Links { cuts, latency })
    }

    fn with_links(&self, links: Links, ms: u64) -> Result<(), ChaosError> {
        self.cluster.set_links(links)?;
        sleep(ms);
        self.cluster.set_links(Links::default())?;
        Ok(())
    }

    /// The same, where nothing may become final once what is on its way has come.
    fn without_quorum(&self, links: Links, ms: u64, fault: &Fault) -> Result<(), ChaosError> {
        self.cluster.set_links(links)?;
        let (cut, end) = (Instant::now(), Instant::now() + Duration::from_millis(ms));
        let settled = self.highest_after(cut + SETTLED_AFTER, end);
        thread::sleep(end.saturating_duration_since(Instant::now()));
        if let Some(settled) = settled {
            let last = self.watch.highest();
            let fault = format!("{fault:?}");
            self.watch.seen().cut_offs.push(CutOff { fault, settled, last });
        }
        self.cluster.set_links(Links::default())?;
        Ok(())
    }

    /// The highest final block when all have been asked after `begin`; none if that is not so before `end`.
    fn highest_after(&self, begin: Instant, end: Instant) -> Option<u64> {
        while Instant::now() < end {
            let latest = self.watch.latest();
            if latest.iter().all(|one| one.is_some_and(|one| one.asked_at >= begin)) {
                return Some(self.watch.highest());
            }
            thread::sleep(POLL);
        }
        None
    }

    /// Starts a validator that is to go on well. One that takes long to answer has until the recovery's bound.
    fn start(&self, index: u16, fault: &Fault) -> Result<(), ChaosError> {
        match self.cluster.start_one(index, self.program) {
            Ok(_) | Err(ClusterError::NotReady { .. }) => Ok(()),
            Err(ClusterError::Ended { code, .. }) => self.note_end(index, Some(code), (fault, &[])),
            Err(error) => Err(error.into()),
        }
    }

    fn refetch(&self, index: u16, fault: &Fault) -> Result<(), ChaosError> {
        damage::empty(&self.home(index)?.join("db"))?;
        self.start(index, fault)
    }

    fn fill_disk(&self, index: u16, fault: &Fault) -> Result<(), ChaosError> {
        let pid = self.cluster.pids()[usize::from(index)].and_then(|pid| i32::try_from(pid).ok());
        let pid = pid.and_then(Pid::from_raw).ok_or(ClusterError::NotRunning { index })?;
        let log = self.home(index)?.join("node.log");
        let log_bytes = fs::metadata(&log).map_err(|error| ChaosError::io(&log, error))?.len();
        let limit = Some(log_bytes.saturating_add(LOG_ROOM_BYTES));
        prlimit(Some(pid), Resource::Fsize, Rlimit { current: limit, maximum: limit })
            .map_err(|error| ChaosError::io(&log, error.into()))?;
        let ended = self.await_end(index, NOTICE_MAX);
        let code = if ended { self.last_code(index)? } else { None };
        self.note_end(index, code, (fault, &[DISK]))?;
        if !ended {
            self.cluster.kill(index)?;
        }
        self.start(index, fault)
    }

    /// A node on a damaged database refuses with its exit code, now or when it comes to the damage, or is right.
    fn damage_db(
        &self,
        index: u16,
        (seed, bytes): (u64, u16),
        fault: &Fault,
    ) -> Result<(), ChaosError> {
        self.cluster.kill(index)?;
        damage::flip_in_db(&self.home(index)?.join("db"), seed, bytes)?;
        match self.cluster.start_one(index, self.program) {
            Ok(_) | Err(ClusterError::NotReady { .. }) => {
                let highest = self.watch.highest();
                let first = highest.saturating_sub(DAMAGED_HEIGHTS).max(1);
                let heights: Vec<u64> = (first..=highest).collect();
                self.nodes.read_blocks(index, &heights, &mut self.watch.seen());
                if self.await_end(index, DAMAGED_FOR) {
                    let code = self.last_code(index)?;
                    self.note_end(index, code, (fault, &[CORRUPT]))?;
                } else {
                    self.cluster.kill(index)?;
                }
            }
            Err(ClusterError::Ended { code, .. }) => {
                self.note_end(index, Some(code), (fault, &[CORRUPT]))?;
            }
            Err(error) => return Err(error.into()),
        }
        self.refetch(index, fault)
    }

    fn note_end(
        &self,
        index: u16,
        code: Option<u8>,
        (fault, allowed): (&Fault, &[u8]),
    ) -> Result<(), ChaosError> {
        let ending = Ending {
            validator: index,
            fault: format!("{fault:?}"),
            code,
            allowed: allowed.to_vec(),
            last_line: self.cluster.last_words(index)?,
        };
        self.watch.seen().endings.push(ending);
        Ok(())
    }

    /// Whether a validator has ended by itself within `wait`.
    fn await_end(&self, index: u16, wait: Duration) -> bool {
        let end = Instant::now() + wait;
        while self.cluster.pids()[usize::from(index)].is_some() {
            if Instant::now() >= end {
                return false;
            }
            thread::sleep(POLL);
        }
        true
    }

    /// The exit code that a node's last line names.
    fn last_code(&self, index: u16) -> Result<Option<u8>, ChaosError> {
        let line = self.cluster.last_words(index)?;
        let code = line.strip_prefix("error: ").and_then(|rest| rest.split(' ').next());
        Ok(code.and_then(|code| code.parse().ok()))
    }

    fn home(&self, index: u16) -> Result<PathBuf, ChaosError> {
        Ok(self.cluster.validator_home(index)?.to_owned())
    }
}

fn sleep(ms: u64) {
    thread::sleep(Duration::from_millis(ms));
}
