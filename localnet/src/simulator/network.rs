//! Which messages arrive, and when.

use super::dice::Dice;
use super::plan::NetworkConditions;

/// The network between the nodes.
#[derive(Debug)]
pub(crate) struct Network {
    conditions: NetworkConditions,
    /// Each node's side of every current partition.
    partitions: Vec<(u64, Vec<u8>)>,
}

impl Network {
    pub(crate) fn new(conditions: NetworkConditions) -> Self {
        Self { conditions, partitions: Vec::new() }
    }

    /// Splits the nodes; `name` ends it again.
    pub(crate) fn partition(&mut self, name: u64, sides: Vec<u8>) {
        self.partitions.push((name, sides));
    }

    /// Ends a partition. Gives those who hear each other again.
    pub(crate) fn heal(&mut self, name: u64) -> Vec<(usize, usize)> {
        let ended = self.partitions.extract_if(.., |partition| partition.0 == name);
        let sides: Vec<_> = ended.flat_map(|(_, sides)| sides).collect();
        let pairs = (0..sides.len()).flat_map(|b| (0..b).map(move |a| (a, b)));
        let parted = pairs.filter(|(a, b)| sides[*a] != sides[*b]);
        parted.filter(|(a, b)| !self.are_apart(*a, *b)).collect()
    }

    fn are_apart(&self, a: usize, b: usize) -> bool {
        self.partitions.iter().any(|(_, sides)| sides[a] != sides[b])
    }

    /// No more loss or duplicates: the time after which progress is owed.
    pub(crate) fn calm_down(&mut self) {
        self.conditions.loss_permille = 0;
        self.conditions.duplicate_permille = 0;
        self.partitions.clear();
    }

    /// The delays after which copies of a message arrive: none, one or two.
    pub(crate) fn copies(&self, from: usize, to: usize, dice: &mut Dice) -> Vec<u64> {
        let conditions = &self.conditions;
        if self.are_apart(from, to) || dice.chance(conditions.loss_permille) {
            return Vec::new();
        }
        let count = 1 + usize::from(dice.chance(conditions.duplicate_permille));
        (0..count).map(|_| dice.between(conditions.delay_us_min, conditions.delay_us_max)).collect()
    }
}
