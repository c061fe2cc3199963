//! Calls of a node, waited for.

use heddle_client::ClientError;
use heddle_client::RpcClient;
use heddle_rpc_api::Request;
use heddle_rpc_api::RpcError;
use tokio::runtime::Builder;
use tokio::runtime::Runtime;

use crate::error::CliError;
use crate::target::Target;

/// A node, and the runtime in which it is asked.
pub(crate) struct Rpc {
    runtime: Runtime,
    client: RpcClient,
}

/// Why a call has no result.
pub(crate) enum CallError {
    /// The node refused.
    Refused(RpcError),
    /// Anything else, such as no answer, after which it is unknown whether the node did what was asked.
    Failed(CliError),
}

impl Rpc {
    pub(crate) fn new(target: &Target) -> Result<Self, CliError> {
        let url = target.url()?;
        let client = RpcClient::new(&url).map_err(CallError::from)?;
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| {
            CliError::refused(format!("runtime: found {error}, expected to make one; check limits"))
        })?;
        Ok(Self { runtime, client })
    }

    /// Calls a method.
    pub(crate) fn call<R: Request>(&self, request: &R) -> Result<R::Reply, CliError> {
        self.try_call(request).map_err(CliError::from)
    }

    /// Waits for what the client does.
    pub(crate) fn wait<T>(
        &self,
        work: impl AsyncFnOnce(&RpcClient) -> Result<T, ClientError>,
    ) -> Result<T, CallError> {
        self.runtime.block_on(work(&self.client)).map_err(CallError::from)
    }

    /// Calls a method whose refusal the caller wants to look at.
    pub(crate) fn try_call<R: Request>(&self, request: &R) -> Result<R::Reply, CallError> {
        self.runtime.block_on(self.client.call(request)).map_err(CallError::from)
    }
}

impl From<ClientError> for CallError {
    fn from(error: ClientError) -> Self {
        match error {
            ClientError::Refused(refusal) => Self::Refused(refusal),
            ClientError::NoAnswer { .. } | ClientError::Malformed { .. } => {
                Self::Failed(CliError::unknown(error.to_string()))
            }
            ClientError::Url { .. } => {
                Self::Failed(CliError::usage(format!("{error}; correct it")))
            }
            ClientError::Http { .. } => {
                Self::Failed(CliError::refused(format!("{error}; check that the URL is a node's")))
            }
        }
    }
}

impl From<CallError> for CliError {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Refused(refusal) => Self::of_refusal(&refusal),
            CallError::Failed(error) => error,
        }
    }
}

impl CliError {
    /// Of a node's refusal.
    pub(crate) fn of_refusal(refusal: &RpcError) -> Self {
        Self::refused(format!("{}; {}", refusal.message, refusal.data.hint))
    }
}
