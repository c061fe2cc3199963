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
    /// The agreement core wants it asked of the hint now, whoever was asked before.
    is_urgent: bool,
    /// Who may still answer, the newest last.
    asked: Vec<Asked>,
    retry: Retry,
}

impl Blocks {
    /// Wants a block, of the hint first. When too many are wanted, the one of the lowest height is given up: what is final will
    /// come with a range.
    pub(crate) fn want(&mut self, hash: BlockHash, height: Height, hint: ValidatorIndex) {
        let wanted = self.0.entry(hash).or_insert_with(|| Wanted::new(height));
        wanted.hint = hint;
        wanted.is_urgent = true;
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
        let (hash, wanted) = self.0.iter_mut().find(|(_, w)| w.asked.iter().any(asked_this))?;
        wanted.asked.retain(|asked| !asked_this(asked));
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
            if wanted.is_asked(peer) {
                wanted.asked.retain(|asked| asked.peer != peer);
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
            wanted.give_up_late(now);
            if let Some(to) = wanted.pick(asking) {
                let timeout = wanted.retry.timeout(limits::BLOCK_TIMEOUT_MS);
                wanted.asked.push(asking.send(to, Request::Block { hash: *hash }, timeout));
            }
        }
    }

    pub(crate) fn deadline(&self, now: Instant) -> Option<Instant> {
        let of = |wanted: &Wanted| {
            let late = wanted.asked.iter().map(|asked| asked.deadline).min();
            late.or_else(|| wanted.retry.wake_at(now))
        };
        self.0.values().filter_map(of).min()
    }
}

impl Wanted {
    fn new(height: Height) -> Self {
        let hint = ValidatorIndex::ZERO;
        Self { height, hint, is_urgent: false, asked: Vec::new(), retry: Retry::default() }
    }

    fn is_asked(&self, peer: ValidatorIndex) -> bool {
        self.asked.iter().any(|asked| asked.peer == peer)
    }

    fn give_up_late(&mut self, now: Instant) {
        let Self { asked, retry, .. } = self;
        asked.retain(|asked| {
            let late = asked.deadline <= now;
            if late {
                retry.on_late(asked.peer);
            }
            !late
        });
    }

    /// Whom to ask now, if anybody: the hint if that is urgent, whatever became of earlier requests; else the next, once nobody
    /// is left who may answer.
    fn pick(&mut self, asking: &Asking<'_>) -> Option<ValidatorIndex> {
        let hint = self.hint;
        let is_urgent = std::mem::take(&mut self.is_urgent);
        if is_urgent && !self.is_asked(hint) && asking.peers.is_willing(asking.now, hint) {
            if self.asked.len() >= limits::BLOCK_ASKED_MAX {
                self.asked.remove(0);
            }
            return Some(hint);
        }
        if !self.asked.is_empty() {
            return None;
        }
        self.retry.pick(asking.now, asking.peers, hint, |_| Some(0))
    }
}
