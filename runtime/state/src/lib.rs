//! The chain's state in memory, and the tree that commits to it.
//!
//! [`State`] holds every entry and a compact binary sparse Merkle tree over blake3. It is told the changes of one block at a
//! time and answers with the root; it serves point reads, prefix scans, and inclusion and exclusion proofs for the current
//! root and the [`heddle_types::limits::LAG_MAX`] before it. Nothing here touches a disk: storage hands the entries in at
//! start and the tree is built from them.
//!
//! # The tree
//! Write `H(domain, m)` for blake3 in keyed mode, with the domain's 16 bytes followed by 16 zero bytes as the key.
//!
//! * T1. A key's *path* is `H(STATE_KEY, program as u32 LE ‖ length as u8 ‖ its bytes ‖ zeros up to 64 bytes)`, read from the
//!   most significant bit of its first byte.
//! * T2. A leaf's hash is `H(STATE_LEAF, path ‖ H(STATE_VALUE, canonical bytes of the entry ‖ zeros up to 63 bytes if there
//!   are fewer ‖ how many there are, or 64 if more, as u8))`. A message of 64 bytes thus says what entry of at most 63 bytes
//!   it holds, and all others are longer.
//! * T3. A subtree without a leaf is 32 zero bytes. A subtree with exactly one leaf is that leaf's hash, at whatever depth.
//! * T4. Any other subtree is `H(STATE_INNER, left ‖ right)`, left being the paths whose bit at its depth is 0.
//!
//! So the root depends on the set of keys and entries only, and the empty state's is [`heddle_types::StateRoot::ZERO`].
//! Paths, leaves, inner nodes and all but large entries hash exactly 64 bytes, one blake3 block, so that they can be hashed
//! sixteen at a time.

#![warn(clippy::float_arithmetic, clippy::iter_over_hash_type)]
#![warn(clippy::disallowed_types, clippy::disallowed_methods, clippy::wildcard_enum_match_arm)]
#![warn(clippy::cast_possible_truncation, clippy::cast_possible_wrap)]
#![warn(clippy::cast_sign_loss, clippy::cast_precision_loss)]

mod bucket;
mod build;
mod chunk;
mod crown;
mod cut;
mod forest;
mod hashing;
mod history;
mod patch;
mod path;
mod prefix;
mod prepare;
mod proof;
mod spares;
mod state;
mod subtree;
mod tree;

pub use chunk::CHUNK_BYTES_MAX;
pub use chunk::{Chunk, ChunkError};
pub use cut::Cut;
pub use path::Path;
pub use prefix::Prefix;
pub use prepare::Prepared;
pub use proof::{Proof, ProofError, Terminal};
pub use state::State;
pub use subtree::Subtree;
