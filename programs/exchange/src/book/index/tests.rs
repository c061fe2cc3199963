use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

/// Few hashes, some of them next to each other and at the end of the table, so that slots stand in each other's way.
fn crowded(name: u64) -> u32 {
    [0, 1, 2, 62, 63][usize::try_from(name % 5).unwrap()]
}

fn check(steps: &[(bool, u64)], hash: fn(u64) -> u32) {
    let (mut index, mut expected) = (Index::new(), BTreeMap::new());
    for &(inserts, name) in steps {
        let slot = u32::try_from(name).unwrap();
        if inserts && expected.insert(name, slot).is_none() {
            index.insert(hash(name), slot);
        } else if !inserts && expected.remove(&name).is_some() {
            index.remove(hash(name), slot);
        }
        for name in 0..200 {
            let found = index.find(hash(name), |slot| u64::from(slot) == name);
            assert_eq!(found, expected.get(&name).copied());
        }
    }
}

proptest! {
    #[test]
    fn an_index_finds_what_a_map_does(
        steps in prop::collection::vec((prop::bool::weighted(0.6), 0_u64..200), 0..300),
    ) {
        check(&steps, hash);
        check(&steps, crowded);
    }
}

#[test]
fn names_in_a_row_and_at_strides_spread() {
    for stride in [1, 2, 1 << 16, 1 << 32, 121_393, (1 << 32) + 1] {
        let mut fullest = [0_u32; 256];
        for number in 0..4096 {
            fullest[hash(number * stride) as usize & 255] += 1;
        }
        // 16 each if they were dealt out.
        assert!(fullest.iter().all(|count| *count < 48), "stride {stride}");
    }
}
