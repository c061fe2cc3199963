//! A node that is none, and clients that misbehave.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use heddle_rpc_api as api;
use heddle_rpc_api::ErrorKind;
use heddle_rpc_api::RpcError;
use heddle_types::Access;
use heddle_types::Address;
use heddle_types::Amount;
use heddle_types::AssetId;
use heddle_types::BlockHash;
use heddle_types::Bytes;
use heddle_types::Call;
use heddle_types::ChainId;
use heddle_types::Epoch;
use heddle_types::Height;
use heddle_types::Nonce;
use heddle_types::ProgramId;
use heddle_types::PublicKey;
use heddle_types::SecretKey;
use heddle_types::StateKey;
use heddle_types::StateRoot;
use heddle_types::Transaction;
use heddle_types::TransactionBody;
use heddle_types::TxId;
use heddle_types::View;
use heddle_types::encode;
use parking_lot::Mutex;
use serde_json::Value;
use serde_json::json;
use serde_json::value::RawValue;
use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::rpc::Backend;
use crate::rpc::BlockFeed;
use crate::rpc::Health;
use crate::rpc::Question;
use crate::rpc::RpcConfig;
use crate::rpc::serve;

pub(super) struct Mock {
    pub(super) dev: bool,
    pub(super) health: Mutex<Health>,
    pub(super) feed: Arc<BlockFeed>,
    /// The sequences of each call of `send`.
    pub(super) sent: Mutex<Vec<Vec<u64>>>,
    pub(super) known: Mutex<BTreeMap<TxId, api::TransactionInfo>>,
    /// Whether events can be read.
    pub(super) has_events: Mutex<bool>,
}

pub(super) struct TestServer {
    pub(super) port: u16,
    pub(super) mock: Arc<Mock>,
    stop: Option<oneshot::Sender<()>>,
    pub(super) task: tokio::task::JoinHandle<()>,
}

impl TestServer {
    pub(super) async fn start(config: RpcConfig) -> Self {
        Self::start_on(config, false).await
    }

    /// The server of a development chain's node, or of another's.
    pub(super) async fn start_on(config: RpcConfig, dev: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let mock = Arc::new(Mock {
            dev,
            health: Mutex::new(Health::Healthy),
            feed: Arc::new(BlockFeed::new(4, Height::new(10))),
            sent: Mutex::default(),
            known: Mutex::default(),
            has_events: Mutex::new(true),
        });
        let (stop, stopped) = oneshot::channel::<()>();
        let backend = Arc::clone(&mock);
        let task = tokio::spawn(serve(listener, config, backend, async {
            let _ = stopped.await;
        }));
        Self { port, mock, stop: Some(stop), task }
    }

    pub(super) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub(super) fn stop(&mut self) {
        self.stop.take();
    }

    pub(super) async fn connect(&self) -> TcpStream {
        TcpStream::connect(("127.0.0.1", self.port)).await.unwrap()
    }

    /// Sends raw bytes and reads until the server ends the connection.
    pub(super) async fn raw(&self, request: impl AsRef<[u8]>) -> String {
        let mut stream = self.connect().await;
        stream.write_all(request.as_ref()).await.unwrap();
        read_to_end(&mut stream).await
    }

