//! What is done to validators while transactions are offered to the others. The last ones by index are harmed.

use std::path::PathBuf;
use std::time::Duration;
use std::time::Instant;

use heddle_client::ClientError;
use heddle_client::RpcClient;
use heddle_localnet::cluster::Cluster;
use heddle_localnet::cluster::ClusterError;
use heddle_types::Height;
use heddle_types::PublicKey;
use tokio::time::sleep;
use tokio::time::sleep_until;

use crate::error::BenchError;
use crate::limits;

/// From a run's start to the harm.
const FIRST: Duration = Duration::from_millis(2_000);
/// How long a validator that was killed stays down.
const DOWN: Duration = Duration::from_millis(2_500);
/// How long validators stand still.
pub(super) const STILL: Duration = Duration::from_secs(5);
const POLL: Duration = Duration::from_millis(2);

/// A cluster to harm.
pub(super) struct Harm {
    cluster: Cluster,
    program: PathBuf,
    last: u16,
    key: PublicKey,
    harmed: RpcClient,
    healthy: RpcClient,
}

/// A validator was killed. Times are microseconds after the run's start.
#[derive(Clone, Copy, Debug)]
pub(super) struct Crashed {
    pub(super) from_micros: u64,
    pub(super) to_micros: u64,
    /// What a leader was given before.
    pub(super) view_timeout_ms: u64,
}

/// Validators stood still.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stopped {
    pub(super) from_micros: u64,
    pub(super) to_micros: u64,
}

/// A validator was started again: how long after that.
#[derive(Clone, Copy, Debug)]
pub(super) struct Started {
    /// It said that it votes.
    pub(super) voting: Duration,
    /// Its commit vote was in the certificate of a block above all that were final at the start.
    pub(super) signed: Duration,
}

impl Harm {
    pub(super) fn new(cluster: Cluster, program: PathBuf) -> Result<Self, BenchError> {
        let validators = &cluster.genesis().validators;
        let last = u16::try_from(validators.len().saturating_sub(1)).unwrap_or(u16::MAX);
        let key = validators[usize::from(last)].public_key;
        let harmed = RpcClient::new(&cluster.rpc_url(last)?)?;
        let healthy = RpcClient::new(&cluster.rpc_url(0)?)?;
        Ok(Self { cluster, program, last, key, harmed, healthy })
    }

    /// Kills the last validator, and starts it after a while.
    pub(super) async fn crash(&self, start: Instant) -> Result<Crashed, BenchError> {
        sleep_until((start + FIRST).into()).await;
        let view_timeout_ms = self.healthy.status().await?.view_timeout_ms;
        let from_micros = micros(start);
        self.with(|cluster, last| cluster.kill(last)).await?;
        sleep(DOWN).await;
        let to_micros = micros(start);
        self.start().await?;
        Ok(Crashed { from_micros, to_micros, view_timeout_ms })
    }

    /// Lets the last `count` validators stand still for a while.
    pub(super) async fn stop(&self, start: Instant, count: u16) -> Result<Stopped, BenchError> {
        sleep_until((start + FIRST).into()).await;
        let from_micros = micros(start);
        self.with(move |cluster, last| each(last, count, |index| cluster.pause(index))).await?;
        sleep(STILL).await;
        let to_micros = micros(start);
        self.with(move |cluster, last| each(last, count, |index| cluster.resume(index))).await?;
        Ok(Stopped { from_micros, to_micros })
    }

    /// Kills the last validator, starts it again soon, and waits until others have a commit vote of it.
    pub(super) async fn restart(&self, start: Instant) -> Result<Started, BenchError> {
        sleep_until((start + FIRST).into()).await;
        self.with(|cluster, last| cluster.kill(last)).await?;
        let before = self.healthy.status().await?.final_height;
        let began = Instant::now();
        let (started, signed) = tokio::join!(self.start(), self.wait_signed(before));
        started?;
        signed?;
        let signed = began.elapsed();
        self.wait_voting().await?;
        let voting = began.elapsed().min(signed);
        Ok(Started { voting, signed })
    }

    /// Waits until the last validator says that it votes.
    pub(super) async fn wait_voting(&self) -> Result<(), BenchError> {
        self.until("voting", || async {
            // While it starts, it may not answer.
            Ok(self.harmed.status().await.is_ok_and(|status| status.voting))
        })
        .await
    }

    async fn wait_signed(&self, above: Height) -> Result<(), BenchError> {
        self.until("a commit vote", || async {
            let newest = self.healthy.status().await?.executed_height;
            if newest <= above {
                return Ok(false);
            }
            let block = self.healthy.block(newest).await?;
            Ok(block.certificate.signers.contains(&self.key))
        })
        .await
    }

    async fn until<F>(&self, what: &str, mut asked: impl FnMut() -> F) -> Result<(), BenchError>
    where
        F: Future<Output = Result<bool, ClientError>>,
    {
        let end = Instant::now() + limits::PATIENCE;
        while !asked().await? {
            if Instant::now() >= end {
                let seconds = limits::PATIENCE.as_secs();
                return Err(BenchError::failed(format!(
                    "validator {}: found no {what} within {seconds} s of its start; see its log",
                    self.last
                )));
            }
            sleep(POLL).await;
        }
        Ok(())
    }

    async fn start(&self) -> Result<(), BenchError> {
        let program = self.program.clone();
        self.with(move |cluster, last| cluster.start_one(last, &program)).await
    }

    /// Does what waits for the system, told which validator is the last.
    async fn with<T: Send + 'static>(
        &self,
        harm: impl FnOnce(&Cluster, u16) -> Result<T, ClusterError> + Send + 'static,
    ) -> Result<(), BenchError> {
        let (cluster, last) = (self.cluster.clone(), self.last);
        let done = tokio::task::spawn_blocking(move || harm(&cluster, last)).await;
        done.map_err(|e| BenchError::failed(format!("localnet: {e}")))??;
        Ok(())
    }
}

/// Does something to the last `count` validators.
fn each(
    last: u16,
    count: u16,
    harm: impl Fn(u16) -> Result<u32, ClusterError>,
) -> Result<(), ClusterError> {
    (last.saturating_sub(count - 1)..=last).try_for_each(|index| harm(index).map(|_pid| ()))
}

fn micros(start: Instant) -> u64 {
    u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX)
}
