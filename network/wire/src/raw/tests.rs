#![allow(clippy::wildcard_enum_match_arm, reason = "a test is about one or two variants")]
use std::sync::Arc;

use heddle_catchup::Request;
use heddle_catchup::RequestId;
use heddle_catchup::Response;
use heddle_hotstuff::Certificates;
use heddle_hotstuff::CheckedProposal;
use heddle_hotstuff::Message;
use heddle_hotstuff::UnmuteAnswer;
use heddle_types::Access;
use heddle_types::Address;
use heddle_types::Amount;
use heddle_types::BlockHash;
use heddle_types::BlockHeader;
use heddle_types::Bytes;
use heddle_types::Call;
use heddle_types::ChainId;
use heddle_types::CheckedBlock;
use heddle_types::CheckedTransaction;
use heddle_types::CommitCert;
use heddle_types::CommitVote;
use heddle_types::Epoch;
use heddle_types::EpochEnd;
use heddle_types::ExecutedRoot;
use heddle_types::Hash32;
use heddle_types::Height;
use heddle_types::Nonce;
use heddle_types::ProgramId;
use heddle_types::Proof;
use heddle_types::Proposal;
use heddle_types::QuorumCert;
use heddle_types::SecretKey;
use heddle_types::Signature;
use heddle_types::StateRoot;
use heddle_types::Timeout;
use heddle_types::TimeoutCert;
use heddle_types::TimeoutData;
use heddle_types::TimeoutEntry;
use heddle_types::Transaction;
use heddle_types::TransactionBody;
use heddle_types::UnixMillis;
use heddle_types::Validator;
use heddle_types::ValidatorIndex;
use heddle_types::View;
use heddle_types::Vote;
use heddle_types::VoteData;
use heddle_types::Voters;
use rand_chacha::ChaCha8Rng;
use rand_core::Rng;
use rand_core::SeedableRng;

use super::CheckError;
use super::DecodeError;
use super::RawMessage;
use super::decode;
use crate::channel::Channel;
use crate::encode::EncodedBlock;
use crate::encode::encode;
use crate::encode::encode_stored_response;
use crate::limits;
use crate::message::Liveness;
use crate::message::PeerMessage;

const SIGNATURE: Signature = Signature([0x5A; 64]);

fn data(view: u64) -> VoteData {
    VoteData {
        chain: ChainId(Hash32([0xC1; 32])),
        epoch: Epoch::ZERO,
        view: View::new(view),
        height: Height::new(2),
        block: BlockHash(Hash32([0xB1; 32])),
    }
}

fn voters() -> Voters {
    [0, 2, 3].map(ValidatorIndex::new).into_iter().collect()
}

fn proof() -> Proof {
    Proof::Each(vec![SIGNATURE; 3])
}

fn qc() -> QuorumCert {
    QuorumCert { data: data(3), voters: voters(), proof: proof() }
}

fn commit() -> CommitCert {
    CommitCert { data: data(1), voters: voters(), proof: proof() }
}

fn tc() -> TimeoutCert {
    TimeoutCert {
        chain: data(0).chain,
        epoch: Epoch::ZERO,
        view: View::new(4),
        entries: vec![TimeoutEntry { voter: ValidatorIndex::new(1), high_qc_view: View::new(3) }],
        proof: Proof::Each(vec![SIGNATURE]),
    }
}

fn vote() -> Vote {
    Vote { data: data(5), voter: ValidatorIndex::new(3), signature: SIGNATURE }
}

fn timeout() -> Timeout {
    let data = TimeoutData {
        chain: data(0).chain,
        epoch: Epoch::ZERO,
        view: View::new(5),
        high_qc_view: View::new(3),
    };
    Timeout {
        data,
        voter: ValidatorIndex::new(1),
        signature: SIGNATURE,
        high_qc: qc(),
        entry_tc: Some(tc()),
        own_vote: Some(vote()),
    }
}

fn transaction(sequence: u64) -> Arc<CheckedTransaction> {
    let key = SecretKey::from_seed([3; 32]);
    let call = Call { program: ProgramId(1), data: Bytes(vec![9; 40]) };
    let body = TransactionBody {
        version: 1,
        chain: data(0).chain,
        sender: Address(key.public_key().0),
        payer: None,
        nonce: Nonce::Lane { lane: 0, sequence },
        valid_until: Height::new(100),
        max_fee: Amount::from_units(1000),
        access: Access::DERIVED,
        calls: vec![call],
    };
    Arc::new(CheckedTransaction::check(Transaction::sign(body, &key)).unwrap())
}

