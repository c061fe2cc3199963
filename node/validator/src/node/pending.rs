//! What became of the transactions that this node holds or held: for `getTransaction` only, nothing depends on it.

use std::collections::VecDeque;

use dashmap::DashMap;
use heddle_mempool::DropReason;
use heddle_types::TxId;
use parking_lot::Mutex;

/// Expired transactions that are remembered.
const EXPIRED_MAX: usize = 100_000;

/// Where a transaction stands that is not final.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// In the pool, or in a block that is not executed yet.
    Pending,
    /// Its last height passed.
    Expired,
}

/// The standing of transactions that are not final.
#[derive(Debug, Default)]
pub(crate) struct Standings {
    by_id: DashMap<TxId, Standing>,
    expired: Mutex<VecDeque<TxId>>,
}

impl Standings {
    /// It was admitted here.
    pub(crate) fn admitted(&self, id: TxId) {
        self.by_id.insert(id, Standing::Pending);
    }

    /// It left the pool.
    pub(crate) fn dropped(&self, id: TxId, reason: DropReason) {
        match reason {
            DropReason::Included | DropReason::NonceUsed | DropReason::Gapped => {
                self.by_id.remove(&id);
            }
            DropReason::Expired => {
                self.by_id.insert(id, Standing::Expired);
                let mut expired = self.expired.lock();
                expired.push_back(id);
                if expired.len() > EXPIRED_MAX
                    && let Some(oldest) = expired.pop_front()
                {
                    self.by_id.remove(&oldest);
                }
            }
        }
    }

    /// Where it stands, if it is known.
    pub(crate) fn get(&self, id: &TxId) -> Option<Standing> {
        self.by_id.get(id).map(|standing| *standing)
    }
}
