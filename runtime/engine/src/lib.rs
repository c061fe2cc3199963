//! Parallel execution of a block's tasks over dense keys, with the result of running them one after the other.
//!
//! The engine knows neither transactions nor programs: tasks have numbers, and touch values at numbered keys.
//!
//! * Tasks that declare their keys ([`Tasks`], [`Job`]) are *planned*: before a task runs, the plan knows which task's value
//!   each of its reads takes. So no task ever runs on a wrong value, and none runs twice unless an idle worker tries it ahead of
//!   time. See DESIGN section 6.
//! * Tasks that declare nothing ([`OpenJob`]) are run by Block-STM (arXiv:2203.06871).
//!
//! Whatever the number of threads and their timing, values and outputs are those of the sequential order.

#![deny(
    clippy::float_arithmetic,
    clippy::iter_over_hash_type,
    clippy::disallowed_types,
    clippy::disallowed_methods,
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    clippy::wildcard_enum_match_arm
)]

mod cells;
mod choose;
mod claim;
mod crew;
mod engine;
mod fold;
mod idle;
mod job;
mod levels;
mod open;
mod place;
mod plan;
mod planned;
mod pool;
#[cfg(all(test, loom))]
mod protocols;
mod ready;
mod report;
mod sequential;
mod speculate;
mod sync;
mod tasks;
mod waiters;
mod worker;

pub use engine::{Broken, Choice, Config, Engine};
pub use job::{Blocked, Job, Key, Mode, OpenJob, OpenView, Task, View};
pub use open::OpenEngine;
pub use report::{Doing, Reason, Report, Span, Way};
pub use tasks::Tasks;
