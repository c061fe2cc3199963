//! Forgetting old blocks, a few at a time.

use heddle_types::BlockHash;
use heddle_types::Height;
use heddle_types::Receipt;
use heddle_types::limits;

use crate::error::StorageError;
use crate::outcome::FinalRecord;
use crate::recovery::RECENT_MAX;
use crate::schema;
use crate::schema::Column;
use crate::storage::Storage;
use crate::tables::Batch;
use crate::tables::Durability;

/// The last heights that always stay: what a start is told of, and what a snapshot names.
pub const KEPT_MIN: u64 = 1024;

const _: () = assert!(
    (limits::SNAPSHOT_HEADERS_BEFORE + limits::SNAPSHOT_HEADERS_AFTER_MAX) as u64 + 1 < KEPT_MIN
);
const _: () = assert!(RECENT_MAX < KEPT_MIN);

impl Storage {
    /// Forgets the oldest heights below `oldest`, at most `heights_max` of them: blocks, certificates, receipts and the places of
    /// their transactions. True when there is nothing more to forget. The last [`KEPT_MIN`] heights stay in any case, and so does
    /// what is not applied yet.
    ///
    /// Each call is one write: a crash leaves it done or not done. It is not synced, as nothing depends on it.
    ///
    /// # Errors
    /// From reading and writing.
    pub fn prune(&self, oldest: Height, heights_max: u64) -> Result<bool, StorageError> {
        // The record of the applied height is compared at the next start.
        let applied = self.applier().applied_below().get().saturating_sub(1);
        let recent = self.last_final().height.get().saturating_sub(KEPT_MIN);
        let end = oldest.get().min(recent).min(applied);
        let first = self.oldest().get();
        let next = end.min(first.saturating_add(heights_max));
        if next <= first {
            return Ok(true);
        }
        let mut batch = self.tables().batch();
        // The block of the snapshot that the database was made of is one below the oldest.
        for height in first.saturating_sub(1)..next {
            self.forget(&mut batch, Height::new(height))?;
        }
        batch.delete(schema::META, schema::META_BEFORE);
        batch.put(schema::META, schema::META_OLDEST, &schema::height_key(Height::new(next)));
        // Before it is written: whoever does not find something then knows why.
        self.tip().oldest = Height::new(next);
        batch.write(Durability::Logged)?;
        Ok(next == end)
    }

    fn forget(&self, batch: &mut Batch<'_>, height: Height) -> Result<(), StorageError> {
        let tables = self.tables();
        let key = schema::height_key(height);
        let columns = [Column::Receipts, Column::Traces, Column::PhaseEvents];
        let [receipts, traces, events] = columns.map(|c| schema::receipts_key(height, c));
        let known: Option<Vec<Receipt>> = tables.value(schema::RECEIPTS, &receipts)?;
        for receipt in known.iter().flatten() {
            batch.delete(schema::TRANSACTIONS, receipt.id.as_bytes());
        }
        for key in [receipts, traces, events] {
            batch.delete(schema::RECEIPTS, &key);
        }
        if let Some(record) = tables.value::<FinalRecord>(schema::FINALS, &key)? {
            forget_block(batch, height, record.hash);
        }
        batch.delete(schema::FINALS, &key);
        batch.delete(schema::CERTS, &key);
        Ok(())
    }
}

fn forget_block(batch: &mut Batch<'_>, height: Height, hash: BlockHash) {
    batch.delete(schema::BLOCKS, &schema::block_key(height, hash));
    batch.delete(schema::HEIGHTS_OF, hash.as_bytes());
}
