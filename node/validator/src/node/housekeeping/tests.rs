use super::*;

fn heights(heights: &[u64]) -> Vec<Height> {
    heights.iter().map(|height| Height::new(*height)).collect()
}

#[test]
fn what_is_pruned_ends_at_a_snapshot_below_the_window() {
    let check = |kept: &[u64], last: u64, window: u64, expected: Option<u64>| {
        let found = base(&heights(kept), Height::new(last), NonZeroU64::new(window));
        assert_eq!(found, expected.map(Height::new), "{kept:?} at {last}");
    };
    check(&[], 9000, 2000, None);
    check(&[1000, 2000, 3000], 2999, 2000, None);
    check(&[1000, 2000, 3000], 3000, 2000, Some(1000));
    check(&[1000, 2000, 3000], 4999, 2000, Some(2000));
    check(&[1000, 2000, 3000], 9000, 2000, Some(3000));
    check(&[1000, 2000, 3000], 9000, 0, None);
}

#[test]
fn the_newest_snapshots_stay_and_so_does_what_verifying_begins_at() {
    let check = |kept: &[u64], base: Option<u64>, window: u64, expected: &[u64]| {
        let kept = heights(kept);
        let found = forgotten(&kept, base.map(Height::new), NonZeroU64::new(window));
        assert_eq!(found, heights(expected), "{kept:?} from {base:?}");
    };
    check(&[], None, 0, &[]);
    check(&[1, 2], None, 0, &[]);
    check(&[1, 2, 3, 4], None, 0, &[1, 2]);
    check(&[1, 2, 3, 4], None, 2000, &[]);
    check(&[1, 2, 3, 4], Some(2), 2000, &[1]);
    check(&[1, 2, 3, 4], Some(4), 2000, &[1, 2]);
    check(&[1, 2, 3, 4], Some(1), 2000, &[]);
}
