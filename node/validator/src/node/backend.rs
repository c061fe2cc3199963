//! What RPC clients are told, from what the threads share.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

use heddle_executor::required_fee;
use heddle_executor::simulate;
use heddle_ledger::balance_prefix;
use heddle_mempool::Refusal;
use heddle_rpc_api::Account;
use heddle_rpc_api::Block;
use heddle_rpc_api::BlockEvents;
use heddle_rpc_api::BlockExecution;
use heddle_rpc_api::Clock;
use heddle_rpc_api::EpochEnd;
use heddle_rpc_api::ErrorKind;
use heddle_rpc_api::Evidence;
use heddle_rpc_api::Fee;
use heddle_rpc_api::FinalHeader;
use heddle_rpc_api::GetBlock;
use heddle_rpc_api::GetBlockEvents;
use heddle_rpc_api::GetBlockExecution;
use heddle_rpc_api::GetProof;
use heddle_rpc_api::GetState;
use heddle_rpc_api::KeyAccess;
use heddle_rpc_api::LinkSetting;
use heddle_rpc_api::MempoolStatus;
use heddle_rpc_api::PerformanceSample;
use heddle_rpc_api::RequestAirdrop;
use heddle_rpc_api::RpcError;
use heddle_rpc_api::Sent;
use heddle_rpc_api::SetClock;
use heddle_rpc_api::SetLinks;
use heddle_rpc_api::Simulation;
use heddle_rpc_api::StateItem;
use heddle_rpc_api::StatePage;
use heddle_rpc_api::StateProof;
use heddle_rpc_api::StateReply;
use heddle_rpc_api::Status;
use heddle_rpc_api::Supply;
use heddle_rpc_api::SyncState;
use heddle_rpc_api::TransactionInfo;
use heddle_rpc_api::ValidatorSet;
use heddle_sdk::BlockInfo;
use heddle_sdk::fees;
use heddle_sdk::native;
use heddle_transport::Transport;
use heddle_types::Address;
use heddle_types::Amount;
use heddle_types::Bytes;
use heddle_types::ChainId;
use heddle_types::Epoch;
use heddle_types::Height;
use heddle_types::ProgramId;
use heddle_types::StateKey;
use heddle_types::StateView;
use heddle_types::Transaction;
use heddle_types::TxId;
use heddle_types::View;
use serde_json::value::RawValue;
use tokio::sync::oneshot;

use crate::node::blocks;
use crate::node::checks::Checks;
use crate::node::checks::Submission;
use crate::node::clock;
use crate::node::dev;
use crate::node::driver::SendRefusal;
use crate::node::events;
use crate::node::executions;
use crate::node::faucet;
use crate::node::faucet::Faucet;
use crate::node::markets;
use crate::node::proofs;
use crate::node::refusal;
use crate::node::shared::Shared;
use crate::node::transactions;
use crate::node::validators;
use crate::rpc::Backend;
use crate::rpc::BlockFeed;
use crate::rpc::Health;
use crate::rpc::Question;

/// Heights behind the highest certificate seen that count as behind.
pub(crate) const BEHIND_HEIGHTS_MAX: u64 = 10;
/// The least time without a new certificate that counts as behind, in milliseconds.
const SILENT_MS_MIN: u64 = 5_000;

/// The node as the RPC server sees it.
pub(crate) struct NodeBackend {
    pub(crate) shared: Arc<Shared>,
    pub(crate) checks: Checks,
    pub(crate) transport: Arc<Transport>,
    pub(crate) faucet: Option<Faucet>,
    pub(crate) idle_interval_ms: u64,
}

impl Backend for NodeBackend {
    async fn status(&self) -> Result<Status, RpcError> {
        Ok(self.status_now())
    }

    async fn block(&self, request: GetBlock) -> Result<Block, RpcError> {
        let shared = Arc::clone(&self.shared);
        blocking(move || read_block(&shared, request)).await
    }

    async fn block_execution(
        &self,
        request: GetBlockExecution,
    ) -> Result<BlockExecution, RpcError> {
        read_execution(&self.shared, request.height)
    }

    async fn block_events(&self, request: GetBlockEvents) -> Result<BlockEvents, RpcError> {
        let shared = Arc::clone(&self.shared);
        blocking(move || events::read(&shared, &request)).await
    }

    async fn transaction(&self, id: TxId) -> Result<TransactionInfo, RpcError> {
        let shared = Arc::clone(&self.shared);
        blocking(move || transactions::read(&shared, id)).await
    }

