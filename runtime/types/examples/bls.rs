//! BLS beside Ed25519: `cargo run --release -p heddle-types --example bls -- [rounds]`.
//!
//! Every round does every operation once, one after the other, so that all see the same machine. Prints the median time
//! of each and the fastest, in microseconds, and the bytes of certificates.

use std::error::Error;
#[expect(clippy::disallowed_types, reason = "a benchmark measures time")]
use std::time::Instant;

use heddle_types::BlsSecretKey;
use heddle_types::BlsSignature;
use heddle_types::BlsStatement;
use heddle_types::BlsVerifier;
use heddle_types::Hash32;
use heddle_types::SecretKey;
use heddle_types::SignedMessage;
use heddle_types::verify_each;

/// One operation: its name, and what it does; it says whether that went as it should.
struct Operation {
    name: String,
    run: Box<dyn Fn() -> bool>,
}

#[expect(clippy::disallowed_types, reason = "a benchmark, read downwards")]
fn main() -> Result<(), Box<dyn Error>> {
    let rounds = std::env::args().nth(1).map_or(Ok(200), |text| text.parse::<usize>())?;
    let operations = operations();
    let mut times = vec![Vec::new(); operations.len()];
    for _ in 0..rounds.max(1) {
        for (operation, times) in operations.iter().zip(&mut times) {
            let start = Instant::now();
            let went_well = (operation.run)();
            times.push(start.elapsed().as_nanos());
            assert!(went_well, "{}", operation.name);
        }
    }
    for (operation, times) in operations.iter().zip(&mut times) {
        times.sort_unstable();
        let [median, best] = [times[times.len() / 2], times[0]].map(|nanos| nanos as f64 / 1e3);
        println!("{}: median {median:.0} us, best {best:.0} us", operation.name);
    }
    for members in [4, 16, 50] {
        let quorum = members - (members - 1) / 3;
        // Data of a vote, and how many signed; then each with its index, or who as bits and the sum.
        println!(
            "certificate/members={members}: signatures of {quorum}: {} bytes by Ed25519, {} by BLS",
            quorum * (2 + 64),
            8 + 48
        );
    }
    Ok(())
}

fn operations() -> Vec<Operation> {
    let mut all = one();
    for count in [3, 34, 50] {
        all.extend(batches(count));
    }
    for (count, messages) in [(3, 1), (3, 3), (34, 1), (34, 3), (50, 1), (50, 3)] {
        all.push(sum(count, messages));
    }
    all
}

fn operation(name: impl Into<String>, run: impl Fn() -> bool + 'static) -> Operation {
    Operation { name: name.into(), run: Box::new(run) }
}

fn seed(n: usize) -> SecretKey {
    let mut seed = [0; 32];
    seed[..8].copy_from_slice(&n.to_le_bytes());
    SecretKey::from_seed(seed)
}

fn message(n: usize) -> Hash32 {
    Hash32([u8::try_from(n).unwrap_or(u8::MAX); 32])
}

/// Signed by `count`, by BLS, of so many messages.
fn signed(count: usize, messages: usize) -> Vec<(BlsStatement, BlsSignature)> {
    let sign = |n| {
        let (secret, message) = (BlsSecretKey::derive(&seed(n)), message(n % messages));
        (BlsStatement { key: secret.public_key(), message }, secret.sign(&message))
    };
    (0..count).map(sign).collect()
}

/// A verifier that has met the keys.
fn warm(items: &[(BlsStatement, BlsSignature)]) -> BlsVerifier {
    let verifier = BlsVerifier::default();
    assert!(verifier.verify_each(items).into_iter().all(|good| good));
    verifier
}

fn one() -> Vec<Operation> {
    let (secret, key) = (seed(1), BlsSecretKey::derive(&seed(1)));
    let (public, proof) = (key.public_key(), key.prove_possession());
    let signature = key.sign(&message(1));
    let ed25519 = secret.sign(message(1).as_bytes());
    let single = signed(1, 1);
    let (verifier, cold) = (warm(&single), single.clone());
    vec![
        operation("ed25519::sign", {
            let secret = secret.clone();
            move || secret.sign(message(1).as_bytes()) == ed25519
        }),
        operation("bls::sign", move || key.sign(&message(1)) == signature),
        operation("bls::derive", {
            let secret = secret.clone();
            move || BlsSecretKey::derive(&secret).public_key() == public
        }),
        operation("ed25519::verify_one", {
            let public = secret.public_key();
            move || heddle_types::verify_one(&public, message(1).as_bytes(), &ed25519)
        }),
        operation("bls::verify_each/signers=1", move || verifier.verify_each(&single) == [true]),
        operation("bls::verify_each/signers=1,keys=cold", move || {
            BlsVerifier::default().verify_each(&cold) == [true]
        }),
        operation("bls::is_possessed", move || public.is_possessed(&proof)),
    ]
}

fn batches(count: usize) -> Vec<Operation> {
    let ed25519 = (0..count).map(|n| SignedMessage {
        key: seed(n).public_key(),
        message: message(0),
        signature: seed(n).sign(message(0).as_bytes()),
    });
    let ed25519 = ed25519.collect::<Vec<_>>();
    let items = signed(count, 1);
    let (verifier, cold) = (warm(&items), items.clone());
    let mut spoiled = items.clone();
    spoiled[count / 2].1 = items[0].1;
    let (spoiled_verifier, bad) = (warm(&items), count / 2);
    let signatures = items.iter().map(|(_, signature)| *signature).collect::<Vec<_>>();
    vec![
        operation(format!("ed25519::verify_each/signers={count}"), move || {
            verify_each(&ed25519).into_iter().all(|good| good)
        }),
        operation(format!("bls::verify_each/signers={count}"), move || {
            verifier.verify_each(&items).into_iter().all(|good| good)
        }),
        operation(format!("bls::verify_each/signers={count},bad=1"), move || {
            spoiled_verifier.verify_each(&spoiled).into_iter().position(|good| !good) == Some(bad)
        }),
        operation(format!("bls::verify_each/signers={count},keys=cold"), move || {
            BlsVerifier::default().verify_each(&cold).into_iter().all(|good| good)
        }),
        operation(format!("bls::aggregate/signers={count}"), move || {
            BlsSignature::aggregate(&signatures).is_some()
        }),
    ]
}

fn sum(count: usize, messages: usize) -> Operation {
    let items = signed(count, messages);
    let verifier = warm(&items);
    let (statements, signatures): (Vec<_>, Vec<_>) = items.into_iter().unzip();
    let proof = BlsSignature::aggregate(&signatures);
    operation(format!("bls::verify_aggregate/signers={count},messages={messages}"), move || {
        proof.is_some_and(|proof| verifier.verify_aggregate(&statements, &proof))
    })
}
