//! A running cluster's figures, for a line that people watch.

use std::time::Duration;
use std::time::Instant;

use heddle_client::RpcClient;
use heddle_rpc_api::Status;
use tokio::runtime::Builder;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

use super::Cluster;
use super::ClusterError;
use super::histogram::Histogram;
use super::rate::Rate;

/// The metric from which commit latencies are taken: seconds from a block's proposal to its finality.
const COMMIT_METRIC: &str = "heddle_commit_latency_seconds";
/// The metric that counts what was executed.
const TRANSACTIONS_METRIC: &str = "heddle_transactions_final_total";
/// How long a validator has for one answer.
const ANSWER_MAX: Duration = Duration::from_millis(500);

/// What a cluster reaches at the moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// The highest final block that any validator knows.
    pub height: Option<u64>,
    /// Transactions executed a second, lately.
    pub txs_per_second: Option<u64>,
    /// Half of the transactions since the last look, or the last ones that there were, were final within this.
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
    /// The validator whose figures are shown: the first that answers.
    source: Option<usize>,
    rate: Rate,
    last: Option<Histogram>,
    shown: Option<Histogram>,
}

#[derive(Default)]
struct Answer {
    status: Option<Status>,
    transactions: Option<u64>,
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
        let rate = Rate::default();
        Ok(Self { runtime, source: None, rate, last: None, shown: None })
    }

    /// Asks every validator; rate and latencies are those of the first that answers.
    pub fn observe(&mut self, cluster: &Cluster) -> Figures {
        let answers = self.ask(cluster);
        let up = answers.iter().filter(|answer| answer.status.is_some()).count();
        let heights = answers.iter().filter_map(|answer| answer.status.as_ref());
        let height = heights.map(|status| status.final_height.get()).max();
        self.follow(answers);
        let quantile = |percent| self.shown.as_ref().and_then(|shown| shown.quantile_ms(percent));
        Figures {
            height,
            txs_per_second: self.rate.per_second(),
            commit_p50_ms: quantile(50),
            commit_p99_ms: quantile(99),
            up,
            validators: cluster.members.len(),
        }
    }

    fn follow(&mut self, answers: Vec<Answer>) {
        let first = answers.into_iter().enumerate().find(|(_, answer)| answer.status.is_some());
        let Some((source, answer)) = first else { return };
        if self.source != Some(source) {
            // Another one's counts say nothing about what came since the last look.
            self.source = Some(source);
            self.rate = Rate::default();
            self.last = None;
        }
        if let Some(transactions) = answer.transactions {
            self.rate.observe(Instant::now(), transactions);
        }
        let fresh = self.last.as_ref().zip(answer.commits.as_ref());
        let fresh = fresh.map(|(last, now)| now.since(last));
        if let Some(fresh) = fresh.filter(|fresh| !fresh.is_empty()) {
            self.shown = Some(fresh);
        }
        self.last = answer.commits.or_else(|| self.last.take());
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
    let metrics = client.get("/metrics").await.ok().map(|(_, text)| text).unwrap_or_default();
    Some(Answer {
        status: Some(status),
        transactions: counter(&metrics, TRANSACTIONS_METRIC),
        commits: Histogram::parse(&metrics, COMMIT_METRIC),
    })
}

fn counter(page: &str, name: &str) -> Option<u64> {
    page.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok())
}
