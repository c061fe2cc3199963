//! The nouns of Heddle and their canonical bytes.
//!
//! Everything that two parts of the node, or two nodes, say to each other is defined here once: transactions, blocks,
//! votes, certificates, state keys, receipts. The encoding is borsh, made canonical by [`decode_exact`]: one value has
//! one encoding, every length is bounded before memory is taken for it, and trailing bytes are refused. The bytes are
//! specified in `docs/PROTOCOL.md` and pinned by golden vectors in this crate's tests.
//!
//! This crate does no IO, reads no clock and holds no state.

#![warn(clippy::float_arithmetic, clippy::iter_over_hash_type, clippy::wildcard_enum_match_arm)]
#![warn(clippy::cast_possible_truncation, clippy::cast_possible_wrap)]
#![warn(clippy::cast_sign_loss, clippy::cast_precision_loss)]

mod access;
mod address;
mod batch;
mod block;
mod bls;
mod canonical;
mod certificate;
mod change_set;
mod checked;
mod checked_batch;
mod codec;
mod committee;
mod declared;
mod ed25519;
mod epoch_end;
mod event_data;
mod events;
mod fingerprint;
mod genesis;
mod hash;
pub mod limits;
mod proof;
mod quantity;
mod receipt;
mod safety;
mod scheme;
mod snapshot;
mod state_key;
mod time;
mod trace;
mod transaction;
mod value;
mod vote;
mod voters;

pub use access::{AccessMode, AccessSet};
pub use address::{Address, AssetId, ParseAddressError, ParseAssetError};
pub use batch::{Batch, BatchBody, BatchHeader, SignedBatchHeader};
pub use block::{BatchRef, Block, BlockHeader, ExecutedRoot, Payload, Proposal};
pub use bls::{BlsPublicKey, BlsSecretKey, BlsSignature, BlsStatement, BlsVerifier, ParseBlsError};
pub use certificate::{CommitCert, QuorumCert, TimeoutCert, TimeoutEntry, VoterSignature};
pub use change_set::{ChangeSet, StateView};
pub use checked::{BlockError, CheckedBlock, CheckedTransaction};
pub use checked_batch::{BatchError, CheckedBatch};
pub use codec::{BoundedRead, Bytes, Canonical, DecodeError, at_field, decode_exact, encode};
pub use committee::{Committee, CommitteeError, Validator};
pub use declared::{BlockSpace, Declared};
pub use ed25519::{
    KeyError, PublicKey, SecretKey, Signature, SignedMessage, verify_each, verify_one,
};
pub use epoch_end::{EpochEnd, EpochEndError};
pub use event_data::EventData;
pub use events::Events;
pub use fingerprint::fingerprint;
pub use genesis::{Genesis, GenesisAccount, GenesisError, GenesisSection};
pub use hash::{BlockHash, ChainId, Domain, Hash32, ParseHashError, StateRoot, TxId};
pub use proof::Proof;
pub use quantity::{Amount, Epoch, Height, TxIndex, ValidatorIndex, View};
pub use receipt::{Event, Outcome, ProgramError, Receipt, TxFailure};
pub use receipt::{receipt_hashes, receipts_root, receipts_root_of};
pub use safety::{LeaseLimit, SafetyRecord, SafetyVote};
pub use scheme::{
    BlsSigner, Ed25519Scheme, Ed25519Signer, KeyedScheme, SignedStatement, Statement, VoteScheme,
    VoteSigner,
};
pub use snapshot::{ManifestError, SnapshotManifest};
pub use state_key::{Deposit, Entry, ProgramId, StateKey};
pub use time::{Instant, Millis, UnixMillis};
pub use trace::{AccessTrace, SlotTouches, Touch, TxTrace};
pub use transaction::{
    Access, Auth, AuthScheme, Call, Nonce, Transaction, TransactionBody, TransactionError,
};
pub use value::Value;
pub use vote::{CommitVote, Timeout, TimeoutData, Vote, VoteData, VoteKind};
pub use voters::Voters;
