//! Answering a request from what is stored.

use heddle_types::BatchHeader;
use heddle_types::Hash32;

use crate::limits;
use crate::message::Fetch;

/// The batches that `fetch` asks for, newest first, as far as `read` finds them by digest and one answer may hold. `B` is a batch in
/// the form that its holder has it in. None: the first is not here, or not at the place that was asked for.
pub fn serve<B>(
    fetch: &Fetch,
    mut read: impl FnMut(&Hash32) -> Option<(BatchHeader, B)>,
) -> Vec<B> {
    let mut batches = Vec::new();
    let mut bytes = 0_usize;
    let mut sequence = fetch.batch.sequence;
    let mut digest = fetch.batch.digest;
    while sequence > fetch.above && batches.len() < limits::FETCHED_BATCHES_MAX {
        let Some((header, batch)) = read(&digest) else { break };
        bytes = bytes.saturating_add(header.bytes as usize);
        let fits = batches.is_empty() || bytes <= limits::FETCHED_BYTES_MAX;
        let is_it = (header.epoch, header.lane, header.sequence)
            == (fetch.epoch, fetch.batch.lane, sequence);
        if !fits || !is_it {
            break;
        }
        batches.push(batch);
        digest = header.parent;
        sequence -= 1;
    }
    batches
}
