//! A block's keys by number: what was there when the block began, and what is there now.

use rayon::prelude::*;

use heddle_engine::Key;
use heddle_sdk::Base;
use heddle_sdk::Blocked;
use heddle_sdk::add_to_value;
use heddle_sdk::native;
use heddle_types::AccessMode;
use heddle_types::Address;
use heddle_types::Amount;
use heddle_types::ChangeSet;
use heddle_types::Deposit;
use heddle_types::Entry;
use heddle_types::StateKey;
use heddle_types::StateView;
use heddle_types::fingerprint;

use crate::effects::Added;
use crate::effects::Effects;
use crate::effects::Write;
use crate::overlay::Overlay;
use crate::parallel::interner::Interner;
use crate::parallel::order::ascending;
use crate::phases::Item;
use crate::residents::Part;

/// A block's keys by number. Its memory is used again for the next block.
#[derive(Debug)]
pub(crate) struct Table {
    /// Threads that fetch and sort.
    threads: usize,
    interner: Interner,
    /// What was there when the block began, by number; shorter than the keys until the rest is fetched.
    pub(crate) start: Vec<Option<Entry>>,
    /// What is there now.
    pub(crate) now: Vec<Option<Entry>>,
    /// What goes to whom when the block ends, in the native asset.
    credits: Vec<(Address, i128)>,
    held: i128,
    /// Whether a key was deleted that was there when the block began, so that an add that reserves nothing may create it.
    pub(crate) has_deleted: bool,
}

/// Entries that are fetched on one thread at least: fewer are not worth waking another.
const FETCHED_ALONE: usize = 512;

impl Table {
    /// An empty one, for so many threads.
    pub(crate) fn new(threads: usize) -> Self {
        Self {
            threads,
            interner: Interner::default(),
            start: Vec::new(),
            now: Vec::new(),
            credits: Vec::new(),
            held: 0,
            has_deleted: false,
        }
    }

    /// Begins a block, which has about as many keys as the one before it.
    pub(crate) fn begin(&mut self) {
        let about = self.interner.keys().len();
        self.interner.clear(about);
        self.start.clear();
        self.now.clear();
        self.credits.clear();
        self.held = 0;
        self.has_deleted = false;
    }

    /// The number of a key, whose entry may have to be fetched before it is looked at.
    #[inline]
    pub(crate) fn intern(&mut self, key: &StateKey, fingerprint: u64) -> u32 {
        self.interner.intern(key, fingerprint)
    }

    /// Fetches what is at all keys that came since it did last.
    pub(crate) fn fetch(&mut self, state: &dyn StateView) {
        let fetched = self.start.len();
        let keys = &self.interner.keys()[fetched..];
        if self.threads == 1 || keys.len() <= FETCHED_ALONE {
            state.entries(keys, &mut self.start);
            self.now.extend_from_slice(&self.start[fetched..]);
            return;
        }
        let fetch = |keys: &[StateKey]| {
            let mut start = Vec::with_capacity(keys.len());
            state.entries(keys, &mut start);
            // Copied where they were looked up: counters of shared values are in that core's cache.
            (start.clone(), start)
        };
        let parts: Vec<_> = keys.par_chunks(FETCHED_ALONE).map(fetch).collect();
        for (mut now, mut start) in parts {
            self.now.append(&mut now);
            self.start.append(&mut start);
        }
    }

    /// The number of a key that has one.
    pub(crate) fn find(&self, key: &StateKey) -> Option<u32> {
        self.interner.find(key, fingerprint(key))
    }

    /// The number of a key that has one, whose fingerprint this is.
    pub(crate) fn find_hashed(&self, key: &StateKey, fingerprint: u64) -> Option<u32> {
        self.interner.find(key, fingerprint)
    }

    /// Gives a key that has none a number, and what was there when the block began.
    pub(crate) fn insert(&mut self, key: &StateKey, entry: Option<Entry>) -> u32 {
        let number = self.intern(key, fingerprint(key));
        self.now.push(entry.clone());
        self.start.push(entry);
        number
    }

    /// All keys, by number.
    pub(crate) fn keys(&self) -> &[StateKey] {
        self.interner.keys()
    }

    /// The keys with these numbers.
    pub(crate) fn named<'n>(&'n self, numbers: &'n [Key]) -> impl Iterator<Item = StateKey> + 'n {
        numbers.iter().filter_map(|number| self.keys().get(number.index()).copied())
    }

    /// Credits `delta` to `address` when the block ends.
    pub(crate) fn credit(&mut self, address: Address, delta: i128) {
        self.credits.push((address, delta));
    }

    /// Notes that so much more is held in deposits.
    pub(crate) const fn hold(&mut self, delta: i128) {
        self.held += delta;
    }

    /// What an add that finds nothing leaves: its deposit is the reserved one, or what stood when the block began.
    pub(crate) fn deposit_of_new(at_start: Option<&Entry>, added: &Added) -> Option<Deposit> {
        added.reserved.or_else(|| at_start.and_then(|entry| entry.deposit))
    }

    /// What is now at every key that `items` may change, all of which have numbers.
    pub(crate) fn changeable(&self, items: &[Item]) -> Vec<(u32, Option<Entry>)> {
        let keys = items.iter().flat_map(|item| item.work.access.iter_hashed());
        let keys = keys.filter(|(_, mode, _)| matches!(mode, AccessMode::Write | AccessMode::Add));
        let numbers = keys.filter_map(|(key, _, fingerprint)| self.find_hashed(key, fingerprint));
        numbers.map(|number| (number, self.now[Key::new(number).index()].clone())).collect()
    }

