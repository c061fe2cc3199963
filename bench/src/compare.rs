//! `compare`: two load runs side by side.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::path::PathBuf;

use clap::Args;
use serde::Serialize;
use serde_json::Value;

use crate::error::BenchError;
use crate::limits;
use crate::output;

/// What is compared, where it stands in `run.json`.
const ROWS: [&str; 12] = [
    "/valid",
    "/rate",
    "/offeredPerSecond",
    "/throughput",
    "/maxRate",
    "/latencyMs/p50",
    "/latencyMs/p90",
    "/latencyMs/p99",
    "/latencyMs/p999",
    "/latencyMs/max",
    "/cpuMicrosPerTx",
    "/stateBytesPerTx",
];

/// Compare two load runs
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  heddle-bench compare before/run.json after/run.json")]
pub(crate) struct CompareArgs {
    /// The run to compare with
    #[arg(value_name = "A/run.json")]
    first: PathBuf,
    /// The run that is compared
    #[arg(value_name = "B/run.json")]
    second: PathBuf,
}

#[derive(Debug, Serialize)]
struct Row {
    name: String,
    a: Value,
    b: Value,
    /// B divided by A, where both are numbers and A is not zero.
    ratio: Option<f64>,
}

pub(crate) fn run(args: &CompareArgs, json: bool) -> Result<bool, BenchError> {
    let (first, second) = (read(&args.first)?, read(&args.second)?);
    let rows = rows(&first, &second);
    output::result(json, &serde_json::json!({ "rows": rows }), |_| table(&rows))?;
    Ok(true)
}

fn rows(first: &Value, second: &Value) -> Vec<Row> {
    let row = |pointer: &&str| {
        let [a, b] = [first, second].map(|run| run.pointer(pointer).cloned().unwrap_or_default());
        let ratio = match (a.as_f64(), b.as_f64()) {
            (Some(a), Some(b)) if a != 0.0 => Some(b / a),
            (Some(_) | None, Some(_) | None) => None,
        };
        Row { name: pointer.trim_start_matches('/').replace('/', "."), a, b, ratio }
    };
    ROWS.iter().map(row).collect()
}

fn table(rows: &[Row]) -> String {
    let mut lines = vec![format!("{:<20} {:>14} {:>14} {:>8}", "", "A", "B", "B/A")];
    for Row { name, a, b, ratio } in rows {
        let ratio = ratio.map_or_else(String::new, |ratio| format!("{ratio:.3}"));
        lines.push(format!("{name:<20} {:>14} {:>14} {ratio:>8}", cell(a), cell(b)));
    }
    lines.join("\n")
}

fn cell(value: &Value) -> String {
    match (value.as_f64(), value) {
        (Some(number), _) => format!("{number:.2}"),
        (None, Value::Null) => "-".to_owned(),
        (None, other) => other.to_string(),
    }
}

fn read(path: &Path) -> Result<Value, BenchError> {
    let wrong = |what: String| {
        BenchError::usage(format!("{}: {what}; give the run.json of a load run", path.display()))
    };
    let file = File::open(path).map_err(|e| wrong(e.to_string()))?;
    let mut bytes = Vec::new();
    let read = file.take(limits::RUN_BYTES_MAX).read_to_end(&mut bytes);
    read.map_err(|e| wrong(e.to_string()))?;
    let run: Value = serde_json::from_slice(&bytes).map_err(|e| wrong(e.to_string()))?;
    if run.pointer("/latencyMs/p99").is_none() {
        return Err(wrong("found no latencyMs.p99".to_owned()));
    }
    Ok(run)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn ratios_are_of_b_to_a_and_missing_where_there_is_none() {
        let a = json!({ "throughput": 100.0, "latencyMs": { "p50": 0.0, "p99": 10.0 } });
        let b =
            json!({ "throughput": 150.0, "latencyMs": { "p50": 1.0, "p99": 5.0 }, "maxRate": 7 });
        let rows = rows(&a, &b);
        let ratio = |name: &str| rows.iter().find(|row| row.name == name).unwrap().ratio;
        assert_eq!(ratio("throughput"), Some(1.5));
        assert_eq!(ratio("latencyMs.p99"), Some(0.5));
        assert_eq!(ratio("latencyMs.p50"), None);
        assert_eq!(ratio("maxRate"), None);
        assert!(
            table(&rows).contains("throughput                   100.00         150.00    1.500")
        );
    }

    #[test]
    fn a_file_that_is_no_run_is_refused() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "{}").unwrap();
        let error = read(file.path()).unwrap_err();
        assert_eq!(error.exit_code(), 2);
        assert!(error.to_string().contains("found no latencyMs.p99"), "{error}");
    }
}
