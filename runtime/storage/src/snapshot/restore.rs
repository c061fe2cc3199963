//! Making a database of a snapshot.
//!
//! It is built beside its place and appears complete or not at all. The chunks' files are what lasts: a restore that was
//! interrupted begins again with them, which takes seconds.

use std::fs;
use std::io;
use std::path::Path;

use heddle_types::Hash32;
use heddle_types::SnapshotManifest;
use heddle_types::encode;

use crate::error::StorageError;
use crate::outcome::FinalRecord;
use crate::schema;
use crate::snapshot::Snapshot;
use crate::snapshot::SnapshotSummary;
use crate::snapshot::files;
use crate::storage;
use crate::tables::Durability;
use crate::tables::Tables;

/// Makes the database `db` of a snapshot, all of which is verified. It holds the state, and nothing of what was before: the oldest
/// height that it answers for is the next one.
///
/// Takes the state's bytes in memory, as every start of a node does.
///
/// # Errors
/// [`StorageError::Exists`] when `db` is not empty; [`StorageError::BadSnapshot`] naming the file that is missing or wrong; from
/// writing.
pub fn restore_snapshot(snapshot: &Snapshot, db: &Path) -> Result<SnapshotSummary, StorageError> {
    files::check_vacant(db)?;
    let mut rows = Vec::new();
    let mut bytes = 0;
    for index in 0..snapshot.chunks() {
        let chunk = snapshot.files().chunk(index)?;
        bytes += chunk.len() as u64;
        let entries = snapshot.verify(index, &chunk)?.into_iter();
        rows.extend(entries.map(|(key, entry)| (schema::state_key(&key), encode(&entry))));
    }
    // A key stands below one prefix, so none comes twice.
    rows.sort_unstable();
    let draft = db.with_extension("partial");
    let io = |error: io::Error| StorageError::io(&draft, &error);
    if draft.exists() {
        fs::remove_dir_all(&draft).map_err(io)?;
    }
    fs::create_dir_all(&draft).map_err(io)?;
    let tables = Tables::open(&draft, true)?;
    tables.ingest(schema::STATE, &rows)?;
    finish(&tables, snapshot)?;
    drop(tables);
    if db.exists() {
        fs::remove_dir(db).map_err(|error| StorageError::io(db, &error))?;
    }
    fs::rename(&draft, db).map_err(|error| StorageError::io(db, &error))?;
    files::sync_dir(db.parent().unwrap_or(Path::new("")))?;
    Ok(snapshot.summary(rows.len() as u64, bytes))
}

/// Writes what a start needs beside the state. The receipts of the snapshot's own height are not certified, so nothing is ever told
/// of them.
fn finish(tables: &Tables, snapshot: &Snapshot) -> Result<(), StorageError> {
    let SnapshotManifest { block, before, cert, ends, .. } = snapshot.manifest();
    let header = &block.header;
    let (height, hash) = (header.height, header.hash());
    let record = FinalRecord {
        hash,
        view: header.view,
        proposer: header.proposer,
        root: snapshot.root().root,
        receipts_root: Hash32::ZERO,
        receipts: 0,
        skipped: 0,
    };
    let mut batch = tables.batch();
    batch.put(schema::META, schema::META_VERSION, &encode(&schema::VERSION));
    batch.put(schema::META, schema::META_CHAIN, &encode(&header.chain));
    batch.put(schema::META, schema::META_APPLIED, &schema::height_key(height));
    batch.put(schema::META, schema::META_OLDEST, &schema::height_key(height.next()));
    batch.put(schema::META, schema::META_BEFORE, &encode(before));
    storage::put_final_block(&mut batch, hash, block);
    storage::put_record(&mut batch, height, &record);
    batch.put(schema::CERTS, &schema::height_key(cert.data.height), &encode(cert));
    for end in ends {
        batch.put(schema::META, &schema::epoch_end_key(end.epoch()), &encode(end));
    }
    batch.write(Durability::Synced)?;
    tables.flush()
}