    async fn send(&self, transactions: Vec<Transaction>) -> Vec<Result<TxId, RpcError>> {
        let count = transactions.len();
        let refuse_all = |error: RpcError| (0..count).map(|_| Err(error.clone())).collect();
        if self.shared.halted.load(Ordering::SeqCst) {
            return refuse_all(RpcError::new(ErrorKind::Behind, "this node is halted"));
        }
        let sent: Vec<(TxId, ChainId)> =
            transactions.iter().map(|t| (t.id(), t.body.chain)).collect();
        let (reply, outcomes) = oneshot::channel();
        if !self.checks.submit(Submission { transactions, reply }) {
            return refuse_all(refusal::no_room());
        }
        let Ok(outcomes) = outcomes.await else {
            return refuse_all(RpcError::new(ErrorKind::Behind, "this node is stopping"));
        };
        let mut results = Vec::with_capacity(count);
        for (outcome, (id, chain)) in outcomes.into_iter().zip(sent) {
            results.push(match outcome {
                Ok((id, _)) => Ok(id),
                // Bytes that are final already are no error.
                Err(SendRefusal::Pool(Refusal::NonceUsed { .. } | Refusal::Expired { .. }))
                    if self.becomes_final(id).await =>
                {
                    Ok(id)
                }
                Err(error) => Err(refusal::to_error(&self.shared, &error, chain)),
            });
        }
        results
    }

    async fn simulate(&self, transaction: Transaction) -> Result<Simulation, RpcError> {
        let shared = Arc::clone(&self.shared);
        blocking(move || {
            if transaction.body.chain != shared.committees.chain() {
                return Err(RpcError::wrong_chain(
                    transaction.body.chain,
                    shared.committees.chain(),
                ));
            }
            let state = shared.state.read();
            let block = BlockInfo {
                chain: shared.committees.chain(),
                height: shared.durable.read().height.next(),
                time: clock::wall(),
            };
            let simulated = simulate(&shared.programs, &*state, block, &transaction);
            let receipt = transactions::in_words(&shared, &simulated.receipt, &simulated.trace);
            let access = simulated.needed.iter().map(|(key, mode)| KeyAccess::new(key, mode));
            Ok(Simulation { receipt, access: access.collect() })
        })
        .await
    }

    async fn account(&self, address: Address) -> Result<Account, RpcError> {
        let state = self.shared.state.read();
        let lanes = [&[native::NONCE_TAG], address.as_bytes().as_slice()].concat();
        let nonces = state.scan(ProgramId::SYSTEM, &lanes, None, 256);
        let balances = state.scan(ProgramId::LEDGER, &balance_prefix(&address), None, usize::MAX);
        Ok(Account {
            address,
            nonces: nonces
                .iter()
                .filter_map(|(key, entry)| {
                    let lane = native::lane_of(key, &address)?;
                    Some((lane, native::next_sequence(Some(entry))))
                })
                .collect(),
            balances: balances
                .iter()
                .filter_map(|(key, entry)| {
                    let (_, asset) = heddle_ledger::parse_balance_key(key)?;
                    Some((asset, native::decode_amount(entry.value.as_bytes())?))
                })
                .filter(|(_, amount)| amount.get() > 0)
                .collect(),
        })
    }

    async fn supply(&self) -> Result<Supply, RpcError> {
        let shared = Arc::clone(&self.shared);
        blocking(move || {
            let state = shared.state.read();
            let balances = state.scan(ProgramId::LEDGER, &[native::BALANCE_TAG], None, usize::MAX);
            drop(state);
            let sums = heddle_ledger::supply(balances.iter().map(|(key, entry)| (key, entry)));
            sums.map(Supply).map_err(|error| internal(&error))
        })
        .await
    }

    async fn proof(&self, request: GetProof) -> Result<StateProof, RpcError> {
        let shared = Arc::clone(&self.shared);
        blocking(move || proofs::read_proof(&shared, &request)).await
    }

    async fn final_header(&self) -> Result<FinalHeader, RpcError> {
        let shared = Arc::clone(&self.shared);
        blocking(move || proofs::read_final_header(&shared)).await
    }

    async fn epoch_end(&self, epoch: Epoch) -> Result<EpochEnd, RpcError> {
        let shared = Arc::clone(&self.shared);
        blocking(move || proofs::read_epoch_end(&shared, epoch)).await
    }