    /// Puts back what [`Self::changeable`] gave.
    pub(crate) fn restore(&mut self, before: Vec<(u32, Option<Entry>)>) {
        for (number, entry) in before {
            self.now[Key::new(number).index()] = entry;
        }
    }

    /// Puts parts of resident objects, in this order, and leaves none.
    pub(crate) fn put_parts(&mut self, state: &dyn StateView, parts: &mut Vec<Part>) {
        let number = |(key, value)| (self.intern(&key, fingerprint(&key)), value);
        let numbered: Vec<_> = parts.drain(..).map(number).collect();
        self.fetch(state);
        for (number, value) in numbered {
            let entry = value.map(|value| Entry { deposit: None, value });
            self.now[usize::try_from(number).expect("32 bits")] = entry;
        }
    }

    /// Ends the block: makes the credits, and says what differs from the state before the block.
    pub(crate) fn finish(&mut self, state: &dyn StateView) -> ChangeSet {
        let held = self.held;
        self.credit(native::deposit_holder(), held);
        let mut credits = std::mem::take(&mut self.credits);
        credits.sort_unstable_by_key(|(address, _)| *address);
        for of_one in credits.chunk_by(|a, b| a.0 == b.0) {
            let delta: i128 = of_one.iter().map(|(_, delta)| delta).sum();
            if delta != 0 {
                let number = self.number(state, &native::native_balance_key(&of_one[0].0));
                let now = &mut self.now[number];
                let value = add_to_value(now.as_ref().map(|entry| &entry.value), delta);
                *now = Some(Entry { deposit: now.take().and_then(|entry| entry.deposit), value });
            }
        }
        self.credits = credits;
        let changed = (0..self.now.len()).filter(|number| self.start[*number] != self.now[*number]);
        let in_order = ascending(self.interner.keys(), changed, self.threads);
        let change = |number: usize| (self.interner.keys()[number], self.now[number].take());
        ChangeSet::from_ascending(in_order.into_iter().map(change).collect())
    }

    /// The number of a key, with its entry fetched.
    fn number(&mut self, state: &dyn StateView, key: &StateKey) -> usize {
        let number = self.intern(key, fingerprint(key));
        self.fetch(state);
        usize::try_from(number).expect("32 bits")
    }
}

/// What a block has done so far, for what runs one after the other.
pub(crate) struct TableState<'a> {
    pub(crate) table: &'a mut Table,
    pub(crate) before: &'a dyn StateView,
}

impl TableState<'_> {
    fn find(&self, key: &StateKey) -> Option<usize> {
        self.table.find(key).map(|number| usize::try_from(number).expect("32 bits"))
    }

    fn add(&mut self, number: usize, added: Added) -> Amount {
        let Added { delta, reserved } = added;
        let at_start = self.table.start[number].as_ref();
        let deposit = Table::deposit_of_new(at_start, &added);
        let now = &mut self.table.now[number];
        let value = add_to_value(now.as_ref().map(|entry| &entry.value), delta);
        if let Some(entry) = now {
            entry.value = value;
            if let Some(reserved) = reserved {
                self.table.credit(reserved.payer, reserved.amount.signed());
            }
            return Amount::ZERO;
        }
        *now = Some(Entry { deposit, value });
        if let Some(deposit) = deposit {
            self.table.hold(deposit.amount.signed());
            if reserved.is_none() {
                // Deleting the key earlier in this block gave it back; now it is needed again.
                self.table.credit(deposit.payer, -deposit.amount.signed());
            }
        }
        reserved.map_or(Amount::ZERO, |reserved| reserved.amount)
    }
}

impl StateView for TableState<'_> {
    fn entry(&self, key: &StateKey) -> Option<Entry> {
        match self.find(key) {
            Some(number) => self.table.now[number].clone(),
            None => self.before.entry(key),
        }
    }
}

impl Base for TableState<'_> {
    fn entry<'s>(
        &'s self,
        key: &StateKey,
        _slot: Option<usize>,
        copy: &'s mut Option<Entry>,
    ) -> Result<Option<&'s Entry>, Blocked> {
        if let Some(number) = self.find(key) {
            return Ok(self.table.now[number].as_ref());
        }
        *copy = self.before.entry(key);
        Ok(copy.as_ref())
    }

    fn was_there(&self, key: &StateKey, _slot: Option<usize>) -> bool {
        match self.find(key) {
            Some(number) => self.table.start[number].is_some(),
            None => self.before.entry(key).is_some(),
        }
    }
}

impl Overlay for TableState<'_> {
    fn apply(&mut self, effects: &mut Effects, key: impl Fn(usize) -> StateKey) -> Amount {
        let mut kept = Amount::ZERO;
        for (slot, write) in effects.writes.drain(..) {
            let number = self.table.number(self.before, &key(slot));
            match write {
                Write::Put(entry) => self.table.now[number] = Some(entry),
                Write::Delete => {
                    self.table.now[number] = None;
                    self.table.has_deleted |= self.table.start[number].is_some();
                }
                Write::Add(added) => {
                    let more = self.add(number, added);
                    kept = kept.checked_add(more).expect("deposits are part of the supply");
                }
            }
        }
        self.table.put_parts(self.before, &mut effects.parts);
        self.table.hold(std::mem::take(&mut effects.held));
        for (address, amount) in effects.returned.drain(..) {
            self.table.credit(address, amount.signed());
        }
        kept
    }
}
