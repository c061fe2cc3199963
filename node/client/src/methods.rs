//! One method for each of the API.

use std::time::Duration;

use heddle_rpc_api as api;
use heddle_rpc_api::SendTransaction;
use heddle_types::Address;
use heddle_types::Amount;
use heddle_types::AssetId;
use heddle_types::BlockHash;
use heddle_types::Bytes;
use heddle_types::Height;
use heddle_types::ProgramId;
use heddle_types::Transaction;
use heddle_types::TxId;
use heddle_types::encode;

use crate::ClientError;
use crate::RpcClient;
use crate::limits;

/// How much longer than the node a client waits for `sendTransactionAndWait`.
const WAIT_SLACK: Duration = Duration::from_secs(2);

/// `# Errors` of all of these: any [`ClientError`].
#[expect(clippy::missing_errors_doc, reason = "stands once, above")]
impl RpcClient {
    /// `getStatus`.
    pub async fn status(&self) -> Result<api::Status, ClientError> {
        self.call(&api::GetStatus {}).await
    }

    /// `getBlock` by height.
    pub async fn block(&self, height: Height) -> Result<api::Block, ClientError> {
        self.call(&api::GetBlock::Height { height }).await
    }

    /// `getBlock` by hash.
    pub async fn block_by_hash(&self, hash: BlockHash) -> Result<api::Block, ClientError> {
        self.call(&api::GetBlock::Hash { hash }).await
    }

    /// `getBlockExecution`.
    pub async fn block_execution(
        &self,
        height: Height,
    ) -> Result<api::BlockExecution, ClientError> {
        self.call(&api::GetBlockExecution { height }).await
    }

    /// `getBlockEvents`: a page.
    pub async fn block_events(
        &self,
        request: &api::GetBlockEvents,
    ) -> Result<api::BlockEvents, ClientError> {
        self.call(request).await
    }

    /// `getTransaction`.
    pub async fn transaction(&self, id: TxId) -> Result<api::TransactionInfo, ClientError> {
        self.call(&api::GetTransaction { id }).await
    }

    /// `sendTransaction`.
    pub async fn send(&self, transaction: &Transaction) -> Result<TxId, ClientError> {
        let transaction = Bytes(encode(transaction));
        Ok(self.call(&SendTransaction { transaction }).await?.id)
    }

    /// `sendTransaction` of many encoded transactions, in order, in as few requests as the limits allow; the outcome of
    /// each in the same order.
    pub async fn send_many(&self, transactions: Vec<Bytes>) -> Vec<Result<TxId, ClientError>> {
        let requests: Vec<_> =
            transactions.into_iter().map(|transaction| SendTransaction { transaction }).collect();
        let mut outcomes = Vec::with_capacity(requests.len());
        let mut rest = requests.as_slice();
        while !rest.is_empty() {
            let (batch, after) = rest.split_at(batch_len(rest));
            match self.batch(batch).await {
                Ok(sent) => outcomes.extend(sent.into_iter().map(|sent| Ok(sent?.id))),
                Err(e) => outcomes.extend(batch.iter().map(|_| Err(e.clone()))),
            }
            rest = after;
        }
        outcomes
    }

    /// `sendTransactionAndWait`; `wait` is at most ten seconds.
    pub async fn send_and_wait(
        &self,
        transaction: &Transaction,
        wait: Duration,
    ) -> Result<api::TransactionInfo, ClientError> {
        let timeout_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
        let transaction = Bytes(encode(transaction));
        let request = api::SendTransactionAndWait { transaction, timeout_ms };
        self.call_within(&request, wait.saturating_add(WAIT_SLACK)).await
    }

    /// `simulateTransaction`.
    pub async fn simulate(
        &self,
        transaction: &Transaction,
    ) -> Result<api::Simulation, ClientError> {
        let transaction = Bytes(encode(transaction));
        self.call(&api::SimulateTransaction { transaction }).await
    }

    /// `getAccount`.
    pub async fn account(&self, address: Address) -> Result<api::Account, ClientError> {
        self.call(&api::GetAccount { address }).await
    }

    /// `getSupply`.
    pub async fn supply(&self) -> Result<api::Supply, ClientError> {
        self.call(&api::GetSupply {}).await
    }

    /// `getProof`.
    pub async fn proof(
        &self,
        program: ProgramId,
        key: Bytes,
    ) -> Result<api::StateProof, ClientError> {
        self.call(&api::GetProof { program, key }).await
    }

    /// `getState` of one key; none when nothing is there.
    pub async fn value(
        &self,
        program: ProgramId,
        key: Bytes,
    ) -> Result<Option<Bytes>, ClientError> {
        match self.call(&api::GetState::Key { program, key }).await? {
            api::StateReply::Value(value) => Ok(value),
            api::StateReply::Page(_) => {
                Err(ClientError::malformed(self.url(), "getState: a page, expected a value"))
            }
        }
    }

    /// `getState` of a page of keys.
    pub async fn state_page(
        &self,
        program: ProgramId,
        prefix: Bytes,
        cursor: Option<Bytes>,
        limit: u64,
    ) -> Result<api::StatePage, ClientError> {
        match self.call(&api::GetState::Prefix { program, prefix, cursor, limit }).await? {
            api::StateReply::Page(page) => Ok(page),
            api::StateReply::Value(_) => {
                Err(ClientError::malformed(self.url(), "getState: a value, expected a page"))
            }
        }
    }

    /// `getFee`, of a transaction or in general.
    pub async fn fee(&self, transaction: Option<&Transaction>) -> Result<api::Fee, ClientError> {
        let transaction = transaction.map(|transaction| Bytes(encode(transaction)));
        self.call(&api::GetFee { transaction }).await
    }

    /// `getEvidence`.
    pub async fn evidence(&self) -> Result<Vec<api::Evidence>, ClientError> {
        self.call(&api::GetEvidence {}).await
    }

    /// `getValidators`.
    pub async fn validators(&self) -> Result<api::ValidatorSet, ClientError> {
        self.call(&api::GetValidators {}).await
    }

    /// `getPerformanceSamples`: the newest `limit`.
    pub async fn performance_samples(
        &self,
        limit: u64,
    ) -> Result<Vec<api::PerformanceSample>, ClientError> {
        self.call(&api::GetPerformanceSamples { limit }).await
    }

    /// `requestAirdrop`; development chains only. Of another asset than the native one, the faucet must be the authority.
    pub async fn airdrop(
        &self,
        address: Address,
        asset: AssetId,
        amount: Amount,
    ) -> Result<TxId, ClientError> {
        Ok(self.call(&api::RequestAirdrop { address, amount, asset }).await?.id)
    }

    /// `dev_setLinks`; development chains only.
    pub async fn set_links(
        &self,
        links: Vec<api::LinkSetting>,
    ) -> Result<Vec<api::LinkSetting>, ClientError> {
        self.call(&api::SetLinks { links }).await
    }

    /// `dev_setClock`; development chains only.
    pub async fn set_clock(&self, offset_ms: i64) -> Result<api::Clock, ClientError> {
        self.call(&api::SetClock { offset_ms }).await
    }
}

/// How many of the first requests fit in one body; at least one.
fn batch_len(requests: &[SendTransaction]) -> usize {
    // Hex, and what stands around it.
    let bytes_of = |request: &SendTransaction| 2 * request.transaction.len() + 128;
    let mut bytes = 0;
    let fits = |request: &&SendTransaction| {
        bytes += bytes_of(request);
        bytes <= limits::BATCH_BYTES_MAX
    };
    requests.iter().take(api::limits::BATCH_MAX).take_while(fits).count().max(1)
}
