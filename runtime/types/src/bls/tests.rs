use blst::min_sig;
use blst::min_sig::AggregatePublicKey;

use super::*;
use crate::hash::Hash32;

/// The order of both groups, less 1, big-endian.
const ORDER_LESS_1: &str = "73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000000";

fn bytes<const N: usize>(hex: &str) -> [u8; N] {
    assert_eq!(hex.len(), 2 * N);
    std::array::from_fn(|i| u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).unwrap())
}

fn secret(n: u8) -> BlsSecretKey {
    BlsSecretKey::derive(&crate::SecretKey::from_seed([n; 32]))
}

/// The point on the other side: only the sign of y changes.
fn negated<const N: usize>(mut point: [u8; N]) -> [u8; N] {
    point[0] ^= 0x20;
    point
}

/// Bytes of points on the curve, by their x: most of them are not in the subgroup.
fn compressed<const N: usize>(x: u8) -> [u8; N] {
    let mut point = [0; N];
    point[0] = 0x80;
    point[N - 1] = x;
    point
}

fn signed_under(secret: &min_sig::SecretKey, message: &[u8], tag: &[u8]) -> BlsSignature {
    BlsSignature(secret.sign(message, tag, &[]).compress())
}

fn is_signed(key: &BlsPublicKey, message: &[u8], tag: &[u8], signature: &BlsSignature) -> bool {
    let (key, signature) = (point::key(key).unwrap(), point::signature(signature).unwrap());
    point::is_sum(&signature, &[(message, key)], tag)
}

#[test]
fn signing_with_the_key_1_hashes_to_g1_as_in_rfc_9380_appendix_j_9_1() {
    let mut one = [0; 32];
    one[31] = 1;
    let one = min_sig::SecretKey::from_bytes(&one).unwrap();
    let check = |message: &[u8], x: &str, sign: u8| {
        let mut expected = bytes::<48>(x);
        expected[0] |= 0x80 | sign;
        let tag = b"QUUX-V01-CS02-with-BLS12381G1_XMD:SHA-256_SSWU_RO_";
        assert_eq!(signed_under(&one, message, tag), BlsSignature(expected));
    };
    check(
        b"",
        "052926add2207b76ca4fa57a8734416c8dc95e24501772c814278700eed6d1e4e8cf62d9c09db0fac349612b759e79a1",
        0,
    );
    check(
        b"abc",
        "03567bc5ef9c690c2ab2ecdf6a96ef1c139cc0b2f284dca0a9a7943388a49a3aee664ba5379a7655d3c68900be2f6903",
        0,
    );
    check(
        b"abcdef0123456789",
        "11e0b079dea29a68f0383ee94fed1b940995272407e3bb916bbf268c263ddd57a6a27200a784cbc248e84f357ce82d98",
        0,
    );
}

#[test]
fn key_material_without_key_info_gives_the_master_keys_of_eip_2333() {
    let check = |seed: &[u8], expected: &str| {
        let BlsSecretKey(secret) = BlsSecretKey::key_gen(seed, b"");
        assert_eq!(secret.to_bytes(), bytes::<32>(expected));
    };
    check(
        &bytes::<32>("3141592653589793238462643383279502884197169399375105820974944592"),
        "41c9e07822b092a93fd6797396338c3ada4170cc81829fdfce6b5d34bd5e7ec7",
    );
    check(
        &bytes::<32>("0099FF991111002299DD7744EE3355BBDD8844115566CC55663355668888CC00"),
        "3cfa341ab3910a7d00d933d8f7c4fe87c91798a0397421d6b19fd5b815132e80",
    );
    check(
        &bytes::<64>(
            "c55257c360c07c72029aebc1b53c05ed0362ada38ead3e3e9efa3708e53495531f09a6987599d18264c1e1c92f2cf141630c7a3c4ab7c81b2f001698e7463b04",
        ),
        "0d7359d57963ab8fbbde1852dcf553fedbc31f464d80ee7d40ae683122b45070",
    );
}

