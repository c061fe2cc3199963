//! The database as the rest of the node sees it.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;

use heddle_types::Block;
use heddle_types::BlockHash;
use heddle_types::BlockHeader;
use heddle_types::Canonical;
use heddle_types::ChainId;
use heddle_types::CheckedBlock;
use heddle_types::Hash32;
use heddle_types::Height;
use heddle_types::StateRoot;
use heddle_types::TimeoutCert;
use heddle_types::Validator;
use heddle_types::encode;

use crate::applier::Applier;
use crate::applier::Delta;
use crate::epochs;
use crate::epochs::Ended;
use crate::error::StorageError;
use crate::outcome::FinalRecord;
use crate::outcome::Outcome;
use crate::recovery;
use crate::recovery::Recovery;
use crate::safety_file::SafetyMode;
use crate::schema;
use crate::schema::Column;
use crate::tables::Batch;
use crate::tables::Durability;
use crate::tables::Tables;

/// Timeout certificates that are kept: the one that the last safety record names is among the newest two.
const TIMEOUT_CERTS_KEPT: usize = 8;

/// The open database. Its methods block, may be called from any thread, and return only when what they store is durable.
/// Dropping it applies what may be applied and closes it.
pub struct Storage {
    // Dropped first, so that the thread ends before the tables close.
    applier: Applier,
    tables: Arc<Tables>,
    tip: Mutex<Tip>,
    /// The keys of stored timeout certificates, ascending by view.
    timeout_certs: Mutex<Vec<Box<[u8]>>>,
    /// Held while outcomes are stored, so that they follow each other. The other locks are never held across a write to
    /// disk: a block before a vote shares its sync with an outcome instead of waiting for it.
    outcomes: Mutex<()>,
    /// Of what must be there before something is signed.
    before_signing: Durability,
}

/// The last final block whose outcome is durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LastFinal {
    /// Its height.
    pub height: Height,
    /// The block.
    pub hash: BlockHash,
    /// The root after it.
    pub root: StateRoot,
}

/// Where the chain ends on this disk.
#[derive(Clone, Debug)]
pub(crate) struct Tip {
    pub(crate) last: LastFinal,
    /// The oldest height that is answered for.
    pub(crate) oldest: Height,
    /// The blocks above the last.
    pub(crate) pending: BTreeMap<Height, Vec<Pending>>,
    pub(crate) ended: Option<Ended>,
    /// Who should decide after the last final block, if that was noted.
    pub(crate) candidates: Option<Arc<[Validator]>>,
}

/// A stored block that is not final yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pending {
    pub(crate) hash: BlockHash,
    /// The height whose root its header names.
    pub(crate) executed: Height,
}

impl Pending {
    pub(crate) const fn of(hash: BlockHash, header: &BlockHeader) -> Self {
        Self { hash, executed: header.executed.height }
    }
}

impl Storage {
    /// Opens the database of `chain`, checks it, and rebuilds the state.
    ///
    /// # Errors
    /// [`StorageError::Missing`] when the folder is absent or empty; [`StorageError::WrongChain`] and
    /// [`StorageError::Version`]; [`StorageError::Corrupt`] for damage of any kind; [`StorageError::Locked`] while another
    /// process has it; [`StorageError::Io`] and [`StorageError::DiskFull`] from the system.
    pub fn open(dir: &Path, chain: ChainId) -> Result<(Self, Recovery), StorageError> {
        let tables = Arc::new(recovery::open_tables(dir, chain)?);
        let recovered = recovery::recover(&tables)?;
        let applier = Applier::start(Arc::clone(&tables), recovered.waiting, recovered.certified)?;
        let storage = Self {
            applier,
            tables,
            tip: Mutex::new(recovered.tip),
            timeout_certs: Mutex::new(recovered.timeout_certs),
            outcomes: Mutex::new(()),
            before_signing: Durability::Synced,
        };
        Ok((storage, recovered.recovery))
    }

    /// The same for a validator that need not remember what it signed when the power is lost: blocks and timeout certificates
    /// are not synced in lease mode. Outcomes always are, and with them what was written before.
    #[must_use]
    pub fn in_mode(mut self, mode: SafetyMode) -> Self {
        self.before_signing = match mode {
            SafetyMode::Strict => Durability::Synced,
            SafetyMode::Lease => Durability::Logged,
        };
        self
    }