fn block(transactions: u64) -> Arc<CheckedBlock> {
    let header = BlockHeader {
        version: 1,
        chain: data(0).chain,
        epoch: Epoch::ZERO,
        view: View::new(4),
        height: Height::new(3),
        parent: data(3).block,
        payload: Hash32::ZERO,
        executed: ExecutedRoot { height: Height::new(1), root: StateRoot(Hash32([7; 32])) },
        time: UnixMillis::new(1000),
        proposer: ValidatorIndex::new(0),
        next_committee: None,
    };
    Arc::new(CheckedBlock::build(header, (0..transactions).map(transaction).collect()))
}

fn certificates() -> Certificates {
    Certificates { high_qc: qc(), high_tc: Some(tc()), commit: commit() }
}

fn end() -> EpochEnd {
    let header = block(0).header().clone();
    let key = SecretKey::from_seed([3; 32]).public_key();
    EpochEnd {
        before: header.clone(),
        closing: header.clone(),
        tail: vec![header],
        cert: commit(),
        members: vec![Validator::new(key, 2)],
    }
}

/// One of each kind.
fn all() -> Vec<PeerMessage> {
    let proposal =
        CheckedProposal { block: block(3), qc: qc(), tc: Some(tc()), signature: SIGNATURE };
    let answer = UnmuteAnswer {
        nonce: [4; 32],
        view: View::new(9),
        voter: ValidatorIndex::new(2),
        signature: SIGNATURE,
        certificates: certificates(),
    };
    let id = RequestId::new(77);
    let range = Request::Range { from: Height::new(8), max_blocks: 9, max_bytes: 10 };
    let blocks = vec![block(0), block(2)];
    vec![
        PeerMessage::Consensus(Message::Proposal(Arc::new(proposal))),
        PeerMessage::Consensus(Message::Vote(vote())),
        PeerMessage::Consensus(Message::CommitVote(CommitVote {
            data: data(5),
            voter: ValidatorIndex::new(3),
            signature: SIGNATURE,
        })),
        PeerMessage::Consensus(Message::Timeout(Box::new(timeout()))),
        PeerMessage::Consensus(Message::Certificates(Box::new(certificates()))),
        PeerMessage::Consensus(Message::UnmuteRequest { epoch: Epoch::new(6), nonce: [4; 32] }),
        PeerMessage::Consensus(Message::UnmuteAnswer(Box::new(answer))),
        PeerMessage::Consensus(Message::EpochEnd(Box::new(end()))),
        PeerMessage::Ping(1),
        PeerMessage::Pong(u64::MAX),
        PeerMessage::Transactions(vec![transaction(0), transaction(1)]),
        PeerMessage::Request { id, request: Request::Block { hash: data(0).block } },
        PeerMessage::Request { id, request: range },
        PeerMessage::Response { id, response: Response::Block(None) },
        PeerMessage::Response { id, response: Response::Block(Some(block(2))) },
        PeerMessage::Response { id, response: Response::Range { blocks, cert: Some(commit()) } },
        PeerMessage::Response { id, response: Response::Range { blocks: vec![], cert: None } },
    ]
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn every_message_comes_back_from_its_bytes() {
    for message in all() {
        let body = encode(&message);
        let raw = decode(message.channel(), &body).unwrap();
        assert_eq!(raw.check(|_, _| false).unwrap(), message);
    }
}

#[test]
fn golden_vote() {
    let expected = format!(
        "01{}{}{}{}{}{}{}",
        "c1".repeat(32),
        "0000000000000000",
        "0500000000000000",
        "0200000000000000",
        "b1".repeat(32),
        "0300",
        "5a".repeat(64)
    );
    assert_eq!(hex(&encode(&PeerMessage::Consensus(Message::Vote(vote())))), expected);
}

#[test]
fn golden_timeout() {
    let signature = "5a".repeat(64);
    let data = |view: &str| {
        let (chain, block) = ("c1".repeat(32), "b1".repeat(32));
        format!("{chain}0000000000000000{view}000000000000000200000000000000{block}")
    };
    let entry_tc = format!(
        "01{}0000000000000000040000000000000001000000{}0001000000{signature}",
        "c1".repeat(32),
        "01000300000000000000"
    );
    let expected = format!(
        "03{}00000000000000000500000000000000{}0100{signature}{}{}0003000000{}{entry_tc}01{}0300{signature}",
        "c1".repeat(32),
        "0300000000000000",
        data("03"),
        "0d00000000000000",
        signature.repeat(3),
        data("05"),
    );
    let message = PeerMessage::Consensus(Message::Timeout(Box::new(timeout())));
    assert_eq!(hex(&encode(&message)), expected);
}

#[test]
fn golden_ping_request_and_answer() {
    assert_eq!(hex(&encode(&PeerMessage::Ping(0x0102))), "070201000000000000");
    assert_eq!(hex(&encode(&PeerMessage::Pong(0x0102))), "080201000000000000");
    let request = Request::Range { from: Height::new(8), max_blocks: 9, max_bytes: 10 };
    let message = PeerMessage::Request { id: RequestId::new(77), request };
    assert_eq!(hex(&encode(&message)), "124d00000000000000080000000000000009000a000000");
    let response = Response::Range { blocks: Vec::new(), cert: None };
    let message = PeerMessage::Response { id: RequestId::new(77), response };
    assert_eq!(hex(&encode(&message)), "144d000000000000000000000000");
}

#[test]
fn golden_end_of_an_epoch_and_question_of_who_is_muted() {
    let message = PeerMessage::Consensus(Message::EpochEnd(Box::new(end())));
    assert_eq!(hex(&encode(&message)), format!("09{}", hex(&heddle_types::encode(&end()))));
    let message = Message::UnmuteRequest { epoch: Epoch::new(6), nonce: [4; 32] };
    let expected = format!("050600000000000000{}", "04".repeat(32));
    assert_eq!(hex(&encode(&PeerMessage::Consensus(message))), expected);
}

#[test]
fn a_proposal_is_encoded_as_its_parts_are() {
    let message = all().remove(0);
    let body = encode(&message);
    let proposal =
        Proposal { block: block(3).to_block(), qc: qc(), tc: Some(tc()), signature: SIGNATURE };
    assert_eq!(body[0], 0);
    assert_eq!(body[1..], heddle_types::encode(&proposal));
}

#[test]
fn stored_blocks_are_sent_as_they_are() {
    let id = RequestId::new(77);
    let stored = |block: &Arc<CheckedBlock>| EncodedBlock(heddle_types::encode(&block.to_block()));
    let blocks = vec![block(0), block(2)];
    let raw = Response::Range { blocks: blocks.iter().map(stored).collect(), cert: Some(commit()) };
    let response = Response::Range { blocks, cert: Some(commit()) };
    let message = PeerMessage::Response { id, response };
    assert_eq!(encode_stored_response(id, &raw), encode(&message));
    let raw = Response::Block(Some(stored(&block(2))));
    let message = PeerMessage::Response { id, response: Response::Block(Some(block(2))) };
    assert_eq!(encode_stored_response(id, &raw), encode(&message));
}

#[test]
fn truncation_at_every_byte_and_a_byte_too_many_are_refused() {
    for message in all() {
        let mut body = encode(&message);
        for len in 0..body.len() {
            assert!(decode(message.channel(), &body[..len]).is_err(), "{message:?} at {len}");
        }
        body.push(0);
        let error = decode(message.channel(), &body).unwrap_err();
        assert!(matches!(error, DecodeError::Trailing { extra: 1, .. }), "{error}");
    }
}

#[test]
fn a_message_on_the_wrong_channel_is_refused() {
    for message in all() {
        let other = match message.channel() {
            Channel::Ctl => Channel::Bulk,
            Channel::Bulk => Channel::Ctl,
        };
        let decoded = decode(other, &encode(&message));
        match message {
            PeerMessage::Ping(_) | PeerMessage::Pong(_) => assert!(decoded.is_ok()),
            _ => assert!(matches!(decoded, Err(DecodeError::WrongChannel { .. })), "{message:?}"),
        }
    }
}

#[test]
fn only_what_can_be_said_again_is_droppable() {
    for message in all() {
        assert_eq!(message.is_droppable(), message.channel() == Channel::Bulk, "{message:?}");
    }
}

#[test]
fn absurd_lengths_are_refused_with_the_field_and_before_anything_is_reserved() {
    // Transactions, a range's blocks, a certificate's signatures.
    let mut transactions = vec![16];
    transactions.extend(u32::MAX.to_le_bytes());
    let mut range = vec![20];
    range.extend(77_u64.to_le_bytes());
    range.push(0);
    range.extend(u32::MAX.to_le_bytes());
    for (body, field) in [(transactions, "transactions"), (range, "blocks")] {
        let error = decode(Channel::Bulk, &body).unwrap_err().to_string();
        assert!(error.contains(field), "{error}");
        assert!(error.contains("4294967295"), "{error}");
    }
    let too_many = u32::try_from(limits::TRANSACTIONS_MAX + 1).unwrap();
    let body = [[16].as_slice(), &too_many.to_le_bytes()].concat();
    assert!(decode(Channel::Bulk, &body).unwrap_err().to_string().contains("2049"));
    let long = vec![0; Channel::Ctl.frame_bytes_max() + 1];
    assert!(matches!(decode(Channel::Ctl, &long), Err(DecodeError::TooLong { .. })));
    assert_eq!(decode(Channel::Ctl, &[]), Err(DecodeError::Empty));
    assert_eq!(decode(Channel::Ctl, &[10]), Err(DecodeError::UnknownTag { tag: 10 }));
}

#[test]
fn garbage_is_refused_or_is_exactly_what_it_encodes() {
    let mut rng = ChaCha8Rng::seed_from_u64(0x4845_4444_4c45);
    let samples = all();
    for round in 0..40_000_usize {
        let message = &samples[round % samples.len()];
        let mut body = encode(message);
        let flips = 1 + rng.next_u32() % 4;
        for _ in 0..flips {
            let at = rng.next_u32() as usize % body.len();
            body[at] = rng.next_u32().to_le_bytes()[0];
        }
        if round.is_multiple_of(3) {
            body.truncate(rng.next_u32() as usize % (body.len() + 1));
        }
        for channel in Channel::ALL {
            let Ok(raw) = decode(channel, &body) else { continue };
            // One message has one encoding, so what was decoded must encode to the same bytes.
            if let Ok(checked) = raw.check(|_, _| true) {
                assert_eq!(encode(&checked), body);
            }
        }
    }
    for len in 0..2000 {
        let mut body = vec![0; len];
        rng.fill_bytes(&mut body);
        for channel in Channel::ALL {
            let _refused_or_not = decode(channel, &body);
        }
    }
}

#[test]
fn a_block_that_does_not_match_its_header_is_refused() {
    let PeerMessage::Consensus(Message::Proposal(good)) = all().remove(0) else { unreachable!() };
    let mut block = good.block.to_block();
    block.header.payload = Hash32([1; 32]);
    let proposal = Proposal { block: block.clone(), qc: qc(), tc: None, signature: SIGNATURE };
    let refused = RawMessage::Proposal(Box::new(proposal)).check(|_, _| false);
    assert!(matches!(refused, Err(CheckError::Proposal(_))), "{refused:?}");
    let response = Response::Range { blocks: vec![good.block.to_block(), block], cert: None };
    let refused = RawMessage::Response { id: RequestId::new(1), response }.check(|_, _| false);
    assert!(matches!(refused, Err(CheckError::Response { position: 1, .. })), "{refused:?}");
}

#[test]
fn a_bad_signature_shows_in_the_transaction_unless_it_is_known_to_be_good() {
    let mut bad = transaction(0).transaction().clone();
    bad.auth = heddle_types::Auth::Ed25519(SIGNATURE);
    for (is_known, expected) in [(false, [false, true]), (true, [true, true])] {
        let raw = RawMessage::Transactions(vec![bad.clone(), transaction(1).transaction().clone()]);
        let checked = raw.check(|_, _| is_known).unwrap();
        let PeerMessage::Transactions(checked) = checked else { unreachable!() };
        let verdicts: Vec<bool> = checked.iter().map(|one| one.signature_ok()).collect();
        assert_eq!(verdicts, expected);
    }
}

#[test]
fn pings_are_recognised_and_nothing_else_is() {
    for message in all() {
        let expected = match &message {
            PeerMessage::Ping(nonce) => Some(Liveness::Ping(*nonce)),
            PeerMessage::Pong(nonce) => Some(Liveness::Pong(*nonce)),
            _ => None,
        };
        let body = encode(&message);
        assert_eq!(Liveness::from_body(&body), expected);
        assert_eq!(expected.map(Liveness::to_body), expected.map(|_| body));
    }
    assert_eq!(Liveness::from_body(&[7, 1]), None);
}
