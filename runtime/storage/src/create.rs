//! Making a database that holds genesis.

use std::fs;
use std::fs::File;
use std::io;
use std::path::Path;

use heddle_types::Block;
use heddle_types::BlockHeader;
use heddle_types::ChangeSet;
use heddle_types::CommitCert;
use heddle_types::Payload;
use heddle_types::Receipt;
use heddle_types::TxTrace;
use heddle_types::encode;
use heddle_types::receipts_root;

use crate::error::StorageError;
use crate::outcome::FinalRecord;
use crate::outcome::PhaseEvents;
use crate::schema;
use crate::schema::Column;
use crate::storage;
use crate::storage::Storage;
use crate::tables::Durability;
use crate::tables::Tables;

impl Storage {
    /// Makes a database that holds genesis: block 0's header and the first balances. Only ever called for a home that has
    /// none, or whose own was emptied. It appears complete or not at all.
    ///
    /// # Errors
    /// [`StorageError::Exists`] when `dir` is not empty; [`StorageError::Io`] and [`StorageError::DiskFull`] from writing.
    pub fn create(
        dir: &Path,
        genesis: &BlockHeader,
        changes: &ChangeSet,
    ) -> Result<(), StorageError> {
        let io = |error: io::Error| StorageError::io(dir, &error);
        match fs::read_dir(dir) {
            Ok(mut entries) => {
                if entries.next().is_some() {
                    return Err(StorageError::Exists { path: dir.to_owned() });
                }
                fs::remove_dir(dir).map_err(io)?;
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(io(error)),
        }
        let draft = dir.with_extension("creating");
        if draft.exists() {
            fs::remove_dir_all(&draft).map_err(io)?;
        }
        fs::create_dir_all(&draft).map_err(io)?;
        write_genesis(&Tables::open(&draft, true)?, genesis, changes)?;
        fs::rename(&draft, dir).map_err(io)?;
        let parent = dir.parent().filter(|parent| !parent.as_os_str().is_empty());
        File::open(parent.unwrap_or(Path::new("."))).and_then(|dir| dir.sync_all()).map_err(io)
    }
}

fn write_genesis(
    tables: &Tables,
    genesis: &BlockHeader,
    changes: &ChangeSet,
) -> Result<(), StorageError> {
    let hash = genesis.hash();
    let root = genesis.executed.root;
    let receipts_root = receipts_root(&[]);
    let BlockHeader { view, proposer, .. } = *genesis;
    let record = FinalRecord { hash, view, proposer, root, receipts_root, receipts: 0, skipped: 0 };
    let mut batch = tables.batch();
    batch.put(schema::META, schema::META_VERSION, &encode(&schema::VERSION));
    batch.put(schema::META, schema::META_CHAIN, &encode(&genesis.chain));
    batch.put(schema::META, schema::META_APPLIED, &schema::height_key(genesis.height));
    storage::put_block(
        &mut batch,
        hash,
        &Block { header: genesis.clone(), payload: Payload::EMPTY },
    );
    storage::put_record(&mut batch, genesis.height, &record);
    let cert = CommitCert::genesis(genesis.vote_data());
    batch.put(schema::CERTS, &schema::height_key(genesis.height), &encode(&cert));
    let receipts = schema::receipts_key(genesis.height, Column::Receipts);
    batch.put(schema::RECEIPTS, &receipts, &encode(&Vec::<Receipt>::new()));
    let traces = schema::receipts_key(genesis.height, Column::Traces);
    batch.put(schema::RECEIPTS, &traces, &encode(&Vec::<TxTrace>::new()));
    let events = schema::receipts_key(genesis.height, Column::PhaseEvents);
    batch.put(schema::RECEIPTS, &events, &encode(&PhaseEvents::default()));
    for (key, entry) in changes.as_slice() {
        if let Some(entry) = entry {
            batch.put(schema::STATE, &schema::state_key(key), &encode(entry));
        }
    }
    batch.write(Durability::Synced)?;
    tables.flush()
}
