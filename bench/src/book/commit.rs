//! The layer `commit`: `margin`, and after each block what changed is encoded and the state's root is known.
//!
//! Encoded are the parts of the book that changed, and each account that did something in the block with the list of its orders, as they are in
//! state, deposits included. The tree has these keys and no others. All accounts are there before the first block.

use std::time::Instant;

use heddle_clearing::ClearingError;
use heddle_clearing::account_key;
use heddle_clearing::orders_key;
use heddle_exchange::Book;
use heddle_exchange::book_key;
use heddle_sdk::Resident;
use heddle_sdk::ResidentKey;
use heddle_sdk::fees::deposit_price;
use heddle_state::State;
use heddle_types::Canonical;
use heddle_types::ChangeSet;
use heddle_types::Deposit;
use heddle_types::Entry;
use heddle_types::StateKey;
use heddle_types::StateView;
use heddle_types::Value;
use heddle_types::encode;

use crate::book::BLOCK;
use crate::book::Done;
use crate::book::accounts::Holder;
use crate::book::margin::Day;
use crate::book::market;
use crate::book::nanos_since;
use crate::book::stream::Stream;

type Change = (StateKey, Option<Entry>);

/// The whole stream, from a state that has the accounts.
pub(super) fn run(stream: &Stream) -> Result<Done, ClearingError> {
    let (mut day, mut state) = (Day::new(stream.accounts), State::empty());
    let book = book_key(market::ID);
    state.apply(&changes(&mut day, &book));
    let start = Instant::now();
    for block in stream.operations.chunks(BLOCK) {
        day.block(block)?;
        state.apply(&changes(&mut day, &book));
    }
    let nanos = nanos_since(start);
    let is_stored = is_stored(&day, &book, &state);
    let done = day.end(nanos);
    Ok(Done { is_right: done.is_right && is_stored, ..done })
}

/// Whether the book and the accounts that are loaded from state are those in memory.
fn is_stored(day: &Day, book: &ResidentKey, state: &State) -> bool {
    let value = |key: &StateKey| state.entry(key).map(|entry| entry.value);
    let loaded = Book::load(&mut |suffix| value(&book.part(suffix)?));
    let is_same = |holder: &Holder| {
        let id = holder.account.id;
        value(&account_key(id)) == Some(Value::from(encode(&holder.account)))
            && value(&orders_key(id, market::ID)) == Some(Value::from(encode(&holder.orders)))
    };
    loaded.is_ok_and(|loaded| loaded.image() == day.book.image())
        && day.accounts.all().iter().all(is_same)
}

/// What a block changed.
fn changes(day: &mut Day, book: &ResidentKey) -> ChangeSet {
    let (mut accounts, mut lists) = (Vec::new(), Vec::new());
    for holder in day.accounts.take_dirty() {
        accounts.push(change(account_key(holder.account.id), holder, &holder.account));
        lists.push(change(orders_key(holder.account.id, market::ID), holder, &holder.orders));
    }
    let mut changes = accounts;
    changes.append(&mut lists);
    day.book.flush(&mut |suffix, value| {
        let part = book.part(suffix).unwrap_or_else(|| unreachable!("suffixes of a book fit"));
        changes.push((part, value.map(|value| Entry { deposit: None, value })));
    });
    ChangeSet::new(changes)
}

fn change<T: Canonical>(key: StateKey, holder: &Holder, to: &T) -> Change {
    let value = Value::from(encode(to));
    let deposit = Deposit { payer: holder.account.owner, amount: deposit_price(&key, &value) };
    (key, Some(Entry { deposit: Some(deposit), value }))
}
