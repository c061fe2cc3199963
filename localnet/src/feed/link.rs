//! Any validator that answers.

use std::time::Duration;

use heddle_client::ClientError;
use heddle_client::RpcClient;
use heddle_rpc_api::AccountName;
use heddle_rpc_api::MarginAccount;
use heddle_rpc_api::Market;
use heddle_rpc_api::Request;

use crate::cluster::Cluster;
use crate::cluster::ClusterError;

/// How long one answer may take.
const ANSWER_MAX: Duration = Duration::from_millis(400);

/// The validators of a cluster, of which one is asked, and the next when that one does not answer.
pub(super) struct Link {
    clients: Vec<RpcClient>,
    current: usize,
}

impl Link {
    pub(super) fn new(cluster: &Cluster) -> Result<Self, ClusterError> {
        let urls = (0..cluster.settings().validators).map(|index| cluster.rpc_url(index));
        let client = |url: Result<String, ClusterError>| {
            let client = RpcClient::new(&url?).map_err(|error| {
                ClusterError::io(cluster.dir(), std::io::Error::other(error.to_string()))
            })?;
            Ok(client.with_timeout(ANSWER_MAX))
        };
        Ok(Self { clients: urls.map(client).collect::<Result<_, ClusterError>>()?, current: 0 })
    }

    /// Asks the validator that answered last, then each of the others once.
    ///
    /// A call may reach two validators; what is asked here may be asked twice.
    pub(super) async fn call<R: Request>(&mut self, request: &R) -> Result<R::Reply, ClientError> {
        let mut outcome = self.clients[self.current].call(request).await;
        for _ in 1..self.clients.len() {
            if !is_silent(&outcome) {
                return outcome;
            }
            self.current = (self.current + 1) % self.clients.len();
            outcome = self.clients[self.current].call(request).await;
        }
        outcome
    }

    pub(super) async fn markets(&mut self) -> Result<Vec<Market>, ClientError> {
        self.call(&heddle_rpc_api::GetMarkets {}).await
    }

    pub(super) async fn margin_account(
        &mut self,
        account: AccountName,
    ) -> Result<MarginAccount, ClientError> {
        self.call(&heddle_rpc_api::GetMarginAccount(account)).await
    }
}

/// Whether the next validator may know better: this one is down, hangs, or is not up to date.
fn is_silent<T>(outcome: &Result<T, ClientError>) -> bool {
    match outcome {
        Ok(_) | Err(ClientError::Url { .. }) => false,
        Err(ClientError::Refused(refusal)) => {
            refusal.data.kind == heddle_rpc_api::ErrorKind::Behind
        }
        Err(
            ClientError::NoAnswer { .. } | ClientError::Malformed { .. } | ClientError::Http { .. },
        ) => true,
    }
}
