//! The vectors that `docs/PROTOCOL.md` prints, made anew: the page cannot rot.

use std::fmt::Write;

use heddle_types::*;

use crate::fixture;
use crate::fixture::hex;

/// The transfer that the page works through.
fn transfer(seed: [u8; 32]) -> Transaction {
    let key = SecretKey::from_seed(seed);
    // The ledger's `Transfer`: 0, then recipient, asset and amount.
    let mut data = vec![0];
    data.extend([0x22; 32]);
    data.extend(AssetId::HDL.as_bytes());
    data.extend(1_500_000_000_u128.to_le_bytes());
    let body = TransactionBody {
        nonce: Nonce::Lane { lane: 0, sequence: 7 },
        valid_until: Height::new(u64::MAX),
        calls: vec![Call { program: ProgramId::LEDGER, data: Bytes(data) }],
        ..fixture::body(&key)
    };
    Transaction::sign(body, &key)
}

fn vectors() -> String {
    let seed: [u8; 32] = std::array::from_fn(|i| u8::try_from(i).unwrap());
    let tx = transfer(seed);
    let Auth::Ed25519(signature) = tx.auth else { panic!("signed so") };
    let mut text = String::new();
    let mut line = |name: &str, value: &str| writeln!(text, "{name:<18} {value}").unwrap();
    line("seed", &hex(&seed));
    line("address", &tx.body.sender.to_string());
    line("chain", &tx.body.chain.to_string());
    line("to", &"22".repeat(32));
    line("unsigned", &hex(&encode(&tx.body)));
    line("id", &tx.id().to_string());
    line("signature", &signature.to_string());
    line("transaction", &hex(&encode(&tx)));
    line("genesis", &hex(&encode(&fixture::genesis())));
    line("genesis.chainId", &fixture::genesis().chain_id().to_string());
    line("header", &hex(&encode(&fixture::header())));
    line("header.hash", &fixture::header().hash().to_string());
    line("vote.data", &hex(&encode(&fixture::vote_data())));
    line("vote.message", &fixture::vote_data().message(VoteKind::Vote).to_string());
    line("commit.message", &fixture::vote_data().message(VoteKind::CommitVote).to_string());
    line("timeout.data", &hex(&encode(&fixture::timeout().data)));
    line("timeout.message", &fixture::timeout().data.message().to_string());
    line("receipt", &hex(&encode(&fixture::receipt())));
    line("receiptsRoot", &receipts_root(&[fixture::receipt()]).to_string());
    line("entry", &hex(&encode(&fixture::entry())));
    text
}

#[test]
fn the_vectors_on_the_protocol_page_are_what_this_code_makes() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/PROTOCOL.md");
    let page = std::fs::read_to_string(path).unwrap();
    let found = page.split("```vectors\n").nth(1).and_then(|rest| rest.split("```").next());
    let expected = vectors();
    assert!(found == Some(&expected), "docs/PROTOCOL.md needs these vectors:\n{expected}");
}

#[test]
fn the_offsets_on_the_protocol_page_are_those_of_a_plain_transfer() {
    let bytes = encode(&transfer([1; 32]));
    assert_eq!(bytes.len(), 244);
    assert_eq!(bytes[65], 0, "no payer");
    assert_eq!(bytes[66], 0, "a lane");
    assert_eq!(bytes[68..76], 7_u64.to_le_bytes(), "its sequence");
    assert_eq!(bytes[76..84], u64::MAX.to_le_bytes(), "valid until");
    assert_eq!(bytes[84..100], 20_000_u128.to_le_bytes(), "the maximum fee");
    assert_eq!(bytes[100..105], [0; 5], "declared, no extra keys");
    assert_eq!(bytes[105..109], 1_u32.to_le_bytes(), "one call");
    assert_eq!(bytes[109..113], 1_u32.to_le_bytes(), "of the ledger");
    assert_eq!(bytes[113..117], 61_u32.to_le_bytes(), "its length");
    assert_eq!(bytes[117], 0, "a transfer");
    assert_eq!(bytes[118..150], [0x22; 32], "to");
    assert_eq!(&bytes[150..162], b"HDL\0\0\0\0\0\0\0\0\0", "asset");
    assert_eq!(bytes[162..178], 1_500_000_000_u128.to_le_bytes(), "amount");
    assert_eq!(bytes[178], 0, "Ed25519");
    assert_eq!(bytes[243], 0, "no payer's authorisation");
}
