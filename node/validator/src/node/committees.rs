//! Who decides, and who decided in epochs that ended: certificates and evidence name signers by their places of then.

use std::collections::BTreeMap;
use std::sync::Arc;

use heddle_storage::Storage;
use heddle_storage::StorageError;
use heddle_types::ChainId;
use heddle_types::Committee;
use heddle_types::Epoch;
use parking_lot::Mutex;
use parking_lot::RwLock;

/// Committees that are kept in memory besides the first and the present one.
const KEPT_MAX: usize = 64;

/// The committees of a chain, as far as this node has come.
pub(crate) struct Committees {
    first: Arc<Committee>,
    present: RwLock<Arc<Committee>>,
    kept: Mutex<BTreeMap<Epoch, Arc<Committee>>>,
}

impl Committees {
    /// Of a chain that began with `first`, until something else is said.
    pub(crate) fn new(first: Arc<Committee>) -> Self {
        let present = RwLock::new(Arc::clone(&first));
        Self { first, present, kept: Mutex::default() }
    }

    /// The chain.
    pub(crate) fn chain(&self) -> ChainId {
        self.first.chain()
    }

    /// Who decides now.
    pub(crate) fn present(&self) -> Arc<Committee> {
        Arc::clone(&self.present.read())
    }

    /// From now on these decide. Said by the driver's thread.
    pub(crate) fn set_present(&self, committee: Arc<Committee>) {
        *self.present.write() = committee;
    }

    /// Who decides in an epoch; none when this node has not come to it.
    ///
    /// # Errors
    /// From reading how the epoch before it ended.
    pub(crate) fn of(
        &self,
        storage: &Storage,
        epoch: Epoch,
    ) -> Result<Option<Arc<Committee>>, StorageError> {
        let Some(before) = epoch.get().checked_sub(1).map(Epoch::new) else {
            return Ok(Some(Arc::clone(&self.first)));
        };
        let present = self.present();
        if present.epoch() == epoch {
            return Ok(Some(present));
        }
        if let Some(kept) = self.kept.lock().get(&epoch) {
            return Ok(Some(Arc::clone(kept)));
        }
        let end = storage.epoch_end(before)?;
        // What is stored was verified, and compared with its own hash when the store was opened.
        let found = end.and_then(|end| end.successor().ok()).map(Arc::new);
        if let Some(found) = &found {
            let mut kept = self.kept.lock();
            kept.insert(epoch, Arc::clone(found));
            if kept.len() > KEPT_MAX {
                kept.pop_first();
            }
        }
        Ok(found)
    }
}