    /// Makes blocks durable. One at or below the last final height is not stored: it is there, or it lost.
    ///
    /// # Errors
    /// From writing.
    pub fn put_blocks<'a>(
        &self,
        blocks: impl IntoIterator<Item = &'a CheckedBlock>,
    ) -> Result<(), StorageError> {
        let mut batch = self.tables.batch();
        let mut added = Vec::new();
        for block in blocks {
            let (height, hash) = (block.header().height, block.hash());
            let block_is_new = !added.iter().any(|(_, added): &(_, Pending)| added.hash == hash);
            if block_is_new && self.tip().wants(height, hash) {
                put_block(&mut batch, hash, &block.to_block());
                added.push((height, Pending::of(hash, block.header())));
            }
        }
        if added.is_empty() {
            return Ok(());
        }
        batch.write(self.before_signing)?;
        let mut tip = self.tip();
        for (height, block) in added {
            if tip.wants(height, block.hash) {
                tip.pending.entry(height).or_default().push(block);
            }
        }
        Ok(())
    }

    /// Makes a block durable: before the vote for it.
    ///
    /// # Errors
    /// From writing.
    pub fn put_block(&self, block: &CheckedBlock) -> Result<(), StorageError> {
        self.put_blocks([block])
    }

    /// Makes a timeout certificate durable: before the safety record that names it.
    ///
    /// # Errors
    /// From writing.
    pub fn put_timeout_cert(&self, cert: &TimeoutCert) -> Result<(), StorageError> {
        let mut keys = lock(&self.timeout_certs).clone();
        let key = schema::timeout_cert_key(cert).into_boxed_slice();
        let Err(position) = keys.binary_search(&key) else { return Ok(()) };
        let mut batch = self.tables.batch();
        batch.put(schema::META, &key, &encode(cert));
        keys.insert(position, key.clone());
        while keys.len() > TIMEOUT_CERTS_KEPT && keys[0] != key {
            batch.delete(schema::META, &keys.remove(0));
        }
        batch.write(self.before_signing)?;
        *lock(&self.timeout_certs) = keys;
        Ok(())
    }

    /// Makes the outcomes of the next heights durable, all or none. Other blocks of these heights are forgotten.
    ///
    /// # Errors
    /// From writing, or from the applier, which ends with its first error.
    ///
    /// # Panics
    /// If the heights are not the next ones, or one's block is not stored.
    pub fn put_outcomes(&self, outcomes: &[Outcome]) -> Result<(), StorageError> {
        self.applier.wait_for_room()?;
        let _in_turn = lock(&self.outcomes);
        let mut batch = self.tables.batch();
        let mut deltas = Vec::with_capacity(outcomes.len());
        let Tip { mut last, pending, ended, mut candidates, .. } = self.tip().clone();
        let mut named = Vec::with_capacity(outcomes.len());
        let mut certified = None;
        for outcome in outcomes {
            assert_eq!(outcome.height, last.height.next(), "outcomes come height by height");
            let stored = pending.get(&outcome.height).map_or(&[][..], Vec::as_slice);
            let block = stored.iter().find(|block| block.hash == outcome.hash);
            let block = block.expect("the block is stored before its outcome");
            named.push(block.executed);
            if outcome.cert.data.block == outcome.hash {
                certified = Some(block.executed);
            }
            for loser in stored.iter().filter(|block| block.hash != outcome.hash) {
                batch.delete(schema::BLOCKS, &schema::block_key(outcome.height, loser.hash));
                batch.delete(schema::HEIGHTS_OF, loser.hash.as_bytes());
            }
            let covered = Ended::last_covered(ended, &outcome.cert);
            deltas.push(put_outcome(&mut batch, outcome, covered));
            let height = outcome.height;
            epochs::put_candidates(&mut batch, height, &outcome.candidates, &mut candidates);
            last = LastFinal { height: outcome.height, hash: outcome.hash, root: outcome.root };
        }
        batch.write(Durability::Synced)?;
        // Before the tip moves: whoever sees the new height finds its transactions.
        self.applier.add(deltas, &named, certified);
        let mut tip = self.tip();
        tip.last = last;
        tip.candidates = candidates;
        tip.pending = tip.pending.split_off(&last.height.next());
        Ok(())
    }

    /// [`Self::put_outcomes`] of one height.
    ///
    /// # Errors
    /// From writing, or from the applier.
    ///
    /// # Panics
    /// As for [`Self::put_outcomes`].
    pub fn put_outcome(&self, outcome: &Outcome) -> Result<(), StorageError> {
        self.put_outcomes(std::slice::from_ref(outcome))
    }

    /// Waits until all outcomes that may be are applied, and everything is in table files. The state table never passes the
    /// newest height whose root is certified, but for a pile of outcomes without such a height.
    ///
    /// # Errors
    /// From writing.
    pub fn flush(&self) -> Result<(), StorageError> {
        self.applier.drain()?;
        self.tables.flush()
    }

    /// The last final block whose outcome is durable.
    pub fn last_final(&self) -> LastFinal {
        self.tip().last
    }

    /// The oldest height whose block and receipts can be read: genesis, unless older ones were pruned or the database was made of a
    /// snapshot.
    pub fn oldest(&self) -> Height {
        self.tip().oldest
    }

    /// One of the newest timeout certificates.
    ///
    /// # Errors
    /// From reading.
    pub fn timeout_cert(&self, hash: Hash32) -> Result<Option<TimeoutCert>, StorageError> {
        let keys = lock(&self.timeout_certs).clone();
        let key = keys.iter().find(|key| key.ends_with(hash.as_bytes()));
        key.map_or(Ok(None), |key| self.tables.canonical(schema::META, key))
    }

    pub(crate) const fn tables(&self) -> &Arc<Tables> {
        &self.tables
    }

    pub(crate) const fn applier(&self) -> &Applier {
        &self.applier
    }

    /// Held while something is stored that the next outcome depends on.
    pub(crate) fn outcomes_in_turn(&self) -> MutexGuard<'_, ()> {
        lock(&self.outcomes)
    }

    pub(crate) fn set_ended(&self, ended: Ended) {
        self.tip().ended = Some(ended);
    }

    pub(crate) fn tip(&self) -> MutexGuard<'_, Tip> {
        lock(&self.tip)
    }
}

