//! Making durable what must be before anything leaves: blocks first, then the safety record.

use std::path::PathBuf;
use std::sync::Arc;

use heddle_machine::Action;
use heddle_storage::Remembered;
use heddle_storage::SafetyError;
use heddle_storage::SafetyFile;
use heddle_storage::SafetyMode;
use heddle_storage::Storage;
use heddle_types::Height;
use heddle_types::PublicKey;

use crate::exit::Fatal;

/// The safety file, or where to make it once a muted validator may sign again.
pub(crate) struct Safety {
    pub(crate) path: PathBuf,
    pub(crate) owner: PublicKey,
    pub(crate) mode: SafetyMode,
    pub(crate) file: Option<SafetyFile>,
}

impl Safety {
    /// The first record after muteness goes into a new file, whatever is left of the old one.
    fn write(&mut self, remembered: Remembered) -> Result<(), SafetyError> {
        match &mut self.file {
            Some(file) => file.write(remembered),
            None => {
                let made = SafetyFile::recreate(&self.path, self.owner, remembered, self.mode)?;
                self.file = Some(made);
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
        let durable = self.storage.last_final().height;
        let remembered = Remembered { record: record.clone(), durable };
        self.safety.write(remembered).map_err(|error| Fatal::of_safety(&error))?;
        self.recorded = record.high_qc.data.height;
        Ok(())
    }
}
