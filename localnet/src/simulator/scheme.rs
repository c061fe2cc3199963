//! Vote signatures that cost next to nothing: a keyed hash under the public key. Anyone could forge one; in the simulator
//! nobody does.

use heddle_types::Hash32;
use heddle_types::PublicKey;
use heddle_types::Signature;
use heddle_types::SignedStatement;
use heddle_types::Statement;
use heddle_types::VoteScheme;
use heddle_types::VoteSigner;

/// Verifies [`MacSigner`]'s signatures.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MacScheme;

/// Signs as `PublicKey`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MacSigner(pub(crate) PublicKey);

fn mac(key: &PublicKey, message: &Hash32) -> Signature {
    let hash = blake3::keyed_hash(&key.0, message.as_bytes());
    let mut bytes = [0; 64];
    bytes[..32].copy_from_slice(hash.as_bytes());
    Signature(bytes)
}

impl VoteScheme for MacScheme {
    fn verify_each(&self, items: &[SignedStatement<'_>]) -> Vec<bool> {
        let is_good = |item: &SignedStatement<'_>| {
            let Statement { signer, message } = item.statement;
            mac(&signer.public_key, &message) == item.signature
        };
        items.iter().map(is_good).collect()
    }
}

impl VoteSigner for MacSigner {
    fn public_key(&self) -> PublicKey {
        self.0
    }

    fn sign(&self, message: &Hash32) -> Signature {
        mac(&self.0, message)
    }
}
