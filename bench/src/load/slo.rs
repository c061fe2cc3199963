//! A service level objective: a quantile of latency and its limit.

use heddle_types::Millis;
use heddle_validator::home;

/// A quantile of latency and its limit.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Slo {
    pub(crate) quantile: f64,
    pub(crate) limit: Millis,
}

impl Slo {
    /// `p50`, `p90`, `p99` or `p999`, `=`, and a time such as `250ms` or `1s`.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let (name, limit) = text.split_once('=').ok_or("expected QUANTILE=TIME, such as p99=1s")?;
        let quantile = match name {
            "p50" => 0.5,
            "p90" => 0.9,
            "p99" => 0.99,
            "p999" => 0.999,
            _ => return Err("expected p50, p90, p99 or p999 before the =".to_owned()),
        };
        let limit = home::parse_span(limit).map_err(|e| e.to_string())?;
        Ok(Self { quantile, limit })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_objective_is_a_quantile_and_a_time() {
        let slo = Slo::parse("p999=250ms").unwrap();
        assert_eq!((slo.quantile, slo.limit.get()), (0.999, 250));
        assert_eq!(Slo::parse("p99=1s").unwrap().limit.get(), 1000);
        for wrong in ["", "p99", "p98=1s", "p99=", "p99=fast", "=1s", "p99=-1s"] {
            assert!(Slo::parse(wrong).is_err(), "{wrong}");
        }
    }
}
