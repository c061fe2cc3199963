//! The files of a load run.

mod chart;

use std::fs;
use std::fs::File;
use std::io::BufWriter;
use std::io::Write;
use std::path::Path;

use serde_json::json;

use crate::error::BenchError;
use crate::load::result::LoadResult;
use crate::load::step::Record;
use crate::load::step::Run;
use chart::Chart;
use chart::Line;

/// Writes `report.html`, `run.json`, `latency.hgrm` and `transactions.jsonl` to `dir`.
pub(crate) fn write(dir: &Path, run: &Run) -> Result<(), BenchError> {
    let failed = |e: std::io::Error| BenchError::failed(format!("--out: {}: {e}", dir.display()));
    fs::create_dir_all(dir).map_err(failed)?;
    let result = serde_json::to_string_pretty(&run.result).map_err(|e| failed(e.into()))?;
    fs::write(dir.join("run.json"), result + "\n").map_err(failed)?;
    fs::write(dir.join("latency.hgrm"), run.latencies.hgrm()).map_err(failed)?;
    fs::write(dir.join("report.html"), html(run)).map_err(failed)?;
    transactions(&dir.join("transactions.jsonl"), &run.records).map_err(failed)
}

fn transactions(path: &Path, records: &[Record]) -> std::io::Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    for record in records {
        let line = json!({
            "id": record.id.to_string(),
            "outcome": record.outcome,
            "height": record.height.map(heddle_types::Height::get),
        });
        writeln!(file, "{line}")?;
    }
    file.flush()
}

/// What happened in one second.
#[derive(Clone, Debug, Default, PartialEq)]
struct Second {
    due: u64,
    finals: u64,
    latencies_ms: Vec<f64>,
}

/// The run second by second: finals by when they were seen, latencies by when they were due.
fn seconds(records: &[Record]) -> Vec<Second> {
    let mut seconds = Vec::new();
    let mut at = |micros: u64, note: &mut dyn FnMut(&mut Second)| {
        let second = usize::try_from(micros / 1_000_000).unwrap_or_default();
        if seconds.len() <= second {
            seconds.resize_with(second + 1, Second::default);
        }
        note(&mut seconds[second]);
    };
    for record in records {
        at(record.due_micros, &mut |second| second.due += 1);
        if let Some(micros) = record.final_micros {
            let latency = micros.saturating_sub(record.due_micros) as f64 / 1000.0;
            at(micros, &mut |second| second.finals += 1);
            at(record.due_micros, &mut |second| second.latencies_ms.push(latency));
        }
    }
    for second in &mut seconds {
        second.latencies_ms.sort_by(f64::total_cmp);
    }
    seconds
}

fn html(run: &Run) -> String {
    let seconds = seconds(&run.records);
    let points = |value: &dyn Fn(&Second) -> f64| -> Vec<(f64, f64)> {
        seconds.iter().enumerate().map(|(at, second)| (at as f64, value(second))).collect()
    };
    let quantile = |second: &Second, percent: usize| {
        let last = second.latencies_ms.len().saturating_sub(1);
        second.latencies_ms.get(last * percent / 100).copied().unwrap_or_default()
    };
    let rates = Chart {
        title: "Transactions a second",
        x: "seconds",
        lines: vec![
            Line { name: "due", points: points(&|second| second.due as f64) },
            Line { name: "final", points: points(&|second| second.finals as f64) },
        ],
    };
    let latencies = Chart {
        title: "Latency by second, ms",
        x: "seconds",
        lines: vec![
            Line { name: "p50", points: points(&|second| quantile(second, 50)) },
            Line { name: "p99", points: points(&|second| quantile(second, 99)) },
        ],
    };
    // Each step to the right is ten times rarer.
    let nines = |(quantile, ms): (f64, f64)| (-(1.0 - quantile.min(0.99999)).log10(), ms);
    let curve = Chart {
        title: "Latency by quantile, ms",
        x: "nines",
        lines: vec![Line {
            name: "latency",
            points: run.latencies.curve().into_iter().map(nines).collect(),
        }],
    };
    page(&run.result, &[rates, latencies, curve])
}

