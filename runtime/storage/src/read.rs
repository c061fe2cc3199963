//! Reading what is final, and blocks that may become so.

use heddle_types::Block;
use heddle_types::BlockHash;
use heddle_types::CommitCert;
use heddle_types::Height;
use heddle_types::Receipt;
use heddle_types::TxId;
use heddle_types::TxTrace;
use heddle_types::encode;
use heddle_types::receipts_root;

use crate::error::StorageError;
use crate::outcome::FinalRecord;
use crate::outcome::PhaseEvents;
use crate::outcome::TxLocation;
use crate::recovery;
use crate::schema;
use crate::schema::Column;
use crate::storage::Storage;
use crate::tables::Tables;

impl Storage {
    /// What is known of a final height; none above the last, nor below [`Self::oldest`], here and in what follows.
    ///
    /// # Errors
    /// From reading.
    pub fn final_record(&self, height: Height) -> Result<Option<FinalRecord>, StorageError> {
        if height < self.oldest() {
            return Ok(None);
        }
        self.tables().value(schema::FINALS, &schema::height_key(height))
    }

    /// The final block of a height; none above the last.
    ///
    /// # Errors
    /// From reading; [`StorageError::Corrupt`] when it is not there though it is final.
    pub fn final_block(&self, height: Height) -> Result<Option<Block>, StorageError> {
        let Some(record) = self.final_record(height)? else { return Ok(None) };
        let block = read_block(self.tables(), height, record.hash)?;
        self.unless_pruned(height, block, "block")
    }

    /// A stored block, final or not.
    ///
    /// # Errors
    /// From reading.
    pub fn block(&self, hash: BlockHash) -> Result<Option<Block>, StorageError> {
        match self.height_of(hash)? {
            None => Ok(None),
            Some(height) => read_block(self.tables(), height, hash),
        }
    }

    /// The height of a stored block, final or not.
    ///
    /// # Errors
    /// From reading.
    pub fn height_of(&self, hash: BlockHash) -> Result<Option<Height>, StorageError> {
        self.tables().value(schema::HEIGHTS_OF, hash.as_bytes())
    }

    /// Final blocks from a height on, ascending, as many as fit in `bytes_max` encoded bytes and at least one; none above
    /// the last.
    ///
    /// # Errors
    /// From reading.
    pub fn final_blocks(&self, from: Height, bytes_max: usize) -> Result<Vec<Block>, StorageError> {
        let mut blocks = Vec::new();
        let mut bytes = 0_usize;
        let mut height = from;
        while let Some(block) = self.final_block(height)? {
            bytes = bytes.saturating_add(encode(&block).len());
            if !blocks.is_empty() && bytes > bytes_max {
                break;
            }
            blocks.push(block);
            height = height.next();
        }
        Ok(blocks)
    }

    /// The certificate that made a height final: its own, or its nearest certified descendant's. None above the last.
    ///
    /// # Errors
    /// From reading; [`StorageError::Corrupt`] when a final height has none.
    pub fn certificate(&self, height: Height) -> Result<Option<CommitCert>, StorageError> {
        if height > self.last_final().height || height < self.oldest() {
            return Ok(None);
        }
        recovery::certificate(self.tables(), height).map(Some)
    }

    /// The receipts of a final height, in block order; none above the last.
    ///
    /// # Errors
    /// From reading; [`StorageError::Corrupt`] when they do not have the root stored for them.
    pub fn receipts(&self, height: Height) -> Result<Option<Vec<Receipt>>, StorageError> {
        let Some(record) = self.final_record(height)? else { return Ok(None) };
        let key = schema::receipts_key(height, Column::Receipts);
        let receipts: Option<Vec<Receipt>> = self.tables().value(schema::RECEIPTS, &key)?;
        let receipts = receipts.filter(|receipts| receipts_root(receipts) == record.receipts_root);
        self.unless_pruned(height, receipts, "list of receipts")
    }

    /// What the transactions of a final height touched, in block order, if that was recorded; none above the last.
    ///
    /// # Errors
    /// From reading.
    pub fn traces(&self, height: Height) -> Result<Option<Vec<TxTrace>>, StorageError> {
        self.tables().value(schema::RECEIPTS, &schema::receipts_key(height, Column::Traces))
    }

    /// What the phases of a final height reported; none above the last.
    ///
    /// # Errors
    /// From reading; [`StorageError::Corrupt`] when a final height has none.
    pub fn phase_events(&self, height: Height) -> Result<Option<PhaseEvents>, StorageError> {
        if self.final_record(height)?.is_none() {
            return Ok(None);
        }
        let key = schema::receipts_key(height, Column::PhaseEvents);
        let events = self.tables().value(schema::RECEIPTS, &key)?;
        self.unless_pruned(height, events, "list of events")
    }

    /// Where an executed transaction stands.
    ///
    /// # Errors
    /// From reading.
    pub fn transaction(&self, id: &TxId) -> Result<Option<TxLocation>, StorageError> {
        // Memory first: what leaves it is in the table by then.
        match self.applier().location(id) {
            Some(location) => Ok(Some(location)),
            None => self.tables().value(schema::TRANSACTIONS, id.as_bytes()),
        }
    }

    /// What a final height must have, if it was not pruned while it was looked for.
    fn unless_pruned<T>(
        &self,
        height: Height,
        found: Option<T>,
        what: &str,
    ) -> Result<Option<T>, StorageError> {
        if found.is_none() && height >= self.oldest() {
            return Err(self
                .tables()
                .corrupt(format!("final height {height} has no right {what}")));
        }
        Ok(found)
    }
}

/// Reads a stored block and compares it with its hash.
pub(crate) fn read_block(
    tables: &Tables,
    height: Height,
    hash: BlockHash,
) -> Result<Option<Block>, StorageError> {
    let key = schema::block_key(height, hash);
    let Some(block) = tables.canonical::<Block>(schema::BLOCKS, &key)? else { return Ok(None) };
    check_block(tables, height, hash, &block)?;
    Ok(Some(block))
}

/// Whether this is the block of that name.
pub(crate) fn check_block(
    tables: &Tables,
    height: Height,
    hash: BlockHash,
    block: &Block,
) -> Result<(), StorageError> {
    let is_it = block.header.hash() == hash
        && block.header.height == height
        && block.payload.hash() == block.header.payload;
    if is_it { Ok(()) } else { Err(tables.corrupt(format!("block {hash} has another hash"))) }
}
