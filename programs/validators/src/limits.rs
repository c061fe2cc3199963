//! Bounds of the list.

/// Members: as many as a committee may have.
pub const MEMBERS_MAX: usize = heddle_types::limits::VALIDATORS_MAX;
/// The sum of powers stays below this, as in a committee.
pub const POWER_SUM_END: u64 = 1 << 62;
/// Bytes of an address of QUIC: a tag, the longer kind of IP address, a port.
pub const QUIC_BYTES_MAX: usize = 1 + 16 + 2;
/// What verifying a proof costs, in units of work: two signatures of some 60 µs each.
pub const WORK_PER_PROOF: u64 = 12_000;
