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

    pub(crate) fn heal(&mut self, name: u64) {
        self.partitions.retain(|partition| partition.0 != name);
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
        let apart = self.partitions.iter().any(|(_, sides)| sides[from] != sides[to]);
        if apart || dice.chance(conditions.loss_permille) {
            return Vec::new();
        }
        let count = 1 + usize::from(dice.chance(conditions.duplicate_permille));
        (0..count).map(|_| dice.between(conditions.delay_us_min, conditions.delay_us_max)).collect()
    }
}
