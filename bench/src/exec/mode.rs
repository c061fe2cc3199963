//! How blocks are run.

use clap::ValueEnum;
use serde::Serialize;

/// How blocks are run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Mode {
    /// In order, in place, on one thread
    Sequential,
    /// Planned from what the tasks declare; those that declare nothing as in open
    Declared,
    /// As if they declared nothing
    Open,
    /// Declared, with the plan made before the clock starts
    Oracle,
    /// As the engine thinks best
    Auto,
}

impl Mode {
    /// All of them.
    pub(crate) const ALL: [Self; 5] =
        [Self::Sequential, Self::Declared, Self::Open, Self::Oracle, Self::Auto];
    /// Those that executors have, which make their own plans.
    pub(crate) const OF_EXECUTORS: [Self; 4] =
        [Self::Sequential, Self::Declared, Self::Open, Self::Auto];
}
