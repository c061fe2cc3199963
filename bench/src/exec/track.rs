//! Blocks of signed transactions for the executors that nodes run, from bytes over declarations to receipts.
//!
//! Each block is executed on the state that is kept for it, so that all can be repeated. Decoding and checking are timed as parts; they
//! count only if signatures are to be verified.

mod contender;

use std::sync::Arc;

use heddle_executor::BlockInput;
use heddle_executor::BlockOutcome;
use heddle_executor::Executor;
use heddle_executor::Sequential;
use heddle_sdk::Programs;
use heddle_state::State;
use heddle_types::BlockHeader;
use heddle_types::CheckedTransaction;
use heddle_types::Transaction;
use heddle_types::decode_exact;

use crate::error::BenchError;
use crate::exec::mode::Mode;
use crate::exec::race::Course;
use crate::exec::race::Rules;
use crate::exec::row::Row;

pub(crate) use contender::Contender;

/// Blocks, in order.
pub(crate) struct Track {
    pub(crate) programs: Programs,
    /// Of transactions that declare what they touch.
    pub(crate) declared: Vec<Block>,
    /// The same as open transactions; empty when no mode asks for them.
    pub(crate) open: Vec<Block>,
    /// Whether decoding and verifying signatures count.
    pub(crate) signed: bool,
}

/// A block.
pub(crate) struct Block {
    pub(crate) header: BlockHeader,
    /// What it is executed on.
    pub(crate) state: Arc<State>,
    pub(crate) transactions: Vec<Vec<u8>>,
    /// By the specification.
    pub(crate) outcome: BlockOutcome,
    /// Whether it is there only so that the next ones find the memory as it is within a chain: it is executed, but not counted.
    pub(crate) warms_up: bool,
    /// Orders that its transactions are made of.
    pub(crate) orders: u64,
}

/// That the executors have these modes.
pub(crate) fn check(modes: &[Mode]) -> Result<(), BenchError> {
    match modes.contains(&Mode::Oracle) {
        false => Ok(()),
        true => Err(BenchError::usage(
            "--mode: found oracle, but an executor makes its own plans; use sequential, declared, open or auto with ledger and order",
        )),
    }
}

impl Track {
    /// Runs a race on it.
    pub(crate) fn race(&self, rules: &Rules, course: &Course<'_>) -> Vec<Row> {
        let entry = |mode, threads| Contender::new(self, (mode, threads), rules.speculate);
        rules.run(course, &mut rules.racers(entry))
    }
}

impl Block {
    /// Of transactions that are executed on `state`; what comes out is found by the specification.
    pub(crate) fn new(
        programs: &Programs,
        (header, state): (BlockHeader, Arc<State>),
        transactions: Vec<Vec<u8>>,
    ) -> Self {
        let checked = check_all(decode_all(&transactions), false);
        let input = BlockInput { header: &header, transactions: &checked };
        let outcome = Sequential::default().execute(programs, &*state, &input);
        Self { header, state, transactions, outcome, warms_up: false, orders: 0 }
    }
}

fn decode_all(transactions: &[Vec<u8>]) -> Vec<Transaction> {
    let decode = |bytes: &Vec<u8>| decode_exact(bytes).expect("encoded here");
    transactions.iter().map(decode).collect()
}

fn check_all(transactions: Vec<Transaction>, verify: bool) -> Vec<Arc<CheckedTransaction>> {
    let checked = CheckedTransaction::check_all(transactions, |_, _| !verify);
    checked.expect("signed here").into_iter().map(Arc::new).collect()
}
