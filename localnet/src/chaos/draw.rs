//! Faults by chance, from a seed.

use super::plan::Fault;
use crate::simulator::Dice;

/// Draws one fault after the other; the same seed draws the same.
#[derive(Clone, Debug)]
pub struct Draw {
    dice: Dice,
    validators: u16,
    nodes: u16,
}

impl Draw {
    /// For a cluster of so many validators, and so many nodes in all: followers are harmed too.
    pub fn new(seed: u64, (validators, nodes): (u16, u16)) -> Self {
        Self { dice: Dice::new(seed), validators, nodes }
    }

    /// The pause before the next fault, in milliseconds.
    pub fn pause_ms(&mut self) -> u64 {
        self.dice.between(300, 2_000)
    }

    /// The next fault; one of processes happens now and then while links are faulty too.
    pub fn fault(&mut self) -> Fault {
        let fault = self.single();
        let may_be_cut = matches!(
            fault,
            Fault::Kill { .. }
                | Fault::Pause { .. }
                | Fault::Storm { .. }
                | Fault::PowerLoss { .. }
        );
        // What must fetch from others would only wait while it is cut off.
        let may_be_slow = may_be_cut
            || matches!(
                fault,
                Fault::EmptyDb { .. } | Fault::DamageSafety { .. } | Fault::DamageDb { .. }
            );
        if !may_be_slow || !self.dice.chance(250) {
            return fault;
        }
        let is_cut = may_be_cut && self.dice.chance(400);
        Fault::Under {
            cuts: if is_cut { self.cuts() } else { String::new() },
            delay_ms: self.dice.between(0, 80),
            loss_percent: u8::try_from(self.dice.below(4)).unwrap_or(0),
            fault: Box::new(fault),
        }
    }

    fn single(&mut self) -> Fault {
        let (validator, node) = (self.validator(), self.below(self.nodes));
        match self.dice.below(100) {
            0..20 => Fault::Kill { validator: node, down_ms: self.dice.between(0, 3_000) },
            20..30 => Fault::Pause { validator: node, ms: self.dice.between(200, 5_000) },
            30..36 => {
                let restarts = u16::try_from(self.dice.between(2, 5)).unwrap_or(2);
                Fault::Storm { validator: node, restarts }
            }
            36..46 => Fault::PowerLoss { down_ms: self.dice.between(0, 2_000) },
            46..64 => Fault::Partition { cuts: self.cuts(), ms: self.dice.between(500, 8_000) },
            64..74 => Fault::Latency {
                delay_ms: self.dice.between(0, 120),
                jitter_ms: self.dice.between(0, 40),
                loss_percent: u8::try_from(self.dice.below(6)).unwrap_or(0),
                ms: self.dice.between(2_000, 8_000),
            },
            74..81 => {
                let size =
                    [100, 700, 5_000, 60_000][usize::try_from(self.dice.below(4)).unwrap_or(0)];
                let offset_ms = if self.dice.chance(500) { size } else { -size };
                Fault::Clock { validator, offset_ms, ms: self.dice.between(1_000, 6_000) }
            }
            81..85 => Fault::DiskFull { validator: node },
            85..92 => Fault::DamageDb {
                validator: node,
                seed: self.dice.below(1 << 32),
                bytes: u16::try_from(self.dice.between(1, 20)).unwrap_or(1),
            },
            92..97 => Fault::DamageSafety { validator, seed: self.dice.below(1 << 32) },
            _ => Fault::EmptyDb { validator: node },
        }
    }

    fn validator(&mut self) -> u16 {
        self.below(self.validators)
    }

    fn below(&mut self, bound: u16) -> u16 {
        u16::try_from(self.dice.below(u64::from(bound))).unwrap_or(0)
    }

    /// One alone, a half, or one way.
    fn cuts(&mut self) -> String {
        let one = self.validator();
        let other = (one + 1 + self.validator() % self.validators.saturating_sub(1).max(1))
            % self.validators;
        let list = |wanted: &dyn Fn(u16) -> bool| {
            let indices = (0..self.validators).filter(|index| wanted(*index));
            indices.map(|index| index.to_string()).collect::<Vec<_>>().join(",")
        };
        let (ones, others) = (list(&|i| i == one), list(&|i| i != one));
        let (pair, rest) = (list(&|i| i == one || i == other), list(&|i| i != one && i != other));
        match self.dice.below(6) {
            0 => format!("{ones}/{others}"),
            1 if !rest.is_empty() => format!("{pair}/{rest}"),
            // Nobody hears one, or one hears nobody.
            2 => format!("{ones}>{others}"),
            3 => format!("{others}>{ones}"),
            4 => format!("{one}/{other}"),
            _ => format!("{one}>{other}"),
        }
    }
}
