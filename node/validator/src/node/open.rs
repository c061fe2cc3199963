//! Reading back what the disk holds.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::AtomicUsize;

use heddle_clearing::Clearing;
use heddle_exchange::Exchange;
use heddle_hotstuff::Executed;
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
use heddle_storage::MuteReason;
use heddle_storage::Recovery;
use heddle_storage::Remembered;
use heddle_storage::SafetyFile;
use heddle_storage::SafetyMode;
use heddle_storage::SafetyState;
use heddle_storage::Storage;
use heddle_storage::StorageError;
use heddle_transport::PublicClientConfig;
use heddle_types::Block;
use heddle_types::BlsSecretKey;
use heddle_types::BlsSigner;
use heddle_types::CheckedBlock;
use heddle_types::Ed25519Signer;
use heddle_types::Epoch;
use heddle_types::EpochEnd;
use heddle_types::ExecutedRoot;
use heddle_types::Height;
use heddle_types::KeyedScheme;
use heddle_types::LeaseLimit;
use heddle_types::Millis;
use heddle_types::SafetyRecord;
use heddle_types::Validator;
use heddle_types::VoteSigner;
use heddle_types::limits;
use heddle_validators::Validators;
use parking_lot::Mutex;
use parking_lot::RwLock;

use crate::exit::Fatal;
use crate::home;
use crate::home::Config;
use crate::home::Home;
use crate::node::addresses::Addresses;
use crate::node::beginning::Beginning;
use crate::node::clock;
use crate::node::committees::Committees;
use crate::node::evidence;
use crate::node::executions::Executions;
use crate::node::fatal;
use crate::node::follow::ENDPOINTS_MAX;
use crate::node::join;
use crate::node::known::KnownSignatures;
use crate::node::markets::Books;
use crate::node::markets::History;
use crate::node::metrics::Metrics;
use crate::node::metrics::Samples;
use crate::node::peers::Peers;
use crate::node::pending::Standings;
use crate::node::public::Head;
use crate::node::receipts::ReceiptCache;
use crate::node::run::Role;
use crate::node::shared::Published;
use crate::node::shared::Shared;
use crate::node::store::Safety;
use crate::node::whole::Whole;
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
    Programs::new(vec![
        Box::new(Ledger),
        Box::new(Oracle),
        Box::new(Clearing),
        Box::new(Exchange),
        Box::new(Validators),
    ])
}

/// Makes the database and the safety record of a new home.
///
/// # Errors
/// When the genesis is none for this version's programs, there is a database or a record already, or from writing.
pub fn initialise(home: &Home) -> Result<(), Fatal> {
    let beginning = Beginning::of(home)?;
    create_database(&home.db_path(), &beginning).map_err(|error| Fatal::of_storage(&error))?;
    if home.validator_index().is_none() && !home.may_join() {
        // A follower signs nothing.
        return Ok(());
    }
    let owner = home.key().public_key();
    SafetyFile::create_first(&home.safety_path(), owner, &beginning.first_record())
        .map(|_file| ())
        .map_err(|error| Fatal::of_safety(&error))
}

fn create_database(dir: &Path, beginning: &Beginning) -> Result<(), StorageError> {
    Storage::create(dir, &beginning.header, &beginning.changes)
}

