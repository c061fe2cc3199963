//! Making a database of a snapshot.
//!
//! It is built beside its place and appears complete or not at all. Each chunk is written together with a note that it is there,
//! so that a restore that was interrupted goes on where it was.

use std::fs;
use std::io;
use std::path::Path;

use heddle_types::Domain;
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
/// # Errors
/// [`StorageError::Exists`] when `db` is not empty; [`StorageError::BadSnapshot`] naming the file that is missing or wrong; from
/// writing. What was done by then is kept for the next attempt.
pub fn restore_snapshot(snapshot: &Snapshot, db: &Path) -> Result<SnapshotSummary, StorageError> {
    files::check_vacant(db)?;
    let draft = db.with_extension("partial");
    let tables = open_draft(snapshot, &draft)?;
    let mut entries = 0;
    let mut bytes = 0;
    for index in 0..snapshot.chunks() {
        let chunk = snapshot.files().chunk(index)?;
        bytes += chunk.len() as u64;
        let found = snapshot.verify(index, &chunk)?;
        entries += found.len() as u64;
        let note = schema::restored_key(index);
        if tables.bytes(schema::META, &note)?.is_some() {
            continue;
        }
        let mut batch = tables.batch();
        for (key, entry) in found {
            batch.put(schema::STATE, &schema::state_key(&key), &encode(&entry));
        }
        batch.put(schema::META, &note, &[]);
        batch.write(Durability::Logged)?;
    }
    finish(&tables, snapshot)?;
    drop(tables);
    let io = |error: io::Error| StorageError::io(db, &error);
    if db.exists() {
        fs::remove_dir(db).map_err(io)?;
    }
    fs::rename(&draft, db).map_err(io)?;
    files::sync_dir(db.parent().unwrap_or(Path::new("")))?;
    Ok(snapshot.summary(entries, bytes))
}

/// What is there of this snapshot already, or nothing.
fn open_draft(snapshot: &Snapshot, draft: &Path) -> Result<Tables, StorageError> {
    let name = name(snapshot.manifest());
    if draft.join("CURRENT").exists()
        && let Ok(tables) = Tables::open(draft, false)
        && tables.bytes(schema::META, schema::META_RESTORING)?.as_deref() == Some(&name.0)
    {
        return Ok(tables);
    }
    if draft.exists() {
        fs::remove_dir_all(draft).map_err(|error| StorageError::io(draft, &error))?;
    }
    fs::create_dir_all(draft).map_err(|error| StorageError::io(draft, &error))?;
    let tables = Tables::open(draft, true)?;
    let mut batch = tables.batch();
    batch.put(schema::META, schema::META_RESTORING, &name.0);
    batch.write(Durability::Synced)?;
    Ok(tables)
}

/// Tells manifests apart.
fn name(manifest: &SnapshotManifest) -> Hash32 {
    Hash32::of(Domain::SNAPSHOT, &[&encode(manifest)])
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
    batch.delete(schema::META, schema::META_RESTORING);
    for index in 0..snapshot.chunks() {
        batch.delete(schema::META, &schema::restored_key(index));
    }
    batch.write(Durability::Synced)?;
    tables.flush()
}
