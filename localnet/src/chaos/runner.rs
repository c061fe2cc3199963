//! One fault after the other, the way back from each, and the end.

use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::Duration;
use std::time::Instant;

use heddle_validator::VerifyOptions;

use super::ChaosError;
use super::checks;
use super::draw::Draw;
use super::follow::Latest;
use super::follow::Watch;
use super::inject::Injector;
use super::nodes::Nodes;
use super::observations::Ending;
use super::observations::Observations;
use super::observations::Recovery;
use super::observations::Spell;
use super::observations::Verified;
use super::plan::Fault;
use super::plan::Step;
use super::report::Report;
use super::run::ChaosOptions;
use super::run::Source;
use crate::cluster::Cluster;
use crate::cluster::ClusterError;
use crate::cluster::Running;

/// How long all have to be well again after a fault, in milliseconds: a view's timeout may have grown to 10 s.
const RECOVERY_MS_MAX: u64 = 20_000;
/// How much longer a validator has whose database was emptied, and for each height that it fetches.
const REFETCH_MS: u64 = 10_000;
const REFETCH_MS_PER_HEIGHT: u64 = 3;
/// How long the first transfers and the last blocks may take.
const SETTLE_MAX: Duration = Duration::from_secs(20);
const POLL: Duration = Duration::from_millis(10);

/// A run while it lasts.
pub(super) struct Runner<'a> {
    pub(super) cluster: &'a Cluster,
    pub(super) program: &'a Path,
    pub(super) nodes: Nodes,
    pub(super) watch: Arc<Watch>,
    pub(super) running: Option<Running>,
    pub(super) began: Instant,
    pub(super) timeline: Vec<Step>,
}

