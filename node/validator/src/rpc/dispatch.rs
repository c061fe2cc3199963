//! From a request's bytes to the bytes of its reply.
//!
//! What a body asks for is begun in order, so that a sender's transactions are admitted in the order written; only the
//! waiting of `sendTransactionAndWait` overlaps.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use heddle_rpc_api as api;
use heddle_rpc_api::ErrorKind;
use heddle_rpc_api::Params;
use heddle_rpc_api::Request;
use heddle_rpc_api::RpcError;
use heddle_rpc_api::TransactionInfo;
use heddle_types::Bytes;
use heddle_types::DecodeError;
use heddle_types::Transaction;
use heddle_types::TxId;
use heddle_types::decode_exact;
use serde_json::Value;
use serde_json::value::RawValue;
use tokio::time::Instant;

use crate::rpc::Backend;
use crate::rpc::Health;
use crate::rpc::Question;
use crate::rpc::jsonrpc;
use crate::rpc::jsonrpc::BadCall;
use crate::rpc::jsonrpc::Call;
use crate::rpc::jsonrpc::Decoded;
use crate::rpc::jsonrpc::Reply;
use crate::rpc::limits;
use crate::rpc::subscriptions::Subscriptions;

type Outcome = Result<Box<RawValue>, RpcError>;

/// A body whose requests were all begun.
#[derive(Debug)]
pub(super) struct Exchange {
    items: Vec<Item>,
    is_batch: bool,
}

#[derive(Debug)]
struct Item {
    id: Option<Value>,
    progress: Progress,
}

#[derive(Debug)]
enum Progress {
    Done(Outcome),
    Waiting { id: TxId, until: Instant },
}

/// A transaction read from a send, and how long the sender wants to wait for it.
struct Send {
    transaction: Transaction,
    wait: Option<Duration>,
}

impl Exchange {
    /// Begins everything that `body` asks for. `subscriptions` are those of a WebSocket.
    pub(super) async fn begin<B: Backend>(
        backend: &Arc<B>,
        body: &[u8],
        mut subscriptions: Option<&mut Subscriptions>,
    ) -> Self {
        let (calls, is_batch) = match jsonrpc::decode(body) {
            Ok(Decoded::Single(call)) => (vec![call], false),
            Ok(Decoded::Batch(calls)) => (calls, true),
            Err(error) => (vec![Err(BadCall { id: Value::Null, error })], false),
        };
        let mut exchange = Self { items: Vec::with_capacity(calls.len()), is_batch };
        let mut sends = Vec::new();
        let mut reply_bytes = 0_usize;
        for call in calls {
            let (id, progress) = match call {
                Err(BadCall { id, error }) => (Some(id), Progress::Done(Err(error))),
                Ok(call) if reply_bytes > limits::REPLY_BYTES_MAX => {
                    (call.id, Progress::Done(Err(replies_too_large())))
                }
                Ok(call) => match read_send(backend.as_ref(), &call) {
                    Some(Ok(send)) => {
                        sends.push((exchange.items.len(), send));
                        // Stands in until the run of sends is over.
                        (call.id, Progress::Done(Err(not_carried_out())))
                    }
                    Some(Err(error)) => (call.id, Progress::Done(Err(error))),
                    None => {
                        exchange.send(backend, &mut sends).await;
                        let Call { id, method, params } = call;
                        let outcome =
                            answer(backend, &method, params, subscriptions.as_deref_mut()).await;
                        (id, Progress::Done(outcome))
                    }
                },
            };
            reply_bytes = reply_bytes.saturating_add(progress.reply_bytes());
            exchange.items.push(Item { id, progress });
        }
        exchange.send(backend, &mut sends).await;
        exchange
    }

    /// Whether some of it waits for a transaction to become final.
    pub(super) fn is_waiting(&self) -> bool {
        self.items.iter().any(|item| matches!(item.progress, Progress::Waiting { .. }))
    }

    /// The reply's bytes once nothing waits any more; none when all were notifications.
    pub(super) async fn finish<B: Backend>(self, backend: &Arc<B>) -> Option<Vec<u8>> {
        let replies = self.items.into_iter().map(|item| async move {
            let outcome = match item.progress {
                Progress::Done(outcome) => outcome,
                Progress::Waiting { id, until } => wait(backend, id, until).await,
            };
            item.id.map(|id| Reply::new(id, outcome))
        });
        let replies: Vec<Reply> = join_all(replies).await.into_iter().flatten().collect();
        match replies.as_slice() {
            [] => None,
            [reply] if !self.is_batch => Some(jsonrpc::encode_replies(reply)),
            replies => Some(jsonrpc::encode_replies(&replies)),
        }
    }

