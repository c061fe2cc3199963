//! The hash of a block's receipts, on several threads.

use rayon::prelude::*;

use heddle_types::Hash32;
use heddle_types::Receipt;
use heddle_types::receipt_hashes;
use heddle_types::receipts_root_of;

/// Receipts that are hashed on one thread at least: less is not worth waking another.
const CHUNK: usize = 256;

/// What [`heddle_types::receipts_root`] says, sooner if there are `threads`.
pub(crate) fn receipts_root(receipts: &[Receipt], threads: usize) -> Hash32 {
    if threads == 1 || receipts.len() <= CHUNK {
        return receipts_root_of(&receipt_hashes(receipts));
    }
    let parts: Vec<_> = receipts.par_chunks(CHUNK).map(receipt_hashes).collect();
    receipts_root_of(&parts.concat())
}
