//! What the node's threads share. Nothing in it decides anything.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::AtomicUsize;

use heddle_machine::Status;
use heddle_sdk::Programs;
use heddle_state::State;
use heddle_storage::Storage;
use heddle_types::ExecutedRoot;
use heddle_types::Genesis;
use heddle_types::Height;
use heddle_types::PublicKey;
use heddle_types::UnixMillis;
use heddle_types::Validator;
use parking_lot::Mutex;
use parking_lot::RwLock;

use crate::node::committees::Committees;
use crate::node::executions::Executions;
use crate::node::known::KnownSignatures;
use crate::node::markets::Books;
use crate::node::markets::History;
use crate::node::metrics::Metrics;
use crate::node::metrics::Samples;
use crate::node::pending::Standings;
use crate::node::public::Head;
use crate::node::receipts::ReceiptCache;
use crate::node::whole::Whole;
use crate::rpc::BlockFeed;

/// What the threads share.
pub(crate) struct Shared {
    pub(crate) genesis: Genesis,
    pub(crate) committees: Committees,
    /// Who should decide, by the state after the last executed block. Written by the execution thread alone.
    pub(crate) candidates: RwLock<Arc<[Validator]>>,
    pub(crate) own_key: PublicKey,
    pub(crate) home: PathBuf,
    pub(crate) programs: Arc<Programs>,
    pub(crate) storage: Arc<Storage>,
    /// After the last executed block. Written by the execution thread alone.
    pub(crate) state: RwLock<State>,
    /// The height after which `state` is; ahead of `durable` for a moment.
    pub(crate) executed_height: AtomicU64,
    /// What followers are told.
    pub(crate) head: Head,
    /// The last block whose outcome is durable: what `final` means to users.
    pub(crate) durable: RwLock<ExecutedRoot>,
    /// The machine's, as of its last input.
    pub(crate) machine: RwLock<Published>,
    pub(crate) peers_up: AtomicUsize,
    pub(crate) halted: AtomicBool,
    /// The height that is needed next and that all others have forgotten; 0 while there is none.
    pub(crate) forgotten: AtomicU64,
    /// Whether the node ends to begin again with a snapshot.
    pub(crate) begins_again: AtomicBool,
    /// Whether what was reported before the start is here again.
    pub(crate) whole: Whole,
    pub(crate) known: KnownSignatures,
    pub(crate) standings: Standings,
    pub(crate) receipts: ReceiptCache,
    pub(crate) executions: Executions,
    pub(crate) books: Books,
    pub(crate) history: History,
    pub(crate) evidence: Mutex<Vec<heddle_rpc_api::Evidence>>,
    pub(crate) feed: Arc<BlockFeed>,
    pub(crate) samples: Samples,
    pub(crate) metrics: Metrics,
}

/// What the driver publishes after each input.
#[derive(Clone, Debug)]
pub(crate) struct Published {
    /// None until the machine has started.
    pub(crate) status: Option<Status>,
    /// The highest certified height that was seen.
    pub(crate) highest_certified: Height,
    /// The highest certified height that the safety record on disk knows: what is reported, so that it survives a crash.
    pub(crate) recorded: Height,
    /// Why the node does not vote; none when it does.
    pub(crate) voting_reason: Option<String>,
    /// When a new certificate was last seen.
    pub(crate) certified_at: UnixMillis,
    /// Whether the node has heard from a quorum since its start.
    pub(crate) has_heard: bool,
}
