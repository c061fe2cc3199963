//! Reading back what the disk holds.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;

use heddle_clearing::Clearing;
use heddle_exchange::Exchange;
use heddle_hotstuff::PacemakerConfig;
use heddle_hotstuff::Recovered;
use heddle_hotstuff::Turn;
use heddle_ledger::Ledger;
use heddle_machine::MachineConfig;
use heddle_mempool::PayloadLimits;
use heddle_oracle::Oracle;
use heddle_sdk::Programs;
use heddle_state::State;
use heddle_storage::FinalRecord;
use heddle_storage::Recovery;
use heddle_storage::SafetyState;
use heddle_storage::Storage;
use heddle_storage::StorageError;
use heddle_transport::Peer;
use heddle_types::Block;
use heddle_types::CheckedBlock;
use heddle_types::Ed25519Scheme;
use heddle_types::Ed25519Signer;
use heddle_types::ExecutedRoot;
use heddle_types::Height;
use heddle_types::Millis;
use heddle_types::SafetyRecord;
use heddle_types::limits;
use parking_lot::Mutex;
use parking_lot::RwLock;

use crate::exit::Fatal;
use crate::home::Home;
use crate::node::beginning::Beginning;
use crate::node::clock;
use crate::node::evidence;
use crate::node::executions::Executions;
use crate::node::fatal;
use crate::node::known::KnownSignatures;
use crate::node::markets::Books;
use crate::node::markets::History;
use crate::node::metrics::Metrics;
use crate::node::metrics::Samples;
use crate::node::pending::Standings;
use crate::node::receipts::ReceiptCache;
use crate::node::shared::Published;
use crate::node::shared::Shared;
use crate::node::store::Safety;
use crate::rpc::BlockFeed;

/// Blocks that subscribers can go back.
const FEED_BLOCKS: usize = 1_000;
/// The least time that a leader is given.
const VIEW_TIMEOUT: Millis = Millis::new(500);
/// The most time that a leader is given after many failures.
const VIEW_TIMEOUT_MAX: Millis = Millis::new(10_000);
/// How long an admitted transaction waits for company before it is forwarded.
const FORWARD_DELAY: Millis = Millis::new(2);
/// Transactions that one block orders at most, unless the configuration says otherwise: what two cores execute in well under a view's timeout.
const BLOCK_TRANSACTIONS: usize = 4_000;

/// Certified blocks above the last final one, when all goes well.
const CERTIFIED_AHEAD: u64 = 2;

/// What a node starts with.
pub(crate) struct Opened {
    pub(crate) shared: Arc<Shared>,
    pub(crate) safety: Safety,
    pub(crate) recovered: Recovered,
    pub(crate) mute_reason: Option<String>,
    pub(crate) config: MachineConfig,
}

/// The programs of every node of this version.
pub fn programs() -> Programs {
    Programs::new(vec![Box::new(Ledger), Box::new(Oracle), Box::new(Clearing), Box::new(Exchange)])
}

/// Makes the database and the safety record of a new home.
///
/// # Errors
/// When the genesis is none for this version's programs, there is a database or a record already, or from writing.
pub fn initialise(home: &Home) -> Result<(), Fatal> {
    let beginning = Beginning::of(home)?;
    create_database(&home.db_path(), &beginning).map_err(|error| Fatal::of_storage(&error))?;
    let owner = home.key().public_key();
    heddle_storage::SafetyFile::create_first(&home.safety_path(), owner, &beginning.first_record())
        .map(|_file| ())
        .map_err(|error| Fatal::of_safety(&error))
}

fn create_database(dir: &Path, beginning: &Beginning) -> Result<(), StorageError> {
    Storage::create(dir, &beginning.header, &beginning.changes)
}

/// Opens the home's database and safety record. An emptied database beside them is made again from genesis, and is
/// refetched from the other validators.
pub(crate) fn open(home: &Home) -> Result<Opened, Fatal> {
    let chain = home.committee().chain();
    let beginning = Beginning::of(home)?;
    let dir = home.db_path();
    let opened = Storage::open(&dir, chain);
    let is_new = matches!(opened, Err(StorageError::Missing { .. }));
    let opened = match opened {
        Err(StorageError::Missing { .. }) => {
            tracing::warn!(path = %dir.display(), "no database: starting from genesis, fetching from peers");
            create_database(&dir, &beginning).and_then(|()| Storage::open(&dir, chain))
        }
        opened => opened,
    };
    let (storage, recovery) = opened.map_err(|error| Fatal::of_storage(&error))?;
    let (safety, record, mute_reason) = open_safety(home)?;
    let config = machine_config(home, &beginning);
    let (state, recovered) = recovered(recovery, record).map_err(|e| fatal::corrupt(&dir, &e))?;
    let kept = storage.evidence().map_err(|error| Fatal::of_storage(&error))?;
    let shared = Arc::new(share(home, storage, state, &recovered));
    let kept = kept.iter().filter_map(|row| evidence::to_reply(row, &shared.committee));
    shared.evidence.lock().extend(kept);
    shared.is_whole.store(!is_new && is_whole(&recovered), Ordering::SeqCst);
    Ok(Opened { shared, safety, recovered, mute_reason, config })
}

/// The certified height that the safety record knows.
pub(crate) fn recorded(recovered: &Recovered) -> Height {
    recovered.safety.as_ref().map_or(Height::ZERO, |record| record.high_qc.data.height)
}