impl Runner<'_> {
    pub(super) fn run(
        &mut self,
        options: &ChaosOptions,
        (is_asked_to_stop, progress): (impl Fn() -> bool, impl Fn(&str)),
    ) -> Result<(), ChaosError> {
        self.recover("the start", RECOVERY_MS_MAX);
        let begun = Instant::now() + SETTLE_MAX;
        while self.watch.seen().load.accepted == 0 && Instant::now() < begun {
            thread::sleep(POLL);
        }
        self.ask_totals();
        let mut steps = self.steps(options);
        let end = options.duration.map(|duration| self.began + duration);
        while self.is_well() && !is_asked_to_stop() {
            let Some(step) = steps.next(self.now_ms()) else { break };
            let at = self.began + Duration::from_millis(step.at);
            if end.is_some_and(|end| at.max(Instant::now()) >= end) {
                break;
            }
            self.wait_until(at, &is_asked_to_stop);
            let step = Step { at: self.now_ms(), ..step };
            self.timeline.push(step.clone());
            let recovery = self.harm(&step.fault)?;
            progress(&line(&step, &recovery));
        }
        // A plan may be over before its time: load goes on.
        if let Some(end) = end.filter(|_| self.is_well()) {
            self.wait_until(end, &is_asked_to_stop);
        }
        self.settle();
        Ok(())
    }

    fn steps(&self, options: &ChaosOptions) -> Steps {
        match &options.source {
            Source::Plan(steps) => Steps::Plan(steps.clone().into_iter()),
            Source::Random => {
                let sizes = (self.cluster.settings().validators, self.cluster.nodes());
                Steps::Random(Box::new(Draw::new(options.seed, sizes)))
            }
        }
    }

    /// One fault, its end, the way back, and what can be checked then.
    fn harm(&mut self, fault: &Fault) -> Result<Recovery, ChaosError> {
        let (cluster, program) = (self.cluster, self.program);
        let (nodes, watch) = (&self.nodes, &*self.watch);
        let (began, before) = (Instant::now(), watch.highest());
        match (Injector { cluster, program, nodes, watch }).inject(fault) {
            // Somebody ended who should not have; that is found below.
            Ok(()) | Err(ChaosError::Cluster(ClusterError::NotRunning { .. })) => {}
            Err(error) => return Err(error),
        }
        let spell = Spell {
            fault: format!("{fault:?}"),
            has_quorum: fault.leaves_quorum(cluster.settings().validators),
            ms: millis(began),
            new_heights: watch.highest().saturating_sub(before),
        };
        watch.seen().spells.push(spell);
        let recovery = self.recover(&format!("{fault:?}"), self.bound_ms(fault));
        self.ask_totals();
        if let Some(running) = &mut self.running {
            running.refresh()?;
        }
        Ok(recovery)
    }

    /// Asks everybody, without keeping others from writing down what they see.
    fn ask_totals(&self) {
        let mut totals = Observations::default();
        self.nodes.ask_totals(&mut totals);
        let mut seen = self.watch.seen();
        seen.supplies.append(&mut totals.supplies);
        seen.evidence.append(&mut totals.evidence);
    }

    fn bound_ms(&self, fault: &Fault) -> u64 {
        match fault {
            Fault::DamageDb { .. } | Fault::EmptyDb { .. } => {
                RECOVERY_MS_MAX + REFETCH_MS + REFETCH_MS_PER_HEIGHT * self.watch.highest()
            }
            Fault::Under { fault, .. } => self.bound_ms(fault),
            Fault::Kill { .. }
            | Fault::Pause { .. }
            | Fault::Storm { .. }
            | Fault::PowerLoss { .. }
            | Fault::Partition { .. }
            | Fault::Latency { .. }
            | Fault::Clock { .. }
            | Fault::DiskFull { .. }
            | Fault::DamageSafety { .. } => RECOVERY_MS_MAX,
        }
    }

    /// Waits until all vote and have blocks that nobody had before, and writes down how long it took.
    fn recover(&self, fault: &str, bound_ms: u64) -> Recovery {
        let healed = Instant::now();
        let before = self.watch.highest();
        let mut recovery =
            Recovery { fault: fault.to_owned(), first_ms: None, all_ms: None, bound_ms };
        while recovery.all_ms.is_none() && millis(healed) < bound_ms {
            // One that is down does not come back; its end is what is wrong, not how long the others wait for it.
            if !self.are_up(fault) {
                return recovery;
            }
            let latest = self.watch.latest();
            let is_new = |one: &Option<Latest>| {
                one.is_some_and(|one| one.asked_at > healed && one.final_height > before)
            };
            if recovery.first_ms.is_none() && latest.iter().any(is_new) {
                recovery.first_ms = Some(millis(healed));
            }
            let validators = usize::from(self.cluster.settings().validators);
            let votes = latest.iter().take(validators).all(|one| one.is_some_and(|one| one.voting));
            if votes && latest.iter().all(is_new) {
                recovery.all_ms = Some(millis(healed));
            }
            thread::sleep(POLL);
        }
        self.watch.seen().recoveries.push(recovery.clone());
        recovery
    }

    /// Whether all processes are there; one that is not has ended without having been told to.
    fn are_up(&self, fault: &str) -> bool {
        let down = (0_u16..).zip(self.cluster.pids()).find(|(_, pid)| pid.is_none());
        let Some((validator, _)) = down else { return true };
        let last_line = self.cluster.last_words(validator).unwrap_or_default();
        let fault = format!("after {fault}");
        let ending = Ending { validator, fault, code: None, allowed: Vec::new(), last_line };
        self.watch.seen().endings.push(ending);
        false
    }

    /// Ends the load, waits until all have the same, and asks everybody for everything again.
    fn settle(&self) {
        self.watch.end_load();
        let end = Instant::now() + SETTLE_MAX;
        while Instant::now() < end
            && self.cluster.pids().iter().all(Option::is_some)
            && !self.is_level()
        {
            thread::sleep(POLL);
        }
        let mut seen = self.watch.seen();
        // One that is down is wrong already, and is not waited for.
        let up = (0_u16..).zip(self.cluster.pids()).filter(|(_, pid)| pid.is_some());
        for (index, _) in up {
            self.nodes.read_again(index, &mut seen);
        }
        self.nodes.ask_totals(&mut seen);
    }

    /// Whether every validator has what anybody told.
    fn is_level(&self) -> bool {
        let highest = self.watch.seen().highest();
        self.watch.latest().iter().all(|one| one.is_some_and(|one| one.final_height >= highest))
    }

    fn is_well(&self) -> bool {
        let seen = self.watch.seen();
        checks::all(&seen).iter().all(|check| check.ok)
    }

    pub(super) fn stop(&mut self) -> Result<(), ChaosError> {
        match self.running.take() {
            Some(running) => running.end()?,
            None => {
                self.cluster.stop()?;
            }
        }
        Ok(())
    }

    /// Executes every home again.
    pub(super) fn verify(&self) {
        for validator in 0..self.cluster.nodes() {
            let outcome = match self.cluster.validator_home(validator) {
                Err(error) => Err(error.to_string()),
                Ok(home) => match heddle_validator::verify(home, &VerifyOptions::default(), |_| {})
                {
                    Err(fatal) => Err(fatal.to_string()),
                    Ok(report) if report.ok => Ok((report.height, report.state_root)),
                    Ok(report) => Err(format!("{report:?}")),
                },
            };
            self.watch.seen().verified.push(Verified { validator, outcome });
        }
    }

    pub(super) fn report(self, seed: u64) -> Report {
        let seen = self.watch.seen();
        Report {
            seed,
            faults: self.timeline.len() as u64,
            seconds: self.began.elapsed().as_secs(),
            final_height: seen.highest(),
            transactions: seen.included.first.len() as u64,
            timeline: self.timeline.clone(),
            checks: checks::all(&seen),
            home: None,
        }
    }

    fn now_ms(&self) -> u64 {
        millis(self.began)
    }

    fn wait_until(&self, at: Instant, is_asked_to_stop: impl Fn() -> bool) {
        while Instant::now() < at && !is_asked_to_stop() {
            thread::sleep(POLL);
        }
    }
}

/// What comes next.
enum Steps {
    Plan(std::vec::IntoIter<Step>),
    Random(Box<Draw>),
}

impl Steps {
    fn next(&mut self, now_ms: u64) -> Option<Step> {
        match self {
            Self::Plan(steps) => steps.next(),
            Self::Random(draw) => {
                let at = now_ms.saturating_add(draw.pause_ms());
                Some(Step { at, fault: draw.fault() })
            }
        }
    }
}

fn line(step: &Step, recovery: &Recovery) -> String {
    let at = step.at / 1000;
    let back = match (recovery.first_ms, recovery.all_ms) {
        (Some(first), Some(all)) => format!("final again after {first} ms, all after {all} ms"),
        (Some(first), None) => format!("final again after {first} ms, NOT ALL BACK"),
        (None, _) => "NOT FINAL AGAIN".to_owned(),
    };
    format!("{at:>5} s  {:?}: {back}", step.fault)
}

fn millis(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)
}