/// Opens the home's database and safety record. An emptied database beside them is made again of a snapshot that others have, or
/// from genesis, and what follows is refetched from them.
pub(crate) fn open(home: &Home, role: Role) -> Result<Opened, Fatal> {
    let chain = home.committee().chain();
    let beginning = Beginning::of(home)?;
    let dir = home.db_path();
    let opened = match Storage::open(&dir, chain) {
        Ok((storage, _)) if join::is_left_behind(home, &beginning, storage.last_final().height) => {
            let last = storage.last_final().height;
            drop(storage);
            join::move_aside(home, last)?;
            Err(StorageError::Missing { path: dir.clone() })
        }
        opened => opened,
    };
    let is_new = matches!(opened, Err(StorageError::Missing { .. }));
    let opened = match opened {
        Err(StorageError::Missing { .. }) => {
            if !join::by_snapshot(home, &beginning)? {
                tracing::warn!(path = %dir.display(), "no database: starting from genesis, fetching from peers");
                create_database(&dir, &beginning).map_err(|error| Fatal::of_storage(&error))?;
            }
            Storage::open(&dir, chain)
        }
        opened => opened,
    };
    let (storage, recovery) = opened.map_err(|error| Fatal::of_storage(&error))?;
    let mode = home.config().durability.mode();
    let storage = storage.in_mode(mode);
    let known = match role {
        Role::Validator => open_safety(home, mode)?,
        Role::Follower => Known::nothing(home, mode),
    };
    let config = machine_config(home, &beginning, recovery.epoch_end.as_ref());
    let (state, recovered) =
        recovered(home, recovery, &known).map_err(|e| fatal::corrupt(&dir, &e))?;
    let mut shared = share(home, storage, state, &recovered);
    if is_new || !known.is_all_in(&recovered) {
        shared.whole = Whole::above(known.durable.max(recorded(&recovered)));
    }
    let shared = Arc::new(shared);
    shared.committees.set_present(Arc::clone(&config.agreement.committee));
    let kept = evidence::replies(&shared.storage, &shared.committees);
    shared.evidence.lock().extend(kept.map_err(|error| Fatal::of_storage(&error))?);
    let Known { safety, mute_reason, .. } = known;
    Ok(Opened { shared, safety, recovered, mute_reason, config })
}

/// The certified height that the safety record knows.
pub(crate) fn recorded(recovered: &Recovered) -> Height {
    recovered.safety.as_ref().map_or(Height::ZERO, |record| record.high_qc.data.height)
}

/// What the safety file says.
struct Known {
    safety: Safety,
    record: Option<SafetyRecord>,
    /// Somebody may have been told of it.
    durable: Height,
    lease: Option<LeaseLimit>,
    mute_reason: Option<String>,
}

impl Known {
    fn nothing(home: &Home, mode: SafetyMode) -> Self {
        let (path, owner) = (home.safety_path(), home.key().public_key());
        let safety = Safety { path, owner, mode, file: None };
        Self { safety, record: None, durable: Height::ZERO, lease: None, mute_reason: None }
    }

    /// Whether the database holds what the file lets expect; if not, it was emptied or damaged, and may not be fetched to
    /// the end since.
    fn is_all_in(&self, recovered: &Recovered) -> bool {
        let height = recovered.last_final.header().height;
        let missing = recorded(recovered).since(height);
        height >= self.durable && missing <= limits::LAG_MAX + CERTIFIED_AHEAD
    }
}

fn open_safety(home: &Home, mode: SafetyMode) -> Result<Known, Fatal> {
    let nothing = Known::nothing(home, mode);
    let Safety { path, owner, .. } = &nothing.safety;
    let state = SafetyFile::open(path, home.committee().chain(), *owner, mode);
    Ok(match state.map_err(|error| Fatal::of_safety(&error))? {
        SafetyState::Ready(file) => {
            let Remembered { record, durable } = file.remembered().clone();
            let safety = Safety { file: Some(*file), ..nothing.safety };
            Known { safety, record: Some(record), durable, ..nothing }
        }
        SafetyState::Mute(reason, durable) => {
            let lease = match reason {
                MuteReason::PowerLost { limit } => Some(limit),
                _ => None,
            };
            Known { durable, lease, mute_reason: Some(reason.to_string()), ..nothing }
        }
    })
}