    /// Posts a body as a well-behaved client; status and JSON, null when there is none.
    pub(super) async fn post(&self, body: impl AsRef<[u8]>) -> (u16, Value) {
        let body = body.as_ref();
        let head = format!(
            "POST / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        let reply = self.raw([head.as_bytes(), body].concat()).await;
        let (_, text) = reply.split_once("\r\n\r\n").unwrap();
        (status(&reply), serde_json::from_str(text).unwrap_or_default())
    }

    /// The reply's `error`, of one call.
    pub(super) async fn error(&self, method: &str, params: Value) -> RpcError {
        let body = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
        let (_, reply) = self.post(body.to_string()).await;
        serde_json::from_value(reply["error"].clone()).unwrap()
    }
}

pub(super) async fn read_to_end(stream: &mut TcpStream) -> String {
    let mut reply = Vec::new();
    timeout(Duration::from_secs(5), stream.read_to_end(&mut reply)).await.unwrap().unwrap();
    String::from_utf8(reply).unwrap()
}

pub(super) fn status(reply: &str) -> u16 {
    reply.split(' ').nth(1).unwrap_or_else(|| panic!("no status in {reply:?}")).parse().unwrap()
}

pub(super) fn transaction(sequence: u64) -> Transaction {
    let key = SecretKey::from_seed([7; 32]);
    let body = TransactionBody {
        version: TransactionBody::VERSION,
        chain: ChainId::ZERO,
        sender: Address::of_key(&key.public_key()),
        payer: None,
        nonce: Nonce::Lane { lane: 0, sequence },
        valid_until: Height::new(1000),
        max_fee: Amount::from_units(1),
        access: Access::DERIVED,
        calls: vec![Call { program: ProgramId::LEDGER, data: Bytes(vec![1, 2, 3]) }],
    };
    Transaction::sign(body, &key)
}

pub(super) fn send_request(id: u64, sequence: u64) -> Value {
    let transaction = hex::encode(encode(&transaction(sequence)));
    json!({"jsonrpc": "2.0", "id": id, "method": "sendTransaction", "params": {"transaction": transaction}})
}

pub(super) fn block(height: u64) -> api::Block {
    let height = Height::new(height);
    let hash = BlockHash::ZERO;
    api::Block {
        height,
        hash,
        parent_hash: hash,
        epoch: Epoch::ZERO,
        view: View::ZERO,
        proposer: PublicKey::default(),
        time_ms: 0,
        transaction_ids: Vec::new(),
        skipped: 0,
        state_root: None,
        receipts_root: None,
        certificate: api::Certificate {
            epoch: Epoch::ZERO,
            view: View::ZERO,
            height,
            hash,
            signers: Vec::new(),
            signatures: Vec::new(),
            aggregate: None,
        },
    }
}

pub(super) fn execution(height: u64) -> api::BlockExecution {
    let phase = api::PhaseTime { name: api::PhaseName::Declared, items: 2, micros: 30 };
    let key = StateKey::new(ProgramId::LEDGER, &[b"b"]).unwrap();
    api::BlockExecution {
        height: Height::new(height),
        transactions: 2,
        executions: 3,
        speculative: 1,
        aborts: 1,
        waits: 1,
        mode: api::ExecutionMode::Planned,
        reason: api::ExecutionReason::Parallel,
        threads: 2,
        total_cost: 2_000,
        critical_path: 1_000,
        phases: vec![phase],
        hot_keys: vec![api::HotKey::new(&key, "ledger", 2)],
        timeline: Vec::new(),
    }
}

/// Of each block: a transfer of its first transaction, and of phases one event for each market from 1 to 3, with the height.
pub(super) fn block_events(request: &api::GetBlockEvents) -> api::BlockEvents {
    let event = |program, kind, data: &[u8]| heddle_types::Event {
        program,
        kind,
        data: heddle_types::EventData::new(data),
    };
    let height = request.height.get().to_le_bytes();
    let transfer = event(ProgramId::LEDGER, 1, &height);
    let markets = [1, 2, 3].map(|n| event(ProgramId::EXCHANGE, 7, &[&[n], &height[..]].concat()));
    let of_phases = markets.iter().map(|event| (None, event));
    let all = std::iter::once((Some(heddle_types::TxIndex::ZERO), &transfer)).chain(of_phases);
    let describe = |event: &heddle_types::Event| {
        let fields = BTreeMap::from([("bytes".to_owned(), event.data.len().to_string())]);
        Some(api::EventText { name: "Mocked".to_owned(), fields })
    };
    api::BlockEvents::page(request, all, describe, 0)
}

pub(super) fn settled(id: TxId, height: u64) -> api::TransactionInfo {
    let receipt = api::Receipt {
        ok: true,
        error: None,
        fee_paid: Amount::from_units(1),
        deposit_paid: Amount::ZERO,
        events: Vec::new(),
        reads: Vec::new(),
        writes: Vec::new(),
        adds: Vec::new(),
        appends: Vec::new(),
    };
    api::TransactionInfo {
        status: api::TxStatus::Final,
        height: Some(Height::new(height)),
        index: Some(heddle_types::TxIndex::ZERO),
        receipt: Some(receipt),
        ..api::TransactionInfo::without_receipt(id, api::TxStatus::Final)
    }
}

fn refused<T>() -> Result<T, RpcError> {
    Err(RpcError::new(ErrorKind::NotFound, "the mock has none"))
}

impl Backend for Mock {
    async fn status(&self) -> Result<api::Status, RpcError> {
        Ok(api::Status {
            chain_id: ChainId::ZERO,
            version: "1".to_owned(),
            validator: true,
            public_key: PublicKey::default(),
            view: View::new(5),
            height: Height::new(3),
            final_height: Height::new(2),
            executed_height: Height::new(1),
            state_root: StateRoot::ZERO,
            sync_state: api::SyncState::Synced,
            voting: true,
            voting_reason: None,
            view_timeout_ms: 1000,
            peers: 3,
            mempool: api::MempoolStatus::default(),
        })
    }

    async fn block(&self, request: api::GetBlock) -> Result<api::Block, RpcError> {
        match request {
            api::GetBlock::Height { height } if height.get() <= 10 => Ok(block(height.get())),
            api::GetBlock::Height { .. } | api::GetBlock::Hash { .. } => refused(),
        }
    }

