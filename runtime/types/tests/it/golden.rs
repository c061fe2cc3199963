//! Every type's bytes, pinned: a changed line of `golden.txt` is a changed format.

use std::fmt::Write;

use heddle_types::*;

use crate::epoch_end;
use crate::fixture;
use crate::fixture::hex;

fn line<T: Canonical + PartialEq + std::fmt::Debug>(name: &str, value: &T) -> String {
    let bytes = encode(value);
    assert!(bytes.len() <= T::BYTES_MAX, "{name}");
    assert_eq!(decode_exact::<T>(&bytes).as_ref(), Ok(value), "{name}");
    format!("{name} = {}\n", hex(&bytes))
}

fn hash_line(name: &str, hash: &Hash32) -> String {
    format!("{name} = {hash}\n")
}

fn all() -> String {
    let mut text = String::new();
    let data = fixture::vote_data();
    let failures = [
        TxFailure::Program(ProgramError { program: ProgramId::LEDGER, call: 1, code: 3 }),
        TxFailure::InsufficientFee,
        TxFailure::UndeclaredAccess(fixture::state_key(b"k").into()),
        TxFailure::ProgramPanic,
        TxFailure::OutOfMeter,
    ];
    text += &line("transaction", &fixture::transaction());
    text += &line("transaction.sponsored", &fixture::sponsored());
    let mut open = fixture::body(&fixture::key(1));
    open.access = Access::Open;
    open.nonce = Nonce::Window { millis: 1_700_000_000_000 };
    text += &line("transaction.body.open", &open);
    text += &line("header", &fixture::header());
    text += &line("block", &fixture::block(vec![fixture::transaction(), fixture::sponsored()]));
    let batch = BatchRef { lane: ValidatorIndex::new(2), sequence: 8, digest: Hash32([0x88; 32]) };
    let header = BlockHeader { next_committee: Some(Hash32([0x99; 32])), ..fixture::header() };
    text += &line("block.cut", &Block { header, payload: Payload::Cut(vec![batch]) });
    let batch = fixture::batch(vec![fixture::transaction(), fixture::sponsored()]);
    text += &line("batch", &batch);
    text += &line("batch.signed", &batch.signed);
    text += &line("batch.header", &batch.signed.header);
    text += &line("proposal", &fixture::proposal());
    text += &line("vote", &fixture::vote());
    text += &line("commitVote", &fixture::commit_vote());
    text += &line("timeout", &fixture::timeout());
    text += &line("quorumCert", &fixture::qc(0..3));
    text += &line("quorumCert.aggregate", &fixture::aggregate_qc());
    text += &line("commitCert", &fixture::commit(1..4));
    text += &line("timeoutCert", &fixture::tc(0..3));
    text += &line("epochEnd", &epoch_end::end(1));
    let member = Validator {
        vote_key: Some(BlsPublicKey([0xaa; 96])),
        ..epoch_end::end(0).members[0].clone()
    };
    text += &line("epochEnd.voteKey", &EpochEnd { members: vec![member], ..epoch_end::end(0) });
    text += &line("genesis", &fixture::genesis());
    text += &line("safetyRecord", &fixture::safety());
    text += &line("entry", &fixture::entry());
    text += &line("receipt", &fixture::receipt());
    for failure in failures {
        writeln!(text, "# {failure:?}").unwrap();
        text += &line("receipt.failed", &fixture::failed(failure));
    }
    text += &hash_line("transaction.id", &fixture::transaction().id().0);
    text += &hash_line("transaction.sponsored.id", &fixture::sponsored().id().0);
    text += &hash_line("header.hash", &fixture::header().hash().0);
    text += &hash_line("payload.empty.hash", &Payload::EMPTY.hash());
    text += &hash_line("batch.digest", &batch.signed.header.digest());
    text += &hash_line("vote.message", &data.message(VoteKind::Vote));
    text += &hash_line("commitVote.message", &data.message(VoteKind::CommitVote));
    text += &hash_line("timeout.message", &fixture::timeout().data.message());
    text += &hash_line("timeoutCert.hash", &fixture::tc(0..3).hash());
    text += &hash_line("genesis.chainId", &fixture::genesis().chain_id().0);
    text += &hash_line("committee.hash", &fixture::committee(4).hash());
    text += &hash_line("receipts.none", &receipts_root(&[]));
    text += &hash_line("receipts.two", &receipts_root(&[fixture::receipt(), fixture::receipt()]));
    text += &hash_line("address.fees", &Hash32(Address::of_program("fees").0));
    text
}

#[test]
fn every_type_keeps_its_bytes() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden.txt");
    let found = all();
    let pinned = std::fs::read_to_string(path).unwrap_or_default();
    if found != pinned {
        std::fs::write(format!("{path}.new"), &found).unwrap();
        let differing = found.lines().zip(pinned.lines().chain(std::iter::repeat("")));
        let names: Vec<_> = differing
            .filter(|(found, pinned)| found != pinned)
            .filter_map(|(found, _)| found.split(" = ").next())
            .collect();
        panic!("formats changed: {names:?}; if that is meant, move golden.txt.new over golden.txt");
    }
}

#[test]
fn all_signed_messages_differ_by_their_domain() {
    let data = fixture::vote_data();
    assert_ne!(data.message(VoteKind::Vote), data.message(VoteKind::CommitVote));
    assert_ne!(data.message(VoteKind::Vote), Hash32::of(Domain::TIMEOUT, &[&encode(&data)]));
}
