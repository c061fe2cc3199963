//! Garbage is refused, in bounded memory, and never panics.

use heddle_state::Proof;
use heddle_types::StateRoot;
use heddle_types::decode_exact;
use proptest::prelude::*;

use crate::reference;

proptest! {
    #[test]
    fn garbage_is_no_proof(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        if let Ok(proof) = decode_exact::<Proof>(&bytes) {
            let zero = proof.verify(StateRoot::ZERO, &reference::key(1));
            prop_assert!(zero.is_err() || zero == Ok(None));
        }
    }
}

#[test]
fn a_proof_deeper_than_a_path_is_refused_before_it_is_read() {
    let mut bytes = 257_u32.to_le_bytes().to_vec();
    bytes.extend([0; 257 * 32 + 1]);
    let error = decode_exact::<Proof>(&bytes).unwrap_err().to_string();
    assert!(error.contains("siblings: length 257, at most 256 allowed"), "{error}");
}
