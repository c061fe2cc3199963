//! What liars can and cannot do (R3).

#![allow(clippy::arithmetic_side_effects, reason = "an overflow fails the test")]

use proptest::collection::vec;
use proptest::prelude::*;

use heddle_num::Ppm;
use heddle_types::Address;
use heddle_types::Millis;
use heddle_types::UnixMillis;

use super::Aggregate;
use super::Vote;
use super::aggregate;
use crate::feed::Feed;
use crate::feed::Publisher;
use crate::post::Post;

fn vote(price: i64, confidence: u64, time: u64, weight: u32) -> Vote {
    Vote { post: Post { price, confidence, time: UnixMillis::new(time) }, weight }
}

/// Anything at all.
fn any_post() -> impl Strategy<Value = Post> {
    let price = prop_oneof![Just(i64::MIN), Just(i64::MAX), Just(0), any::<i64>(), 0..3000_i64];
    let size = prop_oneof![Just(0), Just(u64::MAX), any::<u64>(), 0..3000_u64];
    (price, size.clone(), size).prop_map(|(price, confidence, time)| Post {
        price,
        confidence,
        time: UnixMillis::new(time),
    })
}

/// What someone honest says: near the truth.
fn honest_post() -> impl Strategy<Value = Post> {
    (1000..1100_i64, 0..50_u64, 2000..2100_u64).prop_map(|(price, confidence, time)| Post {
        price,
        confidence,
        time: UnixMillis::new(time),
    })
}

fn feed_of(weights: &[u32]) -> Feed {
    let address = |n: usize| Address([u8::try_from(n).unwrap(); 32]);
    let publisher = |(n, weight): (usize, &u32)| Publisher { address: address(n), weight: *weight };
    Feed {
        name: "BTC/USD".to_owned(),
        exponent: 0,
        age_max: Millis::new(1),
        confidence_max: Ppm::ONE,
        twap_window: Millis::new(1),
        publishers: weights.iter().enumerate().map(publisher).collect(),
    }
}

/// Publishers as liars would have them: who weighs what, who is silent, what the liars say and what the honest say.
#[derive(Clone, Debug)]
struct Pattern {
    weights: Vec<u32>,
    silent: Vec<bool>,
    lies: Vec<Post>,
    truths: Vec<Post>,
}

fn pattern() -> impl Strategy<Value = Pattern> {
    (1..25_usize).prop_flat_map(|count| {
        let weight = prop_oneof![Just(1_u32), 1..10_u32, 1..1_000_000_u32];
        let one_weight = weight.clone().prop_map(move |weight| vec![weight; count]);
        let weights = prop_oneof![one_weight, vec(weight, count)];
        let silent = vec(prop::bool::weighted(0.4), count);
        (weights, silent, vec(any_post(), count), vec(honest_post(), count))
            .prop_map(|(weights, silent, lies, truths)| Pattern { weights, silent, lies, truths })
    })
}

impl Pattern {
    /// Who lies: the first ones, as long as they are no more than a third of the weight. The weights are in any order.
    fn liars(&self) -> usize {
        let total: u64 = self.weights.iter().map(|weight| u64::from(*weight)).sum();
        let mut sum = 0;
        let is_third = |weight: &&u32| {
            sum += u64::from(**weight);
            3 * sum <= total
        };
        self.weights.iter().take_while(is_third).count()
    }

    /// The votes of all that speak, the liars' first. Who would be silent speaks where a quorum needs it.
    fn votes(&self) -> (Vec<Vote>, Vec<Vote>) {
        let quorum = feed_of(&self.weights).quorum();
        let mut left: u64 = self.weights.iter().map(|weight| u64::from(*weight)).sum();
        let mut is_silent = |n: usize| {
            let weight = u64::from(self.weights[n]);
            let may_be = self.silent[n] && left - weight >= quorum;
            left -= if may_be { weight } else { 0 };
            may_be
        };
        let speaking: Vec<_> = (0..self.weights.len()).filter(|n| !is_silent(*n)).collect();
        let vote = |posts: &[Post], n: usize| Vote { post: posts[n], weight: self.weights[n] };
        let (liars, honest) = speaking.split_at(speaking.partition_point(|n| *n < self.liars()));
        (
            liars.iter().map(|n| vote(&self.lies, *n)).collect(),
            honest.iter().map(|n| vote(&self.truths, *n)).collect(),
        )
    }
}