impl Tip {
    /// Whether a block is neither stored nor too late.
    fn wants(&self, height: Height, hash: BlockHash) -> bool {
        let stored = self.pending.get(&height).map_or(&[][..], Vec::as_slice);
        let is_known = stored.iter().any(|block| block.hash == hash);
        height > self.last.height && !is_known
    }
}

/// A panic under one of these locks cannot leave its content half changed, so a poisoned one is as good as any.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(crate) fn put_block(batch: &mut Batch<'_>, hash: BlockHash, block: &Block) {
    put_final_block(batch, hash, block);
    batch.put(schema::HEIGHTS_OF, hash.as_bytes(), &encode(&block.header.height));
}

/// A block that is found by its height only.
pub(crate) fn put_final_block(batch: &mut Batch<'_>, hash: BlockHash, block: &Block) {
    let bytes = encode(block);
    assert!(bytes.len() <= Block::BYTES_MAX, "a checked block is within its limit");
    batch.put(schema::BLOCKS, &schema::block_key(block.header.height, hash), &bytes);
}

/// `covered` is the last height that its certificate makes final.
fn put_outcome(batch: &mut Batch<'_>, outcome: &Outcome, covered: Height) -> Delta {
    let height = outcome.height;
    assert!(covered >= height, "a certificate covers its block and ancestors");
    put_record(batch, height, &outcome.record());
    batch.put(schema::CERTS, &schema::height_key(covered), &encode(&outcome.cert));
    let receipts = schema::receipts_key(height, Column::Receipts);
    batch.put(schema::RECEIPTS, &receipts, &encode(&outcome.receipts));
    let traces = schema::receipts_key(height, Column::Traces);
    batch.put(schema::RECEIPTS, &traces, &encode(&outcome.traces));
    let events = schema::receipts_key(height, Column::PhaseEvents);
    batch.put(schema::RECEIPTS, &events, &encode(&outcome.phase_events));
    let blob = encode(&outcome.changes);
    batch.put(schema::DELTAS, &schema::height_key(height), &blob);
    Delta {
        height,
        changes: outcome.changes.clone(),
        transactions: outcome.receipts.iter().map(|receipt| receipt.id).collect(),
        bytes: Delta::size(blob.len(), outcome.receipts.len()),
    }
}

pub(crate) fn put_record(batch: &mut Batch<'_>, height: Height, record: &FinalRecord) {
    batch.put(schema::FINALS, &schema::height_key(height), &encode(record));
}