/// Whether the database holds what the safety record lets expect; if not, it was emptied, and may not be fetched to the
/// end since.
fn is_whole(recovered: &Recovered) -> bool {
    let missing = recorded(recovered).since(recovered.last_final.header().height);
    missing <= limits::LAG_MAX + CERTIFIED_AHEAD
}

fn open_safety(home: &Home) -> Result<(Safety, Option<SafetyRecord>, Option<String>), Fatal> {
    let path = home.safety_path();
    let owner = home.key().public_key();
    if home.validator_index().is_none() {
        return Ok((Safety::none(path, owner), None, None));
    }
    let state = heddle_storage::SafetyFile::open(&path, home.committee().chain(), owner);
    Ok(match state.map_err(|error| Fatal::of_safety(&error))? {
        SafetyState::Ready(file, record) => (Safety::ready(path, owner, file), Some(*record), None),
        SafetyState::Mute(reason) => (Safety::none(path, owner), None, Some(reason.to_string())),
    })
}

fn machine_config(home: &Home, beginning: &Beginning) -> MachineConfig {
    let committee = Arc::new(home.committee().clone());
    let transactions = home.config().block_transactions;
    let transactions = transactions.map_or(BLOCK_TRANSACTIONS, |most| most.get().into());
    MachineConfig {
        agreement: heddle_hotstuff::Config {
            genesis: beginning.header.vote_data(),
            scheme: Arc::new(Ed25519Scheme),
            signer: Some(Arc::new(Ed25519Signer(home.key().secret().clone()))),
            pacemaker: PacemakerConfig {
                timeout_base: VIEW_TIMEOUT,
                timeout_max: VIEW_TIMEOUT_MAX,
                idle_interval: home.config().idle_interval,
            },
            committee: Arc::clone(&committee),
        },
        pool: heddle_mempool::Config::new(committee.chain()),
        payload: PayloadLimits::new(transactions, limits::PAYLOAD_BYTES_MAX),
        forward_delay: FORWARD_DELAY,
    }
}

/// Checks stored blocks again: what the disk returns is believed no more than what a peer says.
fn recovered(
    recovery: Recovery,
    safety: Option<SafetyRecord>,
) -> Result<(State, Recovered), heddle_types::BlockError> {
    let check = |block: Block| CheckedBlock::check(block, |_, _| false).map(Arc::new);
    let named = safety.as_ref().and_then(|record| record.high_tc);
    let high_tc = recovery.timeout_certs.into_iter().find(|cert| Some(cert.hash()) == named);
    let recent = recovery.recent;
    let before = recovery.before.iter().map(Turn::from);
    let recovered = Recovered {
        safety,
        high_tc,
        last_final: check(recovery.last_final)?,
        commit: recovery.cert,
        executed: recent.iter().map(executed_root).collect(),
        turns: before.chain(recent.iter().map(turn)).collect(),
        blocks: recovery.blocks.into_iter().map(check).collect::<Result<_, _>>()?,
        nonce: random(),
    };
    Ok((recovery.state, recovered))
}

// What a replica wants to know of final blocks is read back.
const _: () = assert!(heddle_hotstuff::limits::TURNS_MAX as u64 <= heddle_storage::RECENT_MAX);
const _: () = assert!(limits::LAG_MAX < heddle_storage::RECENT_MAX);

const fn executed_root((height, record): &(Height, FinalRecord)) -> ExecutedRoot {
    ExecutedRoot { height: *height, root: record.root }
}

const fn turn((height, record): &(Height, FinalRecord)) -> Turn {
    Turn { height: *height, view: record.view, proposer: record.proposer }
}

fn share(home: &Home, storage: Storage, state: State, recovered: &Recovered) -> Shared {
    let height = recovered.last_final.header().height;
    let durable =
        recovered.executed.last().copied().unwrap_or(recovered.last_final.header().executed);
    Shared {
        genesis: home.genesis().clone(),
        committee: Arc::new(home.committee().clone()),
        own_key: home.key().public_key(),
        home: home.dir().to_owned(),
        programs: Arc::new(programs()),
        storage: Arc::new(storage),
        state: RwLock::new(state),
        executed_height: AtomicU64::new(height.get()),
        durable: RwLock::new(durable),
        machine: RwLock::new(Published {
            status: None,
            highest_certified: Height::ZERO,
            recorded: recorded(recovered),
            voting_reason: Some("starting".to_owned()),
            certified_at: clock::wall(),
            has_heard: false,
        }),
        peers_up: AtomicUsize::new(0),
        halted: AtomicBool::new(false),
        is_whole: AtomicBool::new(false),
        known: KnownSignatures::default(),
        standings: Standings::default(),
        receipts: ReceiptCache::default(),
        executions: Executions::default(),
        books: Books::default(),
        history: History::default(),
        evidence: Mutex::new(Vec::new()),
        feed: Arc::new(BlockFeed::new(FEED_BLOCKS, height)),
        samples: Samples::default(),
        metrics: Metrics::new(),
    }
}

/// The other validators as the transport knows them.
pub(crate) fn peers(home: &Home) -> Vec<Peer> {
    let peers = home.config().peers.iter();
    peers
        .filter_map(|peer| {
            let index = home.committee().index_of(&peer.public_key)?;
            Some(Peer { index, key: peer.public_key, addr: peer.quic })
        })
        .collect()
}

/// Random bytes from the system.
///
/// # Panics
/// When the system has none: nothing about keys or nonces could be relied on then.
pub(crate) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the system has random bytes");
    bytes
}
