//! The layer `margin`: the book, and accounts that can pay for what they do in it.
//!
//! A block's operations go through the phases that the chain has, each as typed objects in memory:
//!
//! ```text
//! begin    the mark is the price of the last trade, so that it moves as on the chain
//! admit    each order, in the stream's order: what it may cost is reserved, and its account gives it its number
//! match    orders and cancels, in the stream's order
//! settle   what was traded and closed, account by account
//! release  what was reserved for orders that were cancelled
//! ```
//!
//! In the stream, orders trade before they are cancelled in the same block, which on the chain they do not. So that it trades what it
//! trades elsewhere, what cancels release comes last; the work is the same.

use std::time::Instant;

use heddle_clearing::ClearingError;
use heddle_clearing::Instruction;
use heddle_clearing::OrderId;
use heddle_clearing::Outcome;
use heddle_exchange::Book;
use heddle_exchange::Env;
use heddle_types::UnixMillis;

use crate::book::BLOCK;
use crate::book::Done;
use crate::book::accounts::Accounts;
use crate::book::market;
use crate::book::nanos_since;
use crate::book::stream::Operation;
use crate::book::stream::Stream;
use crate::book::stream::Wish;

/// A market's day.
pub(super) struct Day {
    env: Env,
    pub(super) book: Book,
    pub(super) accounts: Accounts,
    done: Done,
    /// Memory that is used again in each block.
    instructions: Vec<Instruction>,
    outcomes: Vec<Outcome>,
    cancelled: Vec<OrderId>,
}

/// The whole stream, by accounts that have nothing open.
pub(super) fn run(stream: &Stream) -> Result<Done, ClearingError> {
    let mut day = Day::new(stream.accounts);
    let start = Instant::now();
    for block in stream.operations.chunks(BLOCK) {
        day.block(block)?;
    }
    Ok(day.end(nanos_since(start)))
}

impl Day {
    /// An empty book, and accounts with collateral.
    pub(super) fn new(accounts: u32) -> Self {
        Self {
            env: Env::continuous(UnixMillis::new(0)),
            book: Book::new(),
            accounts: Accounts::new(accounts),
            done: Done::default(),
            instructions: Vec::with_capacity(BLOCK),
            outcomes: Vec::with_capacity(BLOCK),
            cancelled: Vec::with_capacity(BLOCK),
        }
    }

    /// All phases of a block.
    pub(super) fn block(&mut self, operations: &[Operation]) -> Result<(), ClearingError> {
        self.accounts.renew(self.book.summary().last.unwrap_or(market::FIRST_MARK));
        self.admit(operations)?;
        self.match_all();
        self.done.count(&self.outcomes);
        self.accounts.settle(&self.outcomes, self.env.now)?;
        self.cancelled.iter().try_for_each(|id| self.accounts.cancel(*id))
    }

    fn admit(&mut self, operations: &[Operation]) -> Result<(), ClearingError> {
        self.instructions.clear();
        for operation in operations {
            self.instructions.push(match operation.wish() {
                Wish::Place(wish) => Instruction::Place(self.accounts.place(&wish)?),
                Wish::Cancel(id) => Instruction::Cancel(id),
            });
        }
        Ok(())
    }

    fn match_all(&mut self) {
        self.outcomes.clear();
        self.cancelled.clear();
        for instruction in &self.instructions {
            match instruction {
                Instruction::Place(place) => self.book.place(&self.env, place, &mut self.outcomes),
                Instruction::Cancel(id) => {
                    self.cancelled.extend(self.book.cancel(*id).map(|_| *id));
                }
                Instruction::Reduce(..)
                | Instruction::CancelAfter(..)
                | Instruction::MovePosition(..) => {}
            }
        }
    }

    /// What it came to.
    pub(super) fn end(self, nanos: u64) -> Done {
        Done { nanos, is_right: self.accounts.are_right(&self.book), ..self.done }
    }
}