/// The least and the greatest of what the honest say.
fn range<T: Ord + Copy>(honest: &[Vote], value: impl Fn(&Post) -> T) -> (T, T) {
    let values = || honest.iter().map(|vote| value(&vote.post));
    (values().min().unwrap(), values().max().unwrap())
}

fn is_between<T: Ord>(value: T, (least, greatest): (T, T)) -> bool {
    least <= value && value <= greatest
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn a_third_of_the_weight_lying_moves_nothing_out_of_the_honest_range(pattern in pattern()) {
        let (lies, truths) = pattern.votes();
        let votes = [lies, truths.clone()].concat();
        let Aggregate { price, confidence, time } = aggregate(&votes).unwrap();
        prop_assert!(is_between(price, range(&truths, |post| post.price)));
        prop_assert!(is_between(time, range(&truths, |post| post.time)));
        let reach = |post: &Post| post.price.abs_diff(price) + post.confidence;
        prop_assert!(is_between(confidence, range(&truths, reach)));
    }

    #[test]
    fn the_order_of_votes_does_not_matter(pattern in pattern()) {
        let (lies, truths) = pattern.votes();
        let votes = [lies, truths].concat();
        let backwards: Vec<_> = votes.iter().rev().copied().collect();
        prop_assert_eq!(aggregate(&votes), aggregate(&backwards));
    }
}

#[test]
fn a_bit_more_than_a_third_lying_can() {
    // Why two thirds must be there: 2 of 5 lie, 1 is silent, and half of what counts is theirs.
    let votes = [vote(1, 0, 0, 1), vote(1, 0, 0, 1), vote(1000, 0, 0, 1), vote(1000, 0, 0, 1)];
    assert_eq!(aggregate(&votes).unwrap().price, 501);
    assert_eq!(feed_of(&[1; 5]).quorum(), 4);
}

#[test]
fn more_than_two_thirds_are_a_quorum() {
    let quorum = |weights: &[u32]| feed_of(weights).quorum();
    assert_eq!([quorum(&[1]), quorum(&[1; 2]), quorum(&[1; 3])], [1, 2, 3]);
    assert_eq!([quorum(&[1; 4]), quorum(&[1; 6]), quorum(&[1; 7])], [3, 5, 5]);
    assert_eq!(quorum(&[1_000_000; 24]), 16_000_001);
}

#[test]
fn confidence_is_what_the_middle_publisher_grants() {
    let votes = [vote(100, 2, 7, 1), vote(103, 1, 8, 1), vote(110, 1, 9, 1)];
    let expected = Aggregate { price: 103, confidence: 5, time: UnixMillis::new(8) };
    assert_eq!(aggregate(&votes), Some(expected));
    // Of two, the wider and the older.
    let votes = [vote(100, 1, 7, 1), vote(100, 3, 9, 1)];
    let expected = Aggregate { price: 100, confidence: 3, time: UnixMillis::new(7) };
    assert_eq!(aggregate(&votes), Some(expected));
}

#[test]
fn the_ends_of_every_type_are_no_error() {
    let votes = [vote(i64::MIN, u64::MAX, u64::MAX, 1), vote(i64::MAX, u64::MAX, u64::MAX, 1)];
    let expected = Aggregate { price: -1, confidence: u64::MAX, time: UnixMillis::new(u64::MAX) };
    assert_eq!(aggregate(&votes), Some(expected));
    assert_eq!(aggregate(&[]), None);
}
