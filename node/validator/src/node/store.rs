//! Making durable what must be before anything leaves: blocks first, then the safety record.

use std::path::PathBuf;
use std::sync::Arc;

use heddle_machine::Action;
use heddle_storage::SafetyError;
use heddle_storage::SafetyFile;
use heddle_storage::Storage;
use heddle_types::Height;
use heddle_types::PublicKey;
use heddle_types::SafetyRecord;

use crate::exit::Fatal;

/// The safety file, or where to make it once a muted validator may sign again.
pub(crate) struct Safety {
    path: PathBuf,
    owner: PublicKey,
    file: Option<SafetyFile>,
}

impl Safety {
    pub(crate) const fn ready(path: PathBuf, owner: PublicKey, file: SafetyFile) -> Self {
        Self { path, owner, file: Some(file) }
    }

    pub(crate) const fn none(path: PathBuf, owner: PublicKey) -> Self {
        Self { path, owner, file: None }
    }

    /// The first record after muteness goes into a new file, whatever is left of the old one.
    fn write(&mut self, record: &SafetyRecord) -> Result<(), SafetyError> {
        match &mut self.file {
            Some(file) => file.write(record),
            None => {
                self.file = Some(SafetyFile::recreate(&self.path, self.owner, record)?);
                Ok(())
            }
        }
    }
}

/// Where the driver's thread writes.
pub(crate) struct Store {
    storage: Arc<Storage>,
    safety: Safety,
    recorded: Height,
}

impl Store {
    /// `recorded` is the certified height that the safety record knows.
    pub(crate) const fn new(storage: Arc<Storage>, safety: Safety, recorded: Height) -> Self {
        Self { storage, safety, recorded }
    }

    /// The certified height that the safety record on disk knows.
    pub(crate) const fn recorded(&self) -> Height {
        self.recorded
    }

    /// Writes all that `actions` ask to be durable: every block in one synced write, timeout certificates, how epochs ended, then
    /// the newest record, which contains what the ones before it do.
    pub(crate) fn make_durable(&mut self, actions: &[Action]) -> Result<(), Fatal> {
        let blocks = actions.iter().filter_map(|action| match action {
            Action::StoreBlock(block) => Some(block.as_ref()),
            _ => None,
        });
        let mut blocks = blocks.peekable();
        if blocks.peek().is_some() {
            self.storage.put_blocks(blocks).map_err(|error| Fatal::of_storage(&error))?;
        }
        let mut record = None;
        for action in actions {
            match action {
                Action::StoreTimeoutCert(cert) => {
                    self.storage
                        .put_timeout_cert(cert)
                        .map_err(|error| Fatal::of_storage(&error))?;
                }
                Action::EpochEnded(end) => {
                    self.storage.put_epoch_end(end).map_err(|error| Fatal::of_storage(&error))?;
                }
                Action::Persist(newer) => record = Some(newer),
                _ => {}
            }
        }
        let Some(record) = record else { return Ok(()) };
        self.safety.write(record).map_err(|error| Fatal::of_safety(&error))?;
        self.recorded = record.high_qc.data.height;
        Ok(())
    }
}
