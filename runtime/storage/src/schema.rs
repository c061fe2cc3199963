//! The database's tables and the bytes of their keys. Numbers in keys are big-endian, so that they sort.
//!
//! | table | key | value |
//! |---|---|---|
//! | `meta` | `version`, `chain`, `applied`; `tc` ‖ view ‖ hash | format, chain id, applied height; timeout certificate |
//! | | `ep` ‖ epoch | how it ended |
//! | | `ca` ‖ height | who should decide from there on, where that changed |
//! | | `oldest`; `before` | oldest height that is answered for; headers before a restored snapshot's block |
//! | | `ev` ‖ signer ‖ epoch ‖ view ‖ kind | the two statements of an [`EvidenceRow`] |
//! | `blocks` | height ‖ hash | block, final or not |
//! | `heights_of` | block hash | height |
//! | `finals` | height | [`crate::FinalRecord`] |
//! | `certs` | height of the certified block; of the closing block, if it is in the tail of an epoch | commit certificate |
//! | `receipts` | height ‖ 0, height ‖ 1, height ‖ 2 | receipts, traces, [`crate::PhaseEvents`] |
//! | `deltas` | height above the applied one | change set |
//! | `state` | program ‖ key bytes | entry, as of the applied height |
//! | `transactions` | id | [`crate::TxLocation`], up to the applied height |

use heddle_types::BlockHash;
use heddle_types::Epoch;
use heddle_types::Height;
use heddle_types::ProgramId;
use heddle_types::StateKey;
use heddle_types::TimeoutCert;
use heddle_types::ValidatorIndex;
use heddle_types::View;

use crate::evidence::EvidenceRow;

/// The format that this code reads and writes.
pub(crate) const VERSION: u32 = 5;

pub(crate) const META: &str = "meta";
pub(crate) const BLOCKS: &str = "blocks";
pub(crate) const HEIGHTS_OF: &str = "heights_of";
pub(crate) const FINALS: &str = "finals";
pub(crate) const CERTS: &str = "certs";
pub(crate) const RECEIPTS: &str = "receipts";
pub(crate) const DELTAS: &str = "deltas";
pub(crate) const STATE: &str = "state";
pub(crate) const TRANSACTIONS: &str = "transactions";

/// All tables.
pub(crate) const TABLES: [&str; 9] =
    [META, BLOCKS, HEIGHTS_OF, FINALS, CERTS, RECEIPTS, DELTAS, STATE, TRANSACTIONS];

pub(crate) const META_VERSION: &[u8] = b"version";
pub(crate) const META_CHAIN: &[u8] = b"chain";
pub(crate) const META_APPLIED: &[u8] = b"applied";
/// The oldest height whose block and receipts are there; absent when all are.
pub(crate) const META_OLDEST: &[u8] = b"oldest";
/// The headers before the block of the snapshot that the database was made of.
pub(crate) const META_BEFORE: &[u8] = b"before";
/// Before the key of a piece of evidence in `meta`.
pub(crate) const EVIDENCE_PREFIX: &[u8] = b"ev";
/// Up to the end of the signer in such a key.
pub(crate) const EVIDENCE_SIGNER_BYTES: usize = EVIDENCE_PREFIX.len() + 2;
/// Before the key of a timeout certificate in `meta`.
pub(crate) const TIMEOUT_CERT_PREFIX: &[u8] = b"tc";

/// Before the epoch in the key of how it ended, in `meta`.
pub(crate) const EPOCH_END_PREFIX: &[u8] = b"ep";
/// Before the height in the key of candidates, in `meta`.
pub(crate) const CANDIDATES_PREFIX: &[u8] = b"ca";

pub(crate) fn epoch_end_key(epoch: Epoch) -> Vec<u8> {
    [EPOCH_END_PREFIX, &epoch.get().to_be_bytes()].concat()
}

pub(crate) fn candidates_key(height: Height) -> Vec<u8> {
    [CANDIDATES_PREFIX, &height_key(height)].concat()
}

pub(crate) const fn height_key(height: Height) -> [u8; 8] {
    height.get().to_be_bytes()
}

/// The height at the front of a key.
pub(crate) fn height_of(key: &[u8]) -> Option<Height> {
    Some(Height::new(u64::from_be_bytes(*key.first_chunk()?)))
}

pub(crate) fn block_key(height: Height, hash: BlockHash) -> [u8; 40] {
    let mut key = [0; 40];
    key[..8].copy_from_slice(&height_key(height));
    key[8..].copy_from_slice(hash.as_bytes());
    key
}

/// What of a height's `receipts` row.
#[derive(Clone, Copy, Debug)]
#[repr(u8)]
pub(crate) enum Column {
    Receipts = 0,
    Traces = 1,
    PhaseEvents = 2,
}

pub(crate) fn receipts_key(height: Height, column: Column) -> [u8; 9] {
    let mut key = [column as u8; 9];
    key[..8].copy_from_slice(&height_key(height));
    key
}

pub(crate) fn timeout_cert_key(cert: &TimeoutCert) -> Vec<u8> {
    [TIMEOUT_CERT_PREFIX, &cert.view.get().to_be_bytes(), cert.hash().as_bytes()].concat()
}

pub(crate) fn evidence_key(row: &EvidenceRow) -> Vec<u8> {
    let signer = row.signer.get().to_be_bytes();
    let (epoch, view) = (row.epoch.get().to_be_bytes(), row.view.get().to_be_bytes());
    [EVIDENCE_PREFIX, &signer, &epoch, &view, &[row.kind]].concat()
}

/// Signer, epoch, view and kind of a piece of evidence; none when no row gives such a key.
pub(crate) fn evidence_of(key: &[u8]) -> Option<(ValidatorIndex, Epoch, View, u8)> {
    let (signer, rest) = key.strip_prefix(EVIDENCE_PREFIX)?.split_first_chunk()?;
    let (epoch, rest) = rest.split_first_chunk()?;
    let (view, rest) = rest.split_first_chunk()?;
    let [kind] = rest else { return None };
    let signer = ValidatorIndex::new(u16::from_be_bytes(*signer));
    let epoch = Epoch::new(u64::from_be_bytes(*epoch));
    Some((signer, epoch, View::new(u64::from_be_bytes(*view)), *kind))
}

pub(crate) fn state_key(key: &StateKey) -> Vec<u8> {
    [&key.program().0.to_be_bytes(), key.bytes()].concat()
}

/// The key whose row this is; none when no key gives such bytes.
pub(crate) fn state_key_of(bytes: &[u8]) -> Option<StateKey> {
    let (program, bytes) = bytes.split_first_chunk()?;
    StateKey::new(ProgramId(u32::from_be_bytes(*program)), &[bytes])
}
