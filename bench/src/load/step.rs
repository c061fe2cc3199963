//! One rate for one duration: prepare, offer, wait, measure, check.

use std::future::Future;
use std::num::NonZeroU64;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use heddle_localnet::cluster::Cluster;
use heddle_types::Height;
use heddle_types::Millis;
use heddle_types::TxId;
use tokio::time::sleep;

use crate::error::BenchError;
use crate::limits;
use crate::load::Mix;
use crate::load::Workload;
use crate::load::accounts::Accounts;
use crate::load::follow::Sightings;
use crate::load::follow::Watch;
use crate::load::gate::Before;
use crate::load::gate::Gate;
use crate::load::latency::Latencies;
use crate::load::offer;
use crate::load::offer::Offered;
use crate::load::outcome::Known;
use crate::load::outcome::Outcome;
use crate::load::outcome::Tally;
use crate::load::result::LoadResult;
use crate::load::schedule::Schedule;
use crate::machine;
use crate::machine::Machine;
use crate::network::Network;
use crate::output;
use crate::target::Found;
use crate::wallet;
use crate::wallet::Signed;

/// Later than this at p99, the generator did not offer what it says.
const LAG_MS_MAX: f64 = 10.0;
/// Between signing and the first transaction.
const LEAD: Duration = Duration::from_millis(200);
/// The run is over when all is final, or when nothing became final for this long.
pub(crate) const DRAIN: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(20);

/// What stays the same from one rate to the next.
#[derive(Debug)]
pub(crate) struct Bench {
    workload: Workload,
    mix: Mix,
    pub(crate) network: Network,
    pub(crate) found: Found,
    accounts: Accounts,
}

/// A run with everything that its files need.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) result: LoadResult,
    pub(crate) latencies: Latencies,
    pub(crate) records: Vec<Record>,
}

/// One transaction.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Record {
    pub(crate) id: TxId,
    pub(crate) outcome: Outcome,
    pub(crate) height: Option<Height>,
    pub(crate) due_micros: u64,
    pub(crate) final_micros: Option<u64>,
}

/// Time and space that were used, as far as they can be known.
struct Meter {
    /// The validators' processes; one that was restarted meanwhile makes their time unknown.
    pids: Option<Vec<u32>>,
    validators: Option<u64>,
    own: Option<u64>,
    disk: Option<u64>,
}

impl Bench {
    pub(crate) fn new(workload: Workload, mix: Mix, network: Network, found: Found) -> Self {
        let accounts = Accounts::derive(mix.seed, mix.accounts);
        Self { workload, mix, network, found, accounts }
    }

    /// Offers `rate` transactions a second for `duration`.
    pub(crate) async fn run(&self, rate: NonZeroU64, duration: Millis) -> Result<Run, BenchError> {
        let nothing = |_| std::future::ready(Ok(()));
        let (run, ()) = self.run_beside((rate, duration), Height::new(u64::MAX), nothing).await?;
        Ok(run)
    }

