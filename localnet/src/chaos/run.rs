//! A run from its beginning to its report.

use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::thread::JoinHandle;
use std::time::Duration;
use std::time::Instant;

use heddle_validator::VerifyOptions;
use tokio::runtime::Builder;
use tokio::task::JoinSet;

use super::ChaosError;
use super::checks;
use super::draw::Draw;
use super::follow::Latest;
use super::follow::Watch;
use super::follow::follow;
use super::inject::Injector;
use super::load::payers;
use super::nodes;
use super::nodes::Nodes;
use super::observations::Ending;
use super::observations::Observations;
use super::observations::Recovery;
use super::observations::Verified;
use super::plan::Fault;
use super::plan::Step;
use super::report::Report;
use crate::cluster::Cluster;
use crate::cluster::Running;

/// How long all have to be well again after a fault, in milliseconds: a view's timeout may have grown to 10 s.
const RECOVERY_MS_MAX: u64 = 20_000;
/// How much longer a validator has whose database was emptied, and for each height that it fetches.
const REFETCH_MS: u64 = 10_000;
const REFETCH_MS_PER_HEIGHT: u64 = 3;
/// How long a request of the load or of a follower may take.
const ANSWER_MAX: Duration = Duration::from_secs(1);
/// How long the first transfers and the last blocks may take.
const SETTLE_MAX: Duration = Duration::from_secs(20);
const POLL: Duration = Duration::from_millis(10);

/// How a run is made.
#[derive(Clone, Debug)]
pub struct ChaosOptions {
    /// Where faults come from.
    pub source: Source,
    /// How long faults go on; those of a plan to its end when none.
    pub duration: Option<Duration>,
    /// What chances come from.
    pub seed: u64,
    /// Transfers that are sent a second.
    pub rate: u32,
}

/// Where faults come from.
#[derive(Clone, Debug)]
pub enum Source {
    /// They are written down.
    Plan(Vec<Step>),
    /// They are drawn from the seed.
    Random,
}

/// Harms a cluster and checks what it says. It is started if it does not run, and in either case stopped at the end, because every
/// home is executed again. `is_asked_to_stop` ends the faults early; `progress` hears a line a fault.
///
/// # Errors
/// When the cluster cannot be started, asked or harmed; a check that does not hold is no error.
pub fn run(
    cluster: &Cluster,
    program: &Path,
    options: &ChaosOptions,
    (is_asked_to_stop, progress): (impl Fn() -> bool, impl Fn(&str)),
) -> Result<Report, ChaosError> {
    if cluster.settings().validators < 4 {
        let found = format!("{} validators", cluster.settings().validators);
        return Err(ChaosError::plan(found, "4 or more, of which one may be faulty"));
    }
    let began = Instant::now();
    let is_running = cluster.pids().iter().any(Option::is_some);
    let running = match is_running {
        true => None,
        false => Some(cluster.clone().start(program, &is_asked_to_stop)?),
    };
    let watch = Arc::new(Watch::new(cluster.settings().validators));
    let background = start_background(cluster, &watch, options)?;
    let mut runner = Runner {
        cluster,
        program,
        nodes: Nodes::new(cluster)?,
        watch: Arc::clone(&watch),
        running,
        began,
        timeline: Vec::new(),
    };
    let outcome = runner.run(options, (is_asked_to_stop, progress));
    watch.end();
    // It ends within a request's time.
    let _panicked = background.join();
    let stopped = runner.stop();
    outcome?;
    stopped?;
    runner.verify();
    Ok(runner.report(options.seed))
}

/// Followers and load, on a thread of their own.
fn start_background(
    cluster: &Cluster,
    watch: &Arc<Watch>,
    options: &ChaosOptions,
) -> Result<JoinHandle<()>, ChaosError> {
    let runtime = Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| ChaosError::io("tokio", error))?;
    let clients = nodes::clients(cluster, ANSWER_MAX)?;
    let payers = payers(cluster, options.seed)?;
    let pause = Duration::from_secs(payers.len() as u64) / options.rate.max(1);
    let watch = Arc::clone(watch);
    Ok(thread::spawn(move || {
        runtime.block_on(async {
            let mut tasks = JoinSet::new();
            for (index, client) in (0_u16..).zip(clients.clone()) {
                tasks.spawn(follow(Arc::clone(&watch), index, client));
            }
            for payer in payers {
                tasks.spawn(payer.pay(Arc::clone(&watch), clients.clone(), pause));
            }
            tasks.join_all().await;
        });
    }))
}

struct Runner<'a> {
    cluster: &'a Cluster,
    program: &'a Path,
    nodes: Nodes,
    watch: Arc<Watch>,
    running: Option<Running>,
    began: Instant,
    timeline: Vec<Step>,
}

impl Runner<'_> {
    fn run(
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
                Steps::Random(Draw::new(options.seed, self.cluster.settings().validators))
            }
        }
    }

    /// One fault, its end, the way back, and what can be checked then.
    fn harm(&mut self, fault: &Fault) -> Result<Recovery, ChaosError> {
        let (cluster, program) = (self.cluster, self.program);
        let (nodes, watch) = (&self.nodes, &*self.watch);
        Injector { cluster, program, nodes, watch }.inject(fault)?;
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
        while recovery.all_ms.is_none() && millis(healed) < bound_ms && self.are_up(fault) {
            let latest = self.watch.latest();
            let is_new = |one: &Option<Latest>| {
                one.is_some_and(|one| one.asked_at > healed && one.final_height > before)
            };
            if recovery.first_ms.is_none() && latest.iter().any(is_new) {
                recovery.first_ms = Some(millis(healed));
            }
            let votes = latest.iter().all(|one| one.is_some_and(|one| one.voting));
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
        while Instant::now() < end && !self.is_level() {
            thread::sleep(POLL);
        }
        let mut seen = self.watch.seen();
        for index in 0..self.cluster.settings().validators {
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

    fn stop(&mut self) -> Result<(), ChaosError> {
        match self.running.take() {
            Some(running) => running.end()?,
            None => {
                self.cluster.stop()?;
            }
        }
        Ok(())
    }

    /// Executes every home again.
    fn verify(&self) {
        for validator in 0..self.cluster.settings().validators {
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

    fn report(self, seed: u64) -> Report {
        let seen = self.watch.seen();
        Report {
            seed,
            faults: self.timeline.len() as u64,
            seconds: self.began.elapsed().as_secs(),
            final_height: seen.highest(),
            transfers: seen.load.accepted,
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
    Random(Draw),
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

/// A directory for a cluster that nobody named a home for.
///
/// # Errors
/// When it cannot be made.
pub fn temporary_home() -> Result<PathBuf, ChaosError> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes)
        .map_err(|error| ChaosError::Cluster(crate::cluster::ClusterError::Random { error }))?;
    let number = u64::from_le_bytes(bytes);
    let dir = std::env::temp_dir().join(format!("heddle-chaos-{number:016x}"));
    fs::create_dir(&dir).map_err(|error| ChaosError::io(&dir, error))?;
    Ok(dir)
}
