//! Messages as bytes, and what is refused before the core sees it.

use heddle_lanes::Acks;
use heddle_lanes::Fetch;
use heddle_lanes::Message;
use heddle_lanes::MessageError;
use heddle_lanes::RawMessage;
use heddle_lanes::encode;
use heddle_lanes::limits;
use heddle_types::BatchError;
use heddle_types::BatchRef;
use heddle_types::Canonical;
use heddle_types::Epoch;
use heddle_types::Hash32;
use heddle_types::decode_exact;
use proptest::prelude::*;
use rand_chacha::ChaCha8Rng;
use rand_core::Rng;
use rand_core::SeedableRng;

use crate::scheme::HashScheme;
use crate::solo;
use crate::world;

fn place(lane: u16, sequence: u64, digest: u8) -> BatchRef {
    BatchRef { lane: world::index(lane), sequence, digest: Hash32([digest; 32]) }
}

fn check(raw: RawMessage) -> Result<Message, MessageError> {
    raw.check(&world::committee(4, 0), &HashScheme, |_, _| true)
}

/// One of each kind.
fn all() -> Vec<Message> {
    let chain = solo::chain(1, 2, 1);
    let mut knows = solo::Solo::new(4);
    knows.push(&chain[0]);
    let actions = knows.push(&solo::chain(1, 1, 9)[0]);
    let fork = actions.into_iter().find_map(|action| match action {
        heddle_lanes::Action::Evidence(fork) => Some(Message::Fork(fork)),
        _ => None,
    });
    vec![
        Message::Batch(chain[0].clone()),
        Message::Acks(Acks { epoch: Epoch::new(2), places: vec![place(1, 3, 7), place(2, 4, 8)] }),
        Message::Fetch(Fetch { epoch: Epoch::new(2), batch: place(1, 3, 7), above: 1 }),
        Message::Fetched {
            digest: chain[1].digest(),
            batches: vec![chain[1].clone(), chain[0].clone()],
        },
        fork.unwrap(),
        Message::Header(Box::new(chain[0].signed().clone())),
    ]
}

#[test]
fn every_message_survives_its_bytes() {
    for message in all() {
        let raw = decode_exact::<RawMessage>(&encode(&message)).unwrap();
        assert_eq!(check(raw), Ok(message));
    }
}

#[test]
fn the_bytes_of_small_messages_are_these() {
    let hex = |message: &Message| -> String {
        encode(message).iter().map(|byte| format!("{byte:02x}")).collect()
    };
    let (seven, eight) = ("07".repeat(32), "08".repeat(32));
    let places = format!("01000300000000000000{seven}02000400000000000000{eight}");
    assert_eq!(hex(&all()[1]), format!("01020000000000000002000000{places}"));
    let fetch = format!("02020000000000000001000300000000000000{seven}0100000000000000");
    assert_eq!(hex(&all()[2]), fetch);
}

#[test]
fn damaged_bytes_are_refused_or_mean_one_message() {
    let mut random = ChaCha8Rng::seed_from_u64(1);
    for message in all() {
        let good = encode(&message);
        for len in 0..good.len() {
            assert!(decode_exact::<RawMessage>(&good[..len]).is_err());
        }
        for _ in 0..2000 {
            let mut bytes = good.clone();
            for _ in 0..=random.next_u32() % 4 {
                let at = random.next_u32() as usize % bytes.len();
                bytes[at] = random.next_u32().to_le_bytes()[0];
            }
            if let Ok(raw) = decode_exact::<RawMessage>(&bytes) {
                assert_eq!(heddle_types::encode(&raw), bytes, "one message has one encoding");
                let checked = check(raw);
                assert!(checked.is_err() || bytes == good || !is_signed(&message));
            }
        }
    }
}

/// Whether every byte of it is under a signature.
fn is_signed(message: &Message) -> bool {
    matches!(message, Message::Batch(_) | Message::Fork(_) | Message::Header(_))
}