#[test]
fn round_657413_of_drand_quicknet_verifies() {
    let key = BlsPublicKey(bytes(
        "83cf0f2896adee7eb8b5f01fcad3912212c437e0073e911fb90022d3e760183c8c4b450b6a0a6c3ac6a5776a2d1064510d1fec758c921cc22b0e17e63aaf4bcb5ed66304de9cf809bd274ca73bab4af5a6e9c76a4bc09e76eae8991ef5ece45a",
    ));
    // SHA-256 of the round's number.
    let message = bytes::<32>("0fd94c1b7255c5da6cd55fe581fe3fb17482587dc22af51f1bfc22e43668ba68");
    let signature = BlsSignature(bytes(
        "b713718a38ae728dfd477991af2822e08d2f305e47718cef9f7848ce4050e7be41076862b98fad56e91a6b85b89cd97b",
    ));
    let tag = b"BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_";
    assert!(is_signed(&key, &message, tag, &signature));
    assert!(!is_signed(&key, &message, MESSAGES, &signature), "another tag");
    assert!(!is_signed(&key, &[0; 32], tag, &signature), "another message");
    let opposite = BlsSignature(negated(signature.0));
    assert!(!is_signed(&key, &message, tag, &opposite), "another signature");
}

#[test]
fn signatures_published_by_the_internet_computer_have_the_published_sum() {
    let signatures = [
        "a29459b4df8957baf446c278ac13979a54acfca851ba95f49eee0f63198ddabd690508f48aca0d4fd1afd7a5df8b33e7",
        "ac596a8b71c4dde5adc7d5b35ee27a16b6a2b098e4f8022f79f12abd3d8e9d49bd653157bbe1df10bc09731fcc0e7c56",
    ]
    .map(|signature| BlsSignature(bytes(signature)));
    let sum = BlsSignature(bytes(
        "a0dee0b8a78ad6ae0a5808c122ed608deaeb2d63550d562a16d4adb12b877880d03b69147ba4d5162e2e1576ad1b6219",
    ));
    assert_eq!(BlsSignature::aggregate(&signatures), Some(sum));
}

#[test]
fn a_key_is_derived_from_the_ed25519_key_and_shows_no_secret() {
    let key = secret(7);
    let expected = "a1a25fbfd0c287142a4547426dde0e85c1664c717718034622bdd66958d284ed956a9b71defd79a814ead91194935d4404207622fa8fe1a01906d73e80c6ee600abf7af3ed2e9b01458c64ee755539862c16ec58e2abfbc1c8bc97924b7892c7";
    assert_eq!(key.public_key().to_string(), expected);
    assert_eq!(format!("{key:?}"), format!("BlsSecretKey({:?})", key.public_key()));
    let BlsSecretKey(plain) = BlsSecretKey::key_gen(&[7; 32], b"");
    assert_ne!(plain.sk_to_pk().compress(), key.public_key().0, "key_info keeps it apart");
}

#[test]
fn possession_is_proven_by_the_key_s_own_proof_only() {
    let (one, two) = (secret(1), secret(2));
    let proof = one.prove_possession();
    assert!(one.public_key().is_possessed(&proof));
    assert!(!one.public_key().is_possessed(&two.prove_possession()));
    assert!(!two.public_key().is_possessed(&proof));
    assert!(!one.public_key().is_possessed(&BlsSignature(negated(proof.0))));
    // A signature of the key's bytes as a message is no proof of possession.
    let as_message = one.sign_under(&one.public_key().0, MESSAGES);
    assert!(!one.public_key().is_possessed(&as_message));
}

#[test]
fn a_rogue_key_signs_for_others_but_cannot_be_proven() {
    let (victim, own) = (secret(1), secret(2));
    let mut rogue = AggregatePublicKey::aggregate_serialized(&[&own.public_key().0], true).unwrap();
    let others = AggregatePublicKey::aggregate_serialized(&[&victim.public_key().0], true).unwrap();
    rogue.sub_aggregate(&others);
    let rogue = BlsPublicKey(rogue.to_public_key().compress());

    let message = Hash32([3; 32]);
    let statements = [victim.public_key(), rogue].map(|key| BlsStatement { key, message });
    let forged = own.sign(&message);
    assert!(BlsVerifier::default().verify_aggregate(&statements, &forged), "why proofs are needed");

    let own_of_rogue = own.sign_under(&rogue.0, POSSESSIONS);
    let victims = BlsSignature(negated(victim.prove_possession().0));
    let difference = BlsSignature::aggregate(&[own.prove_possession(), victims]).unwrap();
    for proof in [own_of_rogue, difference, own.prove_possession(), victim.prove_possession()] {
        assert!(!rogue.is_possessed(&proof));
    }
}

