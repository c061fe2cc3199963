//! How epochs ended, and who should decide after which height.
//!
//! A closing block may be final by a certificate of a block in its tail, which is never executed and whose height the next
//! epoch uses again. So that certificate stands at the closing block's height, whatever height it names.

use std::sync::Arc;

use heddle_types::CommitCert;
use heddle_types::Epoch;
use heddle_types::EpochEnd;
use heddle_types::Height;
use heddle_types::Validator;
use heddle_types::encode;

use crate::error::StorageError;
use crate::outcome::FinalRecord;
use crate::recovery;
use crate::schema;
use crate::storage::Storage;
use crate::tables::Batch;
use crate::tables::Durability;
use crate::tables::Tables;

/// Who should decide, from a height on.
pub type Candidates = (Height, Arc<[Validator]>);

/// The newest epoch that ended, and the height of its closing block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ended {
    pub(crate) epoch: Epoch,
    pub(crate) height: Height,
}

impl Storage {
    /// Makes the proof that an epoch ended durable: before the outcome of its closing block.
    ///
    /// # Errors
    /// From reading and writing.
    ///
    /// # Panics
    /// If the closing block's outcome is stored already.
    pub fn put_epoch_end(&self, end: &EpochEnd) -> Result<(), StorageError> {
        let ended = Ended { epoch: end.epoch(), height: end.closing.height };
        let _in_turn = self.outcomes_in_turn();
        assert!(ended.height > self.last_final().height, "a proof before the outcome");
        let mut batch = self.tables().batch();
        batch.put(schema::META, &schema::epoch_end_key(ended.epoch), &encode(end));
        // What it made final may be stored already, with a certificate at a height of the tail.
        for row in self.tables().rows_from(schema::CERTS, &schema::height_key(ended.height)) {
            batch.delete(schema::CERTS, &row?.0);
        }
        batch.put(schema::CERTS, &schema::height_key(ended.height), &encode(&end.cert));
        batch.write(Durability::Synced)?;
        self.set_ended(ended);
        Ok(())
    }

    /// How an epoch ended; none while that is not known here.
    ///
    /// # Errors
    /// From reading.
    pub fn epoch_end(&self, epoch: Epoch) -> Result<Option<EpochEnd>, StorageError> {
        self.tables().canonical(schema::META, &schema::epoch_end_key(epoch))
    }
}

impl Ended {
    /// Up to which height a certificate makes final what is delivered.
    pub(crate) fn last_covered(ended: Option<Self>, cert: &CommitCert) -> Height {
        let ended = ended.filter(|ended| ended.epoch == cert.data.epoch);
        ended.map_or(cert.data.height, |ended| cert.data.height.min(ended.height))
    }
}

/// Notes who should decide after `height`, if that is new.
pub(crate) fn put_candidates(
    batch: &mut Batch<'_>,
    height: Height,
    candidates: &Arc<[Validator]>,
    before: &mut Option<Arc<[Validator]>>,
) {
    let same = |known: &Arc<[Validator]>| Arc::ptr_eq(known, candidates) || known == candidates;
    if !before.as_ref().is_some_and(same) {
        let members = candidates.to_vec();
        batch.put(schema::META, &schema::candidates_key(height), &encode(&members));
        *before = Some(Arc::clone(candidates));
    }
}

/// Who should decide after each height from `first` on, as far as it was noted, ascending.
pub(crate) fn candidates(tables: &Tables, first: Height) -> Result<Vec<Candidates>, StorageError> {
    let mut known: Vec<Candidates> = Vec::new();
    for row in tables.rows_from(schema::META, schema::CANDIDATES_PREFIX) {
        let (key, value) = row?;
        let Some(rest) = key.strip_prefix(schema::CANDIDATES_PREFIX) else { break };
        let height =
            schema::height_of(rest).ok_or_else(|| tables.corrupt("a key of candidates"))?;
        let members: Vec<Validator> = tables.decode(schema::META, &value)?;
        if height <= first {
            known.clear();
        }
        known.push((height, members.into()));
    }
    Ok(known)
}

/// The newest epoch that ended, and how the newest ended whose closing block is final.
pub(crate) fn ends(
    tables: &Tables,
    last: Height,
) -> Result<(Option<Ended>, Option<EpochEnd>), StorageError> {
    let mut ended = None;
    let mut newest = None;
    for row in tables.rows_from(schema::META, schema::EPOCH_END_PREFIX) {
        let (key, value) = row?;
        if !key.starts_with(schema::EPOCH_END_PREFIX) {
            break;
        }
        let end: EpochEnd = tables.decode_canonical(schema::META, &value)?;
        if key[..] != schema::epoch_end_key(end.epoch()) || end.successor().is_err() {
            return Err(tables.corrupt("the end of an epoch is not what its key says"));
        }
        ended = Some(Ended { epoch: end.epoch(), height: end.closing.height });
        if end.closing.height <= last {
            newest = Some(end);
        }
    }
    if let Some(end) = &newest {
        check_final(tables, end)?;
    }
    Ok((ended, newest))
}

/// How the epochs before one ended, from the first on.
pub(crate) fn ends_before(tables: &Tables, epoch: Epoch) -> Result<Vec<EpochEnd>, StorageError> {
    let end = |number: u64| {
        let key = schema::epoch_end_key(Epoch::new(number));
        let end = tables.canonical(schema::META, &key)?;
        end.ok_or_else(|| tables.corrupt(format!("how epoch {number} ended is gone")))
    };
    (0..epoch.get()).map(end).collect()
}

fn check_final(tables: &Tables, end: &EpochEnd) -> Result<(), StorageError> {
    let key = schema::height_key(end.closing.height);
    let record: Option<FinalRecord> = tables.value(schema::FINALS, &key)?;
    // What was pruned cannot be compared.
    let is_pruned = record.is_none() && end.closing.height < recovery::oldest(tables)?;
    if is_pruned || record.is_some_and(|record| record.hash == end.closing.hash()) {
        return Ok(());
    }
    Err(tables
        .corrupt(format!("epoch {} ended with another block than the final one", end.epoch())))
}