    /// Hands a run of sends to the node in one piece.
    async fn send<B: Backend>(&mut self, backend: &Arc<B>, sends: &mut Vec<(usize, Send)>) {
        if sends.is_empty() {
            return;
        }
        let (places, transactions): (Vec<_>, Vec<_>) =
            sends.drain(..).map(|(index, send)| ((index, send.wait), send.transaction)).unzip();
        let outcomes = backend.send(transactions).await;
        let now = Instant::now();
        for ((index, wait), outcome) in places.into_iter().zip(outcomes) {
            if let Some(item) = self.items.get_mut(index) {
                item.progress = match (outcome, wait) {
                    (Ok(id), Some(wait)) => Progress::Waiting { id, until: now + wait },
                    (Ok(id), None) => Progress::Done(jsonrpc::encode_result(&api::Sent { id })),
                    (Err(error), _) => Progress::Done(Err(error)),
                };
            }
        }
    }
}

impl Progress {
    fn reply_bytes(&self) -> usize {
        match self {
            Self::Done(Ok(result)) => result.get().len(),
            Self::Done(Err(_)) | Self::Waiting { .. } => 0,
        }
    }
}

/// What a call sends, if it is one that sends.
fn read_send<B: Backend>(backend: &B, call: &Call) -> Option<Result<Send, RpcError>> {
    let read = |params: Option<Value>| {
        answering(backend)?;
        match call.method.as_str() {
            api::SendTransaction::METHOD => {
                let request: api::SendTransaction = parse(params)?;
                Ok(Send { transaction: decode_transaction(&request.transaction)?, wait: None })
            }
            _ => {
                let request: api::SendTransactionAndWait = parse(params)?;
                let transaction = decode_transaction(&request.transaction)?;
                Ok(Send { transaction, wait: Some(Duration::from_millis(request.timeout_ms)) })
            }
        }
    };
    match call.method.as_str() {
        api::SendTransaction::METHOD | api::SendTransactionAndWait::METHOD => {
            Some(read(call.params.clone()))
        }
        _ => None,
    }
}

/// Carries out a call that does not send.
async fn answer<B: Backend>(
    backend: &Arc<B>,
    method: &str,
    params: Option<Value>,
    subscriptions: Option<&mut Subscriptions>,
) -> Outcome {
    use jsonrpc::encode_result as encode;
    // A node that waits for its peers to answer must be able to reach them again.
    match method {
        api::SetLinks::METHOD if backend.is_dev() => {
            return encode(&backend.set_links(parse(params)?)?);
        }
        api::SetClock::METHOD if backend.is_dev() => {
            return encode(&backend.set_clock(parse(params)?));
        }
        _ => answering(backend.as_ref())?,
    }
    if let Some(question) = Question::read(method, params.clone()) {
        return backend.market(question?).await;
    }
    match method {
        api::GetStatus::METHOD => {
            let api::GetStatus {} = parse(params)?;
            encode(&backend.status().await?)
        }
        api::GetBlock::METHOD => encode(&backend.block(parse(params)?).await?),
        api::GetBlockExecution::METHOD => encode(&backend.block_execution(parse(params)?).await?),
        api::GetBlockEvents::METHOD => encode(&backend.block_events(parse(params)?).await?),
        api::GetTransaction::METHOD => {
            let api::GetTransaction { id } = parse(params)?;
            encode(&backend.transaction(id).await?)
        }
        api::SimulateTransaction::METHOD => {
            let api::SimulateTransaction { transaction } = parse(params)?;
            encode(&backend.simulate(decode_transaction(&transaction)?).await?)
        }
        api::GetAccount::METHOD => {
            let api::GetAccount { address } = parse(params)?;
            encode(&backend.account(address).await?)
        }
        api::GetSupply::METHOD => {
            let api::GetSupply {} = parse(params)?;
            encode(&backend.supply().await?)
        }
        api::GetProof::METHOD | api::GetFinalHeader::METHOD | api::GetEpochEnd::METHOD => {
            prove(backend.as_ref(), method, params).await
        }
        api::GetState::METHOD => encode(&backend.state(parse(params)?).await?),
        api::GetFee::METHOD => {
            let api::GetFee { transaction } = parse(params)?;
            let transaction = transaction.as_ref().map(decode_transaction).transpose()?;
            encode(&backend.fee(transaction).await?)
        }
        api::GetEvidence::METHOD => {
            let api::GetEvidence {} = parse(params)?;
            encode(&backend.evidence().await?)
        }
        api::GetValidators::METHOD => {
            let api::GetValidators {} = parse(params)?;
            encode(&backend.validators().await?)
        }
        api::GetPerformanceSamples::METHOD => {
            let api::GetPerformanceSamples { limit } = parse(params)?;
            encode(&backend.performance_samples(limit).await?)
        }
        api::RequestAirdrop::METHOD if backend.is_dev() => {
            encode(&backend.airdrop(parse(params)?).await?)
        }
        _ => subscribe(backend.as_ref(), method, params, subscriptions),
    }
}

