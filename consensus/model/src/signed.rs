//! What a validator ever signed, across its restarts.

use crate::block::Block;
use crate::block::VIEWS_MAX;
use crate::block::View;

/// A byte a view: two bits of votes, two of commit votes, and the view of the lowest QC that a timeout named, plus one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Signed(u64);

const VOTES: u32 = 0;
const COMMIT_VOTES: u32 = 2;
const TIMEOUT: u32 = 4;

const _: () = assert!((VIEWS_MAX as u32 + 1) * 8 <= u64::BITS && VIEWS_MAX < 15);

impl Signed {
    pub(crate) const NOTHING: Self = Self(0);

    pub(crate) const fn vote(&mut self, block: Block) {
        self.0 |= (block.bit() as u64) << (place(block.view()) + VOTES);
    }

    pub(crate) const fn commit_vote(&mut self, block: Block) {
        self.0 |= (block.bit() as u64) << (place(block.view()) + COMMIT_VOTES);
    }

    pub(crate) const fn unvote(&mut self, block: Block) {
        self.0 &= !((block.bit() as u64) << (place(block.view()) + VOTES));
    }

    pub(crate) const fn uncommit_vote(&mut self, block: Block) {
        self.0 &= !((block.bit() as u64) << (place(block.view()) + COMMIT_VOTES));
    }

    /// Of several timeouts of a view, the one that names the lowest QC binds others least.
    pub(crate) fn timeout(&mut self, view: View, qc: View) {
        let named = self.named(view).map_or(qc, |before| before.min(qc));
        self.set_named(view, Some(named));
    }

    /// What its timeout of `view` names, if there is one.
    pub(crate) fn set_named(&mut self, view: View, qc: Option<View>) {
        let at = place(view) + TIMEOUT;
        self.0 = self.0 & !(15 << at) | qc.map_or(0, |qc| u64::from(qc) + 1) << at;
    }

    /// The set of the view's blocks voted for, by [`Block::bit`].
    pub(crate) const fn votes(self, view: View) -> u8 {
        self.bits(view, VOTES, 3)
    }

    /// The set of the view's blocks commit-voted for.
    pub(crate) const fn commit_votes(self, view: View) -> u8 {
        self.bits(view, COMMIT_VOTES, 3)
    }

    /// The view of the QC that its timeout of `view` names.
    pub(crate) const fn named(self, view: View) -> Option<View> {
        self.bits(view, TIMEOUT, 15).checked_sub(1)
    }

    /// The highest view of anything signed of which `is` holds.
    pub(crate) fn highest(self, is: impl Fn(Self, View) -> bool) -> View {
        (1..=VIEWS_MAX).rev().find(|view| is(self, *view)).unwrap_or(0)
    }

    /// Swaps the names of a view's two blocks.
    pub(crate) fn swap_twins(&mut self, view: View) {
        let at = place(view);
        let byte = self.0 >> at & 15;
        let swapped = (byte & 5) << 1 | (byte & 10) >> 1;
        self.0 = self.0 & !(15 << at) | swapped << at;
    }

    #[expect(clippy::cast_possible_truncation, reason = "masked to four bits at most")]
    const fn bits(self, view: View, field: u32, mask: u64) -> u8 {
        (self.0 >> (place(view) + field) & mask) as u8
    }
}

const fn place(view: View) -> u32 {
    view as u32 * 8
}

impl std::fmt::Debug for Signed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut list = f.debug_list();
        for view in 1..=VIEWS_MAX {
            let (votes, commits) = (self.votes(view), self.commit_votes(view));
            if votes != 0 || commits != 0 || self.named(view).is_some() {
                list.entry(&(view, votes, commits, self.named(view)));
            }
        }
        list.finish()
    }
}
