//! One simulated node: a machine, its disk, and what it still has to do.

use std::collections::VecDeque;
use std::sync::Arc;

use heddle_machine::Action;
use heddle_machine::Machine;
use heddle_types::CheckedBlock;
use heddle_types::CommitCert;

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
    pub(crate) fn new(machine: Machine, actions: Vec<Action>) -> Self {
        Self {
            machine,
            todo: actions.into(),
            syncing: false,
            executing: VecDeque::new(),
            wake_at: None,
        }
    }
}

/// Whether what follows the action must wait until the disk has it.
pub(crate) fn is_barrier(action: &Action) -> bool {
    match action {
        Action::StoreBlock(_) | Action::StoreTimeoutCert(_) | Action::Persist(_) => true,
        Action::Send { .. }
        | Action::Broadcast(_)
        | Action::Execute { .. }
        | Action::Reply { .. }
        | Action::Dropped(_)
        | Action::Serve { .. }
        | Action::Misbehaved { .. }
        | Action::Voting(_)
        | Action::Diverged { .. }
        | Action::Evidence(_)
        | Action::OwnKeyElsewhere { .. } => false,
    }
}

impl Node {
    /// The disk has what a barrier wrote.
    pub(crate) fn synced(&mut self, action: Action) {
        match action {
            Action::StoreBlock(block) => {
                self.disk.blocks.insert(block.hash(), block);
            }
            Action::StoreTimeoutCert(cert) => {
                self.disk.timeout_certs.insert(cert.hash(), cert);
            }
            Action::Persist(record) => self.disk.safety = Some(record),
            Action::Send { .. }
            | Action::Broadcast(_)
            | Action::Execute { .. }
            | Action::Reply { .. }
            | Action::Dropped(_)
            | Action::Serve { .. }
            | Action::Misbehaved { .. }
            | Action::Voting(_)
            | Action::Diverged { .. }
            | Action::Evidence(_)
            | Action::OwnKeyElsewhere { .. } => {}
        }
    }
}
