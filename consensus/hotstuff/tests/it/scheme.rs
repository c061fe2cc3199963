//! Signatures that cost one hash. Anyone can forge them, but no test's adversary does except on purpose.

use heddle_types::Domain;
use heddle_types::Hash32;
use heddle_types::PublicKey;
use heddle_types::Signature;
use heddle_types::SignedStatement;
use heddle_types::Statement;
use heddle_types::VoteScheme;
use heddle_types::VoteSigner;

pub(crate) struct HashScheme;

pub(crate) struct HashSigner(pub(crate) PublicKey);

pub(crate) fn key(index: u16) -> PublicKey {
    PublicKey(Hash32::of(Domain::COMMITTEE, &[&index.to_le_bytes()]).0)
}

pub(crate) fn sign(key: &PublicKey, message: &Hash32) -> Signature {
    let half = Hash32::of(Domain::HANDSHAKE, &[&key.0, message.as_bytes()]).0;
    let mut signature = [0; 64];
    signature[..32].copy_from_slice(&half);
    Signature(signature)
}

impl VoteScheme for HashScheme {
    fn verify_each(&self, items: &[SignedStatement<'_>]) -> Vec<bool> {
        let is_good = |item: &SignedStatement<'_>| {
            let Statement { signer, message } = item.statement;
            sign(&signer.public_key, &message) == item.signature
        };
        items.iter().map(is_good).collect()
    }
}

impl VoteSigner for HashSigner {
    fn public_key(&self) -> PublicKey {
        self.0
    }

    fn sign(&self, message: &Hash32) -> Signature {
        sign(&self.0, message)
    }
}