/// `end` is how the epoch before the present one ended; none in epoch 0.
fn machine_config(home: &Home, beginning: &Beginning, end: Option<&EpochEnd>) -> MachineConfig {
    // The store compared the members with the hash that the closing block names.
    let successor = end.and_then(|end| Some((end.successor().ok()?, end.genesis())));
    let (committee, genesis) =
        successor.unwrap_or_else(|| (home.committee().clone(), beginning.header.vote_data()));
    let committee = Arc::new(committee);
    let transactions = home.config().block_transactions;
    let transactions = transactions.map_or(BLOCK_TRANSACTIONS, |most| most.get().into());
    MachineConfig {
        agreement: heddle_hotstuff::Config {
            genesis,
            epoch_blocks_min: limits::EPOCH_BLOCKS_MIN,
            leaders: BTreeMap::new(),
            scheme: Arc::new(KeyedScheme::default()),
            signer: Some(signer(home)),
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

/// Signs with a vote key derived from the home's key where the chain's first validators have vote keys, as all after them do.
fn signer(home: &Home) -> Arc<dyn VoteSigner> {
    let secret = home.key().secret();
    if home.committee().has_vote_keys() {
        Arc::new(BlsSigner::new(secret.public_key(), BlsSecretKey::derive(secret)))
    } else {
        Arc::new(Ed25519Signer(secret.clone()))
    }
}

/// Checks stored blocks again: what the disk returns is believed no more than what a peer says.
fn recovered(
    home: &Home,
    recovery: Recovery,
    known: &Known,
) -> Result<(State, Recovered), heddle_types::BlockError> {
    let check = |block: Block| CheckedBlock::check(block, |_, _| false).map(Arc::new);
    let safety = known.record.clone();
    let named = safety.as_ref().and_then(|record| record.high_tc);
    let high_tc = recovery.timeout_certs.into_iter().find(|cert| Some(cert.hash()) == named);
    let recent = recovery.recent;
    let before = recovery.before.iter().map(Turn::from);
    // In a database that was just made of a snapshot nothing is noted yet, and the state is that of the only recent height.
    let members = heddle_validators::members(&recovery.state);
    let members = members.filter(|_| recovery.candidates.is_empty());
    let first: Arc<[Validator]> = members.map_or_else(
        || home.committee().validators().into(),
        |members| members.validators().into(),
    );
    let candidates = |height: Height| {
        let noted = recovery.candidates.iter().rfind(|(from, _)| *from <= height);
        Arc::clone(noted.map_or(&first, |(_, candidates)| candidates))
    };
    let executed = |recent: &(Height, FinalRecord)| Executed {
        root: executed_root(recent),
        candidates: candidates(recent.0),
    };
    let recovered = Recovered {
        safety,
        lease: known.lease,
        high_tc,
        last_final: check(recovery.last_final)?,
        commit: recovery.cert,
        executed: recent.iter().map(executed).collect(),
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
    let newest = recovered.executed.last();
    let durable = newest.map_or(recovered.last_final.header().executed, |newest| newest.root);
    let candidates = newest.map(|newest| Arc::clone(&newest.candidates));
    let committees = Committees::new(Arc::new(home.committee().clone()));
    Shared {
        head: Head::of(&storage, height),
        candidates: RwLock::new(candidates.unwrap_or_else(|| home.committee().validators().into())),
        genesis: home.genesis().clone(),
        committees,
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
        forgotten: AtomicU64::new(0),
        begins_again: AtomicBool::new(false),
        whole: Whole::already(),
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

/// The other validators, as state and the configuration know them.
///
/// # Errors
/// From reading who decided before.
pub(crate) fn peers(home: &Home, shared: &Shared) -> Result<Peers, StorageError> {
    let committee = shared.committees.present();
    let before = match committee.epoch().get().checked_sub(1) {
        Some(before) => shared.committees.of(&shared.storage, Epoch::new(before))?,
        None => None,
    };
    let addresses = Addresses::of(home);
    let mut peers = Peers::new(shared.own_key, committee, before.as_deref(), addresses);
    if let Some(members) = heddle_validators::members(&*shared.state.read()) {
        peers.learn(&members);
    }
    Ok(peers)
}

/// Whom a follower asks: those that its configuration names for that, or the validators that it knows; of too many, some.
pub(crate) fn endpoints(home: &Home) -> Vec<PublicClientConfig> {
    let Config { follow, peers, .. } = home.config();
    let all = if follow.is_empty() { peers } else { follow };
    let mut all: Vec<_> = all.iter().map(|peer| endpoint(home, peer)).collect();
    let start = u64::from_le_bytes(random()) % (all.len().max(1) as u64);
    if all.len() > ENDPOINTS_MAX {
        all.rotate_left(usize::try_from(start).unwrap_or(0));
        all.truncate(ENDPOINTS_MAX);
    }
    all
}

fn endpoint(home: &Home, peer: &home::Peer) -> PublicClientConfig {
    PublicClientConfig {
        secret: home.key().secret().clone(),
        chain: home.committee().chain(),
        addr: peer.quic,
        key: peer.public_key,
    }
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