    /// The same with transactions that expire at a height, and something else at the same time, which is told when the first is
    /// due.
    pub(crate) async fn run_beside<T, F>(
        &self,
        (rate, duration): (NonZeroU64, Millis),
        valid_until: Height,
        beside: impl FnOnce(Instant) -> F,
    ) -> Result<(Run, T), BenchError>
    where
        F: Future<Output = Result<T, BenchError>>,
    {
        let max = limits::LOAD_TRANSACTIONS_MAX;
        let schedule = Schedule::new(rate, duration).ok_or_else(|| {
            BenchError::usage(format!(
                "--rate: found it times --duration not within 1 to {max}; give less"
            ))
        })?;
        let nodes = self.network.nodes().len();
        let each = self.accounts.txs_each(&schedule, nodes);
        let funds = (each, self.mix.calls);
        let accounts = self.accounts.prepare(&self.network, &self.found.faucet, funds).await?;
        let before = Before { accounts, supplies: self.network.supplies().await? };
        let traffic = self.accounts.traffic(&schedule, (nodes, self.mix.calls), &before.accounts);
        let drafts = (traffic.drafts.as_slice(), valid_until);
        let signed = wallet::sign_until(self.network.chain(), &self.accounts.keys, drafts);
        let signed = Arc::new(signed);
        output::progress(format_args!("offering {} transactions at {rate}/s", signed.len()));

        let height = self.network.executed_height().await?;
        let meter = self.meter();
        let start = Instant::now() + LEAD;
        let watch = Watch::begin(&self.network, (&signed, traffic.nodes.clone()), height, start);
        let (offered, beside) = tokio::join!(
            offer::offer(&self.network, &signed, &traffic.nodes, (&schedule, start)),
            beside(start),
        );
        let (offered, beside) = (offered?, beside?);
        let sightings = drain(watch, &offered).await?;
        let wall = start.elapsed();
        let used = self.meter();

        let known = self.known(&signed, &offered, &sightings).await?;
        let highest = sightings.heights.iter().flatten().copied().max().unwrap_or(height);
        let evidence = (&before, &traffic, known.as_slice());
        let gate = Gate::check(&self.network, &self.accounts, evidence, highest).await?;
        let records = records(&signed, &known, &sightings, &schedule);
        let lags = offered.sent_micros.iter().zip(0..);
        let lags = lags.map(|(sent, tx)| sent.saturating_sub(schedule.due_micros(tx)));
        let lag = Latencies::new(lags)?;
        let mut run = self.summary((rate, duration), &records, gate, &lag)?;
        meter.account(&used, wall, &mut run.result);
        run.result.first_refusal = offered.first_refusal;
        if valid_until == Height::new(u64::MAX) {
            run.result.expect_none_expired();
        }
        Ok((run, beside))
    }

    /// What became of each, receipts included.
    async fn known(
        &self,
        signed: &[Signed],
        offered: &Offered,
        sightings: &Sightings,
    ) -> Result<Vec<Known>, BenchError> {
        let highest = sightings.heights.iter().flatten().copied().max().unwrap_or(Height::ZERO);
        self.network.settle(highest).await?;
        let mut known: Vec<Known> = sightings
            .heights
            .iter()
            .zip(&offered.refused)
            .map(|(height, refused)| Known { height: *height, charge: None, is_refused: *refused })
            .collect();
        let finals: Vec<usize> =
            (0..known.len()).filter(|tx| known[*tx].height.is_some()).collect();
        let ids: Vec<TxId> = finals.iter().map(|tx| signed[*tx].id).collect();
        for (tx, charge) in finals.into_iter().zip(self.network.charges(&ids).await?) {
            known[tx].charge = Some(charge);
        }
        Ok(known)
    }

    fn summary(
        &self,
        (rate, duration): (NonZeroU64, Millis),
        records: &[Record],
        gate: Gate,
        lag: &Latencies,
    ) -> Result<Run, BenchError> {
        let Mix { accounts, seed, calls } = self.mix;
        let tally = Tally::of(records.iter().map(|record| record.outcome));
        let latency =
            |record: &Record| Some(record.final_micros?.saturating_sub(record.due_micros));
        let latencies = Latencies::new(records.iter().filter_map(latency))?;
        let offered_seconds = duration.get() as f64 / 1000.0;
        let last = records.iter().filter_map(|record| record.final_micros).max();
        let seconds = offered_seconds.max(last.unwrap_or_default() as f64 / 1e6);
        let invalid_reason = late_reason(lag);
        let result = LoadResult {
            valid: invalid_reason.is_none(),
            invalid_reason,
            offered: tally.offered(),
            succeeded: tally.succeeded,
            failed: tally.failed,
            rejected: tally.rejected,
            expired: tally.expired,
            offered_per_second: tally.offered() as f64 / offered_seconds,
            throughput: tally.succeeded as f64 / seconds,
            max_rate: None,
            latency_ms: latencies.quantiles(),
            cpu_micros_per_tx: None,
            state_bytes_per_tx: None,
            limit_fraction: None,
            gate,
            workload: self.workload,
            rate: rate.get(),
            duration_ms: duration.get(),
            accounts,
            seed,
            calls,
            nodes: self.network.nodes().len(),
            lag_ms: lag.quantiles(),
            generator_cpu_micros_per_tx: None,
            first_refusal: None,
            reserved: None,
            steps: Vec::new(),
            machine: Machine::this(),
        };
        Ok(Run { result, latencies, records: records.to_vec() })
    }

