//! What reaches the disk before what, and that nothing is ordered twice.

use std::collections::BTreeSet;

use heddle_types::BlockSpace;
use heddle_types::Nonce;

use crate::reserved::Chain;
use crate::reserved::FITS;

#[test]
fn a_transaction_is_ordered_once_however_far_execution_lags() {
    let mut chain = Chain::new();
    let submitted: BTreeSet<_> = (0..5 * FITS)
        .map(|n| chain.submit(n, Nonce::Lane { lane: 0, sequence: 0 }, BlockSpace::Ordinary))
        .collect();
    assert!(chain.blocks.len() > 3, "blocks are final before the first is executed");
    while chain.executed < chain.blocks.len() {
        chain.execute_one();
    }
    let ordered = chain.blocks.iter().flat_map(|block| block.transactions()).map(|tx| tx.id());
    let ordered: Vec<_> = ordered.collect();
    assert_eq!(ordered.len(), submitted.len());
    assert_eq!(ordered.into_iter().collect::<BTreeSet<_>>(), submitted);
}

/// [`Chain`] asserts it of every action.
#[test]
fn a_block_is_stored_before_the_record_that_votes_for_it_and_recorded_before_it_is_executed() {
    let mut chain = Chain::new();
    chain.submit(1, Nonce::Lane { lane: 0, sequence: 0 }, BlockSpace::Ordinary);
    assert!(chain.stored.len() > 1);
    assert!(chain.recorded > 0);
}
