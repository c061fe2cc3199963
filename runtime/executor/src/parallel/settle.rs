//! What becomes of deposits and fees once a block's tasks are done, in the order in which they count.
//!
//! Whether an add creates its key, and so keeps the deposit that it reserved, depends on the puts, deletes and adds before it. Few
//! transactions create or delete keys, so what most did to theirs is not looked at.

use heddle_engine::Key;
use heddle_sdk::Appended;
use heddle_sdk::Inboxes;
use heddle_sdk::Phase;
use heddle_types::Amount;
use heddle_types::Deposit;
use heddle_types::Event;
use heddle_types::Outcome;
use heddle_types::Receipt;
use heddle_types::Touch;
use heddle_types::TxIndex;
use heddle_types::TxTrace;

use crate::parallel::job::Mark;
use crate::parallel::job::Output;
use crate::parallel::job::Rare;
use crate::parallel::table::Table;
use crate::phases::Item;
use crate::transaction::Ran;

const SUPPLY: &str = "fees and deposits are part of the native supply";

/// What the transactions of a block left, as far as they are settled.
#[derive(Debug, Default)]
pub(crate) struct Settled {
    pub(crate) fees: Amount,
    pub(crate) inboxes: Inboxes,
    /// In the order in which the transactions count.
    pub(crate) indices: Vec<TxIndex>,
    pub(crate) receipts: Vec<Receipt>,
    pub(crate) traces: Vec<TxTrace>,
}

impl Settled {
    /// The next transaction's receipt and trace, with all deposits settled.
    pub(crate) fn push(&mut self, index: TxIndex, ran: Ran) {
        let Ran { receipt, trace } = ran;
        self.fees = self.fees.checked_add(receipt.fee_paid).expect(SUPPLY);
        self.indices.push(index);
        self.receipts.push(receipt);
        self.traces.push(trace);
    }

    /// Puts what a transaction appended into the inboxes.
    pub(crate) fn take_appends(
        &mut self,
        index: TxIndex,
        appends: impl IntoIterator<Item = Appended>,
    ) {
        for appended in appends {
            self.inboxes.push(Phase::Transactions, index.get(), appended);
        }
    }

    /// Receipts and traces, by index.
    pub(crate) fn into_block_order(self) -> (Vec<Receipt>, Vec<TxTrace>) {
        let Self { indices, receipts, traces, .. } = self;
        if indices.is_sorted() {
            return (receipts, traces);
        }
        let pairs = receipts.into_iter().zip(traces);
        let mut all: Vec<_> = indices.into_iter().zip(pairs).collect();
        all.sort_unstable_by_key(|(index, _)| *index);
        all.into_iter().map(|(_, pair)| pair).unzip()
    }
}

/// Settles tasks that have run together.
pub(crate) struct Settlement<'a> {
    table: &'a mut Table,
    /// Whether each key is there, by number.
    is_present: &'a mut [bool],
}

impl<'a> Settlement<'a> {
    /// Of tasks before the first of which keys were there as `is_present` says, by number.
    pub(crate) fn new(
        table: &'a mut Table,
        is_present: &'a mut [bool],
        outputs: &[Output],
    ) -> Self {
        let is_deletion = |(key, mark): &(Key, Mark)| {
            *mark == Mark::Deleted && table.start[key.index()].is_some()
        };
        let rare = outputs.iter().filter_map(|output| output.rare.as_deref());
        let deletes = rare.flat_map(|rare| &rare.marks).any(is_deletion);
        table.has_deleted |= deletes;
        Self { table, is_present }
    }

    /// Settles the next task.
    pub(crate) fn settle(&mut self, index: TxIndex, output: &mut Output, settled: &mut Settled) {
        if let Some(mut rare) = output.rare.take() {
            settled.take_appends(index, std::mem::take(&mut rare.appends));
            let kept = self.rare(*rare);
            let paid = output.ran.as_mut().map(|ran| &mut ran.receipt.deposit_paid);
            paid.into_iter().for_each(|paid| *paid = paid.checked_add(kept).expect(SUPPLY));
        }
        let ran = output.ran.take().expect("every task has run");
        if self.table.has_deleted && ran.receipt.outcome == Outcome::Ok {
            for (key, _) in ran.trace.keys().filter(|(_, touch)| touch.has(Touch::ADD)) {
                let number = self.table.find(key).expect("what was added to has a number");
                self.plain_add(number);
            }
        }
        settled.push(index, ran);
    }

    /// Settles the next task, which is an item of a phase. Its events are added to `events`.
    pub(crate) fn settle_item(
        &mut self,
        item: &Item,
        output: &mut Output,
        inboxes: &mut Inboxes,
        events: &mut Vec<Event>,
    ) {
        let mut rare = *std::mem::take(output).rare.expect("every item has run");
        events.append(&mut rare.events);
        for appended in rare.appends.drain(..) {
            inboxes.push(item.phase, item.position, appended);
        }
        let kept = self.rare(rare);
        debug_assert_eq!(kept, Amount::ZERO, "items reserve nothing");
    }

    /// Says how much of what its adds reserved is kept.
    fn rare(&mut self, rare: Rare) -> Amount {
        let Rare { marks, returned, held, appends: _, parts: _, events: _ } = rare;
        self.table.hold(held);
        for (address, amount) in returned {
            self.table.credit(address, amount.signed());
        }
        let mut kept = Amount::ZERO;
        for (key, mark) in marks {
            match mark {
                Mark::Put => self.note(key.get(), true),
                Mark::Deleted => self.note(key.get(), false),
                Mark::Added(Some(reserved)) => {
                    let more = self.reserved_add(key.get(), reserved);
                    kept = kept.checked_add(more).expect(SUPPLY);
                }
                Mark::Added(None) => self.plain_add(key.get()),
            }
        }
        kept
    }

    fn reserved_add(&mut self, key: u32, reserved: Deposit) -> Amount {
        if self.is_present(key) {
            self.table.credit(reserved.payer, reserved.amount.signed());
            return Amount::ZERO;
        }
        self.note(key, true);
        self.table.hold(reserved.amount.signed());
        reserved.amount
    }

    /// An add that reserved nothing, because its key was there when the block began or because items pay nothing. If the key was
    /// deleted since, its deposit is needed again.
    fn plain_add(&mut self, number: u32) {
        if self.is_present(number) {
            return;
        }
        self.note(number, true);
        let at_start = self.table.start[Key::new(number).index()].as_ref();
        if let Some(deposit) = at_start.and_then(|entry| entry.deposit) {
            self.table.hold(deposit.amount.signed());
            self.table.credit(deposit.payer, -deposit.amount.signed());
        }
    }

    fn is_present(&self, key: u32) -> bool {
        self.is_present[Key::new(key).index()]
    }

    const fn note(&mut self, key: u32, is_present: bool) {
        self.is_present[Key::new(key).index()] = is_present;
    }
}
