//! Bounds of the agreement core.

/// Votes for views further ahead of the current one are dropped; their sender's certificates are what helps.
pub const VIEWS_AHEAD_MAX: u64 = 32;
/// Votes for views further behind the current one are dropped: nothing can come of them any more.
pub const VIEWS_BEHIND_MAX: u64 = 32;
/// Blocks above the last final one that are kept. Past `LAG_MAX` unexecuted ones blocks are empty, so they are small.
pub const TREE_BLOCKS_MAX: usize = 512;
/// A missing block further above the last final one is not fetched alone: catching up brings it.
pub const FETCH_GAP_MAX: u64 = 4;
/// A missing block is asked for again, of another, after this part of the view's timeout: about the time of half a view, so
/// that a leader that lacks its parent asks some that have it before its view is given up.
pub const FETCH_SHARE: u64 = 8;
/// The longest that a missing block is not asked for again, in milliseconds.
pub const FETCH_RETRY_MS: u64 = 500;
/// Catching up is asked for again after this long, in milliseconds.
pub const CATCH_UP_RETRY_MS: u64 = 2_000;
/// A peer heard in a lower view is answered at most this often, in milliseconds; so is one that comes and goes.
pub const ANSWER_INTERVAL_MS: u64 = 100;
/// Of each peer, a proof that the epoch ended is verified at most this often, in milliseconds: it has as many signatures as
/// the committee has members.
pub const PROOF_INTERVAL_MS: u64 = 100;
/// Of each member, messages of the next epoch that are kept until it begins here.
pub const EARLY_MAX: usize = 4;
/// Peers outside of the committee that are answered, and asked how an epoch ended: their indices follow the members'.
pub const GUESTS_MAX: usize = heddle_types::limits::VALIDATORS_MAX;
/// At start, until something is heard, and while muted, a node speaks this often, in milliseconds.
pub const ANNOUNCE_INTERVAL_MS: u64 = 1_000;
/// A timeout is sent again at least this often while in its view, in milliseconds.
pub const REBROADCAST_MS_MAX: u64 = 1_000;
/// Executed roots that are kept to compare with headers, and certified ones that are kept until executed here.
pub const ROOTS_MAX: usize = 4096;
/// Views for which this node remembers what itself signed, and which blocks it knows to be certified.
pub const VIEWS_REMEMBERED_MAX: usize = 128;
/// How many times the observed time of a view its timeout is, at least.
pub const TIMEOUT_FACTOR: u64 = 4;
/// A leader that signed nothing in more than this many views that a node entered is not waited for.
pub const SILENT_VIEWS: u64 = 4;
/// The part of a view's timeout that a silent leader is given nevertheless.
pub const SILENT_SHARE: u64 = 8;
/// A validator whose turn passed without a block is suspended for at most this many heights.
pub const REPUTATION_HEIGHTS: u64 = 128;
/// When execution is further behind, nobody is suspended.
pub const REPUTATION_LAG_MAX: u64 = 64;
/// Turns of final blocks that are kept, and that a start is told: those that the choice of leaders may depend on.
pub const TURNS_MAX: usize = 193;

const _: () = assert!(TREE_BLOCKS_MAX <= heddle_types::limits::EPOCH_TAIL_MAX);
const _: () = assert!(VIEWS_BEHIND_MAX < VIEWS_REMEMBERED_MAX as u64);
const _: () = assert!(TURNS_MAX as u64 == REPUTATION_HEIGHTS + REPUTATION_LAG_MAX + 1);
