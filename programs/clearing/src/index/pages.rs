//! What of a liquidation index stands in state.
//!
//! ```text
//! "h"            the head: whose turn it is, what thresholds are taken with, and the numbers of the groups
//! "g" || group   which of its 256 pages a group has, a bit each
//! "p" || page    the accounts of 32 numbers
//! ```

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use borsh::BorshDeserialize;
use borsh::BorshSerialize;
use thiserror::Error;

use heddle_num::Quote;
use heddle_num::SignedLots;
use heddle_types::Value;

use crate::ids::AccountId;
use crate::limits::MARGIN_TIERS_MAX;
use crate::liquidation::Threshold;
use crate::params::MarginTier;

/// Accounts of a page, whose numbers are next to each other: at most 1,924 bytes.
const PAGE_ACCOUNTS: u32 = 32;
/// Pages of a group.
const GROUP_PAGES: u32 = 256;
/// Bits of a word of a group.
const WORD_BITS: u32 = u64::BITS;
pub(super) const HEAD: &[u8] = b"h";

/// A position as the index knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Watched {
    /// The position. Not zero.
    pub lots: SignedLots,
    /// What it cost.
    pub entry: Quote,
    /// When its account is to be looked at.
    pub threshold: Threshold,
}

/// The parts of an index are not what it flushed: state is corrupt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the parts of a liquidation index do not fit together")]
pub struct CorruptIndex;

/// Which pages there are, and which of them changed.
#[derive(Debug, Default)]
pub(super) struct Pages {
    head: Head,
    groups: BTreeMap<u32, Group>,
    touched: BTreeSet<u32>,
    is_head_touched: bool,
}

#[derive(Debug, Default, BorshSerialize, BorshDeserialize)]
struct Head {
    turn: AccountId,
    /// What thresholds are taken with, as far as it was looked at.
    tiers: Option<[MarginTier; MARGIN_TIERS_MAX]>,
    /// From where on thresholds may have been taken with other ones.
    outdated: Option<AccountId>,
    groups: Vec<u32>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
struct Group([u64; 4]);

type Page = Vec<(AccountId, Watched)>;

impl Pages {
    pub(super) fn load(
        read: &mut dyn FnMut(&[u8]) -> Option<Value>,
    ) -> Result<(Self, Page), CorruptIndex> {
        let mut pages = Self::default();
        let mut all = Page::new();
        let Some(head) = read(HEAD) else {
            return Ok((pages, all));
        };
        pages.head = decode(&head)?;
        for number in &pages.head.groups {
            let group: Group = decode(&read(&suffix(b'g', *number)).ok_or(CorruptIndex)?)?;
            for page in group.pages(*number) {
                let page = read(&suffix(b'p', page)).ok_or(CorruptIndex)?;
                all.append(&mut decode(&page)?);
            }
            pages.groups.insert(*number, group);
        }
        Ok((pages, all))
    }

    /// The account's page changes.
    pub(super) fn touch(&mut self, account: AccountId) {
        self.touched.insert(page_of(account));
    }

    /// Whom the next turn begins with.
    pub(super) const fn turn(&self) -> AccountId {
        self.head.turn
    }

    pub(super) fn set_turn(&mut self, turn: AccountId) {
        self.is_head_touched |= self.head.turn != turn;
        self.head.turn = turn;
    }

    /// From where on thresholds may have been taken with other margin tiers than these.
    pub(super) fn outdated(&mut self, tiers: &[MarginTier; MARGIN_TIERS_MAX]) -> Option<AccountId> {
        if self.head.tiers.as_ref() != Some(tiers) {
            self.head.outdated = Some(AccountId::default());
            self.head.tiers = Some(*tiers);
            self.is_head_touched = true;
        }
        self.head.outdated
    }

    pub(super) fn set_outdated(&mut self, from: Option<AccountId>) {
        self.is_head_touched |= self.head.outdated != from;
        self.head.outdated = from;
    }

