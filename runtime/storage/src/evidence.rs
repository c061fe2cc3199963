//! Evidence against validators: kept for good, and bounded for each of them.

use heddle_types::Epoch;
use heddle_types::ValidatorIndex;
use heddle_types::View;
use heddle_types::encode;

use crate::error::StorageError;
use crate::schema;
use crate::storage::Storage;
use crate::tables::Durability;
use crate::tables::Row;

/// Pieces that are kept about one validator: more say nothing new about it, and each costs a sync.
pub(crate) const EVIDENCE_PER_VALIDATOR_MAX: usize = 100;

/// Two statements that one validator signed and that contradict each other. What they are, only their reader knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvidenceRow {
    /// Whose.
    pub signer: ValidatorIndex,
    /// The epoch that both are of.
    pub epoch: Epoch,
    /// The view that both are of.
    pub view: View,
    /// What kind of statement; the reader's number.
    pub kind: u8,
    /// The bytes of one.
    pub first: Vec<u8>,
    /// The bytes of the other.
    pub second: Vec<u8>,
}

impl Storage {
    /// Makes a piece of evidence durable. False when one of that signer, epoch, view and kind is there already, or so many of the
    /// signer that no more are kept.
    ///
    /// # Errors
    /// From reading and writing.
    pub fn put_evidence(&self, row: &EvidenceRow) -> Result<bool, StorageError> {
        let key = schema::evidence_key(row);
        let of_signer = &key[..schema::EVIDENCE_SIGNER_BYTES];
        let mut count = 0;
        for kept in self.tables().rows_from(schema::META, of_signer) {
            let (kept, _) = kept?;
            if !kept.starts_with(of_signer) {
                break;
            }
            count += 1;
            if kept[..] == key || count >= EVIDENCE_PER_VALIDATOR_MAX {
                return Ok(false);
            }
        }
        let mut batch = self.tables().batch();
        batch.put(schema::META, &key, &encode(&(&row.first, &row.second)));
        batch.write(Durability::Synced)?;
        Ok(true)
    }

    /// All that is kept, by signer.
    ///
    /// # Errors
    /// From reading, and [`StorageError::Corrupt`].
    pub fn evidence(&self) -> Result<Vec<EvidenceRow>, StorageError> {
        let rows = self.tables().rows_from(schema::META, schema::EVIDENCE_PREFIX);
        let is_evidence = |row: &Result<Row, StorageError>| {
            row.as_ref().is_ok_and(|(key, _)| key.starts_with(schema::EVIDENCE_PREFIX))
                || row.is_err()
        };
        let rows = rows.take_while(is_evidence).map(|row| {
            let (key, value) = row?;
            let wrong = || self.tables().corrupt("the key of a piece of evidence");
            let (signer, epoch, view, kind) = schema::evidence_of(&key).ok_or_else(wrong)?;
            let (first, second) = self.tables().decode(schema::META, &value)?;
            Ok(EvidenceRow { signer, epoch, view, kind, first, second })
        });
        rows.collect()
    }
}
