//! Why a run cannot be made, or cannot go on.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use crate::cluster::ClusterError;

/// Why a run cannot be made, or cannot go on. A check that does not hold is no error: it stands in the report.
#[derive(Debug, Error)]
pub enum ChaosError {
    /// The localnet does not do what it was asked to.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    /// A plan that is none.
    #[error("plan: found {found}, expected {expected}; see `heddle localnet chaos --help`")]
    Plan {
        /// What stands there.
        found: String,
        /// What may.
        expected: String,
    },
    /// The system refused.
    #[error("{}: found {error}, expected to use it; check the path, its rights and the disk", .path.display())]
    Io {
        /// What was being used.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// A node that cannot be asked.
    #[error("{url}: found {detail}, expected a node of this version; see its node.log")]
    Node {
        /// Which.
        url: String,
        /// What it said.
        detail: String,
    },
}

impl ChaosError {
    pub(super) fn plan(found: impl Into<String>, expected: impl Into<String>) -> Self {
        Self::Plan { found: found.into(), expected: expected.into() }
    }

    pub(super) fn io(path: impl Into<PathBuf>, error: io::Error) -> Self {
        Self::Io { path: path.into(), error }
    }

    /// The number that a command ends with.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Cluster(error) => error.exit_code(),
            Self::Plan { .. } => 2,
            Self::Io { .. } => 1,
            Self::Node { .. } => 3,
        }
    }
}