    async fn state(&self, request: GetState) -> Result<StateReply, RpcError> {
        let state = self.shared.state.read();
        match request {
            GetState::Key { program, key } => {
                let entry = StateKey::new(program, &[&key]).and_then(|key| state.entry(&key));
                let value = entry.map(|entry| Bytes(entry.value.as_bytes().to_vec()));
                Ok(StateReply::Value(value))
            }
            GetState::Prefix { program, prefix, cursor, limit } => {
                let limit = usize::try_from(limit).unwrap_or(usize::MAX);
                let found = state.scan(program, &prefix, cursor.as_deref(), limit);
                let full = found.len() == limit;
                let cursor = found.last().filter(|_| full);
                let cursor = cursor.map(|(key, _)| Bytes(key.bytes().to_vec()));
                let item = |(key, entry): &(StateKey, heddle_types::Entry)| StateItem {
                    key: Bytes(key.bytes().to_vec()),
                    value: Bytes(entry.value.as_bytes().to_vec()),
                };
                Ok(StateReply::Page(StatePage { items: found.iter().map(item).collect(), cursor }))
            }
        }
    }

    async fn fee(&self, transaction: Option<Transaction>) -> Result<Fee, RpcError> {
        let base = Amount::from_units(fees::BASE);
        let per_call = Amount::from_units(fees::PER_CALL);
        let estimate = match transaction {
            Some(transaction) => required_fee(&self.shared.programs, &transaction.body),
            None => faucet::typical_transfer_fee(&self.shared.programs),
        };
        Ok(Fee { base, per_call, estimate })
    }

    async fn evidence(&self) -> Result<Vec<Evidence>, RpcError> {
        Ok(self.shared.evidence.lock().clone())
    }

    async fn committee(&self) -> Result<ValidatorSet, RpcError> {
        Ok(validators::read(&self.shared))
    }

    async fn performance_samples(&self, limit: u64) -> Result<Vec<PerformanceSample>, RpcError> {
        Ok(self.shared.samples.newest(limit))
    }

    async fn market(&self, question: Question) -> Result<Box<RawValue>, RpcError> {
        let shared = Arc::clone(&self.shared);
        blocking(move || markets::answer(&shared, &question)).await
    }

    async fn airdrop(&self, request: RequestAirdrop) -> Result<Sent, RpcError> {
        let Some(faucet) = &self.faucet else {
            return Err(RpcError::new(
                ErrorKind::Unsupported,
                "this node does not hold the faucet's key",
            ));
        };
        let transaction = faucet.pay(&self.shared, &request);
        let mut sent = self.send(vec![transaction]).await;
        let outcome = sent.pop().unwrap_or_else(|| {
            Err(RpcError::new(ErrorKind::Internal, "the faucet's payment got no outcome"))
        });
        match outcome {
            Ok(id) => Ok(Sent { id }),
            Err(error) => {
                faucet.start_over();
                Err(error)
            }
        }
    }

    fn set_links(&self, request: SetLinks) -> Result<Vec<LinkSetting>, RpcError> {
        dev::set_links(&self.transport, &self.shared.committees.present(), request)
    }

    fn set_clock(&self, request: SetClock) -> Clock {
        dev::set_clock(request)
    }

    fn is_dev(&self) -> bool {
        self.shared.genesis.dev
    }

    fn health(&self) -> Health {
        let status = self.status_now();
        let forgotten = self.forgotten();
        if !self.shared.whole.is_whole(status.final_height, Instant::now()) {
            let fetching = || "fetching from the other validators what this home had".to_owned();
            return Health::Starting { reason: forgotten.unwrap_or_else(fetching) };
        }
        if let Some(reason) = forgotten {
            return Health::Behind { reason };
        }
        if status.sync_state == SyncState::Halted {
            return Health::Behind { reason: "halted: see the log".to_owned() };
        }
        let published = self.shared.machine.read().clone();
        let behind = published.highest_certified.since(status.final_height);
        let silent_ms = clock::wall().get().saturating_sub(published.certified_at.get());
        if behind > BEHIND_HEIGHTS_MAX {
            Health::Behind { reason: format!("{behind} heights behind") }
        } else if silent_ms > SILENT_MS_MIN.max(3 * self.idle_interval_ms) {
            Health::Behind { reason: format!("no new certificate for {silent_ms} ms") }
        } else {
            Health::Healthy
        }
    }

    fn metrics(&self) -> String {
        let status = self.status_now();
        let metrics = &self.shared.metrics;
        let signed = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        metrics.view.set(signed(status.view.get()));
        metrics.view_timeout_ms.set(signed(status.view_timeout_ms));
        metrics.peers.set(signed(status.peers));
        metrics.voting.set(i64::from(status.voting));
        metrics.mempool_transactions.set(signed(status.mempool.transactions));
        metrics.mempool_bytes.set(signed(status.mempool.bytes));
        metrics.text()
    }

    fn blocks(&self) -> &Arc<BlockFeed> {
        &self.shared.feed
    }
}