    fn meter(&self) -> Meter {
        let cluster = self.found.cluster.as_ref();
        let pids = cluster.and_then(|cluster| {
            let validators = usize::from(cluster.settings().validators);
            cluster.pids().into_iter().take(validators).collect::<Option<Vec<_>>>()
        });
        Meter {
            validators: pids.as_deref().and_then(machine::cpu_micros),
            pids,
            own: machine::own_cpu_micros(),
            disk: cluster.and_then(|cluster| disk_bytes(&db_of(cluster))),
        }
    }
}

impl Meter {
    fn account(&self, later: &Self, wall: Duration, result: &mut LoadResult) {
        let finals = (result.succeeded + result.failed) as f64;
        let grown = |from: Option<u64>, to: Option<u64>| Some(to?.checked_sub(from?)? as f64);
        let each = |used: Option<f64>| used.filter(|_| finals > 0.0).map(|used| used / finals);
        let validators = grown(self.validators, later.validators);
        let validators = validators.filter(|_| self.pids == later.pids);
        let own = grown(self.own, later.own);
        result.cpu_micros_per_tx = each(validators);
        result.generator_cpu_micros_per_tx = each(own);
        result.state_bytes_per_tx = each(grown(self.disk, later.disk));
        let all = wall.as_micros() as f64 * machine::cores() as f64;
        result.limit_fraction =
            validators.zip(own).map(|(validators, own)| (validators + own) / all);
    }
}

/// Waits until all that was admitted is final, or nothing becomes final any more.
async fn drain(watch: Watch, offered: &Offered) -> Result<Sightings, BenchError> {
    let admitted = offered.refused.iter().filter(|refused| !**refused).count() as u64;
    let (mut seen, mut progress) = (watch.seen(), Instant::now());
    while seen < admitted && progress.elapsed() < DRAIN {
        sleep(POLL).await;
        let now = watch.seen();
        if now > seen {
            (seen, progress) = (now, Instant::now());
        }
    }
    watch.end().await
}

fn records(
    signed: &[Signed],
    known: &[Known],
    sightings: &Sightings,
    schedule: &Schedule,
) -> Vec<Record> {
    let all = signed.iter().zip(known).zip(&sightings.micros).zip(0..);
    let record =
        |(((signed, known), final_micros), tx): (((&Signed, &Known), &Option<u64>), u64)| Record {
            id: signed.id,
            outcome: known.outcome(),
            height: known.height,
            due_micros: schedule.due_micros(tx),
            final_micros: *final_micros,
        };
    all.map(record).collect()
}

fn late_reason(lag: &Latencies) -> Option<String> {
    let late = lag.millis_at(0.99);
    (late > LAG_MS_MAX).then(|| {
        format!("the generator lagged by {late:.1} ms at p99, at most {LAG_MS_MAX} allowed")
    })
}

fn db_of(cluster: &Cluster) -> std::path::PathBuf {
    cluster.dir().join("validator-0").join("db")
}

/// The sizes of a directory's files. One that goes away meanwhile does not count.
fn disk_bytes(dir: &Path) -> Option<u64> {
    let files = std::fs::read_dir(dir).ok()?;
    let sizes = files.filter_map(|entry| entry.ok()?.metadata().ok()).map(|meta| meta.len());
    Some(sizes.sum())
}
