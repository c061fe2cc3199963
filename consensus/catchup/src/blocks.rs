//! Single blocks that the agreement core misses.

use std::collections::BTreeMap;

use heddle_types::BlockHash;
use heddle_types::Height;
use heddle_types::Instant;
use heddle_types::ValidatorIndex;

use crate::limits;
use crate::request::Request;
use crate::request::RequestId;
use crate::retry::Asked;
use crate::retry::Asking;
use crate::retry::Retry;

/// All that are wanted, by hash.
#[derive(Clone, Debug, Default)]
pub(crate) struct Blocks(BTreeMap<BlockHash, Wanted>);

#[derive(Clone, Debug)]
struct Wanted {
    height: Height,
    hint: ValidatorIndex,
    asked: Option<Asked>,
    retry: Retry,
}

impl Blocks {
    /// Wants a block. When too many are wanted, the one of the lowest height is given up: what is final will come with a range.
    pub(crate) fn want(&mut self, hash: BlockHash, height: Height, hint: ValidatorIndex) {
        let wanted = Wanted { height, hint, asked: None, retry: Retry::default() };
        self.0.entry(hash).or_insert(wanted);
        if self.0.len() > limits::BLOCKS_WANTED_MAX {
            let lowest = self.0.iter().min_by_key(|(hash, wanted)| (wanted.height, **hash));
            if let Some(hash) = lowest.map(|(hash, _)| *hash) {
                self.0.remove(&hash);
            }
        }
    }

    /// What a request was for, if `peer` was asked and did not answer yet. It counts as answered now.
    pub(crate) fn take_asked(&mut self, peer: ValidatorIndex, id: RequestId) -> Option<BlockHash> {
        let asked_this = |asked: &Asked| asked.peer == peer && asked.id == id;
        let (hash, wanted) =
            self.0.iter_mut().find(|(_, w)| w.asked.as_ref().is_some_and(asked_this))?;
        wanted.asked = None;
        Some(*hash)
    }

    pub(crate) fn on_found(&mut self, hash: &BlockHash) {
        self.0.remove(hash);
    }

    pub(crate) fn on_vain(&mut self, hash: &BlockHash, peer: ValidatorIndex) {
        if let Some(wanted) = self.0.get_mut(hash) {
            wanted.retry.on_vain(peer);
        }
    }

    /// What a peer was asked is lost.
    pub(crate) fn on_lost(&mut self, peer: ValidatorIndex) {
        for wanted in self.0.values_mut() {
            if wanted.asked.is_some_and(|asked| asked.peer == peer) {
                wanted.asked = None;
                wanted.retry.on_vain(peer);
            }
        }
    }

    pub(crate) fn on_connected(&mut self, now: Instant, peer: ValidatorIndex) {
        self.0.values_mut().for_each(|wanted| wanted.retry.on_connected(now, peer));
    }

    /// Blocks up to a final height are of no use any more.
    pub(crate) fn on_final(&mut self, height: Height) {
        self.0.retain(|_, wanted| wanted.height > height);
    }

    /// Gives up on what is late, and asks for whatever can be asked for. Lateness alone is no strike: a single block is wanted
    /// quickly, and soon asked of another.
    pub(crate) fn ask(&mut self, asking: &mut Asking<'_>) {
        let now = asking.now;
        for (hash, wanted) in &mut self.0 {
            if let Some(late) = wanted.asked.filter(|asked| asked.deadline <= now) {
                wanted.asked = None;
                wanted.retry.on_late(late.peer);
            }
            if wanted.asked.is_some() {
                continue;
            }
            let Some(to) = wanted.retry.pick(now, asking.peers, wanted.hint, |_| Some(0)) else {
                continue;
            };
            let timeout = wanted.retry.timeout(limits::BLOCK_TIMEOUT_MS);
            wanted.asked = Some(asking.send(to, Request::Block { hash: *hash }, timeout));
        }
    }

    pub(crate) fn deadline(&self, now: Instant) -> Option<Instant> {
        let of = |wanted: &Wanted| match wanted.asked {
            Some(asked) => Some(asked.deadline),
            None => wanted.retry.wake_at(now),
        };
        self.0.values().filter_map(of).min()
    }
}