/// Carries out a call whose reply convinces somebody who trusts no node.
async fn prove<B: Backend>(backend: &B, method: &str, params: Option<Value>) -> Outcome {
    use jsonrpc::encode_result as encode;
    match method {
        api::GetEpochEnd::METHOD => {
            let api::GetEpochEnd { epoch } = parse(params)?;
            encode(&backend.epoch_end(epoch).await?)
        }
        api::GetFinalHeader::METHOD => {
            let api::GetFinalHeader {} = parse(params)?;
            encode(&backend.final_header().await?)
        }
        _ => encode(&backend.proof(parse(params)?).await?),
    }
}

fn subscribe<B: Backend>(
    backend: &B,
    method: &str,
    params: Option<Value>,
    subscriptions: Option<&mut Subscriptions>,
) -> Outcome {
    use jsonrpc::encode_result as encode;
    match (method, subscriptions) {
        (api::SubscribeBlocks::METHOD, Some(subscriptions)) => {
            encode(&subscriptions.add_blocks(parse(params)?, backend.blocks().newest())?)
        }
        (api::SubscribeEvents::METHOD, Some(subscriptions)) => {
            encode(&subscriptions.add_events(parse(params)?, backend.blocks().newest())?)
        }
        (api::SubscribeTransaction::METHOD, Some(subscriptions)) => {
            encode(&subscriptions.add_transaction(parse(params)?)?)
        }
        (api::Unsubscribe::METHOD, Some(subscriptions)) => {
            encode(&subscriptions.remove(parse(params)?))
        }
        (
            api::SubscribeBlocks::METHOD
            | api::SubscribeEvents::METHOD
            | api::SubscribeTransaction::METHOD
            | api::Unsubscribe::METHOD,
            None,
        ) => {
            let message = format!("method: {method} exists on a WebSocket only");
            Err(RpcError::new(ErrorKind::MethodNotFound, message))
        }
        _ => Err(RpcError::method_not_found(method)),
    }
}

/// Waits until the transaction is settled, but no longer than `until`.
async fn wait<B: Backend>(backend: &Arc<B>, id: TxId, until: Instant) -> Outcome {
    // Subscribed before the first look: a block published in between is noticed.
    let mut changes = backend.blocks().changes();
    loop {
        let info: TransactionInfo = backend.transaction(id).await?;
        if info.is_settled() {
            return jsonrpc::encode_result(&info);
        }
        let changed = tokio::time::timeout_at(until, changes.changed()).await;
        if !matches!(changed, Ok(Ok(()))) {
            return jsonrpc::encode_result(&info);
        }
    }
}

fn parse<R: Request>(params: Option<Value>) -> Result<R, RpcError> {
    Ok(R::from_params(Params::new(params)?)?)
}

fn decode_transaction(bytes: &Bytes) -> Result<Transaction, RpcError> {
    let transaction: Transaction = decode_exact(bytes).map_err(|e| {
        let kind = match e {
            DecodeError::TooLong { .. } => ErrorKind::TooLarge,
            DecodeError::Field { .. } | DecodeError::Trailing { .. } => ErrorKind::Malformed,
        };
        RpcError::new(kind, e.to_string())
    })?;
    transaction.check_form().map_err(|e| RpcError::new(ErrorKind::Malformed, e.to_string()))?;
    Ok(transaction)
}

fn answering<B: Backend>(backend: &B) -> Result<(), RpcError> {
    match backend.health() {
        Health::Starting { reason } => Err(RpcError::new(ErrorKind::Behind, reason)),
        Health::Behind { .. } | Health::Healthy => Ok(()),
    }
}

fn replies_too_large() -> RpcError {
    let message = format!("batch: its replies are past {} bytes", limits::REPLY_BYTES_MAX);
    RpcError::new(ErrorKind::TooLarge, message)
}

fn not_carried_out() -> RpcError {
    RpcError::new(ErrorKind::Internal, "the node gave no outcome for this transaction")
}
