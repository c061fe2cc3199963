//! Whether threads pay: an estimate from expected costs and from how a sample of the tasks wait for each other.

use crate::plan::Outline;
use crate::report::Reason;

/// What a planned task costs beside its own work, in nanoseconds: planning, checking, publishing.
const PLANNED_NS: u64 = 60;
/// What a task costs beside its own work when tasks run in order.
const IN_ORDER_NS: u64 = 15;
/// What it takes to go on with a task on another core than that which ended the one before it.
const HAND_OVER_NS: u64 = 150;
/// What it takes to wake the other threads and to wait for the last of them.
const WAKE_NS: u64 = 20_000;

/// Why `tasks` tasks, of which `sampled` were planned with this outline, should run as they should on `threads` threads:
/// [`Reason::Parallel`], or why not.
pub(crate) fn choose(threads: usize, tasks: u32, sampled: u32, outline: &Outline) -> Reason {
    let sampled = u64::from(sampled.max(1));
    let cost = outline.total_cost / sampled;
    // How many tasks the longest chain of the sample has, if they are alike.
    let steps = (u64::from(outline.critical_path) / cost.max(1)).clamp(1, sampled);
    let threads = u64::try_from(threads).unwrap_or(u64::MAX);
    let shared = (cost + PLANNED_NS) * sampled / threads;
    let chained = (cost + HAND_OVER_NS) * steps;
    let in_order = (cost + IN_ORDER_NS) * sampled;
    // Worth it only if it is clearly quicker.
    let is_quicker = |parallel: u64| parallel * 10 < in_order * 9;
    if threads == 1 {
        Reason::OneThread
    } else if !is_quicker(chained) {
        Reason::Serial
    } else if is_quicker(shared.max(chained) + WAKE_NS * sampled / u64::from(tasks.max(1))) {
        Reason::Parallel
    } else {
        Reason::LittleWork
    }
}
