//! A batch is checked before anything in the node sees it.

use heddle_types::*;

use crate::fixture;

fn check(batch: Batch) -> Result<CheckedBatch, BatchError> {
    CheckedBatch::check(batch, &fixture::committee(4), &Ed25519Scheme, |_, _| false)
}

fn good() -> Batch {
    fixture::batch(vec![fixture::sponsored(), fixture::transaction()])
}

/// `batch` with a header that says of its body what is so, signed by the lane's owner.
fn signed(mut batch: Batch) -> Batch {
    let header = &mut batch.signed.header;
    header.body = BatchHeader::hash_body(&batch.body);
    header.bytes = u32::try_from(batch.body.len()).unwrap();
    let owner = fixture::key(u8::try_from(header.lane.get()).unwrap());
    batch.signed.signature = owner.sign(header.digest().as_bytes());
    batch
}

#[test]
fn a_good_batch_keeps_its_order_digest_and_bytes() {
    let checked = check(good()).unwrap();
    assert_eq!(checked.digest(), good().signed.header.digest());
    assert_eq!(checked.to_batch(), good());
    let ids: Vec<TxId> = checked.transactions().iter().map(|tx| tx.id()).collect();
    assert_eq!(ids, [fixture::sponsored().id(), fixture::transaction().id()]);
    assert_eq!(checked.header().transactions, 2);
}

#[test]
fn a_body_that_the_header_does_not_name_is_refused() {
    let other = fixture::batch(vec![fixture::transaction(), fixture::sponsored()]);
    assert_eq!(check(Batch { body: other.body, ..good() }), Err(BatchError::Body));

    let mut longer = good();
    longer.body.0.push(0);
    assert_eq!(check(longer), Err(BatchError::Body));

    let mut fewer = good();
    fewer.signed.header.transactions = 1;
    assert_eq!(check(signed(fewer)), Err(BatchError::Body));
}

#[test]
fn only_the_lanes_owner_signs_and_only_in_its_epoch() {
    let change = |change: fn(&mut BatchHeader)| {
        let mut batch = good();
        change(&mut batch.signed.header);
        check(batch)
    };
    assert_eq!(change(|header| header.sequence = 7), Err(BatchError::Signature));
    assert_eq!(change(|header| header.lane = ValidatorIndex::new(2)), Err(BatchError::Signature));
    assert_eq!(change(|header| header.lane = ValidatorIndex::new(4)), Err(BatchError::Signature));

    let mut elsewhere = good();
    elsewhere.signed.header.epoch = Epoch::new(1);
    let (found, expected) = (Epoch::new(1), Epoch::ZERO);
    assert_eq!(check(signed(elsewhere)), Err(BatchError::Epoch { found, expected }));
    let mut elsewhere = good();
    elsewhere.signed.header.chain = ChainId::ZERO;
    assert_eq!(check(signed(elsewhere)), Err(BatchError::Signature));
}

#[test]
fn number_zero_is_nobodys_and_an_empty_batch_is_none() {
    let mut batch = good();
    batch.signed.header.sequence = 0;
    assert_eq!(check(signed(batch)), Err(BatchError::Sequence));

    let mut batch = good();
    batch.body = Bytes(encode(&BatchBody { transactions: Vec::new() }));
    batch.signed.header.transactions = 0;
    assert_eq!(check(signed(batch)), Err(BatchError::Empty));
}

#[test]
fn a_body_that_is_no_transactions_is_refused() {
    let mut batch = good();
    batch.body.0.truncate(9);
    assert!(matches!(check(signed(batch)), Err(BatchError::Decode(_))));

    let mut malformed = fixture::transaction();
    malformed.body.calls.clear();
    let mut batch = good();
    batch.body = Bytes(encode(&BatchBody { transactions: vec![fixture::sponsored(), malformed] }));
    let refused = check(signed(batch)).unwrap_err().to_string();
    let expected = "batch.body.transactions[1]: transaction.body.calls: none, expected 1 to 32";
    assert_eq!(refused, expected);
}

#[test]
fn a_transactions_bad_signature_is_marked_and_does_not_spoil_the_batch() {
    let mut bad = fixture::transaction();
    bad.auth = Auth::Ed25519(Signature([0; 64]));
    let mut batch = good();
    batch.body = Bytes(encode(&BatchBody { transactions: vec![bad, fixture::sponsored()] }));
    let checked = check(signed(batch)).unwrap();
    let verdicts: Vec<_> = checked.transactions().iter().map(|tx| tx.signature_ok()).collect();
    assert_eq!(verdicts, [false, true]);
}

#[test]
fn two_headers_at_one_place_are_told_apart_by_every_field() {
    let base = fixture::batch_header;
    let others = [
        BatchHeader { chain: ChainId::ZERO, ..base() },
        BatchHeader { epoch: Epoch::new(1), ..base() },
        BatchHeader { lane: ValidatorIndex::new(2), ..base() },
        BatchHeader { sequence: 7, ..base() },
        BatchHeader { parent: Hash32::ZERO, ..base() },
        BatchHeader { body: Hash32([1; 32]), ..base() },
        BatchHeader { bytes: 1, ..base() },
        BatchHeader { transactions: 1, ..base() },
    ];
    for other in others {
        assert_ne!(other.digest(), base().digest(), "{other:?}");
    }
}
