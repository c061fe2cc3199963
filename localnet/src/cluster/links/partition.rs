//! Who is cut off from whom, as it is written.
//!
//! ```text
//! 0,1/2,3    two groups, cut off from each other both ways; a validator in none of them stays connected to all
//! 0>1,2      one way: what 0 sends to 1 and to 2 is lost
//! ```

use std::collections::BTreeSet;

use super::ClusterError;

/// Pairs of validators: what the first sends to the second is lost.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Partition(pub BTreeSet<(u16, u16)>);

impl Partition {
    /// Reads one, of a cluster of so many validators.
    ///
    /// # Errors
    /// [`ClusterError::Partition`], [`ClusterError::NoSuchValidator`].
    pub fn parse(text: &str, validators: u16) -> Result<Self, ClusterError> {
        let wrong = |expected: &str| ClusterError::Partition {
            found: text.to_owned(),
            expected: expected.to_owned(),
        };
        let group = |text: &str| {
            let indices = text.split(',').map(|index| {
                let index: u16 = index.trim().parse().ok()?;
                Some(index)
            });
            let indices = indices.collect::<Option<BTreeSet<u16>>>();
            let indices = indices.ok_or_else(|| wrong("indices like 0,1/2,3 or '0>1'"))?;
            match indices.iter().find(|index| **index >= validators) {
                Some(index) => Err(ClusterError::NoSuchValidator { index: *index, validators }),
                None => Ok(indices),
            }
        };
        if let Some((from, to)) = text.split_once('>') {
            let (from, to) = (group(from)?, group(to)?);
            if !from.is_disjoint(&to) {
                return Err(wrong("no validator on both sides"));
            }
            return Ok(Self(pairs(&from, &to).collect()));
        }
        let groups = text.split('/').map(group).collect::<Result<Vec<_>, _>>()?;
        let members: usize = groups.iter().map(BTreeSet::len).sum();
        let all: BTreeSet<_> = groups.iter().flatten().collect();
        if groups.len() < 2 {
            return Err(wrong("two groups or more, like 0,1/2,3"));
        }
        if all.len() < members {
            return Err(wrong("no validator in two groups"));
        }
        let others = |group: &BTreeSet<u16>| {
            all.iter().copied().filter(|i| !group.contains(i)).copied().collect()
        };
        let cuts = groups.iter().flat_map(|group| pairs(group, &others(group)).collect::<Vec<_>>());
        Ok(Self(cuts.collect()))
    }

    /// How many validators, of so many, the largest set has that some link still joins, one way at least.
    pub fn largest_set(&self, validators: u16) -> usize {
        let mut left: BTreeSet<u16> = (0..validators).collect();
        let mut largest = 0;
        while let Some(first) = left.pop_first() {
            let (mut set, mut reached) = (0, vec![first]);
            while let Some(one) = reached.pop() {
                set += 1;
                let is_cut = |other: &u16| {
                    self.0.contains(&(one, *other)) && self.0.contains(&(*other, one))
                };
                let joined: Vec<u16> = left.iter().copied().filter(|i| !is_cut(i)).collect();
                left.retain(is_cut);
                reached.extend(joined);
            }
            largest = largest.max(set);
        }
        largest
    }
}

fn pairs(from: &BTreeSet<u16>, to: &BTreeSet<u16>) -> impl Iterator<Item = (u16, u16)> {
    from.iter().flat_map(|from| to.iter().map(|to| (*from, *to)))
}
