//! Signatures that were found good: a transaction comes here once forwarded and once in a block, and is verified once.

use dashmap::DashMap;
use heddle_types::Auth;
use heddle_types::TxId;
use parking_lot::RwLock;

/// Transactions in one generation; two generations are kept.
const GENERATION_LEN_MAX: usize = 100_000;

/// A bounded set of (id, authorisation). The verdict reaches state, so the very bytes must have been verified.
#[derive(Debug, Default)]
pub(crate) struct KnownSignatures {
    generations: RwLock<[DashMap<TxId, Auth>; 2]>,
}

impl KnownSignatures {
    /// `auth` was verified for `id` and is good.
    pub(crate) fn insert(&self, id: TxId, auth: Auth) {
        {
            let generations = self.generations.read();
            generations[0].insert(id, auth);
            if generations[0].len() < GENERATION_LEN_MAX {
                return;
            }
        }
        let mut generations = self.generations.write();
        if generations[0].len() >= GENERATION_LEN_MAX {
            generations.swap(0, 1);
            generations[0] = DashMap::new();
        }
    }

    /// Whether exactly this was verified before and is remembered.
    pub(crate) fn contains(&self, id: &TxId, auth: &Auth) -> bool {
        let generations = self.generations.read();
        generations.iter().any(|known| known.get(id).is_some_and(|good| good.value() == auth))
    }
}

#[cfg(test)]
mod tests {
    use heddle_types::Hash32;
    use heddle_types::Signature;

    use super::*;

    #[test]
    fn another_signature_of_a_known_id_is_not_known() {
        let known = KnownSignatures::default();
        let id = TxId(Hash32([1; 32]));
        known.insert(id, Auth::Ed25519(Signature([2; 64])));
        assert!(known.contains(&id, &Auth::Ed25519(Signature([2; 64]))));
        assert!(!known.contains(&id, &Auth::Ed25519(Signature([3; 64]))));
    }

    #[test]
    fn the_oldest_are_forgotten_and_the_newest_are_not() {
        let known = KnownSignatures::default();
        let auth = Auth::Ed25519(Signature([0; 64]));
        let id = |n: usize| TxId(Hash32(*blake3::hash(&n.to_le_bytes()).as_bytes()));
        let count = 2 * GENERATION_LEN_MAX + 10;
        (0..count).for_each(|n| known.insert(id(n), auth));
        assert!(!known.contains(&id(0), &auth));
        assert!(known.contains(&id(count - 1), &auth));
        assert!(known.contains(&id(count - GENERATION_LEN_MAX), &auth));
    }
}
