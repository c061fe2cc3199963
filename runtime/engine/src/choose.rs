//! Whether threads pay: an estimate from expected costs and from how a sample of the tasks wait for each other.

use crate::plan::Outline;
use crate::report::Reason;

/// What a planned task costs beside its own work, in nanoseconds: planning, checking, publishing.
const PLANNED_NS: u64 = 60;
/// What a task costs beside its own work when tasks run in order.
const IN_ORDER_NS: u64 = 15;
/// What it takes until one core sees what another has just written.
const HAND_OVER_NS: u64 = 200;
/// What it takes to sum up adds for a reader, and to copy the sum to where the reader's own value goes.
const FOLD_NS: u64 = 200;
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
    // What was written a moment ago was written by this very core only now and then.
    let fetched = u64::from(outline.links) * HAND_OVER_NS / threads * (threads - 1);
    let folded = u64::from(outline.folds) * FOLD_NS;
    let shared = ((cost + PLANNED_NS) * sampled + fetched + folded) / threads;
    let chained = (cost + HAND_OVER_NS) * steps;
    let in_order = (cost + IN_ORDER_NS) * sampled;
    let wake = WAKE_NS * sampled / u64::from(tasks.max(1));
    if threads == 1 {
        Reason::OneThread
    } else if !is_quicker(chained, in_order) {
        Reason::Serial
    } else if is_quicker(shared.max(chained) + wake, in_order) {
        Reason::Parallel
    } else {
        Reason::LittleWork
    }
}

/// Whether threads could pay for tasks of this mean cost if none waited for another.
pub(crate) fn could_pay(threads: usize, mean_cost: u64) -> bool {
    let threads = u64::try_from(threads).unwrap_or(u64::MAX);
    is_quicker((mean_cost + PLANNED_NS) / threads, mean_cost + IN_ORDER_NS)
}

/// Whether it is clearly quicker: what is only estimated must not cost anything.
const fn is_quicker(parallel: u64, in_order: u64) -> bool {
    parallel * 10 < in_order * 9
}
