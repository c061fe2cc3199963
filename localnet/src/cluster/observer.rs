//! A running cluster's figures, for a line that people watch.

use std::time::Duration;

use heddle_client::RpcClient;
use heddle_rpc_api::PerformanceSample;
use heddle_rpc_api::Status;
use tokio::runtime::Builder;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

use super::Cluster;
use super::ClusterError;
use super::histogram::Histogram;

/// The metric from which commit latencies are taken: seconds from a block's proposal to its finality.
const COMMIT_METRIC: &str = "heddle_commit_latency_seconds";
/// How long a validator has for one answer.
const ANSWER_MAX: Duration = Duration::from_millis(500);

/// What a cluster reaches at the moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// The highest final block that any validator knows.
    pub height: Option<u64>,
    /// Transactions executed a second, lately.
    pub txs_per_second: Option<u64>,
    /// Half of the blocks since the last look were final within this.
    pub commit_p50_ms: Option<u64>,
    /// 99 of 100 were.
    pub commit_p99_ms: Option<u64>,
    /// Validators that answer.
    pub up: usize,
    /// Validators that there are.
    pub validators: usize,
}

/// Looks at a cluster again and again.
#[derive(Debug)]
pub struct Observer {
    runtime: Runtime,
    last: Option<Histogram>,
    shown: Option<Histogram>,
}

#[derive(Default)]
struct Answer {
    status: Option<Status>,
    sample: Option<PerformanceSample>,
    commits: Option<Histogram>,
}

impl Observer {
    /// One that has seen nothing yet.
    ///
    /// # Errors
    /// When no runtime for asking could be made.
    pub fn new() -> Result<Self, ClusterError> {
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| ClusterError::io("tokio".as_ref(), error))?;
        Ok(Self { runtime, last: None, shown: None })
    }

    /// Asks every validator; latencies are the first answering one's, and of what became final since the last call.
    pub fn observe(&mut self, cluster: &Cluster) -> Figures {
        let answers = self.ask(cluster);
        let up = answers.iter().filter(|answer| answer.status.is_some()).count();
        let heights = answers.iter().filter_map(|answer| answer.status.as_ref());
        let height = heights.map(|status| status.final_height.get()).max();
        let sample = answers.iter().find_map(|answer| answer.sample);
        let now = answers.into_iter().find_map(|answer| answer.commits);
        let fresh = now.as_ref().map(|now| match &self.last {
            Some(last) => now.since(last),
            None => now.clone(),
        });
        if let Some(fresh) = fresh.filter(|fresh| !fresh.is_empty()) {
            self.shown = Some(fresh);
        }
        self.last = now;
        let quantile = |percent| self.shown.as_ref().and_then(|shown| shown.quantile_ms(percent));
        Figures {
            height,
            txs_per_second: sample.and_then(|sample| {
                sample.transactions.saturating_mul(1000).checked_div(sample.interval_ms)
            }),
            commit_p50_ms: quantile(50),
            commit_p99_ms: quantile(99),
            up,
            validators: cluster.members.len(),
        }
    }

    fn ask(&self, cluster: &Cluster) -> Vec<Answer> {
        let urls = cluster.members.iter().map(|member| format!("http://{}", member.config.rpc));
        let mut answers: Vec<Answer> = cluster.members.iter().map(|_| Answer::default()).collect();
        self.runtime.block_on(async {
            let mut questions = JoinSet::new();
            for (index, url) in urls.enumerate() {
                questions.spawn(async move { (index, ask(&url).await) });
            }
            while let Some(Ok((index, answer))) = questions.join_next().await {
                answers[index] = answer.unwrap_or_default();
            }
        });
        answers
    }
}

async fn ask(url: &str) -> Option<Answer> {
    let client = RpcClient::new(url).ok()?.with_timeout(ANSWER_MAX);
    let status = client.status().await.ok()?;
    let samples = client.performance_samples(1).await.unwrap_or_default();
    let metrics = client.get("/metrics").await.ok().map(|(_, text)| text);
    Some(Answer {
        status: Some(status),
        sample: samples.first().copied(),
        commits: metrics.and_then(|text| Histogram::parse(&text, COMMIT_METRIC)),
    })
}
