//! Bounds on what one transaction or phase item may do, besides those of `heddle_types::limits`.

/// What one transaction or phase item may leave behind besides its keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Entries that it may append, over all inboxes.
    pub appends: usize,
    /// Bytes of one appended entry.
    pub append_bytes: usize,
    /// Events that it may emit.
    pub events: usize,
}

impl Bounds {
    /// Of a transaction: its events are in a receipt.
    pub const TRANSACTION: Self =
        Self { appends: 256, append_bytes: 1024, events: heddle_types::limits::EVENTS_MAX };
    /// Of a phase item: a market's has what all its traders did in the block.
    pub const ITEM: Self = Self { appends: 4096, append_bytes: 16 * 1024, events: 4096 };
}

/// Work items that one program may plan in one phase of one block.
pub const WORK_ITEMS_MAX: usize = 16 * 1024;
/// Bytes of a resident object's name.
pub const RESIDENT_NAME_BYTES_MAX: usize = 32;
/// Parts of a resident object that one work item may change.
pub const RESIDENT_PARTS_MAX: usize = 16 * 1024;
/// Resident objects that an executor keeps in memory, unless it is told otherwise.
pub const RESIDENTS_KEPT_MAX: usize = 4096;
