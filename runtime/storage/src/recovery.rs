//! What a start finds on disk, checked.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;

use heddle_state::State;
use heddle_types::Block;
use heddle_types::BlockHeader;
use heddle_types::ChainId;
use heddle_types::ChangeSet;
use heddle_types::CommitCert;
use heddle_types::Entry;
use heddle_types::EpochEnd;
use heddle_types::Hash32;
use heddle_types::Height;
use heddle_types::Receipt;
use heddle_types::StateKey;
use heddle_types::TimeoutCert;

use crate::applier::Delta;
use crate::epochs;
use crate::epochs::Candidates;
use crate::error::StorageError;
use crate::outcome::FinalRecord;
use crate::read;
use crate::schema;
use crate::schema::Column;
use crate::storage::LastFinal;
use crate::storage::Pending;
use crate::storage::Tip;
use crate::tables::Row;
use crate::tables::Tables;

/// How many final heights a start is told of.
pub const RECENT_MAX: u64 = 256;

/// Where the node goes on.
#[derive(Debug)]
pub struct Recovery {
    /// The state after the last final block, whose root was compared with the one stored.
    pub state: State,
    /// The last final block whose outcome is durable.
    pub last_final: Block,
    /// The certificate that made it final: its own or a descendant's.
    pub cert: CommitCert,
    /// The last [`RECENT_MAX`] heights, ascending; the last is the last final block's. In a database that was made of a snapshot
    /// the first is at the earliest the snapshot's.
    pub recent: Vec<(Height, FinalRecord)>,
    /// The headers of as many heights before these as are missing among the last [`RECENT_MAX`].
    pub before: Vec<BlockHeader>,
    /// The stored blocks above it, ascending by height.
    pub blocks: Vec<Block>,
    /// The newest timeout certificates, ascending by view; the one that the safety record names is among them.
    pub timeout_certs: Vec<TimeoutCert>,
    /// How the newest epoch ended whose closing block is final here: the present one is the next. None in epoch 0.
    pub epoch_end: Option<EpochEnd>,
    /// Who should decide after each of the recent heights, ascending: each list from its height on. What no list covers, none
    /// has changed since genesis.
    pub candidates: Vec<Candidates>,
}

/// Everything that opening works out.
pub(crate) struct Recovered {
    pub(crate) recovery: Recovery,
    pub(crate) tip: Tip,
    /// Keys, ascending by view.
    pub(crate) timeout_certs: Vec<Box<[u8]>>,
    pub(crate) waiting: Vec<Delta>,
    /// The newest height whose root a certified header names.
    pub(crate) certified: Height,
}

