use super::*;
use crate::bls::BlsSecretKey;
use crate::bls::tests::opposites;

fn secret(n: u8) -> BlsSecretKey {
    BlsSecretKey::derive(&crate::SecretKey::from_seed([n; 32]))
}

fn message(n: u8) -> Hash32 {
    Hash32([n; 32])
}

fn statement(signer: u8, of: u8) -> BlsStatement {
    BlsStatement { key: secret(signer).public_key(), message: message(of) }
}

/// Signer `n` signed message `of`.
fn good(signer: u8, of: u8) -> (BlsStatement, BlsSignature) {
    (statement(signer, of), secret(signer).sign(&message(of)))
}

fn sum(items: &[(BlsStatement, BlsSignature)]) -> (Vec<BlsStatement>, BlsSignature) {
    let (statements, signatures): (Vec<_>, Vec<_>) = items.iter().copied().unzip();
    (statements, BlsSignature::aggregate(&signatures).unwrap())
}

fn negated(signature: BlsSignature) -> BlsSignature {
    let mut bytes = signature.0;
    bytes[0] ^= 0x20;
    BlsSignature(bytes)
}

fn verify_each(items: &[(BlsStatement, BlsSignature)]) -> Vec<bool> {
    let verifier = BlsVerifier::default();
    let verdicts = verifier.verify_each(items);
    let alone = items.iter().flat_map(|item| verifier.verify_each(&[*item])).collect::<Vec<_>>();
    assert_eq!(verdicts, alone, "together as alone");
    verdicts
}

#[test]
fn batches_say_which_are_good() {
    assert_eq!(verify_each(&[]), [] as [bool; 0]);
    let mut items = (0..20).map(|n| good(n, n / 8)).collect::<Vec<_>>();
    assert_eq!(verify_each(&items), [true; 20]);
    items[3].1 = negated(items[3].1);
    items[9].0.message = message(9);
    items[10].0.key = secret(11).public_key();
    items[14].1 = BlsSignature([1; 48]);
    items[19].0.key = BlsPublicKey([1; 96]);
    let expected = std::array::from_fn::<_, 20, _>(|n| ![3, 9, 10, 14, 19].contains(&n));
    assert_eq!(verify_each(&items), expected);
}

#[test]
fn the_same_signer_may_sign_several_messages_and_one_twice() {
    let items = [good(1, 1), good(1, 2), good(1, 1), good(2, 1)];
    assert_eq!(verify_each(&items), [true; 4]);
    let (statements, proof) = sum(&items);
    assert!(BlsVerifier::default().verify_aggregate(&statements, &proof));
}

#[test]
fn two_bad_signatures_that_cancel_pass_as_a_sum_and_are_found_one_by_one() {
    let offset = secret(9).sign(&message(9));
    let shift = |(statement, signature), by| {
        (statement, BlsSignature::aggregate(&[signature, by]).unwrap())
    };
    let items = [shift(good(1, 1), offset), good(2, 1), shift(good(3, 1), negated(offset))];
    let (statements, proof) = sum(&items);
    assert!(BlsVerifier::default().verify_aggregate(&statements, &proof));
    assert_eq!(verify_each(&items), [false, true, false]);
    let swapped = [(items[0].0, good(3, 1).1), good(2, 1), (items[2].0, good(1, 1).1)];
    assert_eq!(verify_each(&swapped), [false, true, false]);
}

#[test]
fn coefficients_depend_on_every_byte_of_every_item() {
    let items = [good(1, 1), good(2, 1)];
    let of = |items: &[(BlsStatement, BlsSignature)]| {
        let item = |(statement, signature): &(BlsStatement, BlsSignature)| Item {
            key: point::key(&statement.key).unwrap(),
            message: statement.message,
            signature: point::signature(signature).unwrap(),
        };
        coefficients(&items.iter().map(item).collect::<Vec<_>>())
    };
    let first = of(&items);
    assert_ne!(first[0], first[1]);
    let mut others = [items; 3];
    others[0][1].0.key = secret(3).public_key();
    others[1][1].0.message = message(2);
    others[2][1].1 = negated(items[1].1);
    assert!(others.iter().all(|items| of(items)[0] != first[0]));
}

#[test]
fn a_sum_is_of_exactly_its_statements() {
    let items = [good(1, 1), good(2, 1), good(3, 2), good(4, 3)];
    let (statements, proof) = sum(&items);
    let verifier = BlsVerifier::default();
    let is_good = |statements: &[BlsStatement]| verifier.verify_aggregate(statements, &proof);
    assert!(is_good(&statements));
    let reversed = statements.iter().rev().copied().collect::<Vec<_>>();
    assert!(is_good(&reversed));

    assert!(!is_good(&statements[1..]), "one is missing");
    assert!(!is_good(&[statements.as_slice(), &[statement(5, 1)]].concat()), "one is too many");
    assert!(!is_good(&[statements.as_slice(), &statements[..1]].concat()), "one stands twice");
    assert!(!is_good(&[statement(1, 2), statements[1], statements[2], statements[3]]));
    assert!(!is_good(&[]));
    assert!(!verifier.verify_aggregate(&statements, &negated(proof)));
    assert!(!verifier.verify_aggregate(&statements, &BlsSignature([0; 48])));
    let mut no_key = statements;
    no_key[0].key = BlsPublicKey([0; 96]);
    assert!(!is_good(&no_key));
}

#[test]
fn infinity_proves_nothing() {
    let mut infinity = BlsSignature([0; 48]);
    infinity.0[0] = 0xc0;
    let verifier = BlsVerifier::default();
    assert!(!verifier.verify_aggregate(&[statement(1, 1)], &infinity));
    assert!(!verifier.verify_aggregate(&[statement(1, 1), statement(2, 2)], &infinity));
    assert!(!verifier.verify_aggregate(&[], &infinity));
    assert_eq!(verify_each(&[(statement(1, 1), infinity)]), [false]);
}

#[test]
fn whoever_holds_opposite_keys_cannot_spoil_a_sum() {
    let signed = |secret: &BlsSecretKey, of: u8| {
        let statement = BlsStatement { key: secret.public_key(), message: message(of) };
        (statement, secret.sign(&statement.message))
    };
    let [one, other] = opposites();
    assert!(other.public_key().is_possessed(&other.prove_possession()));
    let cancelling = [signed(&one, 1), signed(&other, 1)];
    assert_eq!(verify_each(&cancelling), [true; 2]);

    let verifier = BlsVerifier::default();
    for items in [&[cancelling.as_slice(), &[good(3, 2)]].concat(), cancelling.as_slice()] {
        let (statements, proof) = sum(items);
        assert!(verifier.verify_aggregate(&statements, &proof));
    }
    let (statements, _) = sum(&[cancelling.as_slice(), &[good(3, 2)]].concat());
    assert!(!verifier.verify_aggregate(&statements, &sum(&cancelling).1), "without the third's");
}

#[test]
fn few_keys_are_remembered_and_none_that_is_bad() {
    let keys = Keys::default();
    assert_eq!(keys.point(&BlsPublicKey([1; 96])), None);
    assert_eq!(keys.len(), 0);
    let key = secret(1).public_key();
    assert_eq!(keys.point(&key), point::key(&key));
    assert_eq!((keys.point(&key), keys.len()), (point::key(&key), 1));
    for n in 0..=Keys::MAX {
        let secret = BlsSecretKey::key_gen(&[u8::try_from(n).unwrap(); 32], b"others");
        assert!(keys.point(&secret.public_key()).is_some());
        assert!(keys.len() <= Keys::MAX);
    }
    assert_eq!(keys.len(), 2, "all were forgotten when there was no room");
}
