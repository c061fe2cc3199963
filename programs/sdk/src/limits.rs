//! Bounds on what one transaction or phase item may do, besides those of `heddle_types::limits`.

/// Entries that one transaction or phase item may append, over all inboxes.
pub const APPENDS_MAX: usize = 256;
/// Bytes of one appended entry.
pub const APPEND_BYTES_MAX: usize = 1024;
/// Work items that one program may plan in one phase of one block.
pub const WORK_ITEMS_MAX: usize = 16 * 1024;
/// Bytes of a resident object's name.
pub const RESIDENT_NAME_BYTES_MAX: usize = 32;
/// Parts of a resident object that one work item may change.
pub const RESIDENT_PARTS_MAX: usize = 16 * 1024;
/// Resident objects that an executor keeps in memory, unless it is told otherwise.
pub const RESIDENTS_KEPT_MAX: usize = 4096;