impl NodeBackend {
    /// Whether the transaction is executed. The pool may have heard of its nonce from a state that is not durable yet; what
    /// that state holds is waited for, so that "never" is said only when it is true.
    async fn becomes_final(&self, id: TxId) -> bool {
        let seen = self.shared.executed_height.load(Ordering::SeqCst);
        while self.shared.durable.read().height.get() < seen {
            if self.shared.halted.load(Ordering::SeqCst) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        self.shared.storage.transaction(&id).is_ok_and(|place| place.is_some())
    }

    /// What a person is told when the others have forgotten what this node needs.
    fn forgotten(&self) -> Option<String> {
        match self.shared.forgotten.load(Ordering::SeqCst) {
            0 => None,
            next => Some(format!(
                "the other nodes have forgotten height {next}, which is needed next; unless sync is \"replay\" in config.toml, this node fetches a \
                 snapshot and goes on from it"
            )),
        }
    }

    fn status_now(&self) -> Status {
        let shared = &self.shared;
        // Read first: what is executed is never above what is certified.
        let durable = *shared.durable.read();
        let published = shared.machine.read().clone();
        let machine = published.status.as_ref();
        let height = published.recorded.max(durable.height);
        let is_behind = published.highest_certified.since(durable.height) > BEHIND_HEIGHTS_MAX;
        let sync_state = if shared.halted.load(Ordering::SeqCst) {
            SyncState::Halted
        } else if machine.is_some_and(|status| status.catching_up) || is_behind {
            SyncState::Syncing
        } else if published.has_heard {
            SyncState::Synced
        } else {
            SyncState::Starting
        };
        Status {
            chain_id: shared.committees.chain(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            validator: shared.committees.present().index_of(&shared.own_key).is_some(),
            public_key: shared.own_key,
            view: machine.map_or(View::ZERO, |status| status.agreement.view),
            height,
            final_height: durable.height,
            executed_height: durable.height,
            state_root: durable.root,
            sync_state,
            voting: published.voting_reason.is_none(),
            voting_reason: published.voting_reason,
            view_timeout_ms: machine.map_or(0, |status| status.agreement.view_timeout_ms),
            peers: shared.peers_up.load(Ordering::Relaxed) as u64,
            mempool: MempoolStatus {
                transactions: machine.map_or(0, |status| status.pool_transactions as u64),
                bytes: machine.map_or(0, |status| status.pool_bytes as u64),
            },
        }
    }
}

/// Reads of the store may wait for the disk, so they leave the server's threads free.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, RpcError> + Send + 'static,
) -> Result<T, RpcError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => Err(internal(&error)),
    }
}

pub(crate) fn internal(error: &dyn std::fmt::Display) -> RpcError {
    tracing::error!(%error, "request failed");
    RpcError::new(ErrorKind::Internal, error.to_string())
}

fn read_block(shared: &Shared, request: GetBlock) -> Result<Block, RpcError> {
    let durable = shared.durable.read().height;
    let height = match request {
        GetBlock::Height { height } => Some(height),
        GetBlock::Hash { hash } => shared.storage.height_of(hash).map_err(|e| internal(&e))?,
    };
    let block = match height.filter(|height| *height <= durable) {
        Some(height) => blocks::read(shared, height).map_err(|error| internal(&error))?,
        None => None,
    };
    // A stored block of a final height need not be the final one.
    let is_asked = |block: &Block| match request {
        GetBlock::Height { .. } => true,
        GetBlock::Hash { hash } => block.hash == hash,
    };
    block.filter(is_asked).ok_or_else(|| {
        let oldest = shared.storage.oldest();
        if let Some(height) = height.filter(|height| *height < oldest) {
            return RpcError::pruned(height, oldest);
        }
        let message = match request {
            GetBlock::Height { height } => {
                format!("height: found {height}, expected a final one, up to {durable}")
            }
            GetBlock::Hash { hash } => format!("hash: no final block has {hash}"),
        };
        RpcError::new(ErrorKind::NotFound, message)
    })
}

fn read_execution(shared: &Shared, height: Height) -> Result<BlockExecution, RpcError> {
    let durable = shared.durable.read().height;
    if height == Height::ZERO || height > durable {
        let message =
            format!("height: found {height}, expected one executed here, from 1 to {durable}");
        return Err(RpcError::new(ErrorKind::NotFound, message));
    }
    let execution = shared.executions.get(height);
    let execution = execution.map_err(|oldest| RpcError::execution_not_kept(height, oldest))?;
    Ok(executions::reply(&shared.programs, height, &execution))
}
