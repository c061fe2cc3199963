//! Calls of a node, waited for.

use heddle_client::Client;
use heddle_client::ClientError;
use heddle_rpc_api::Request;
use heddle_rpc_api::RpcError;
use tokio::runtime::Builder;
use tokio::runtime::Runtime;

use crate::error::CliError;
use crate::target::Target;

/// A node, and the runtime in which it is asked.
pub(crate) struct Rpc {
    runtime: Runtime,
    client: Client,
    url: String,
}

/// Why a call has no result.
pub(crate) enum CallError {
    /// The node refused.
    Refused(RpcError),
    /// There was no answer, or none that makes sense: whether the node did what was asked is unknown.
    NoAnswer(CliError),
}

impl Rpc {
    pub(crate) fn new(target: &Target) -> Result<Self, CliError> {
        let url = target.url()?;
        let client = Client::new(&url).map_err(|error| {
            CliError::usage(format!(
                "--rpc: found {url:?} ({error}), expected a URL such as http://127.0.0.1:26000; correct it"
            ))
        })?;
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| {
            CliError::refused(format!("runtime: found {error}, expected to make one; check limits"))
        })?;
        Ok(Self { runtime, client, url })
    }

    /// Calls a method.
    pub(crate) fn call<R: Request>(&self, request: &R) -> Result<R::Reply, CliError> {
        self.try_call(request).map_err(CliError::from)
    }

    /// Calls a method whose refusal the caller wants to look at.
    pub(crate) fn try_call<R: Request>(&self, request: &R) -> Result<R::Reply, CallError> {
        self.runtime.block_on(self.client.call(request)).map_err(|error| match error {
            ClientError::Refused(refusal) => CallError::Refused(refusal),
            other => CallError::NoAnswer(CliError::unknown(format!(
                "{}: found no answer to {} ({other}), expected one; check that the node runs, with `heddle \
                 localnet status`, and that the URL is its",
                self.url,
                R::METHOD
            ))),
        })
    }
}

impl From<CallError> for CliError {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Refused(refusal) => Self::of_refusal(&refusal),
            CallError::NoAnswer(error) => error,
        }
    }
}

impl CliError {
    /// Of a node's refusal.
    pub(crate) fn of_refusal(refusal: &RpcError) -> Self {
        Self::refused(format!("{}; {}", refusal.message, refusal.data.hint))
    }
}