    pub(super) fn flush(
        &mut self,
        watched: &BTreeMap<AccountId, Watched>,
        out: &mut dyn FnMut(&[u8], Option<Value>),
    ) {
        let touched = std::mem::take(&mut self.touched);
        let mut groups = BTreeSet::new();
        for page in touched {
            let accounts = accounts_of(page, watched);
            let has_any = !accounts.is_empty();
            out(&suffix(b'p', page), has_any.then(|| encode(&accounts)));
            if self.mark(page, has_any) {
                groups.insert(page / GROUP_PAGES);
            }
        }
        for group in groups {
            self.flush_group(group, out);
        }
        if std::mem::take(&mut self.is_head_touched) {
            out(HEAD, Some(encode(&self.head)));
        }
    }

    pub(super) fn image(&self, watched: &BTreeMap<AccountId, Watched>) -> Vec<u8> {
        let groups: Vec<_> = self.groups.iter().collect();
        let watched: Vec<_> = watched.iter().collect();
        let touched: Vec<_> = self.touched.iter().collect();
        let all = (&self.head, groups, watched, touched, self.is_head_touched);
        borsh::to_vec(&all).unwrap_or_default()
    }

    /// Whether a page is there from now on; says whether that is news.
    fn mark(&mut self, page: u32, is_there: bool) -> bool {
        let before = self.groups.get(&(page / GROUP_PAGES)).copied().unwrap_or_default();
        let mut group = before;
        group.set(page % GROUP_PAGES, is_there);
        let is_news = group != before;
        if is_news {
            self.groups.insert(page / GROUP_PAGES, group);
        }
        is_news
    }

    fn flush_group(&mut self, number: u32, out: &mut dyn FnMut(&[u8], Option<Value>)) {
        let group = self.groups.get(&number).copied().unwrap_or_default();
        let is_there = group != Group::default();
        out(&suffix(b'g', number), is_there.then(|| encode(&group)));
        if !is_there {
            self.groups.remove(&number);
        }
        if self.head.groups.binary_search(&number).is_ok() != is_there {
            self.head.groups = self.groups.keys().copied().collect();
            self.is_head_touched = true;
        }
    }
}

impl Group {
    fn set(&mut self, page: u32, is_there: bool) {
        let word = usize::try_from(page / WORD_BITS).ok().and_then(|word| self.0.get_mut(word));
        if let Some(word) = word {
            let mask = 1_u64.wrapping_shl(page % WORD_BITS);
            *word = if is_there { *word | mask } else { *word & !mask };
        }
    }

    /// The numbers of its pages, as group `number`.
    fn pages(self, number: u32) -> impl Iterator<Item = u32> {
        let first = number.wrapping_mul(GROUP_PAGES);
        let bits = (0..WORD_BITS).cycle().take(self.0.len().wrapping_mul(64));
        let words = self.0.into_iter().flat_map(|word| std::iter::repeat_n(word, 64));
        let is_there = bits.zip(words).map(|(bit, word)| word.wrapping_shr(bit) & 1 == 1);
        (first..).zip(is_there).filter_map(|(page, is_there)| is_there.then_some(page))
    }
}

/// The accounts of a page, in order.
fn accounts_of(page: u32, watched: &BTreeMap<AccountId, Watched>) -> Page {
    let first = page.wrapping_mul(PAGE_ACCOUNTS);
    let last = first.saturating_add(PAGE_ACCOUNTS - 1);
    let accounts = watched.range(AccountId::new(first)..=AccountId::new(last));
    accounts.map(|(account, watched)| (*account, *watched)).collect()
}

fn suffix(tag: u8, number: u32) -> [u8; 5] {
    let [a, b, c, d] = number.to_be_bytes();
    [tag, a, b, c, d]
}

fn encode(part: &impl BorshSerialize) -> Value {
    // Writing into memory fails only where there is none.
    Value::from(borsh::to_vec(part).unwrap_or_default())
}

fn decode<T: BorshDeserialize>(part: &Value) -> Result<T, CorruptIndex> {
    borsh::from_slice(part.as_bytes()).map_err(|_| CorruptIndex)
}

const fn page_of(account: AccountId) -> u32 {
    account.get() / PAGE_ACCOUNTS
}
