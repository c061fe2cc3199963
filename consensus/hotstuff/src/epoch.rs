//! How an epoch ends: pure functions of headers and candidates. Of the rules E1 to E4 in `docs/consensus.md`:
//!
//! * **E2** A block whose leader had executed a height after which the candidates are not this epoch's members names
//!   them as the next committee, once the epoch has its fewest blocks. The first that does is the *closing* block.
//! * **E3** What is built on it in this epoch, its *tail*, is empty, names the same committee, and claims nothing that was
//!   executed above the closing block.

use heddle_types::BlockHeader;
use heddle_types::Committee;
use heddle_types::Hash32;
use heddle_types::Height;
use heddle_types::Validator;

use crate::context::Context;

impl Context {
    /// Whether a block closes this epoch or is of its tail. The one that the epoch began with closed another.
    pub(crate) fn is_closing(&self, header: &BlockHeader) -> bool {
        header.epoch == self.committee.epoch() && header.next_committee.is_some()
    }

    /// E2, E3: what a child of `parent` must say of the next committee, `candidates` being those after the height that its
    /// leader had executed.
    pub(crate) fn next_committee(
        &self,
        parent: &BlockHeader,
        candidates: &[Validator],
    ) -> Option<Hash32> {
        if self.is_closing(parent) {
            return parent.next_committee;
        }
        let blocks = parent.height.next().since(self.genesis.height);
        let is_due = blocks >= self.epoch_blocks_min;
        self.successor(candidates).filter(|_| is_due).map(|next| next.hash())
    }

    /// The committee after this one, if `candidates` are others than its members and can form one.
    pub(crate) fn successor(&self, candidates: &[Validator]) -> Option<Committee> {
        let Self { committee, .. } = self;
        if candidates == committee.validators() {
            return None;
        }
        Committee::new(committee.chain(), committee.epoch().next(), candidates.to_vec()).ok()
    }
}

/// E3: whether a block may stand on one that closes the epoch; `closing` is the closing block's height.
pub(crate) fn may_follow(header: &BlockHeader, is_empty: bool, closing: Height) -> bool {
    is_empty && header.executed.height <= closing
}
