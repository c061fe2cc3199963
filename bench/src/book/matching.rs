//! The layer `match`: the book alone.

use std::time::Instant;

use heddle_clearing::ClearingError;
use heddle_exchange::Book;
use heddle_exchange::Env;
use heddle_types::UnixMillis;

use crate::book::BLOCK;
use crate::book::Done;
use crate::book::nanos_since;
use crate::book::stream::Stream;
use crate::book::stream::Wish;

/// The whole stream through an empty book.
pub(super) fn run(stream: &Stream) -> Result<Done, ClearingError> {
    let env = Env::continuous(UnixMillis::new(0));
    let (mut book, mut outcomes, mut done) =
        (Book::new(), Vec::with_capacity(BLOCK), Done::default());
    let start = Instant::now();
    for block in stream.operations.chunks(BLOCK) {
        outcomes.clear();
        for operation in block {
            match operation.wish() {
                Wish::Place(place) => book.place(&env, &place, &mut outcomes),
                Wish::Cancel(id) => {
                    book.cancel(id);
                }
            }
        }
        done.count(&outcomes);
    }
    done.nanos = nanos_since(start);
    done.is_right = !book.is_crossed();
    Ok(done)
}
