//! What a transaction or phase item does, with its deposits settled as far as it knows them alone.
//!
//! Who puts or deletes a key has seen what was there, so what it pays for the key, and what goes back to whom for what was there
//! before, is settled at once. An add has not: whether it creates its key depends on the adds before it, so it only reserves a
//! deposit, and who keeps it is known when the adds are summed up.

use heddle_sdk::Appended;
use heddle_sdk::Change;
use heddle_sdk::NUMBER_LEN;
use heddle_sdk::fees;
use heddle_types::Address;
use heddle_types::Amount;
use heddle_types::Deposit;
use heddle_types::Entry;
use heddle_types::StateKey;
use heddle_types::Value;

use crate::residents::Part;

/// What is done to one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Write {
    /// It holds this now.
    Put(Entry),
    /// It holds nothing any more.
    Delete,
    /// A number is added.
    Add(Added),
}

/// A number that is added to a key, unseen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Added {
    pub(crate) delta: i128,
    /// Kept if this creates the key.
    pub(crate) reserved: Option<Deposit>,
}

/// What a transaction or phase item does. Its memory is used again for the next.
#[derive(Debug, Default)]
pub(crate) struct Effects {
    /// By slot, each at most once.
    pub(crate) writes: Vec<(usize, Write)>,
    /// What goes back to whom when the block ends.
    pub(crate) returned: Vec<(Address, Amount)>,
    /// By how much the deposits that are held change.
    pub(crate) held: i128,
    /// In the order in which they were appended.
    pub(crate) appends: Vec<Appended>,
    /// Parts of the item's resident object that changed, by key.
    pub(crate) parts: Vec<Part>,
}

/// Who pays deposits, and how much they come to. A key and its value have some thousand bytes and a transaction some thousand
/// keys, so that no sum comes near the largest amount.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bill {
    payer: Address,
    /// Put down for good.
    pub(crate) paid: Amount,
    reserved: Amount,
}

impl Effects {
    pub(crate) fn clear(&mut self) {
        self.writes.clear();
        self.returned.clear();
        self.held = 0;
        self.appends.clear();
        self.parts.clear();
    }

    /// Settles a change that nobody pays deposits for.
    pub(crate) fn settle_free(&mut self, slot: usize, change: Change<'_>) {
        let write = match change {
            Change::Put { base, value } => Write::Put(Entry { deposit: stood(base), value }),
            Change::Delete { base } => self.delete(base),
            Change::Add { delta, is_new: _ } => Write::Add(Added { delta, reserved: None }),
        };
        self.writes.push((slot, write));
    }

    /// Settles a change of `key`, on the bill of whoever pays.
    #[inline]
    pub(crate) fn settle(
        &mut self,
        slot: usize,
        key: &StateKey,
        change: Change<'_>,
        bill: &mut Bill,
    ) {
        let write = match change {
            Change::Put { base, value } => {
                let mut deposit = stood(base);
                if let Some(price) = due(key, base, &value) {
                    self.release(deposit);
                    self.held += price.signed();
                    deposit = Some(bill.pay(price));
                }
                Write::Put(Entry { deposit, value })
            }
            Change::Delete { base } => self.delete(base),
            // Whether the key is there *now* is not for an unseen add to know; whether it was when the block began is.
            Change::Add { delta, is_new: false } => Write::Add(Added { delta, reserved: None }),
            Change::Add { delta, is_new: true } => {
                let reserved = bill.reserve(fees::deposit_price_of(key, NUMBER_LEN));
                Write::Add(Added { delta, reserved: Some(reserved) })
            }
        };
        self.writes.push((slot, write));
    }

    fn delete(&mut self, base: Option<&Entry>) -> Write {
        self.release(stood(base));
        Write::Delete
    }

    fn release(&mut self, deposit: Option<Deposit>) {
        if let Some(deposit) = deposit {
            self.held -= deposit.amount.signed();
            self.returned.push((deposit.payer, deposit.amount));
        }
    }
}

impl Bill {
    pub(crate) const fn new(payer: Address) -> Self {
        Self { payer, paid: Amount::ZERO, reserved: Amount::ZERO }
    }

    /// Put down for good, and reserved.
    pub(crate) const fn total(&self) -> Option<Amount> {
        self.paid.checked_add(self.reserved)
    }

    fn pay(&mut self, amount: Amount) -> Deposit {
        self.paid = self.paid.checked_add(amount).unwrap_or(Amount::MAX);
        Deposit { payer: self.payer, amount }
    }

    fn reserve(&mut self, amount: Amount) -> Deposit {
        self.reserved = self.reserved.checked_add(amount).unwrap_or(Amount::MAX);
        Deposit { payer: self.payer, amount }
    }
}

/// The deposit that stands for what was there.
pub(crate) fn stood(base: Option<&Entry>) -> Option<Deposit> {
    base.and_then(|entry| entry.deposit)
}

/// What putting `value` costs, if what was there is not covered for so much.
#[inline]
fn due(key: &StateKey, base: Option<&Entry>, value: &Value) -> Option<Amount> {
    let len = value.as_bytes().len();
    let price = || fees::deposit_price_of(key, len);
    match base {
        None => Some(price()),
        // What was free stays free up to its size.
        Some(Entry { deposit: None, value }) => (value.as_bytes().len() < len).then(price),
        Some(Entry { deposit: Some(deposit), value: _ }) => {
            Some(price()).filter(|price| deposit.amount < *price)
        }
    }
}
