#![allow(clippy::wildcard_enum_match_arm, reason = "a test is about one or two variants")]
use std::sync::Arc;

use heddle_types::Access;
use heddle_types::Address;
use heddle_types::Amount;
use heddle_types::BlockHash;
use heddle_types::Call;
use heddle_types::ChainId;
use heddle_types::CheckedTransaction;
use heddle_types::Epoch;
use heddle_types::Hash32;
use heddle_types::Nonce;
use heddle_types::ProgramId;
use heddle_types::Proof;
use heddle_types::SecretKey;
use heddle_types::Signature;
use heddle_types::TransactionBody;
use heddle_types::ValidatorIndex;
use heddle_types::View;
use heddle_types::VoteData;
use heddle_types::limits::VALIDATORS_MAX;

use super::*;
use crate::encode::encode;
use crate::message::PeerMessage;

fn cert(signers: u16) -> CommitCert {
    CommitCert {
        data: VoteData {
            chain: ChainId(Hash32([1; 32])),
            epoch: Epoch::new(2),
            view: View::new(3),
            height: Height::new(4),
            block: BlockHash(Hash32([5; 32])),
        },
        voters: (0..signers).map(ValidatorIndex::new).collect(),
        proof: Proof::Each(vec![Signature([7; 64]); usize::from(signers)]),
    }
}

fn transaction() -> Arc<CheckedTransaction> {
    let key = SecretKey::from_seed([9; 32]);
    let body = TransactionBody {
        version: TransactionBody::VERSION,
        chain: ChainId(Hash32([1; 32])),
        sender: Address::of_key(&key.public_key()),
        payer: None,
        nonce: Nonce::Lane { lane: 0, sequence: 3 },
        valid_until: Height::new(u64::MAX),
        max_fee: Amount::from_units(1),
        access: Access::DERIVED,
        calls: vec![Call { program: ProgramId::LEDGER, data: Vec::new().into() }],
    };
    Arc::new(CheckedTransaction::check(Transaction::sign(body, &key)).unwrap())
}

#[test]
fn golden_head_and_its_answers() {
    assert_eq!(hex(&PublicRequest::encode_head(Height::new(258))), "200201000000000000");
    assert_eq!(hex(&PublicAnswer::Head(None).encode()), "2100");
    let with_cert = hex(&PublicAnswer::Head(Some(cert(1))).encode());
    let data = format!(
        "{}{}{}{}{}",
        "01".repeat(32),
        "0200000000000000",
        "0300000000000000",
        "0400000000000000",
        "05".repeat(32)
    );
    assert_eq!(with_cert, format!("2101{data}01000000000000000001000000{}", "07".repeat(64)));
    assert_eq!(hex(&PublicAnswer::Submitted { taken: true }.encode()), "2201");
    assert_eq!(hex(&PublicAnswer::Submitted { taken: false }.encode()), "2200");
}

#[test]
fn every_answer_comes_back_from_its_bytes() {
    let most = u16::try_from(VALIDATORS_MAX).unwrap();
    for answer in [
        PublicAnswer::Head(None),
        PublicAnswer::Head(Some(cert(most))),
        PublicAnswer::Submitted { taken: true },
        PublicAnswer::Submitted { taken: false },
    ] {
        assert_eq!(PublicAnswer::decode(&answer.encode()), Ok(answer));
    }
}

#[test]
fn every_question_comes_back_from_its_bytes() {
    let above = Height::new(77);
    let head = PublicRequest::decode(&PublicRequest::encode_head(above));
    assert_eq!(head, Ok(PublicRequest::Head { above }));
    let (id, request) = (RequestId::new(5), Request::Block { hash: BlockHash(Hash32([5; 32])) });
    let asked = PublicRequest::decode(&encode(&PeerMessage::Request { id, request }));
    assert_eq!(asked, Ok(PublicRequest::CatchUp { id, request }));
    let transaction = transaction();
    let sent = encode(&PeerMessage::Transactions(vec![Arc::clone(&transaction)]));
    let expected = PublicRequest::Submit(vec![transaction.transaction().clone()]);
    assert_eq!(PublicRequest::decode(&sent), Ok(expected));
}

#[test]
fn what_only_validators_say_is_no_question() {
    let ping = encode(&PeerMessage::Ping(1));
    let refused = PublicRequest::decode(&ping);
    assert_eq!(refused, Err(DecodeError::WrongChannel { tag: 7, channel: Channel::Bulk }));
}

#[test]
fn truncation_and_a_byte_too_many_are_refused() {
    let head = PublicRequest::encode_head(Height::new(1));
    for len in 0..head.len() {
        PublicRequest::decode(&head[..len]).unwrap_err();
    }
    PublicRequest::decode(&[head.as_slice(), &[0]].concat()).unwrap_err();
    for answer in [PublicAnswer::Head(Some(cert(3))), PublicAnswer::Submitted { taken: true }] {
        let bytes = answer.encode();
        for len in 0..bytes.len() {
            PublicAnswer::decode(&bytes[..len]).unwrap_err();
        }
        PublicAnswer::decode(&[bytes.as_slice(), &[0]].concat()).unwrap_err();
    }
}

#[test]
fn an_answer_that_is_too_long_is_refused_unread() {
    let len = limits::PUBLIC_ANSWER_BYTES_MAX + 1;
    let refused = PublicAnswer::decode(&vec![HEAD_IS; len]);
    assert_eq!(refused, Err(DecodeError::TooLong { len, max: limits::PUBLIC_ANSWER_BYTES_MAX }));
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
