//! The layer `match`: the book alone.

use std::time::Instant;

use heddle_clearing::Outcome;
use heddle_exchange::Book;
use heddle_exchange::Env;
use heddle_types::UnixMillis;

use crate::book::Done;
use crate::book::stream::Operation;
use crate::book::stream::Wish;

/// Operations whose outcomes are kept together, as those of a block are.
const BLOCK: usize = 10_000;

/// The whole stream through an empty book.
pub(super) fn run(operations: &[Operation]) -> Done {
    let env = Env::continuous(UnixMillis::new(0));
    let (mut book, mut outcomes, mut done) =
        (Book::new(), Vec::with_capacity(BLOCK), Done::default());
    let start = Instant::now();
    for block in operations.chunks(BLOCK) {
        outcomes.clear();
        for operation in block {
            match operation.wish() {
                Wish::Place(place) => book.place(&env, &place, &mut outcomes),
                Wish::Cancel(id) => {
                    book.cancel(id);
                }
            }
        }
        count(&outcomes, &mut done);
    }
    done.nanos = u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX);
    done
}

fn count(outcomes: &[Outcome], done: &mut Done) {
    for outcome in outcomes {
        if let Outcome::Trade(trade) = outcome {
            done.fills += 1;
            done.traded += trade.lots.get();
        }
    }
}
