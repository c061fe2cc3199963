#![expect(clippy::arithmetic_side_effects, reason = "an overflow in a test is a failed test")]

use proptest::prelude::*;

use super::*;

fn quotes(amounts: &[i128]) -> Vec<Quote> {
    amounts.iter().copied().map(Quote::new).collect()
}

#[test]
fn losses_are_shared_in_proportion_and_the_last_takes_the_rest() {
    let check = |total: i128, weights: &[i128], expected: &[i128]| {
        let shares = share_loss(Quote::new(total), &quotes(weights));
        assert_eq!(shares, Some(quotes(expected)));
    };
    check(0, &[1, 2], &[0, 0]);
    check(100, &[1, 1], &[50, 50]);
    check(100, &[1, 1, 1], &[33, 33, 34]);
    check(10, &[5, 3, 0], &[6, 4, 0]);
    check(7, &[0, 9, 0], &[0, 7, 0]);
    check(-7, &[1, 1], &[-4, -3]);
}

#[test]
fn without_weights_nothing_is_shared() {
    assert_eq!(share_loss(Quote::new(5), &[]), None);
    assert_eq!(share_loss(Quote::new(5), &quotes(&[0, 0])), None);
    assert_eq!(share_loss(Quote::new(5), &quotes(&[2, -1])), None);
    assert_eq!(share_loss(Quote::new(5), &quotes(&[i128::MAX, 1])), None);
}

proptest! {
    #[test]
    fn shares_add_up_and_are_within_one_of_their_proportion(
        total in 0_i128..1_000_000_000_000,
        weights in prop::collection::vec(0_i128..1_000_000_000, 1..20),
    ) {
        let sum: i128 = weights.iter().sum();
        prop_assume!(sum > 0);
        let shares = share_loss(Quote::new(total), &quotes(&weights)).unwrap();
        let shared: i128 = shares.iter().map(|share| share.get()).sum();
        prop_assert_eq!(shared, total);
        for (share, weight) in shares.iter().zip(&weights) {
            let over = share.get() * sum - total * weight;
            prop_assert!(over > -sum);
            prop_assert!(over < sum * i128::try_from(weights.len()).unwrap());
        }
    }

    #[test]
    fn the_loss_index_collects_what_is_shared_and_hardly_more(
        loss in 1_i128..1_000_000_000_000,
        sizes in prop::collection::vec(1_u64..1_000_000_000, 1..50),
    ) {
        let lots: u64 = sizes.iter().sum();
        let rise = loss_index_rise(Quote::new(loss), Lots::new(lots)).unwrap();
        let paid: i128 = sizes.iter().map(|size| {
            mul_div(i128::from(*size), rise, INDEX_ONE, Rounding::Ceil).unwrap()
        }).sum();
        prop_assert!(paid >= loss);
        let surplus_max = i128::try_from(sizes.len()).unwrap() + i128::from(lots) / INDEX_ONE + 1;
        prop_assert!(paid - loss <= surplus_max, "{} too much", paid - loss);
    }
}
