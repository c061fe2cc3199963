//! The price levels of one side. A level is a queue of orders, oldest first; empty levels do not exist.
//!
//! Prices have 32 bits, so levels stand in pages of 64, of which only those exist that have an order. A page knows its levels by
//! a word of bits; pages are ordered by a tree, in front of which a small table remembers the page last used at each of 64
//! numbers, and the best level is remembered with its page. None of this is stored: a ladder follows from the orders.

use std::collections::BTreeMap;

use super::rank::Rank;
use super::slab::Slab;
use super::slab::Slot;

/// The levels of one side, best first.
#[derive(Clone, Debug)]
pub(super) struct Ladder {
    pages: Vec<Page>,
    /// Pages without a level, to be used again.
    unused: Vec<u32>,
    /// By number, those with a level.
    by_number: BTreeMap<u32, u32>,
    /// The page last used with each remainder of the number by 64. May name an unused page, which then has another number.
    recent: [u32; 64],
    best: Option<Best>,
}

#[derive(Clone, Copy, Debug)]
struct Best {
    rank: Rank,
    page: u32,
}

#[derive(Clone, Debug)]
struct Page {
    number: u32,
    /// Which levels exist.
    levels: u64,
    /// The oldest order of each level that exists.
    heads: [Slot; 64],
}

/// No page has this number: ranks have 32 bits, pages 26.
const NO_NUMBER: u32 = u32::MAX;

impl Ladder {
    /// Without an order.
    pub(super) fn new() -> Self {
        // The table of recent pages must name one that exists.
        let page = Page { number: NO_NUMBER, levels: 0, heads: [Slot::NONE; 64] };
        Self {
            pages: vec![page],
            unused: vec![0],
            by_number: BTreeMap::new(),
            recent: [0; 64],
            best: None,
        }
    }

    /// Puts an order at the end of its level's queue.
    #[inline]
    pub(super) fn push(&mut self, slab: &mut Slab, rank: Rank, slot: Slot) {
        let at = self.find(rank.page()).unwrap_or_else(|| self.create(rank.page()));
        let page = &mut self.pages[at as usize];
        let head = &mut page.heads[rank.level() as usize];
        let bit = 1_u64.rotate_left(rank.level());
        if page.levels & bit != 0 {
            slab.link_before(*head, slot);
            return;
        }
        slab.link_alone(slot);
        *head = slot;
        page.levels |= bit;
        if self.best.is_none_or(|best| rank < best.rank) {
            self.best = Some(Best { rank, page: at });
        }
    }

    /// Takes an order out of its level's queue.
    ///
    /// # Panics
    /// When there is no such level.
    #[inline]
    pub(super) fn remove(&mut self, slab: &mut Slab, rank: Rank, slot: Slot) {
        let at = self.find(rank.page()).expect("an order that rests has a level");
        let page = &mut self.pages[at as usize];
        let next = slab.unlink(slot);
        if next != slot {
            let head = &mut page.heads[rank.level() as usize];
            if *head == slot {
                *head = next;
            }
            return;
        }
        page.levels &= !1_u64.rotate_left(rank.level());
        let is_empty = page.levels == 0;
        if is_empty {
            self.drop_page(at);
        }
        if self.best.is_some_and(|best| best.rank == rank) {
            self.best = if is_empty { self.first_level() } else { self.first_of(at) };
        }
    }

    /// Puts the oldest order of a level at the end of its queue.
    pub(super) fn rotate(&mut self, slab: &mut Slab, rank: Rank, slot: Slot) {
        self.remove(slab, rank, slot);
        self.push(slab, rank, slot);
    }

    /// The best level and its oldest order.
    #[inline]
    pub(super) fn first(&self) -> Option<(Rank, Slot)> {
        let best = self.best?;
        Some((best.rank, self.pages[best.page as usize].heads[best.rank.level() as usize]))
    }

    /// All levels, best first, each with its oldest order.
    pub(super) fn levels(&self) -> impl Iterator<Item = (Rank, Slot)> {
        self.by_number.values().flat_map(|&at| self.pages[at as usize].iter())
    }

    /// All orders, best level first, oldest first.
    pub(super) fn orders<'a>(&'a self, slab: &'a Slab) -> impl Iterator<Item = Slot> {
        self.levels().flat_map(|(_, head)| slab.queue(head))
    }

    #[inline]
    fn find(&mut self, number: u32) -> Option<u32> {
        let recent = &mut self.recent[(number & 63) as usize];
        if self.pages[*recent as usize].number == number {
            return Some(*recent);
        }
        let at = *self.by_number.get(&number)?;
        *recent = at;
        Some(at)
    }

    #[cold]
    fn create(&mut self, number: u32) -> u32 {
        let at = self.unused.pop().unwrap_or_else(|| {
            let at = u32::try_from(self.pages.len()).expect("there are 2^26 pages at most");
            self.pages.push(Page { number, levels: 0, heads: [Slot::NONE; 64] });
            at
        });
        self.pages[at as usize].number = number;
        self.by_number.insert(number, at);
        self.recent[(number & 63) as usize] = at;
        at
    }

    #[cold]
    fn drop_page(&mut self, at: u32) {
        let page = &mut self.pages[at as usize];
        self.by_number.remove(&page.number);
        page.number = NO_NUMBER;
        self.unused.push(at);
    }

    fn first_level(&self) -> Option<Best> {
        let (_, &at) = self.by_number.first_key_value()?;
        self.first_of(at)
    }

    #[inline]
    fn first_of(&self, at: u32) -> Option<Best> {
        let page = &self.pages[at as usize];
        let level = page.levels.trailing_zeros();
        (level < 64).then(|| Best { rank: Rank::new(page.number, level), page: at })
    }
}

impl Page {
    fn iter(&self) -> impl Iterator<Item = (Rank, Slot)> {
        let mut left = self.levels;
        std::iter::from_fn(move || {
            if left == 0 {
                return None;
            }
            let level = left.trailing_zeros();
            left &= left.wrapping_sub(1);
            Some((Rank::new(self.number, level), self.heads[level as usize]))
        })
    }
}