    async fn block_execution(
        &self,
        request: api::GetBlockExecution,
    ) -> Result<api::BlockExecution, RpcError> {
        match request.height.get() {
            height @ 3..=10 => Ok(execution(height)),
            0..3 => Err(RpcError::execution_not_kept(request.height, Some(Height::new(3)))),
            _ => refused(),
        }
    }

    async fn block_events(
        &self,
        request: api::GetBlockEvents,
    ) -> Result<api::BlockEvents, RpcError> {
        let is_known = request.height <= self.feed.newest() && *self.has_events.lock();
        if is_known { Ok(block_events(&request)) } else { refused() }
    }

    async fn transaction(&self, id: TxId) -> Result<api::TransactionInfo, RpcError> {
        let unknown = || api::TransactionInfo::without_receipt(id, api::TxStatus::Unknown);
        Ok(self.known.lock().get(&id).cloned().unwrap_or_else(unknown))
    }

    async fn send(&self, transactions: Vec<Transaction>) -> Vec<Result<TxId, RpcError>> {
        let sequence = |transaction: &Transaction| match transaction.body.nonce {
            Nonce::Lane { sequence, .. } => sequence,
            Nonce::Window { .. } => unreachable!(),
        };
        self.sent.lock().push(transactions.iter().map(sequence).collect());
        let admit = |transaction: Transaction| {
            let (id, sequence) = (transaction.id(), sequence(&transaction));
            if sequence >= 1000 {
                return Err(RpcError::nonce_gap(sequence, 5));
            }
            let info = api::TransactionInfo::without_receipt(id, api::TxStatus::Pending);
            self.known.lock().insert(id, info);
            Ok(id)
        };
        transactions.into_iter().map(admit).collect()
    }

    async fn simulate(&self, _: Transaction) -> Result<api::Simulation, RpcError> {
        refused()
    }

    async fn account(&self, address: Address) -> Result<api::Account, RpcError> {
        let balances = BTreeMap::from([(AssetId::HDL, Amount::MAX)]);
        Ok(api::Account { address, nonces: BTreeMap::from([(0, 7)]), balances })
    }

    async fn supply(&self) -> Result<api::Supply, RpcError> {
        Ok(api::Supply(BTreeMap::from([(AssetId::HDL, Amount::from_units(5))])))
    }

    async fn proof(&self, _: api::GetProof) -> Result<api::StateProof, RpcError> {
        refused()
    }

    async fn final_header(&self) -> Result<api::FinalHeader, RpcError> {
        refused()
    }

    async fn epoch_end(&self, _: Epoch) -> Result<api::EpochEnd, RpcError> {
        Ok(api::EpochEnd { proof: None })
    }

    async fn state(&self, request: api::GetState) -> Result<api::StateReply, RpcError> {
        Ok(match request {
            api::GetState::Key { key, .. } if key.is_empty() => api::StateReply::Value(None),
            api::GetState::Key { key, .. } => api::StateReply::Value(Some(key)),
            api::GetState::Prefix { .. } => api::StateReply::Page(api::StatePage::default()),
        })
    }

    async fn fee(&self, _: Option<Transaction>) -> Result<api::Fee, RpcError> {
        refused()
    }

    async fn evidence(&self) -> Result<Vec<api::Evidence>, RpcError> {
        Ok(Vec::new())
    }

    async fn committee(&self) -> Result<api::ValidatorSet, RpcError> {
        refused()
    }

    async fn performance_samples(&self, _: u64) -> Result<Vec<api::PerformanceSample>, RpcError> {
        Ok(Vec::new())
    }

    async fn market(&self, question: Question) -> Result<Box<RawValue>, RpcError> {
        match question {
            Question::GetMarkets(_) => Ok(RawValue::from_string("[]".to_owned()).unwrap()),
            _ => refused(),
        }
    }

    async fn airdrop(&self, _: api::RequestAirdrop) -> Result<api::Sent, RpcError> {
        refused()
    }

    fn set_links(&self, request: api::SetLinks) -> Result<Vec<api::LinkSetting>, RpcError> {
        Ok(request.links)
    }

    fn set_clock(&self, request: api::SetClock) -> api::Clock {
        api::Clock { wall_ms: request.offset_ms.unsigned_abs() }
    }

    fn is_dev(&self) -> bool {
        self.dev
    }

    fn health(&self) -> Health {
        self.health.lock().clone()
    }

    fn metrics(&self) -> String {
        "heddle_height 3\n# EOF\n".to_owned()
    }

    fn blocks(&self) -> &Arc<BlockFeed> {
        &self.feed
    }
}
