//! Bounds of the list.

/// Members: as many as a committee may have.
pub const MEMBERS_MAX: usize = heddle_types::limits::VALIDATORS_MAX;
/// The sum of powers stays below this, as in a committee.
pub const POWER_SUM_END: u64 = 1 << 62;
/// Bytes of an address of QUIC: a tag, the longer kind of IP address, a port.
pub const QUIC_BYTES_MAX: usize = 1 + 16 + 2;
/// Bytes of a vote key, if there is one: a tag and the key.
pub const VOTE_KEY_BYTES_MAX: usize = 1 + 96;
/// Bytes of its proof, if there is one: a tag and the signature.
pub const VOTE_PROOF_BYTES_MAX: usize = 1 + 48;
/// What verifying a proof costs, in units of work: two signatures of some 60 µs each.
pub const WORK_PER_PROOF: u64 = 12_000;
/// What verifying a vote key's proof costs besides, in units of work: two pairings, a hash to the curve, two points to be
/// found and checked, some 800 µs together (measured: `cargo run --release -p heddle-types --example bls`).
pub const WORK_PER_VOTE_PROOF: u64 = 80_000;