/// Opens the tables of `chain` in `dir`.
pub(crate) fn open_tables(dir: &Path, chain: ChainId) -> Result<Tables, StorageError> {
    let missing = || StorageError::Missing { path: dir.to_owned() };
    match fs::read_dir(dir) {
        Ok(mut entries) => {
            if entries.next().is_none() {
                return Err(missing());
            }
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(missing()),
        Err(error) => return Err(StorageError::io(dir, &error)),
    }
    if !dir.join("CURRENT").exists() {
        return Err(StorageError::corrupt(dir, "no file CURRENT"));
    }
    let tables = Tables::open(dir, false)?;
    let path = || dir.to_owned();
    let expected = schema::VERSION;
    let found = meta::<u32>(&tables, schema::META_VERSION)?;
    if found != expected {
        return Err(StorageError::Version { path: path(), found, expected });
    }
    let found = ChainId(meta::<Hash32>(&tables, schema::META_CHAIN)?);
    if found != chain {
        return Err(StorageError::WrongChain { path: path(), found, expected: chain });
    }
    Ok(tables)
}

/// Reads everything back and compares it with its roots.
pub(crate) fn recover(tables: &Tables) -> Result<Recovered, StorageError> {
    let last = last_final(tables)?;
    let (state, waiting) = rebuild(tables, last.height)?;
    let (blocks, pending) = pending(tables, last.height)?;
    let (keys, timeout_certs) = timeout_certs(tables)?;
    let last_final = read::read_block(tables, last.height, last.hash)?
        .ok_or_else(|| tables.corrupt("the last final block is gone"))?;
    let cert = certificate(tables, last.height)?;
    let (before, recent) = recent(tables, last.height)?;
    let oldest = oldest(tables)?;
    let certified = certified(tables, last.height)?
        .map_or(Height::ZERO, |(block, _)| block.header.executed.height);
    let first = recent.first().map_or(last.height, |(height, _)| *height);
    let candidates = epochs::candidates(tables, first)?;
    let (ended, epoch_end) = epochs::ends(tables, last.height)?;
    let newest = candidates.last().map(|(_, members)| Arc::clone(members));
    let tip = Tip { last, oldest, pending, ended, candidates: newest };
    let recovery = Recovery {
        state,
        last_final,
        cert,
        recent,
        before,
        blocks,
        timeout_certs,
        epoch_end,
        candidates,
    };
    Ok(Recovered { recovery, tip, timeout_certs: keys, waiting, certified })
}

/// The last height whose outcome is there.
pub(crate) fn last_final(tables: &Tables) -> Result<LastFinal, StorageError> {
    let finals = tables.last_row(schema::FINALS)?;
    let (key, value) = finals.ok_or_else(|| tables.corrupt("no final block, not even genesis"))?;
    let height = schema::height_of(&key).ok_or_else(|| tables.corrupt("a final height's key"))?;
    let record: FinalRecord = tables.decode(schema::FINALS, &value)?;
    Ok(LastFinal { height, hash: record.hash, root: record.root })
}

/// The height of the state table.
pub(crate) fn applied(tables: &Tables) -> Result<Height, StorageError> {
    let bytes = tables.bytes(schema::META, schema::META_APPLIED)?;
    let applied = bytes.and_then(|bytes| schema::height_of(&bytes));
    applied.ok_or_else(|| tables.corrupt("no applied height"))
}

/// The oldest height whose block and receipts are there.
pub(crate) fn oldest(tables: &Tables) -> Result<Height, StorageError> {
    match tables.bytes(schema::META, schema::META_OLDEST)? {
        None => Ok(Height::ZERO),
        Some(bytes) => {
            schema::height_of(&bytes).ok_or_else(|| tables.corrupt("table meta: oldest"))
        }
    }
}

/// The headers before the block of the snapshot that this database was made of; none when it was made of genesis.
fn before(tables: &Tables) -> Result<Vec<BlockHeader>, StorageError> {
    Ok(tables.value(schema::META, schema::META_BEFORE)?.unwrap_or_default())
}

/// The header of a final height; none when it is not stored.
pub(crate) fn final_header(
    tables: &Tables,
    height: Height,
) -> Result<Option<BlockHeader>, StorageError> {
    let key = schema::height_key(height);
    match tables.value::<FinalRecord>(schema::FINALS, &key)? {
        Some(record) => Ok(read::read_block(tables, height, record.hash)?.map(|b| b.header)),
        None => Ok(before(tables)?.into_iter().find(|header| header.height == height)),
    }
}

/// The newest block up to `last` that has a certificate of its own, and that; none when all such blocks were pruned. The closing
/// block of an epoch may have another's.
pub(crate) fn certified(
    tables: &Tables,
    last: Height,
) -> Result<Option<(Block, CommitCert)>, StorageError> {
    for row in tables.rows_down_from(schema::CERTS, &schema::height_key(last)) {
        let (key, value) = row?;
        let cert: CommitCert = tables.decode_canonical(schema::CERTS, &value)?;
        let record: Option<FinalRecord> = tables.value(schema::FINALS, &key)?;
        if record.is_some_and(|record| record.hash == cert.data.block) {
            let block = read::read_block(tables, cert.data.height, cert.data.block)?;
            return Ok(block.map(|block| (block, cert)));
        }
    }
    Ok(None)
}

/// The certificate that made `height` final.
pub(crate) fn certificate(tables: &Tables, height: Height) -> Result<CommitCert, StorageError> {
    let first = schema::height_key(height);
    let row = tables.rows_from(schema::CERTS, &first).next().transpose()?;
    let (_, value) =
        row.ok_or_else(|| tables.corrupt(format!("no certificate covers final height {height}")))?;
    tables.decode_canonical(schema::CERTS, &value)
}

/// The state of the applied height from its table, then one delta after the other up to `last`; each root is compared.
fn rebuild(tables: &Tables, last: Height) -> Result<(State, Vec<Delta>), StorageError> {
    let applied = applied(tables)?;
    let rows = tables.rows_from(schema::STATE, &[]);
    let entries: Vec<(StateKey, Entry)> =
        rows.map(|row| state_row(tables, &row?)).collect::<Result<_, _>>()?;
    let mut state = State::from_entries(entries);
    compare_root(tables, &state, applied)?;
    let mut waiting = Vec::new();
    let mut height = applied;
    while height < last {
        height = height.next();
        let delta = delta(tables, height)?;
        state.apply(&delta.changes);
        compare_root(tables, &state, height)?;
        waiting.push(delta);
    }
    Ok((state, waiting))
}

pub(crate) fn state_row(
    tables: &Tables,
    (key, value): &Row,
) -> Result<(StateKey, Entry), StorageError> {
    let key = schema::state_key_of(key).ok_or_else(|| tables.corrupt("table state: a key"))?;
    Ok((key, tables.decode_canonical(schema::STATE, value)?))
}

fn compare_root(tables: &Tables, state: &State, height: Height) -> Result<(), StorageError> {
    let expected = final_record(tables, height)?.root;
    let found = state.root();
    if found == expected {
        return Ok(());
    }
    Err(tables.corrupt(format!("the state of height {height} has root {found}, not {expected}")))
}

pub(crate) fn final_record(tables: &Tables, height: Height) -> Result<FinalRecord, StorageError> {
    let record = tables.value(schema::FINALS, &schema::height_key(height))?;
    record.ok_or_else(|| tables.corrupt(format!("no record of final height {height}")))
}

pub(crate) fn delta(tables: &Tables, height: Height) -> Result<Delta, StorageError> {
    let blob = tables.bytes(schema::DELTAS, &schema::height_key(height))?;
    let blob = blob.ok_or_else(|| tables.corrupt(format!("no changes of height {height}")))?;
    let changes: ChangeSet = tables.decode(schema::DELTAS, &blob)?;
    let key = schema::receipts_key(height, Column::Receipts);
    let receipts: Option<Vec<Receipt>> = tables.value(schema::RECEIPTS, &key)?;
    let receipts =
        receipts.ok_or_else(|| tables.corrupt(format!("no receipts of height {height}")))?;
    let transactions = receipts.iter().map(|receipt| receipt.id).collect();
    Ok(Delta { height, changes, transactions, bytes: Delta::size(blob.len(), receipts.len()) })
}

type AllPending = BTreeMap<Height, Vec<Pending>>;

fn pending(tables: &Tables, last: Height) -> Result<(Vec<Block>, AllPending), StorageError> {
    let mut blocks = Vec::new();
    let mut pending = AllPending::new();
    for row in tables.rows_from(schema::BLOCKS, &schema::height_key(last.next())) {
        let (key, value) = row?;
        let block: Block = tables.decode_canonical(schema::BLOCKS, &value)?;
        let (height, hash) = (block.header.height, block.header.hash());
        if key[..] != schema::block_key(height, hash) {
            return Err(tables.corrupt(format!("block {hash} stands at another key")));
        }
        read::check_block(tables, height, hash, &block)?;
        pending.entry(height).or_default().push(Pending::of(hash, &block.header));
        blocks.push(block);
    }
    Ok((blocks, pending))
}

type TimeoutCerts = (Vec<Box<[u8]>>, Vec<TimeoutCert>);

fn timeout_certs(tables: &Tables) -> Result<TimeoutCerts, StorageError> {
    let mut keys = Vec::new();
    let mut certs = Vec::new();
    for row in tables.rows_from(schema::META, schema::TIMEOUT_CERT_PREFIX) {
        let (key, value) = row?;
        if !key.starts_with(schema::TIMEOUT_CERT_PREFIX) {
            break;
        }
        let cert: TimeoutCert = tables.decode_canonical(schema::META, &value)?;
        if key[..] != schema::timeout_cert_key(&cert) {
            return Err(tables.corrupt("a timeout certificate stands at another key"));
        }
        keys.push(key);
        certs.push(cert);
    }
    Ok((keys, certs))
}

type Recent = (Vec<BlockHeader>, Vec<(Height, FinalRecord)>);

/// What is known of the last [`RECENT_MAX`] heights: headers, and from some height on records.
fn recent(tables: &Tables, last: Height) -> Result<Recent, StorageError> {
    let first = last.next().get().saturating_sub(RECENT_MAX);
    let mut before = before(tables)?;
    let base = before.last().map_or(0, |header| header.height.next().get());
    before.retain(|header| header.height.get() >= first);
    let heights = (first.max(base)..=last.get()).map(Height::new);
    let records = heights.map(|height| Ok((height, final_record(tables, height)?)));
    Ok((before, records.collect::<Result<_, StorageError>>()?))
}

fn meta<T: borsh::BorshDeserialize>(tables: &Tables, key: &[u8]) -> Result<T, StorageError> {
    let name = String::from_utf8_lossy(key).into_owned();
    let value = tables.value(schema::META, key)?;
    value.ok_or_else(|| tables.corrupt(format!("table meta: no {name}")))
}
