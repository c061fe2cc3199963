//! State while a block is executed, and the deposits that stand for its keys.
//!
//! A key's deposit through a block:
//!
//! ```text
//! absent --Put, paid--> held by its payer --Delete--> absent      (back to the payer, when the block ends)
//! held   --Put that outgrows it, paid--> held by the new payer    (the old one back, when the block ends)
//! absent --Add, reserved--> held by the first in execution order  (other reservations back, when the block ends)
//! absent --Add, not reserved, because the key was there when the block began--> what stood for it then stands again
//! ```
//!
//! Everything that goes back is a credit at the block's end, which no transaction of the block sees: so returning a
//! deposit never makes one transaction depend on another.

use std::collections::BTreeMap;

use heddle_sdk::Base;
use heddle_sdk::Blocked;
use heddle_sdk::add_to_value;
use heddle_sdk::native;
use heddle_types::Address;
use heddle_types::Amount;
use heddle_types::ChangeSet;
use heddle_types::Entry;
use heddle_types::StateKey;
use heddle_types::StateView;

use crate::effects::Added;
use crate::effects::Effects;
use crate::effects::Write;
use crate::overlay::Overlay;

/// State with what the block has done so far.
pub(crate) struct BlockState<'a> {
    start: &'a dyn StateView,
    cells: BTreeMap<StateKey, Cell>,
    /// What goes to whom when the block ends, in the native asset.
    credits: BTreeMap<Address, i128>,
}

struct Cell {
    at_start: Option<Entry>,
    now: Option<Entry>,
}

impl StateView for BlockState<'_> {
    fn entry(&self, key: &StateKey) -> Option<Entry> {
        self.cells.get(key).map_or_else(|| self.start.entry(key), |cell| cell.now.clone())
    }
}

impl Base for BlockState<'_> {
    fn entry<'s>(
        &'s self,
        key: &StateKey,
        _slot: Option<usize>,
        copy: &'s mut Option<Entry>,
    ) -> Result<Option<&'s Entry>, Blocked> {
        if let Some(cell) = self.cells.get(key) {
            return Ok(cell.now.as_ref());
        }
        *copy = self.start.entry(key);
        Ok(copy.as_ref())
    }

    fn was_there(&self, key: &StateKey, _slot: Option<usize>) -> bool {
        match self.cells.get(key) {
            Some(cell) => cell.at_start.is_some(),
            None => self.start.entry(key).is_some(),
        }
    }
}

impl Overlay for BlockState<'_> {
    fn apply(&mut self, effects: &mut Effects, key: impl Fn(usize) -> StateKey) -> Amount {
        let mut kept = Amount::ZERO;
        for (slot, write) in effects.writes.drain(..) {
            let key = key(slot);
            match write {
                Write::Put(entry) => self.cell(&key).now = Some(entry),
                Write::Delete => self.cell(&key).now = None,
                Write::Add(added) => {
                    let more = self.add(&key, added);
                    kept = kept.checked_add(more).expect("deposits are part of the supply");
                }
            }
        }
        for (key, value) in effects.parts.drain(..) {
            self.cell(&key).now = value.map(|value| Entry { deposit: None, value });
        }
        self.credit(native::deposit_holder(), std::mem::take(&mut effects.held));
        for (address, amount) in effects.returned.drain(..) {
            self.credit(address, amount.signed());
        }
        kept
    }
}

impl<'a> BlockState<'a> {
    pub(crate) const fn new(start: &'a dyn StateView) -> Self {
        Self { start, cells: BTreeMap::new(), credits: BTreeMap::new() }
    }

    /// Credits `amount` to `address` when the block ends.
    pub(crate) fn credit_at_end(&mut self, address: Address, amount: Amount) {
        self.credit(address, amount.signed());
    }

    /// Ends the block: makes the credits, sets the nonces, and says what differs from the state before the block.
    pub(crate) fn finish(mut self, nonces: Vec<(StateKey, Entry)>) -> ChangeSet {
        for (address, delta) in std::mem::take(&mut self.credits) {
            if delta != 0 {
                let now = &mut self.cell(&native::native_balance_key(&address)).now;
                let value = add_to_value(now.as_ref().map(|entry| &entry.value), delta);
                *now = Some(Entry { deposit: now.take().and_then(|entry| entry.deposit), value });
            }
        }
        let changed = self.cells.into_iter().filter(|(_, cell)| cell.at_start != cell.now);
        let changes = changed.map(|(key, cell)| (key, cell.now));
        let nonces = nonces.into_iter().map(|(key, entry)| (key, Some(entry)));
        ChangeSet::new(nonces.chain(changes).collect())
    }

    fn add(&mut self, key: &StateKey, added: Added) -> Amount {
        let Added { delta, reserved } = added;
        let cell = self.cell(key);
        let value = add_to_value(cell.now.as_ref().map(|entry| &entry.value), delta);
        if let Some(entry) = &mut cell.now {
            entry.value = value;
            if let Some(reserved) = reserved {
                self.credit(reserved.payer, reserved.amount.signed());
            }
            return Amount::ZERO;
        }
        let stood_at_start = cell.at_start.as_ref().and_then(|entry| entry.deposit);
        let deposit = reserved.or(stood_at_start);
        cell.now = Some(Entry { deposit, value });
        if let Some(deposit) = deposit {
            self.credit(native::deposit_holder(), deposit.amount.signed());
            if reserved.is_none() {
                // Deleting the key earlier in this block gave it back; now it is needed again.
                self.credit(deposit.payer, -deposit.amount.signed());
            }
        }
        reserved.map_or(Amount::ZERO, |reserved| reserved.amount)
    }

    fn cell(&mut self, key: &StateKey) -> &mut Cell {
        self.cells.entry(*key).or_insert_with(|| {
            let at_start = self.start.entry(key);
            Cell { now: at_start.clone(), at_start }
        })
    }

    fn credit(&mut self, address: Address, delta: i128) {
        if delta != 0 {
            *self.credits.entry(address).or_default() += delta;
        }
    }
}
