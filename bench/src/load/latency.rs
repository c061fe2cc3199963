//! Latencies, in a HdrHistogram of microseconds with three significant digits.

use std::fmt::Write;

use hdrhistogram::Histogram;
use serde::Serialize;

use crate::error::BenchError;

/// An hour; nothing in a run takes longer.
const MICROS_MAX: u64 = 3_600_000_000;

/// Latencies of many transactions.
#[derive(Clone, Debug)]
pub(crate) struct Latencies(Histogram<u64>);

/// Milliseconds at the usual quantiles.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Quantiles {
    pub(crate) p50: f64,
    pub(crate) p90: f64,
    pub(crate) p99: f64,
    pub(crate) p999: f64,
    pub(crate) max: f64,
}

impl Latencies {
    pub(crate) fn new(micros: impl IntoIterator<Item = u64>) -> Result<Self, BenchError> {
        let histogram = Histogram::new_with_bounds(1, MICROS_MAX, 3);
        let mut histogram = histogram.map_err(|e| BenchError::failed(format!("histogram: {e}")))?;
        for micros in micros {
            histogram.saturating_record(micros.max(1));
        }
        Ok(Self(histogram))
    }

    /// Milliseconds at a quantile; 0 without any latency.
    pub(crate) fn millis_at(&self, quantile: f64) -> f64 {
        self.0.value_at_quantile(quantile) as f64 / 1000.0
    }

    pub(crate) fn quantiles(&self) -> Quantiles {
        Quantiles {
            p50: self.millis_at(0.5),
            p90: self.millis_at(0.9),
            p99: self.millis_at(0.99),
            p999: self.millis_at(0.999),
            max: self.0.max() as f64 / 1000.0,
        }
    }

    /// Quantile and milliseconds, ever finer towards the end, for a curve.
    pub(crate) fn curve(&self) -> Vec<(f64, f64)> {
        let values = self.0.iter_quantiles(5);
        values.map(|v| (v.quantile_iterated_to(), v.value_iterated_to() as f64 / 1000.0)).collect()
    }

    /// The text format of HdrHistogram's tools, in milliseconds.
    pub(crate) fn hgrm(&self) -> String {
        let mut text = "       Value     Percentile TotalCount 1/(1-Percentile)\n\n".to_owned();
        let mut total = 0;
        for value in self.0.iter_quantiles(5) {
            total += value.count_since_last_iteration();
            let (millis, quantile) =
                (value.value_iterated_to() as f64 / 1000.0, value.quantile_iterated_to());
            let end = if quantile < 1.0 {
                format!(" {:>14.2}", 1.0 / (1.0 - quantile))
            } else {
                String::new()
            };
            // Writing to a string does not fail.
            let _ = writeln!(text, "{millis:>12.3} {quantile:>14.12} {total:>10}{end}");
        }
        let (mean, deviation) = (self.0.mean() / 1000.0, self.0.stdev() / 1000.0);
        let _ = writeln!(text, "#[Mean    = {mean:>12.3}, StdDeviation   = {deviation:>12.3}]");
        let _ = writeln!(
            text,
            "#[Max     = {:>12.3}, Total count    = {:>12}]",
            self.0.max() as f64 / 1000.0,
            self.0.len()
        );
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_the_values_in_milliseconds() {
        let latencies = Latencies::new((1..=1000).map(|n| n * 1000)).unwrap();
        let quantiles = latencies.quantiles();
        let near = |found: f64, expected: f64| (found - expected).abs() / expected < 0.002;
        assert!(near(quantiles.p50, 500.0) && near(quantiles.p90, 900.0), "{quantiles:?}");
        assert!(near(quantiles.p99, 990.0) && near(quantiles.p999, 999.0), "{quantiles:?}");
        assert!(near(quantiles.max, 1000.0), "{quantiles:?}");
    }

    #[test]
    fn nothing_measured_is_zero_and_still_a_file() {
        let latencies = Latencies::new([]).unwrap();
        assert_eq!(latencies.quantiles(), Quantiles::default());
        assert!(latencies.hgrm().contains("Total count    =            0"));
    }

    #[test]
    fn the_file_counts_every_value() {
        let text = Latencies::new([1000, 2000, 3000]).unwrap().hgrm();
        assert!(text.contains(" 1.000000000000          3\n"), "{text}");
    }
}
