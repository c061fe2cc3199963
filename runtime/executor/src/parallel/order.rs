//! Numbers of keys in the order of the keys.

use rayon::prelude::*;

use heddle_types::StateKey;

/// Keys that are sorted on one thread at least: less is not worth waking another.
const ALONE_MAX: usize = 4_096;

/// The keys numbered `numbers`, in ascending order, sorted on several threads if there are. Compares a few bytes of most keys, and
/// all of those that are alike in them.
pub(crate) fn ascending(
    keys: &[StateKey],
    numbers: impl Iterator<Item = usize>,
    threads: usize,
) -> Vec<usize> {
    let mut order: Vec<(u128, usize)> =
        numbers.map(|number| (head(&keys[number]), number)).collect();
    let compare = |(a_head, a): &(u128, usize), (b_head, b): &(u128, usize)| {
        a_head.cmp(b_head).then_with(|| keys[*a].cmp(&keys[*b]))
    };
    if threads == 1 || order.len() <= ALONE_MAX {
        order.sort_unstable_by(compare);
    } else {
        order.par_sort_unstable_by(compare);
    }
    order.into_iter().map(|(_, number)| number).collect()
}

/// The program and the first bytes: smaller ones are of smaller keys.
fn head(key: &StateKey) -> u128 {
    let mut head = [0; 16];
    head[..4].copy_from_slice(&key.program().0.to_be_bytes());
    let bytes = &key.bytes()[..key.bytes().len().min(12)];
    head[4..4 + bytes.len()].copy_from_slice(bytes);
    u128::from_be_bytes(head)
}

#[cfg(test)]
mod tests {
    use super::*;
    use heddle_types::ProgramId;
    use proptest::prelude::*;

    #[test]
    fn many_keys_are_sorted_on_many_threads_as_on_one() {
        let key = |n: usize| {
            let bytes = n.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes();
            StateKey::new(ProgramId(1), &[b"a key of many bytes", &bytes]).unwrap()
        };
        let keys: Vec<_> = (0..3 * ALONE_MAX).map(key).collect();
        let order = ascending(&keys, 0..keys.len(), 4);
        assert_eq!(order, ascending(&keys, 0..keys.len(), 1));
        assert!(order.is_sorted_by(|a, b| keys[*a] < keys[*b]));
    }

    proptest! {
        #[test]
        fn keys_come_in_their_order(
            parts in proptest::collection::btree_set(
                (0..3_u32, proptest::collection::vec(0..2_u8, 0..20)), 0..60),
            rotation in 0..60_usize,
        ) {
            let key = |(program, bytes): (u32, Vec<u8>)| {
                StateKey::new(ProgramId(program), &[&bytes]).unwrap()
            };
            let mut keys: Vec<_> = parts.into_iter().map(key).collect();
            let sorted = keys.clone();
            let rotation = rotation % keys.len().max(1);
            keys.rotate_left(rotation);
            let order = ascending(&keys, 0..keys.len(), 2);
            let found: Vec<_> = order.into_iter().map(|number| keys[number]).collect();
            prop_assert_eq!(found, sorted);
        }
    }
}
