//! One simulated node: a machine, its disk, and what it still has to do.

use std::collections::VecDeque;
use std::sync::Arc;

use heddle_machine::Action;
use heddle_machine::Machine;
use heddle_types::CheckedBlock;
use heddle_types::CommitCert;
use heddle_types::Committee;

use super::disk::Disk;

/// A node, up or down.
pub(crate) struct Node {
    pub(crate) disk: Disk,
    pub(crate) running: Option<Running>,
    /// Counts starts, so that what an earlier life scheduled is not mistaken for this one's.
    pub(crate) life: u64,
}

/// What a crash loses.
pub(crate) struct Running {
    pub(crate) machine: Machine,
    /// Whose positions the indices of the next action are.
    pub(crate) committee: Arc<Committee>,
    /// Actions not carried out yet, in order.
    pub(crate) todo: VecDeque<Action>,
    /// The first of them waits for the disk.
    pub(crate) syncing: bool,
    /// Blocks handed out for execution.
    pub(crate) executing: VecDeque<(Arc<CheckedBlock>, CommitCert)>,
    /// The wake-up that counts; earlier ones are stale.
    pub(crate) wake_at: Option<u64>,
}

impl Running {
    pub(crate) fn new(machine: Machine, committee: Arc<Committee>, actions: Vec<Action>) -> Self {
        Self {
            machine,
            committee,
            todo: actions.into(),
            syncing: false,
            executing: VecDeque::new(),
            wake_at: None,
        }
    }
}
