//! A block is checked before anything in the node sees it.

use heddle_types::*;

use crate::fixture;

fn check(block: Block) -> Result<CheckedBlock, BlockError> {
    CheckedBlock::check(block, |_, _| false)
}

#[test]
fn a_good_block_keeps_its_order_hash_and_bytes() {
    let block = fixture::block(vec![fixture::sponsored(), fixture::transaction()]);
    let checked = check(block.clone()).unwrap();
    assert_eq!(checked.hash(), block.header.hash());
    assert_eq!(checked.to_block(), block);
    assert!(checked.transactions().iter().all(|tx| tx.signature_ok()));
    let rebuilt = CheckedBlock::build(fixture::header(), checked.transactions().to_vec());
    assert_eq!(rebuilt, checked);
}

#[test]
fn a_payload_that_the_header_does_not_name_is_refused() {
    let mut block = fixture::block(vec![fixture::transaction()]);
    block.payload = Payload::EMPTY;
    assert_eq!(check(block), Err(BlockError::PayloadHash));
}

#[test]
fn another_version_and_a_cut_are_refused() {
    let mut block = fixture::block(Vec::new());
    block.header.version = 2;
    assert_eq!(check(block), Err(BlockError::Version { found: 2 }));
    let payload = Payload::Cut(Vec::new());
    let header = BlockHeader { payload: payload.hash(), ..fixture::header() };
    assert_eq!(check(Block { header, payload }), Err(BlockError::Cut));
}

#[test]
fn one_malformed_transaction_spoils_the_block_and_is_named() {
    let mut bad = fixture::transaction();
    bad.body.calls.clear();
    let refused = check(fixture::block(vec![fixture::transaction(), bad])).unwrap_err();
    let expected = "block.payload[1]: transaction.body.calls: none, expected 1 to 32";
    assert_eq!(refused.to_string(), expected);
}

#[test]
fn a_bad_signature_is_marked_and_does_not_spoil_the_block() {
    let mut bad = fixture::transaction();
    bad.auth = Auth::Ed25519(Signature([0; 64]));
    let mut unpaid = fixture::sponsored();
    unpaid.payer_auth = Some(unpaid.auth);
    let txs = vec![fixture::transaction(), bad, unpaid, fixture::sponsored()];
    let checked = check(fixture::block(txs)).unwrap();
    let verdicts: Vec<_> = checked.transactions().iter().map(|tx| tx.signature_ok()).collect();
    assert_eq!(verdicts, [true, false, false, true]);
}

#[test]
fn a_known_signature_is_not_verified_again_but_a_payers_is() {
    let mut bad = fixture::transaction();
    bad.auth = Auth::Ed25519(Signature([0; 64]));
    let mut unpaid = fixture::sponsored();
    unpaid.payer_auth = Some(unpaid.auth);
    let known = CheckedBlock::check(fixture::block(vec![bad, unpaid]), |_, _| true).unwrap();
    let verdicts: Vec<_> = known.transactions().iter().map(|tx| tx.signature_ok()).collect();
    assert_eq!(verdicts, [true, false]);
}

#[test]
fn a_payload_past_its_bytes_is_refused() {
    let mut large = fixture::transaction();
    large.body.calls[0].data = Bytes(vec![0; limits::CALL_BYTES_MAX]);
    let size = encode(&large).len();
    let fits = limits::PAYLOAD_BYTES_MAX / size;
    let known = |count| {
        CheckedBlock::check(fixture::block(vec![large.clone(); count]), |_, _| true).map(drop)
    };
    assert_eq!(known(fits), Ok(()));
    assert_eq!(known(fits + 1), Err(BlockError::TooLarge { bytes: (fits + 1) * size }));
}

#[test]
fn the_largest_block_fits_its_encoding() {
    let overhead = encode(&fixture::block(Vec::new())).len() + 33;
    assert!(limits::PAYLOAD_BYTES_MAX + overhead <= limits::BLOCK_BYTES_MAX);
}
