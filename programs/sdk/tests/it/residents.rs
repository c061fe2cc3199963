//! Where resident objects are.

use proptest::prelude::*;

use heddle_sdk::RESIDENT_TAG;
use heddle_sdk::ResidentKey;
use heddle_sdk::limits::RESIDENT_NAME_BYTES_MAX;
use heddle_types::ProgramId;

const PROGRAM: ProgramId = ProgramId(9);

#[test]
fn names_and_suffixes_that_do_not_fit_are_refused() {
    let longest = [1; RESIDENT_NAME_BYTES_MAX];
    let key = ResidentKey::new(PROGRAM, &longest).unwrap();
    assert_eq!((key.program(), key.name()), (PROGRAM, &longest[..]));
    assert_eq!(ResidentKey::new(PROGRAM, &[1; RESIDENT_NAME_BYTES_MAX + 1]), None);
    assert_eq!(key.part(&[]), None);
    assert!(key.part(&[2; 25]).is_some());
    assert_eq!(key.part(&[2; 26]), None);
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(0..3_u8, 0..4)
}

proptest! {
    #[test]
    fn no_two_objects_share_a_key(one in (bytes(), bytes()), other in (bytes(), bytes())) {
        let key = |(name, suffix): &(Vec<u8>, Vec<u8>)| {
            let key = ResidentKey::new(PROGRAM, name).unwrap();
            key.part(suffix).unwrap_or(*key.stamp())
        };
        prop_assert_eq!(key(&one) == key(&other), one == other);
        prop_assert_eq!(key(&one).bytes()[0], RESIDENT_TAG);
    }
}
