//! Numbers of keys in the order of the keys.

use heddle_types::StateKey;

/// The keys numbered `numbers`, in ascending order. Compares a few bytes of most keys, and all of those that are alike in them.
pub(crate) fn ascending(keys: &[StateKey], numbers: impl Iterator<Item = usize>) -> Vec<usize> {
    let mut order: Vec<(u128, usize)> =
        numbers.map(|number| (head(&keys[number]), number)).collect();
    order.sort_unstable_by(|(a_head, a), (b_head, b)| {
        a_head.cmp(b_head).then_with(|| keys[*a].cmp(&keys[*b]))
    });
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
            let order = ascending(&keys, 0..keys.len());
            let found: Vec<_> = order.into_iter().map(|number| keys[number]).collect();
            prop_assert_eq!(found, sorted);
        }
    }
}
