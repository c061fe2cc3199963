//! What `exec` can run, by name.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// What can be run today.
const NAMES: &str = "transfer, chain, hot-add, mixed, ledger, order or ethereum:DIR";

/// What transactions do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Workload {
    /// Transfers between two accounts each.
    Transfer,
    /// Transfers that also add to one counter.
    HotAdd,
    /// Transfers all between the same two accounts.
    Chain,
    /// Transfers, the first half of each block declared, the second open.
    Mixed,
    /// Traced blocks.
    Ethereum(PathBuf),
    /// Transfers of the ledger program, from bytes to receipts.
    Ledger,
    /// Orders on the exchange.
    Order,
}

impl FromStr for Workload {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "transfer" => Ok(Self::Transfer),
            "hot-add" => Ok(Self::HotAdd),
            "chain" => Ok(Self::Chain),
            "mixed" => Ok(Self::Mixed),
            "ledger" => Ok(Self::Ledger),
            "order" => Ok(Self::Order),
            _ => match name.strip_prefix("ethereum:").filter(|dir| !dir.is_empty()) {
                Some(dir) => Ok(Self::Ethereum(dir.into())),
                None => Err(format!("expected {NAMES}")),
            },
        }
    }
}

impl fmt::Display for Workload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Transfer => f.write_str("transfer"),
            Self::HotAdd => f.write_str("hot-add"),
            Self::Chain => f.write_str("chain"),
            Self::Mixed => f.write_str("mixed"),
            Self::Ethereum(dir) => write!(f, "ethereum:{}", dir.display()),
            Self::Ledger => f.write_str("ledger"),
            Self::Order => f.write_str("order"),
        }
    }
}

/// A positive number of nanoseconds.
pub(crate) fn ns_per_gas(text: &str) -> Result<f64, String> {
    let number = text.parse::<f64>().ok().filter(|number| (1e-6..=1e3).contains(number));
    number.ok_or_else(|| "expected a number from 0.000001 to 1000".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_written() {
        for name in ["transfer", "hot-add", "chain", "mixed", "ledger", "order", "ethereum:a/b"] {
            assert_eq!(name.parse::<Workload>().unwrap().to_string(), name);
        }
        for name in ["", "Transfer", "ethereum", "ethereum:"] {
            assert!(name.parse::<Workload>().is_err(), "{name}");
        }
    }

    #[test]
    fn a_pace_is_positive_and_finite() {
        assert_eq!(ns_per_gas("0.1"), Ok(0.1));
        for text in ["0", "-1", "nan", "inf", "1e9", "x"] {
            assert!(ns_per_gas(text).is_err(), "{text}");
        }
    }
}
