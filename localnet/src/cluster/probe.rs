//! Asking validators how they are.

use std::time::Duration;

use heddle_client::RpcClient;
use heddle_rpc_api::GetStatus;
use heddle_rpc_api::Status;
use tokio::runtime::Builder;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::Cluster;
use super::ClusterError;
use super::Member;

/// How long one answer may take. Nodes that start refuse the connection at once; one that hangs must not hold up the
/// question to the others.
const ANSWER_MAX: Duration = Duration::from_millis(500);

/// Asks validators, all at once.
pub(super) struct Prober {
    runtime: Runtime,
}

impl Prober {
    pub(super) fn new() -> Result<Self, ClusterError> {
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| ClusterError::io("tokio".as_ref(), error))?;
        Ok(Self { runtime })
    }

    /// What each validator with `asked` says of itself; none when it does not answer.
    pub(super) fn ask(&self, cluster: &Cluster, asked: &[bool]) -> Vec<Option<Status>> {
        let mut answers = vec![None; cluster.members.len()];
        let members = cluster.members.iter().zip(asked).enumerate();
        self.runtime.block_on(async {
            let mut questions = JoinSet::new();
            for (index, (member, _)) in members.filter(|(_, (_, asked))| **asked) {
                let question = ask(url(member));
                questions.spawn(async move { (index, question.await) });
            }
            while let Some(Ok((index, answer))) = questions.join_next().await {
                answers[index] = answer;
            }
        });
        answers
    }

    /// The validators that do not answer; all of them while none knows a final block after genesis.
    pub(super) fn silent(&self, cluster: &Cluster) -> Vec<u16> {
        let answers = self.ask(cluster, &vec![true; cluster.members.len()]);
        let is_final = |status: &Status| status.final_height.get() >= 1;
        let any_final = answers.iter().flatten().any(is_final);
        let silent = (0_u16..).zip(answers).filter(|(_, answer)| !any_final || answer.is_none());
        silent.map(|(index, _)| index).collect()
    }

    pub(super) fn answers(&self, member: &Member) -> bool {
        self.runtime.block_on(ask(url(member))).is_some()
    }
}

fn url(member: &Member) -> String {
    format!("http://{}", member.config.rpc)
}

async fn ask(url: String) -> Option<Status> {
    let client = RpcClient::new(&url).ok()?;
    timeout(ANSWER_MAX, client.call(&GetStatus {})).await.ok()?.ok()
}