#[test]
fn keys_that_are_no_point_or_outside_the_subgroup_are_none() {
    let outside = (0..=u8::MAX)
        .map(compressed::<96>)
        .filter(|point| min_sig::PublicKey::uncompress(point).is_ok());
    let outside = outside.collect::<Vec<_>>();
    assert!(outside.len() > 50, "{}", outside.len());
    assert!(outside.iter().all(|point| point::key(&BlsPublicKey(*point)).is_none()));
    let good = secret(1).public_key();
    assert!(point::key(&good).is_some());
    for bad in bad_encodings(good.0) {
        assert!(point::key(&BlsPublicKey(bad)).is_none(), "{bad:?}");
    }
}

#[test]
fn signatures_that_are_no_point_or_outside_the_subgroup_are_none() {
    let outside = (1..=u8::MAX)
        .map(compressed::<48>)
        .filter(|point| min_sig::Signature::uncompress(point).is_ok());
    let outside = outside.collect::<Vec<_>>();
    assert!(outside.len() > 50, "{}", outside.len());
    for point in outside {
        assert!(point::signature(&BlsSignature(point)).is_none());
        assert!(point::aggregate(&BlsSignature(point)).is_none());
    }
    let good = secret(1).sign(&Hash32::ZERO);
    assert!(point::signature(&good).is_some());
    for bad in bad_encodings(good.0) {
        assert!(point::signature(&BlsSignature(bad)).is_none(), "{bad:?}");
    }
    let mut infinity = [0; 48];
    infinity[0] = 0xc0;
    assert!(point::is_infinity(&point::aggregate(&BlsSignature(infinity)).unwrap()));
}

/// Infinity, in all its encodings and beside them, and encodings of the point that are not its own.
fn bad_encodings<const N: usize>(good: [u8; N]) -> Vec<[u8; N]> {
    let with = |at: usize, byte: u8, mut bytes: [u8; N]| {
        bytes[at] = byte;
        bytes
    };
    let field = bytes::<48>(
        "1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaab",
    );
    let mut not_reduced = [0; N];
    not_reduced[..48].copy_from_slice(&field);
    not_reduced[0] |= 0x80;
    vec![
        [0; N],
        [0xff; N],
        with(0, 0xc0, [0; N]),
        with(0, 0xe0, [0; N]),
        with(N - 1, 1, with(0, 0xc0, [0; N])),
        with(0, good[0] & 0x7f, good),
        with(0, good[0] | 0x40, good),
        not_reduced,
    ]
}

#[test]
fn a_signature_in_a_vote_is_padded_with_zeros_and_nothing_else() {
    let signature = secret(1).sign(&Hash32::ZERO);
    let padded = signature.to_signature();
    assert_eq!((&padded.0[..48], &padded.0[48..]), (signature.0.as_slice(), [0; 16].as_slice()));
    assert_eq!(BlsSignature::from_signature(&padded), Some(signature));
    for at in 48..64 {
        let mut other = padded;
        other.0[at] = 1;
        assert_eq!(BlsSignature::from_signature(&other), None);
    }
}

#[test]
fn keys_and_signatures_are_read_as_they_are_shown() {
    let (key, signature) = (secret(1).public_key(), secret(1).prove_possession());
    assert_eq!(key.to_string().parse(), Ok(key));
    assert_eq!(format!("0x{signature}").to_uppercase().replace("0X", "0x").parse(), Ok(signature));
    for bad in ["", "0x", &"0".repeat(95), &"0".repeat(97), &"g".repeat(96), &"é".repeat(48)] {
        assert_eq!(bad.parse::<BlsSignature>(), Err(ParseBlsError { expected: 96 }));
        assert_eq!(bad.parse::<BlsPublicKey>(), Err(ParseBlsError { expected: 192 }));
    }
}

#[test]
fn nothing_and_what_is_no_point_have_no_sum() {
    assert_eq!(BlsSignature::aggregate(&[]), None);
    let good = secret(1).sign(&Hash32::ZERO);
    assert_eq!(BlsSignature::aggregate(&[good]), Some(good));
    assert_eq!(BlsSignature::aggregate(&[good, BlsSignature([0; 48])]), None);
}

/// A key and the one of opposite secret, both held by one, who can prove both.
pub(super) fn opposites() -> [BlsSecretKey; 2] {
    let secret = |bytes: &[u8; 32]| BlsSecretKey(min_sig::SecretKey::from_bytes(bytes).unwrap());
    let mut one = [0; 32];
    one[31] = 1;
    [secret(&one), secret(&bytes(ORDER_LESS_1))]
}
