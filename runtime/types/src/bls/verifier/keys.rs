//! Points of keys, remembered.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;

use blst::min_sig::PublicKey;

use crate::bls::BlsPublicKey;
use crate::bls::point;
use crate::limits;

/// The points of keys that are good. Only members of committees sign, so that those of an epoch and the next have room;
/// when there is none left, all are forgotten.
#[derive(Debug, Default)]
pub(super) struct Keys(Mutex<BTreeMap<BlsPublicKey, PublicKey>>);

impl Keys {
    /// Keys that are remembered.
    pub(super) const MAX: usize = 4 * limits::VALIDATORS_MAX;

    /// A key's point; none if it is not one that may sign.
    pub(super) fn point(&self, key: &BlsPublicKey) -> Option<PublicKey> {
        if let Some(point) = self.lock().get(key) {
            return Some(*point);
        }
        let point = point::key(key)?;
        let mut points = self.lock();
        if points.len() >= Self::MAX {
            points.clear();
        }
        points.insert(*key, point);
        Some(point)
    }

    /// How many are remembered.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.lock().len()
    }

    /// A thread that panicked here left a map that is whole.
    fn lock(&self) -> MutexGuard<'_, BTreeMap<BlsPublicKey, PublicKey>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
