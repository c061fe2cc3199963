//! What became of the stream while something else was offered, or nothing.

use std::fmt::Write;

use heddle_types::Amount;
use serde::Serialize;

use crate::error::BenchError;
use crate::load::latency::Latencies;
use crate::load::latency::Quantiles;
use crate::load::reserved::Fate;
use crate::load::reserved::Kind;
use crate::load::reserved::Sample;

/// The stream alone, beside a hundredth of the load, and beside all of it.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Phases {
    pub(crate) alone: Phase,
    pub(crate) light: Phase,
    pub(crate) flooded: Phase,
}

/// What became of the stream for a while.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Phase {
    /// Ordinary transactions that were offered a second.
    pub(crate) ordinary_per_second: u64,
    /// The fewest that any node held when it was sent one of the stream's.
    pub(crate) waiting_min: u64,
    /// The most.
    pub(crate) waiting_max: u64,
    /// What the largest validator has in memory at the end.
    pub(crate) memory_bytes_max: Option<u64>,
    pub(crate) kinds: Vec<Row>,
    /// Why the first was refused, if one was.
    pub(crate) first_refusal: Option<String>,
}

/// What became of one kind.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Row {
    pub(crate) kind: Kind,
    pub(crate) sent: usize,
    /// Final and ok.
    pub(crate) succeeded: usize,
    /// The least and the most that one paid, in base units.
    pub(crate) fee_min: u64,
    pub(crate) fee_max: u64,
    /// Blocks from the highest certified one when it was sent, its own included.
    pub(crate) blocks: Blocks,
    pub(crate) latency_ms: Quantiles,
}

/// Blocks at the usual quantiles: the least number that so large a part does not exceed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Blocks {
    pub(crate) p50: u64,
    pub(crate) p99: u64,
    pub(crate) max: u64,
}

impl Phases {
    /// Whether every one succeeded, and each kind cost the same in all phases.
    pub(crate) fn holds(&self) -> bool {
        let phases = [&self.alone, &self.light, &self.flooded];
        let fees = |row: &Row| (row.kind, row.fee_min, row.fee_max);
        let first: Vec<_> = self.alone.kinds.iter().map(fees).collect();
        phases.into_iter().all(|phase| {
            phase.kinds.iter().all(|row| row.succeeded == row.sent && row.fee_min == row.fee_max)
                && phase.kinds.iter().map(fees).eq(first.iter().copied())
        })
    }

    /// A line for each kind and phase.
    pub(crate) fn text(&self) -> String {
        let phases = [("alone", &self.alone), ("light", &self.light), ("flooded", &self.flooded)];
        let mut text = String::new();
        for (name, phase) in phases {
            for row in &phase.kinds {
                let Row { kind, sent, succeeded, fee_min, fee_max, blocks, latency_ms } = row;
                // Writing to a string does not fail.
                let _ = writeln!(
                    text,
                    "{name}, {} to {} waiting: {succeeded} of {sent} {kind:?}, fee {fee_min} to {fee_max}, blocks p50 {} p99 {} \
                     max {}, p50 {:.1} ms, p99 {:.1} ms",
                    phase.waiting_min,
                    phase.waiting_max,
                    blocks.p50,
                    blocks.p99,
                    blocks.max,
                    latency_ms.p50,
                    latency_ms.p99,
                );
            }
        }
        text
    }
}

impl Phase {
    pub(crate) fn of(
        samples: &[Sample],
        ordinary_per_second: u64,
        memory_bytes_max: Option<u64>,
    ) -> Result<Self, BenchError> {
        let kinds = [Kind::Cancel, Kind::Deposit, Kind::Prices];
        let kinds = kinds.into_iter().map(|kind| Row::of(kind, samples));
        let waiting = || samples.iter().map(|sample| sample.waiting);
        let refusal = |sample: &Sample| match &sample.fate {
            Fate::Refused(why) => Some(why.clone()),
            Fate::Late | Fate::Final { .. } => None,
        };
        Ok(Self {
            ordinary_per_second,
            waiting_min: waiting().min().unwrap_or_default(),
            waiting_max: waiting().max().unwrap_or_default(),
            memory_bytes_max,
            kinds: kinds.collect::<Result<_, _>>()?,
            first_refusal: samples.iter().find_map(refusal),
        })
    }
}

