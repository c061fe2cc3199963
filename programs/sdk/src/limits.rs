//! Bounds on what one transaction or phase item may do, besides those of `heddle_types::limits`.

/// Entries that one transaction or phase item may append, over all inboxes.
pub const APPENDS_MAX: usize = 256;
/// Bytes of one appended entry.
pub const APPEND_BYTES_MAX: usize = 1024;
/// Work items that one program may plan in one phase of one block.
pub const WORK_ITEMS_MAX: usize = 16 * 1024;