#[test]
fn lengths_are_bounded_before_anything_is_read() {
    let refused = |bytes: &[u8]| decode_exact::<RawMessage>(bytes).unwrap_err().to_string();
    let mut acks = encode(&all()[1]);
    acks[9..13].copy_from_slice(&51_u32.to_le_bytes());
    assert!(refused(&acks).ends_with("acks.places: length 51, at most 50 allowed"));
    let mut fetched = encode(&Message::Fetched { digest: Hash32::ZERO, batches: vec![] });
    fetched[33..37].copy_from_slice(&65_u32.to_le_bytes());
    assert!(refused(&fetched).ends_with("fetched.batches: length 65, at most 64 allowed"));
    let mut batch = encode(&all()[0]);
    batch[187..191].copy_from_slice(&u32::MAX.to_le_bytes());
    assert!(refused(&batch).contains("batch.body: length 4294967295, at most 262144 allowed"));
    assert!(refused(&[6]).ends_with("unknown message tag 6, expected 0 to 5"));
    assert!(refused(&vec![0; limits::MESSAGE_BYTES_MAX + 1]).contains("bytes, at most"));
    assert_eq!(RawMessage::BYTES_MAX, limits::MESSAGE_BYTES_MAX);
}

#[test]
fn the_largest_answer_fits_a_message() {
    let batch = {
        let transactions = (0..25).map(|n| world::transaction(n, 10_000)).collect();
        world::batch_of(1, world::root(), transactions)
    };
    // As many as one answer may hold are within its bytes but the first, which comes whatever its size.
    let bytes = batch.header().bytes as usize;
    let count = limits::FETCHED_BYTES_MAX / bytes + 1;
    let batches = vec![batch; count];
    assert!(
        encode(&Message::Fetched { digest: Hash32::ZERO, batches }).len()
            <= limits::MESSAGE_BYTES_MAX
    );
}

#[test]
fn what_proves_nothing_is_no_fork() {
    let (one, two) = (solo::chain(1, 2, 1), solo::chain(1, 2, 9));
    let other = solo::chain(2, 1, 1);
    let fork = |first: &heddle_types::SignedBatchHeader,
                second: &heddle_types::SignedBatchHeader| {
        check(RawMessage::Fork(Box::new([first.clone(), second.clone()])))
    };
    assert!(fork(one[0].signed(), two[0].signed()).is_ok());
    let refused = Err(MessageError::Fork);
    assert_eq!(fork(one[0].signed(), one[0].signed()), refused);
    assert_eq!(fork(one[0].signed(), two[1].signed()), refused);
    assert_eq!(fork(one[0].signed(), other[0].signed()), refused);
    for position in [0, 1] {
        let mut headers = [one[0].signed().clone(), two[0].signed().clone()];
        headers[position].signature.0[5] ^= 1;
        assert_eq!(fork(&headers[0], &headers[1]), refused);
    }
    let mut elsewhere = [one[0].signed().clone(), two[0].signed().clone()];
    elsewhere.iter_mut().for_each(|signed| signed.header.epoch = Epoch::new(1));
    let refused = fork(&elsewhere[0], &elsewhere[1]).unwrap_err();
    assert!(refused.is_of_another_epoch(), "{refused}");
}

#[test]
fn a_batch_that_its_owner_did_not_sign_goes_no_further() {
    let mut raw = solo::chain(1, 1, 1)[0].to_batch();
    raw.signed.signature.0[0] ^= 1;
    let refused = Err(MessageError::Batch(BatchError::Signature));
    assert_eq!(check(RawMessage::Batch(raw.clone())), refused);
    let fetched = RawMessage::Fetched { digest: Hash32::ZERO, batches: vec![raw.clone()] };
    assert_eq!(check(fetched), refused);
    assert_eq!(check(RawMessage::Header(Box::new(raw.signed.clone()))), Err(MessageError::Header));
    assert!(!MessageError::Header.is_of_another_epoch());

    raw.signed.header.epoch = Epoch::new(1);
    let refused = check(RawMessage::Header(Box::new(raw.signed.clone()))).unwrap_err();
    assert!(refused.is_of_another_epoch(), "{refused}");
    let refused = check(RawMessage::Batch(raw)).unwrap_err();
    assert!(refused.is_of_another_epoch(), "{refused}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_no_message_or_the_message_that_has_them(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        if let Ok(raw) = decode_exact::<RawMessage>(&bytes) {
            prop_assert_eq!(heddle_types::encode(&raw), bytes);
        }
    }

    #[test]
    fn any_acknowledgement_survives_its_bytes(epoch: u64, places in proptest::collection::vec((0_u16.., 0_u64.., any::<u8>()), 0..=50)) {
        let places = places.into_iter().map(|(lane, sequence, digest)| place(lane, sequence, digest));
        let acks = Message::Acks(Acks { epoch: Epoch::new(epoch), places: places.collect() });
        let raw = decode_exact::<RawMessage>(&encode(&acks));
        prop_assert_eq!(raw.map(check), Ok(Ok(acks)));
    }
}
