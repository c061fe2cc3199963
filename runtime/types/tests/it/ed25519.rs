//! ZIP-215: alone and in batches, every input has one verdict.

use heddle_types::*;
use rand_chacha::ChaCha8Rng;
use rand_core::Rng;
use rand_core::SeedableRng;

use crate::fixture::key;

/// The eight points of small order, in every encoding that decodes, the non-canonical ones included.
fn small_order() -> Vec<[u8; 32]> {
    let eighth = "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05";
    let other = "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a";
    let ends = |first: u8, middle: u8, last: u8| {
        let mut bytes = [middle; 32];
        bytes[0] = first;
        bytes[31] = last;
        bytes
    };
    let canonical = [
        ends(1, 0, 0),
        ends(0xec, 0xff, 0x7f),
        ends(0, 0, 0),
        eighth.parse::<Hash32>().unwrap().0,
        other.parse::<Hash32>().unwrap().0,
        // y = p and y = p + 1, which are 0 and 1 again.
        ends(0xed, 0xff, 0x7f),
        ends(0xee, 0xff, 0x7f),
    ];
    let signed = canonical.map(|mut bytes| {
        bytes[31] |= 0x80;
        bytes
    });
    [canonical, signed].concat()
}

fn signed(key: [u8; 32], r: [u8; 32], s: [u8; 32]) -> SignedMessage {
    let mut signature = [0; 64];
    signature[..32].copy_from_slice(&r);
    signature[32..].copy_from_slice(&s);
    let message = Hash32([0x5a; 32]);
    SignedMessage { key: PublicKey(key), message, signature: Signature(signature) }
}

fn good(n: u8) -> SignedMessage {
    let message = Hash32([n; 32]);
    SignedMessage { key: key(n).public_key(), message, signature: key(n).sign(message.as_bytes()) }
}

fn verdicts_agree(items: &[SignedMessage]) -> Vec<bool> {
    let alone: Vec<bool> = items
        .iter()
        .map(|item| verify_one(&item.key, item.message.as_bytes(), &item.signature))
        .collect();
    assert_eq!(verify_each(items), alone);
    alone
}

#[test]
fn small_order_keys_and_points_in_any_encoding_are_good_alone_and_in_batches() {
    let points = small_order();
    let all: Vec<_> =
        points.iter().flat_map(|a| points.iter().map(|r| signed(*a, *r, [0; 32]))).collect();
    assert_eq!(all.len(), 196);
    assert!(verdicts_agree(&all).into_iter().all(|good| good));
}

#[test]
fn a_scalar_that_is_not_reduced_is_bad() {
    // The group's order, little-endian: it is 0 once reduced.
    let order = "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010";
    let order = order.parse::<Hash32>().unwrap().0;
    let point = small_order()[0];
    let items = [signed(point, point, order), good(1), signed(point, point, [0; 32])];
    assert_eq!(verdicts_agree(&items), [false, true, true]);
}

#[test]
fn bytes_that_are_no_point_are_bad_and_spoil_nothing() {
    let no_point = [2; 32];
    let point = small_order()[0];
    let items =
        [good(1), signed(no_point, point, [0; 32]), signed(point, no_point, [0; 32]), good(2)];
    assert_eq!(verdicts_agree(&items), [true, false, false, true]);
}

#[test]
fn batches_that_mix_good_and_bad_say_which_is_which() {
    let mut random = ChaCha8Rng::seed_from_u64(7);
    for size in [0, 1, 2, 3, 31, 255, 256, 257, 600] {
        let mut expected = Vec::new();
        let items: Vec<_> = (0..size)
            .map(|i| {
                let mut item = good(u8::try_from(i % 200).unwrap());
                let bad = random.next_u32() % 8 == 0;
                match random.next_u32() % 3 {
                    _ if !bad => {}
                    0 => item.signature.0[random.next_u32() as usize % 64] ^= 1,
                    1 => item.message.0[0] ^= 1,
                    _ => item.key = key(201).public_key(),
                }
                expected.push(!bad);
                item
            })
            .collect();
        assert_eq!(verdicts_agree(&items), expected);
    }
}

#[test]
fn a_bad_signature_and_its_opposite_do_not_cancel_out() {
    // Two errors that sum to nothing would pass a batch without coefficients.
    let (mut one, mut two) = (good(1), good(2));
    one.signature.0[32] = one.signature.0[32].wrapping_add(1);
    two.signature.0[32] = two.signature.0[32].wrapping_sub(1);
    assert_eq!(verdicts_agree(&[one, two]), [false, false]);
}

#[test]
fn rfc_8032_test_1_signs_and_verifies() {
    let hash = |text: &str| text.parse::<Hash32>().unwrap().0;
    let seed = hash("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");
    let secret = SecretKey::from_seed(seed);
    let public = hash("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
    assert_eq!(secret.public_key(), PublicKey(public));
    let signature = secret.sign(b"");
    let expected = "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b";
    assert_eq!(signature.to_string(), expected);
    assert!(verify_one(&PublicKey(public), b"", &signature));
    assert!(!verify_one(&PublicKey(public), b"x", &signature));
    assert_eq!(secret.to_seed(), seed);
    assert!(!format!("{secret:?}").contains("9d61b19d"), "the secret is not shown");
}
