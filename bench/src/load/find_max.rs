//! The highest rate that holds an objective: doubling until one does not, then halving the interval, then the whole duration.

use std::num::NonZeroU64;

use heddle_types::Millis;

use crate::error::BenchError;
use crate::load::result::LoadResult;
use crate::load::result::Tried;
use crate::load::slo::Slo;
use crate::load::step::Bench;
use crate::load::step::Run;
use crate::output;

const FIRST: u64 = 500;
const RATE_MAX: u64 = 500_000;
/// How long a rate is tried; the last one for as long as was asked.
const STEP: Millis = Millis::new(8_000);
/// The interval is narrow enough when it is this part of its lower end.
const PRECISION: u64 = 20;
/// How often a rate that held a short step but not the whole duration is lowered by a twentieth.
const CONFIRMATIONS_MAX: u32 = 4;

/// Finds it, and returns the run of the whole duration at that rate.
pub(crate) async fn find_max(
    bench: &Bench,
    duration: Millis,
    slo: &Slo,
) -> Result<Run, BenchError> {
    let mut tried = Vec::new();
    let step = Millis::new(STEP.get().min(duration.get()));
    let mut search = Search::new();
    while let Some(rate) = search.next() {
        let run = bench.run(rate, step).await?;
        search.note(note(&run, slo, &mut tried));
    }
    let mut rate = search.best();
    for confirmation in 1.. {
        let Some(asked) = rate else { break };
        let mut run = bench.run(asked, duration).await?;
        let held = note(&run, slo, &mut tried);
        if held || confirmation == CONFIRMATIONS_MAX {
            run.result.max_rate = held.then_some(asked.get());
            run.result.steps = tried;
            return Ok(run);
        }
        rate = NonZeroU64::new(asked.get() - asked.get().div_ceil(PRECISION));
    }
    let limit = slo.limit.get();
    Err(BenchError::failed(format!(
        "--slo: found no rate from {FIRST}/s that holds {limit} ms, expected one; give another objective or --rate"
    )))
}

fn note(run: &Run, slo: &Slo, tried: &mut Vec<Tried>) -> bool {
    let LoadResult { rate, valid, throughput, latency_ms, .. } = &run.result;
    let held = holds(run, slo);
    let (p50, p99) = (latency_ms.p50, latency_ms.p99);
    let verdict = if held { "holds" } else { "does not hold" };
    output::progress(format_args!(
        "{rate}/s {verdict}: {throughput:.0}/s, p50 {p50:.1} ms, p99 {p99:.1} ms"
    ));
    tried.push(Tried {
        rate: *rate,
        held,
        throughput: *throughput,
        p50_ms: p50,
        p99_ms: p99,
        valid: *valid,
    });
    held
}

/// Valid, right, all of it succeeded, and quickly enough.
fn holds(run: &Run, slo: &Slo) -> bool {
    let result = &run.result;
    let quick = run.latencies.millis_at(slo.quantile) <= slo.limit.get() as f64;
    result.is_good() && result.succeeded == result.offered && quick
}

/// Which rate to try next.
#[derive(Clone, Copy, Debug)]
struct Search {
    /// The highest that held.
    low: Option<u64>,
    /// The lowest that did not.
    high: Option<u64>,
    asked: u64,
}

impl Search {
    const fn new() -> Self {
        Self { low: None, high: None, asked: 0 }
    }

    fn next(&mut self) -> Option<NonZeroU64> {
        self.asked = match (self.low, self.high) {
            (None, None) => FIRST,
            (Some(low), None) if low < RATE_MAX => (low * 2).min(RATE_MAX),
            (Some(low), Some(high)) if high - low > low / PRECISION => low.midpoint(high),
            (Some(_), None | Some(_)) | (None, Some(_)) => return None,
        };
        NonZeroU64::new(self.asked)
    }

    const fn note(&mut self, held: bool) {
        if held {
            self.low = Some(self.asked);
        } else {
            self.high = Some(self.asked);
        }
    }

    fn best(&self) -> Option<NonZeroU64> {
        self.low.and_then(NonZeroU64::new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn search(capacity: u64) -> (Option<u64>, usize) {
        let mut search = Search::new();
        let mut steps = 0;
        while let Some(rate) = search.next() {
            search.note(rate.get() <= capacity);
            steps += 1;
        }
        (search.best().map(NonZeroU64::get), steps)
    }

    #[test]
    fn the_search_ends_within_a_twentieth_below_the_capacity() {
        for capacity in [500, 777, 1000, 5_300, 12_345, 99_999] {
            let (best, steps) = search(capacity);
            let best = best.unwrap();
            assert!(
                best <= capacity && capacity - best <= best / PRECISION + 1,
                "{best} of {capacity}"
            );
            assert!(steps <= 14, "{steps}");
        }
    }

    #[test]
    fn nothing_is_found_below_the_first_rate_and_the_search_is_bounded_above() {
        assert_eq!(search(FIRST - 1), (None, 1));
        assert_eq!(search(u64::MAX).0, Some(RATE_MAX));
    }
}
