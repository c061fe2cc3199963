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

use heddle_sdk::Change;
use heddle_sdk::add_to_value;
use heddle_sdk::fees;
use heddle_sdk::native;
use heddle_types::Address;
use heddle_types::Amount;
use heddle_types::ChangeSet;
use heddle_types::Deposit;
use heddle_types::Entry;
use heddle_types::StateKey;
use heddle_types::StateView;
use heddle_types::Value;

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

impl<'a> BlockState<'a> {
    pub(crate) const fn new(start: &'a dyn StateView) -> Self {
        Self { start, cells: BTreeMap::new(), credits: BTreeMap::new() }
    }

    /// The deposit that `change` of `key` must put down, or reserve; none if there is nothing to pay.
    pub(crate) fn deposit_due(&self, key: &StateKey, change: &Change) -> Option<Amount> {
        match change {
            Change::Put { base, value } => {
                let price = fees::deposit_price(key, value);
                let covered = base.as_ref().map(|entry| match &entry.deposit {
                    Some(deposit) => deposit.amount,
                    // What was free stays free up to its size.
                    None => fees::deposit_price(key, &entry.value),
                });
                covered.is_none_or(|covered| covered < price).then_some(price)
            }
            Change::Delete { base: _ } => None,
            // Whether the key is there *now* is not for an unseen add to know; whether it was when the block began is.
            Change::Add(_) => {
                let is_new = match self.cells.get(key) {
                    Some(cell) => cell.at_start.is_none(),
                    None => self.start.entry(key).is_none(),
                };
                is_new.then(|| fees::deposit_price_of(key, heddle_sdk::NUMBER_LEN))
            }
        }
    }

    /// Makes a change, with the deposit that its payer was debited for it. Says how much of that is kept.
    pub(crate) fn apply(&mut self, key: StateKey, change: Change, paid: Option<Deposit>) -> Amount {
        match change {
            Change::Put { base: _, value } => self.put(key, value, paid),
            Change::Delete { base: _ } => {
                let old = self.cell(key).now.take();
                self.release(old.and_then(|entry| entry.deposit));
                Amount::ZERO
            }
            Change::Add(delta) => self.add(key, delta, paid),
        }
    }

    /// Replaces a native balance's value, whose deposit stays as it is.
    pub(crate) fn set_native_balance(&mut self, address: &Address, balance: Amount) {
        let value = Value::new(&native::encode_amount(balance));
        self.put(native::native_balance_key(address), value, None);
    }

    /// Credits `amount` to `address` when the block ends.
    pub(crate) fn credit_at_end(&mut self, address: Address, amount: Amount) {
        self.credit(address, amount.signed());
    }

    /// Ends the block: makes the credits, sets the nonces, and says what differs from the state before the block.
    pub(crate) fn finish(mut self, nonces: Vec<(StateKey, Entry)>) -> ChangeSet {
        for (address, delta) in std::mem::take(&mut self.credits) {
            if delta != 0 {
                let now = &mut self.cell(native::native_balance_key(&address)).now;
                let value = add_to_value(now.as_ref().map(|entry| &entry.value), delta);
                *now = Some(Entry { deposit: now.take().and_then(|entry| entry.deposit), value });
            }
        }
        let changed = self.cells.into_iter().filter(|(_, cell)| cell.at_start != cell.now);
        let changes = changed.map(|(key, cell)| (key, cell.now));
        let nonces = nonces.into_iter().map(|(key, entry)| (key, Some(entry)));
        ChangeSet::new(nonces.chain(changes).collect())
    }

    fn put(&mut self, key: StateKey, value: Value, paid: Option<Deposit>) -> Amount {
        let cell = self.cell(key);
        let stood = cell.now.take().and_then(|entry| entry.deposit);
        cell.now = Some(Entry { deposit: paid.or(stood), value });
        let Some(paid) = paid else {
            return Amount::ZERO;
        };
        self.release(stood);
        self.hold(&paid);
        paid.amount
    }

    fn add(&mut self, key: StateKey, delta: i128, reserved: Option<Deposit>) -> Amount {
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
            self.hold(&deposit);
            if reserved.is_none() {
                // Deleting the key earlier in this block gave it back; now it is needed again.
                self.credit(deposit.payer, -deposit.amount.signed());
            }
        }
        reserved.map_or(Amount::ZERO, |reserved| reserved.amount)
    }

    fn cell(&mut self, key: StateKey) -> &mut Cell {
        self.cells.entry(key).or_insert_with(|| {
            let at_start = self.start.entry(&key);
            Cell { now: at_start.clone(), at_start }
        })
    }

    fn hold(&mut self, deposit: &Deposit) {
        self.credit(native::deposit_holder(), deposit.amount.signed());
    }

    fn release(&mut self, deposit: Option<Deposit>) {
        if let Some(deposit) = deposit {
            self.credit(native::deposit_holder(), -deposit.amount.signed());
            self.credit(deposit.payer, deposit.amount.signed());
        }
    }

    fn credit(&mut self, address: Address, delta: i128) {
        *self.credits.entry(address).or_default() += delta;
    }
}
