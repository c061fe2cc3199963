//! A run from its beginning to its report.

use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::thread::JoinHandle;
use std::time::Duration;
use std::time::Instant;

use tokio::runtime::Builder;
use tokio::task::JoinSet;

use super::ChaosError;
use super::follow::Watch;
use super::follow::follow;
use super::governor::Governor;
use super::load::payers;
use super::nodes;
use super::nodes::Nodes;
use super::plan::Step;
use super::report::Report;
use super::runner::Runner;
use crate::cluster::Cluster;
use crate::cluster::ClusterError;

/// How long a request of the load or of a follower may take.
const ANSWER_MAX: Duration = Duration::from_secs(1);

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
    /// How often a validator's power is changed, and with it the epoch; never when none.
    pub power_changes: Option<Duration>,
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
    let watch = Arc::new(Watch::new(cluster.nodes()));
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
    let governor =
        options.power_changes.map(|_| Governor::new(cluster, options.seed)).transpose()?;
    let governor = governor.zip(options.power_changes);
    let pause = Duration::from_secs(payers.len() as u64) / options.rate.max(1);
    let watch = Arc::clone(watch);
    Ok(thread::spawn(move || {
        runtime.block_on(async {
            let mut tasks = JoinSet::new();
            for (index, client) in (0_u16..).zip(clients.clone()) {
                tasks.spawn(follow(Arc::clone(&watch), index, client));
            }
            if let Some((governor, pause)) = governor {
                tasks.spawn(governor.govern(Arc::clone(&watch), clients.clone(), pause));
            }
            for payer in payers {
                tasks.spawn(payer.pay(Arc::clone(&watch), clients.clone(), pause));
            }
            tasks.join_all().await;
        });
    }))
}

/// A directory for a cluster that nobody named a home for.
///
/// # Errors
/// When it cannot be made.
pub fn temporary_home() -> Result<PathBuf, ChaosError> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes)
        .map_err(|error| ChaosError::Cluster(ClusterError::Random { error }))?;
    let number = u64::from_le_bytes(bytes);
    let dir = std::env::temp_dir().join(format!("heddle-chaos-{number:016x}"));
    fs::create_dir(&dir).map_err(|error| ChaosError::io(&dir, error))?;
    Ok(dir)
}
