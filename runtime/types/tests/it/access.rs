//! What a transaction or an item declares does not depend on the order in which it is declared.

use std::collections::BTreeMap;

use heddle_types::AccessMode;
use heddle_types::AccessSet;
use heddle_types::ProgramId;
use heddle_types::StateKey;
use heddle_types::limits::ACCESS_KEYS_MAX;
use proptest::prelude::*;

fn key(number: usize) -> StateKey {
    StateKey::new(ProgramId(1), &[&number.to_be_bytes()]).unwrap()
}

proptest! {
    #[test]
    fn keys_stand_in_their_order_and_modes_are_joined(
        declared in prop::collection::vec((0..40_usize, any::<bool>()), 0..80),
    ) {
        let mut set = AccessSet::default();
        let mut model = BTreeMap::<StateKey, AccessMode>::new();
        for (number, is_read) in declared {
            let mode = if is_read { AccessMode::Read } else { AccessMode::Add };
            prop_assert!(set.declare(key(number), mode));
            let joined = model.get(&key(number)).map_or(mode, |before| before.join(mode));
            model.insert(key(number), joined);
        }
        let found: Vec<_> = set.iter().map(|(key, mode)| (*key, mode)).collect();
        prop_assert_eq!(found, model.into_iter().collect::<Vec<_>>());
    }
}

#[test]
fn a_full_set_takes_no_key_but_those_that_it_has() {
    let mut set = AccessSet::default();
    set.reserve(usize::MAX);
    assert!((0..ACCESS_KEYS_MAX).all(|number| set.declare(key(number), AccessMode::Read)));
    assert!(!set.declare(key(ACCESS_KEYS_MAX), AccessMode::Read));
    assert!(!set.declare(StateKey::new(ProgramId(0), &[]).unwrap(), AccessMode::Read));
    for number in [0, ACCESS_KEYS_MAX - 1] {
        assert!(set.declare(key(number), AccessMode::Add));
        assert_eq!(set.mode(&key(number)), Some(AccessMode::Write));
    }
    assert_eq!(set.len(), ACCESS_KEYS_MAX);
}
