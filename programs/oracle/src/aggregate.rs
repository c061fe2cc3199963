//! One price of many.

use heddle_types::UnixMillis;

use crate::median::Middle;
use crate::median::Weighted;
use crate::median::middle;
use crate::post::Post;

/// A post that counts, and how much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Vote {
    /// What.
    pub post: Post,
    /// How much; not zero.
    pub weight: u32,
}

/// What a set of posts says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Aggregate {
    /// The price.
    pub price: i64,
    /// How far the true price may be from it.
    pub confidence: u64,
    /// When that was.
    pub time: UnixMillis,
}

/// What `votes` say together; none without a vote (R3).
///
/// While the votes of liars have less than half of the weight, each of the three is between the least and the greatest that the honest say:
/// the price and the time because they are medians of such, the confidence because it is the median of `|price - own price| + own
/// confidence`.
pub fn aggregate(votes: &[Vote]) -> Option<Aggregate> {
    let price = middle_of(votes, |post| i128::from(post.price))?.mean();
    let reach = |post: &Post| {
        price.abs_diff(i128::from(post.price)).saturating_add(u128::from(post.confidence))
    };
    // Of two the wider, and of two times the older: against the user.
    let confidence = middle_of(votes, |post| reach(post).cast_signed())?.upper;
    let time = middle_of(votes, |post| i128::from(post.time.get()))?.lower;
    Some(Aggregate {
        // Between prices, and between times.
        price: i64::try_from(price).ok()?,
        confidence: u64::try_from(confidence).unwrap_or(u64::MAX),
        time: UnixMillis::new(u64::try_from(time).ok()?),
    })
}

fn middle_of(votes: &[Vote], value: impl Fn(&Post) -> i128) -> Option<Middle> {
    let weighted =
        |vote: &Vote| Weighted { value: value(&vote.post), weight: u64::from(vote.weight) };
    middle(&mut votes.iter().map(weighted).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests;
