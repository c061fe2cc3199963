//! What the server asks of the node.

use std::sync::Arc;

use heddle_rpc_api::Account;
use heddle_rpc_api::Block;
use heddle_rpc_api::BlockEvents;
use heddle_rpc_api::BlockExecution;
use heddle_rpc_api::Clock;
use heddle_rpc_api::EpochEnd;
use heddle_rpc_api::Evidence;
use heddle_rpc_api::Fee;
use heddle_rpc_api::FinalHeader;
use heddle_rpc_api::GetBlock;
use heddle_rpc_api::GetBlockEvents;
use heddle_rpc_api::GetBlockExecution;
use heddle_rpc_api::GetProof;
use heddle_rpc_api::GetState;
use heddle_rpc_api::LinkSetting;
use heddle_rpc_api::PerformanceSample;
use heddle_rpc_api::RequestAirdrop;
use heddle_rpc_api::RpcError;
use heddle_rpc_api::Sent;
use heddle_rpc_api::SetClock;
use heddle_rpc_api::SetLinks;
use heddle_rpc_api::Simulation;
use heddle_rpc_api::StateProof;
use heddle_rpc_api::StateReply;
use heddle_rpc_api::Status;
use heddle_rpc_api::Supply;
use heddle_rpc_api::TransactionInfo;
use heddle_rpc_api::ValidatorSet;
use heddle_types::Address;
use heddle_types::Epoch;
use heddle_types::Transaction;
use heddle_types::TxId;
use serde_json::value::RawValue;

use crate::rpc::BlockFeed;
use crate::rpc::Question;

/// The node behind the server: the driver, or a test's double. One method of the API each; implement them with `async fn`.
///
/// Calls run on the server's tasks, many at once; one that blocks a thread must hand its work to another.
pub trait Backend: Send + Sync + 'static {
    /// `getStatus`.
    fn status(&self) -> impl Future<Output = Result<Status, RpcError>> + Send;

    /// `getBlock`; `notFound` above the final height, `pruned` below what is kept.
    fn block(&self, request: GetBlock) -> impl Future<Output = Result<Block, RpcError>> + Send;

    /// `getBlockExecution`; `notFound` above the final height, `pruned` below what is kept.
    fn block_execution(
        &self,
        request: GetBlockExecution,
    ) -> impl Future<Output = Result<BlockExecution, RpcError>> + Send;

    /// `getBlockEvents`; `notFound` above the final height.
    fn block_events(
        &self,
        request: GetBlockEvents,
    ) -> impl Future<Output = Result<BlockEvents, RpcError>> + Send;

    /// `getTransaction`; an unknown id is no error.
    fn transaction(
        &self,
        id: TxId,
    ) -> impl Future<Output = Result<TransactionInfo, RpcError>> + Send;

    /// `sendTransaction`: verifies and admits each, in this order; one outcome each, in the same order.
    ///
    /// The transactions are decoded and well formed. One that is already pending or final here is no error. Consecutive
    /// sends of a batch come in one call, so that their signatures can be verified together.
    fn send(
        &self,
        transactions: Vec<Transaction>,
    ) -> impl Future<Output = Vec<Result<TxId, RpcError>>> + Send;

    /// `simulateTransaction`.
    fn simulate(
        &self,
        transaction: Transaction,
    ) -> impl Future<Output = Result<Simulation, RpcError>> + Send;

    /// `getAccount`; an unknown one has nothing.
    fn account(&self, address: Address) -> impl Future<Output = Result<Account, RpcError>> + Send;

    /// `getSupply`.
    fn supply(&self) -> impl Future<Output = Result<Supply, RpcError>> + Send;

    /// `getProof`.
    fn proof(&self, request: GetProof)
    -> impl Future<Output = Result<StateProof, RpcError>> + Send;

    /// `getFinalHeader`.
    fn final_header(&self) -> impl Future<Output = Result<FinalHeader, RpcError>> + Send;

    /// `getEpochEnd`.
    fn epoch_end(&self, epoch: Epoch) -> impl Future<Output = Result<EpochEnd, RpcError>> + Send;

    /// `getState`.
    fn state(&self, request: GetState)
    -> impl Future<Output = Result<StateReply, RpcError>> + Send;

    /// `getFee`.
    fn fee(
        &self,
        transaction: Option<Transaction>,
    ) -> impl Future<Output = Result<Fee, RpcError>> + Send;

    /// `getEvidence`.
    fn evidence(&self) -> impl Future<Output = Result<Vec<Evidence>, RpcError>> + Send;

    /// `getValidators`.
    fn validators(&self) -> impl Future<Output = Result<ValidatorSet, RpcError>> + Send;

    /// `getPerformanceSamples`: the newest `limit`.
    fn performance_samples(
        &self,
        limit: u64,
    ) -> impl Future<Output = Result<Vec<PerformanceSample>, RpcError>> + Send;

    /// What is asked about markets: the reply's JSON, as its method has it.
    fn market(
        &self,
        question: Question,
    ) -> impl Future<Output = Result<Box<RawValue>, RpcError>> + Send;

    /// `requestAirdrop`. Called only when [`Backend::is_dev`].
    fn airdrop(
        &self,
        request: RequestAirdrop,
    ) -> impl Future<Output = Result<Sent, RpcError>> + Send;

    /// `dev_setLinks`. Called only when [`Backend::is_dev`].
    ///
    /// # Errors
    /// A link to no peer; then none is changed.
    fn set_links(&self, request: SetLinks) -> Result<Vec<LinkSetting>, RpcError>;

    /// `dev_setClock`. Called only when [`Backend::is_dev`].
    fn set_clock(&self, request: SetClock) -> Clock;

    /// Whether the genesis is a development chain's; without it `requestAirdrop` and `dev_…` do not exist.
    fn is_dev(&self) -> bool;

    /// What `/health` and `/ready` say.
    fn health(&self) -> Health;

    /// The text of `/metrics`, in the Prometheus (OpenMetrics) format.
    fn metrics(&self) -> String;

    /// Where executed final blocks are published, in order, as they come.
    fn blocks(&self) -> &Arc<BlockFeed>;
}

/// Whether the node may be relied on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Health {
    /// Not answering yet: `/ready` and `/health` are 503, methods answer `behind`.
    Starting {
        /// What it waits for, for a person.
        reason: String,
    },
    /// It answers, but of the past: `/ready` is 200 and `/health` 503.
    Behind {
        /// How far or how long, for a person.
        reason: String,
    },
    /// Up to date: both are 200.
    Healthy,
}