fn page(result: &LoadResult, charts: &[Chart]) -> String {
    let latency = &result.latency_ms;
    let number = |value: Option<f64>| {
        value.map_or_else(|| "unknown".to_owned(), |value| format!("{value:.2}"))
    };
    let rows = [
        ("Valid", result.invalid_reason.clone().unwrap_or_else(|| "yes".to_owned())),
        (
            "Rate",
            format!(
                "{} /s for {} s, {} nodes",
                result.rate,
                result.duration_ms / 1000,
                result.nodes
            ),
        ),
        ("Throughput", format!("{:.1} succeeded /s", result.throughput)),
        ("Offered", result.offered.to_string()),
        ("Succeeded", result.succeeded.to_string()),
        (
            "Failed, rejected, expired",
            format!("{}, {}, {}", result.failed, result.rejected, result.expired),
        ),
        ("Latency p50, p90", format!("{:.1}, {:.1} ms", latency.p50, latency.p90)),
        (
            "Latency p99, p99.9, max",
            format!("{:.1}, {:.1}, {:.1} ms", latency.p99, latency.p999, latency.max),
        ),
        ("Generator's lag at p99", format!("{:.1} ms", result.lag_ms.p99)),
        ("Validators' CPU", format!("{} us a transaction", number(result.cpu_micros_per_tx))),
        ("Part of all cores used", number(result.limit_fraction)),
        ("Roots, supply, nonces, balances", format!("{:?}", result.gate)),
    ];
    let row = |(name, value): &(&str, String)| format!("<tr><th>{name}<td>{}", escaped(value));
    let rows: String = rows.iter().map(row).collect();
    let charts: String = charts.iter().map(Chart::svg).collect();
    format!(
        "<!doctype html><html lang=en><meta charset=utf-8><title>Heddle load run</title><style>\
         body{{font:15px/1.5 system-ui,sans-serif;max-width:60em;margin:2em auto;padding:0 1em;color:#222}}\
         th{{text-align:left;font-weight:500;padding-right:2em}}svg{{width:100%;height:auto;margin:1em 0}}\
         @media(prefers-color-scheme:dark){{body{{background:#161616;color:#ddd}}}}</style>\
         <h1>Heddle load run</h1><table>{rows}</table>{charts}</html>\n"
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

#[cfg(test)]
mod tests {
    use heddle_types::TxId;

    use super::*;
    use crate::load::outcome::Outcome;

    fn record(due_micros: u64, final_micros: Option<u64>) -> Record {
        Record {
            id: TxId::ZERO,
            outcome: Outcome::Succeeded,
            height: None,
            due_micros,
            final_micros,
        }
    }

    #[test]
    fn seconds_count_what_was_due_and_what_became_final_in_them() {
        let records =
            [record(0, Some(1_500_000)), record(999_999, Some(1_000_099)), record(1_000_000, None)];
        let seconds = seconds(&records);
        assert_eq!(seconds[0], Second { due: 2, finals: 0, latencies_ms: vec![0.1, 1500.0] });
        assert_eq!(seconds[1], Second { due: 1, finals: 2, latencies_ms: vec![] });
    }

    #[test]
    fn a_line_of_the_transactions_file_has_id_outcome_and_height() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let final_one = Record { height: Some(heddle_types::Height::new(7)), ..record(0, Some(1)) };
        let rejected = Record { outcome: Outcome::Rejected, ..record(0, None) };
        transactions(file.path(), &[final_one, rejected]).unwrap();
        let text = fs::read_to_string(file.path()).unwrap();
        let id = "0".repeat(64);
        let expected = format!(
            "{{\"height\":7,\"id\":\"{id}\",\"outcome\":\"succeeded\"}}\n{{\"height\":null,\"id\":\"{id}\",\"outcome\":\"rejected\"}}\n"
        );
        assert_eq!(text, expected);
    }

    #[test]
    fn text_in_the_page_cannot_become_markup() {
        assert_eq!(escaped("<b>&"), "&lt;b>&amp;");
    }
}
