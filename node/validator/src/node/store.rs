//! Making durable what must be before anything leaves: blocks first, then the safety record.

use std::sync::Arc;

use heddle_machine::Action;
use heddle_storage::SafetyFile;
use heddle_storage::Storage;

use crate::exit::Fatal;
use crate::home::fatal_storage;

/// Where the driver's thread writes.
pub(crate) struct Store {
    storage: Arc<Storage>,
    safety: SafetyFile,
}

impl Store {
    pub(crate) fn new(storage: Arc<Storage>, safety: SafetyFile) -> Self {
        Self { storage, safety }
    }

    /// Writes all that `actions` ask to be durable: every block and timeout certificate in one synced write, then the newest
    /// record, which contains what the ones before it do.
    pub(crate) fn make_durable(&mut self, actions: &[Action]) -> Result<(), Fatal> {
        let mut blocks = Vec::new();
        let mut certs = Vec::new();
        let mut record = None;
        for action in actions {
            match action {
                Action::StoreBlock(block) => blocks.push(block.to_block()),
                Action::StoreTimeoutCert(cert) => certs.push(cert.clone()),
                Action::Persist(newer) => record = Some(newer),
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
        if !blocks.is_empty() || !certs.is_empty() {
            self.storage.put_blocks(&blocks, &certs).map_err(|e| fatal_storage(&e))?;
        }
        match record {
            Some(record) => self.safety.write(record).map_err(|e| fatal_storage(&e)),
            None => Ok(()),
        }
    }
}