impl Row {
    fn of(kind: Kind, samples: &[Sample]) -> Result<Self, BenchError> {
        let own: Vec<_> = samples.iter().filter(|sample| sample.kind == kind).collect();
        let finals = own.iter().filter_map(|sample| match sample.fate {
            Fate::Final { ok, fee, blocks, micros } => Some((ok, units(fee), blocks, micros)),
            Fate::Late | Fate::Refused(_) => None,
        });
        let finals: Vec<_> = finals.collect();
        let fees = || finals.iter().map(|(_, fee, ..)| *fee);
        let latencies = Latencies::new(finals.iter().map(|(.., micros)| *micros))?;
        Ok(Self {
            kind,
            sent: own.len(),
            succeeded: finals.iter().filter(|(ok, ..)| *ok).count(),
            fee_min: fees().min().unwrap_or_default(),
            fee_max: fees().max().unwrap_or_default(),
            blocks: Blocks::of(finals.iter().map(|(_, _, blocks, _)| *blocks).collect()),
            latency_ms: latencies.quantiles(),
        })
    }
}

impl Blocks {
    fn of(mut all: Vec<u64>) -> Self {
        all.sort_unstable();
        let at = |percent: usize| {
            let rank = (all.len() * percent).div_ceil(100);
            rank.checked_sub(1).and_then(|place| all.get(place)).copied().unwrap_or_default()
        };
        Self { p50: at(50), p99: at(99), max: at(100) }
    }
}

/// Base units. No fee comes near the end of 64 bits.
fn units(amount: Amount) -> u64 {
    u64::try_from(amount.get()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(kind: Kind, blocks: u64, fee: u64) -> Sample {
        let fee = Amount::from_units(fee);
        Sample { kind, waiting: blocks, fate: Fate::Final { ok: true, fee, blocks, micros: 1 } }
    }

    fn phase(samples: &[Sample]) -> Phase {
        Phase::of(samples, 0, None).unwrap()
    }

    #[test]
    fn quantiles_of_blocks_are_blocks_that_were_seen() {
        let blocks = |all: &[u64]| {
            let Blocks { p50, p99, max } = Blocks::of(all.to_vec());
            [p50, p99, max]
        };
        assert_eq!(blocks(&[]), [0, 0, 0]);
        assert_eq!(blocks(&[7]), [7, 7, 7]);
        assert_eq!(blocks(&[4, 1, 3, 2]), [2, 4, 4]);
        let mut hundred = vec![1; 99];
        hundred.push(9);
        assert_eq!(blocks(&hundred), [1, 1, 9]);
    }

    #[test]
    fn it_holds_when_all_succeed_at_one_fee() {
        let right = phase(&[sample(Kind::Cancel, 3, 5), sample(Kind::Deposit, 9, 7)]);
        let phases =
            |flooded: Phase| Phases { alone: right.clone(), light: right.clone(), flooded };
        assert!(phases(right.clone()).holds());
        assert_eq!((right.waiting_min, right.waiting_max), (3, 9));
        let dearer = phase(&[sample(Kind::Cancel, 3, 6), sample(Kind::Deposit, 9, 7)]);
        assert!(!phases(dearer).holds());
        let late = Sample { fate: Fate::Late, ..sample(Kind::Cancel, 0, 0) };
        let late = phase(&[sample(Kind::Cancel, 3, 5), sample(Kind::Deposit, 9, 7), late]);
        assert!(!phases(late).holds());
    }
}
