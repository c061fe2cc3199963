//! The binary as a user or a script sees it: help, exit codes, one line of error, one document of JSON.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod flow;

use std::io::Write;
use std::process::Command;
use std::process::Output;

fn bench(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_heddle-bench")).args(args).output().unwrap()
}

#[track_caller]
fn check_refused(args: &[&str], code: i32, expected: &str) {
    let output = bench(args);
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(code), "{stderr}");
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    assert!(stderr.contains(expected), "{stderr}");
}

#[test]
fn every_command_has_help_with_an_example() {
    for command in ["exec", "replay", "load", "compare", "state", "crypto"] {
        let output = bench(&[command, "--help"]);
        assert_eq!(output.status.code(), Some(0), "{command}");
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.contains("Example"), "{command}: {text}");
        assert!(text.contains(&format!("heddle-bench {command}")), "{command}: {text}");
    }
}

#[test]
fn bad_usage_is_exit_2_and_one_line() {
    check_refused(&["unknown"], 2, "unknown");
    check_refused(&["load", "transfer", "--out", "x"], 2, "--rate");
    check_refused(&["load", "transfer", "--out", "x", "--rate", "0"], 2, "0");
    check_refused(
        &["load", "transfer", "--out", "x", "--rate", "1", "--find-max"],
        2,
        "--find-max",
    );
    check_refused(
        &["load", "transfer", "--out", "x", "--rate", "1", "--duration", "10ms"],
        2,
        "--duration",
    );
    check_refused(&["load", "transfer", "--out", "x", "--rate", "1"], 2, "target: found none");
    check_refused(&["replay", "--ethereum", ".", "--rpc", "http://127.0.0.1:1"], 2, "--faucet");
    check_refused(&["replay", "--ethereum", ".", "--scale", "0"], 2, "--scale");
    check_refused(&["replay"], 2, "--ethereum");
    check_refused(&["replay", "--orderflow", "x.gz", "--ethereum", "."], 2, "--ethereum");
    check_refused(&["replay", "--orderflow", "/nonexistent/x.gz", "--engine"], 1, "/nonexistent");
    check_refused(&["replay", "--orderflow", "x.gz"], 2, "--market");
    check_refused(&["replay", "--orderflow", "x.gz", "--market", "BTC-PERP"], 2, "--rpc");
    check_refused(&["replay", "--orderflow", "x.gz", "--engine", "--market", "M"], 2, "--market");
    check_refused(&["replay", "--ethereum", ".", "--market", "M"], 2, "--market");
    check_refused(
        &["compare", "/nonexistent/a.json", "/nonexistent/b.json"],
        2,
        "/nonexistent/a.json",
    );
}

#[test]
fn a_home_without_a_localnet_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().to_str().unwrap();
    let output = bench(&["replay", "--ethereum", ".", "--home", home]);
    assert!(matches!(output.status.code(), Some(1 | 2)), "{output:?}");
    assert!(String::from_utf8(output.stderr).unwrap().contains(home));
}

#[test]
fn a_malformed_trace_is_exit_1_with_file_and_line_before_any_node_is_asked() {
    let dir = tempfile::tempdir().unwrap();
    let key = dir.path().join("key.json");
    let heddle = heddle_validator::home::KeyFile::new(heddle_types::SecretKey::from_seed([1; 32]));
    heddle.write_new(&key).unwrap();
    std::fs::write(dir.path().join("7.jsonl.gz"), "no gzip").unwrap();
    let ethereum = dir.path().to_str().unwrap();
    let faucet = key.to_str().unwrap();
    let target = ["--rpc", "http://127.0.0.1:1", "--faucet", faucet];
    let args = [["replay", "--ethereum", ethereum].as_slice(), &target].concat();
    check_refused(&args, 1, "7.jsonl.gz:1: cannot be unpacked");
}

#[test]
fn no_answer_is_exit_3_and_one_document_of_json() {
    let dir = tempfile::tempdir().unwrap();
    let key = dir.path().join("key.json");
    let heddle = heddle_validator::home::KeyFile::new(heddle_types::SecretKey::from_seed([1; 32]));
    heddle.write_new(&key).unwrap();
    let out = dir.path().join("out");
    let output = bench(&[
        "load",
        "transfer",
        "--rate",
        "1",
        "--rpc",
        "http://127.0.0.1:1",
        "--json",
        "--faucet",
        key.to_str().unwrap(),
        "--out",
        out.to_str().unwrap(),
    ]);
    assert_eq!(output.status.code(), Some(3));
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["error"]["exitCode"], 3);
}

#[test]
fn the_micro_benchmarks_print_one_document_with_their_numbers() {
    let state = bench(&["state", "--keys", "2000", "--batch", "100", "--reps", "3", "--json"]);
    let state: serde_json::Value = serde_json::from_slice(&state.stdout).unwrap();
    assert!(state["updatesPerSecond"].as_f64().unwrap() > 0.0, "{state}");
    assert!(state["proofBytes"]["median"].as_u64().unwrap() > 32, "{state}");
    let crypto = bench(&["crypto", "--millis", "1", "--json"]);
    let crypto: serde_json::Value = serde_json::from_slice(&crypto.stdout).unwrap();
    assert_eq!(crypto["rows"].as_array().unwrap().len(), 9, "{crypto}");
}

#[test]
fn recorded_order_flow_through_a_book_has_the_recorded_best_prices() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.gz");
    let depth = |id: u64, levels: &str| {
        format!(
            "1 {{\"stream\":\"x@depth\",\"data\":{{\"E\":{id},\"s\":\"X\",\"U\":{id},\"u\":{id},{levels}}}}}\n"
        )
    };
    let ticker = |id: u64, bid: &str| {
        format!(
            "1 {{\"stream\":\"x@bookTicker\",\"data\":{{\"u\":{id},\"s\":\"X\",\"b\":\"{bid}\",\"B\":\"1\",\
             \"a\":\"10.5\",\"A\":\"2\"}}}}\n"
        )
    };
    let write = |last: &str| {
        let lines = [
            depth(1, "\"b\":[[\"10.0\",\"1\"]],\"a\":[[\"10.5\",\"2\"]]"),
            ticker(1, "10.0"),
            depth(2, "\"b\":[[\"10.2\",\"1\"]],\"a\":[]"),
            ticker(2, last),
        ];
        let file = std::fs::File::create(&path).unwrap();
        let mut encoder = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
        encoder.write_all(lines.concat().as_bytes()).unwrap();
        encoder.finish().unwrap();
    };
    let args = ["replay", "--engine", "--orderflow", path.to_str().unwrap(), "--json"];

    write("10.2");
    let output = bench(&args);
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["compared"], 2, "{document}");
    assert_eq!(document["equal"], 2);
    assert_eq!(document["orders"], 3);
    assert_eq!(document["consistent"], true);
    assert_eq!(output.status.code(), Some(0));

    write("10.0");
    let output = bench(&args);
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["pricesEqual"], 1, "{document}");
    assert_eq!(output.status.code(), Some(1));
}

/// A trace of one block: two that pay a third, the third that pays on, and one that reads what it has.
fn write_trace(dir: &std::path::Path) {
    let head = "{\"format\":\"eth-access-trace/1\",\"block\":7,\"txs\":4}\n{\"addresses\":[]}\n\
                {\"locations\":[[\"b\",0],[\"b\",1],[\"b\",2],[\"b\",3]]}\n";
    let row = |index, lists| format!("{{\"index\":{index},\"gas_used\":21000,{lists}}}\n");
    let rows = [
        row(0, "\"reads\":[0],\"credits\":[2],\"writes\":[0,2]"),
        row(1, "\"reads\":[1],\"credits\":[2],\"writes\":[1,2]"),
        row(2, "\"reads\":[2],\"credits\":[3],\"writes\":[2,3]"),
        row(3, "\"reads\":[2,3],\"credits\":[],\"writes\":[1]"),
    ];
    let file = std::fs::File::create(dir.join("7.jsonl.gz")).unwrap();
    let mut encoder = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
    encoder.write_all((head.to_owned() + &rows.concat()).as_bytes()).unwrap();
    encoder.finish().unwrap();
}

/// Every mode on 1, 2 and 4 threads gives the result of running in order.
#[track_caller]
fn check_exec(workload: &str, args: &[&str]) {
    let common = ["--reps", "1", "--block", "300", "--threads", "1,2,4", "--json"];
    let output = bench(&[&["exec", "--workload", workload], args, &common].concat());
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let rows = document["rows"].as_array().unwrap_or_else(|| panic!("{document}"));
    assert_eq!(rows.len(), 1 + 4 * 3);
    for row in rows {
        assert_eq!(row["workload"], workload);
        assert_eq!(row["ok"], true, "{row}");
        assert!(row["executions"].as_u64() >= row["txs"].as_u64(), "{row}");
        assert!(row["speedup"].as_f64().unwrap() > 0.0, "{row}");
        assert!(row["idealSpeedup"].as_f64().unwrap() >= 1.0, "{row}");
    }
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn every_way_of_running_a_block_gives_the_result_of_running_it_in_order() {
    check_exec("transfer", &["--accounts", "100", "--over-declare", "50", "--work-ns", "1400"]);
    check_exec("transfer", &["--accounts", "20000", "--work-ns", "1400"]);
    check_exec("hot-add", &["--accounts", "2", "--work-ns", "1400"]);
    check_exec("chain", &["--work-ns", "1400"]);
    check_exec("mixed", &["--accounts", "1000", "--work-ns", "1400"]);
    let dir = tempfile::tempdir().unwrap();
    write_trace(dir.path());
    let workload = format!("ethereum:{}", dir.path().display());
    check_exec(&workload, &["--ns-per-gas", "1"]);
}

#[test]
fn a_ledger_transfer_is_timed_by_its_parts() {
    let modes = ["--mode", "sequential,declared,open,auto", "--accounts", "3", "--block", "50"];
    let args = ["exec", "--workload", "ledger", "--signed", "--reps", "1", "--json"];
    let output = bench(&[args.as_slice(), &modes].concat());
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let rows = document["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 1 + 3 * 2);
    assert!(rows.iter().all(|row| row["ok"] == true), "{document}");
    let row = &document["rows"][0];
    let part = |name: &str| row["parts"][name].as_f64().unwrap();
    let whole = ["decode", "check", "declare", "execute"].map(part).iter().sum::<f64>();
    assert!(part("transactionsAlone") > 0.0);
    assert!((whole - row["nsPerTx"].as_f64().unwrap()).abs() < 1.0, "{row}");
}

#[test]
fn orders_are_counted_besides_transactions() {
    let args = ["exec", "--workload", "order", "--markets", "1,3", "--orders-per-action", "4"];
    let size = ["--accounts", "9", "--block", "20", "--reps", "1", "--threads", "2", "--json"];
    let output = bench(&[&args, ["--mode", "sequential,auto"].as_slice(), &size].concat());
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let rows = document["rows"].as_array().unwrap();
    let markets: Vec<_> = rows.iter().map(|row| row["markets"].as_u64().unwrap()).collect();
    assert_eq!(markets, [1, 1, 3, 3]);
    for row in rows {
        assert_eq!(row["ok"], true, "{row}");
        assert_eq!(row["ordersPerAction"], 4);
        // Beside every 20 transactions of 4 orders is one of the publisher's.
        let orders = row["ordersPerSecond"].as_f64().unwrap();
        let txs = row["txsPerSecond"].as_f64().unwrap();
        assert!((orders / txs - 80.0 / 21.0).abs() < 1e-6, "{row}");
        assert!(row["parts"]["execute.match"].as_f64().unwrap() > 0.0, "{row}");
    }
}

#[test]
fn bad_usage_of_exec_is_exit_2() {
    check_refused(&["exec"], 2, "--workload");
    check_refused(&["exec", "--workload", "orders"], 2, "ethereum:DIR");
    check_refused(&["exec", "--workload", "order", "--accounts", "40001"], 2, "40000");
    check_refused(&["exec", "--workload", "order", "--markets", "65"], 2, "--markets");
    check_refused(&["exec", "--workload", "order", "--mode", "oracle"], 2, "plans");
    check_refused(&["exec", "--workload", "ledger", "--mode", "oracle"], 2, "plans");
    check_refused(&["exec", "--workload", "transfer", "--accounts", "1"], 2, "--accounts");
    check_refused(&["exec", "--workload", "transfer", "--over-declare", "100"], 2, "--over");
    check_refused(&["exec", "--workload", "transfer", "--threads", "0"], 2, "--threads");
    check_refused(&["exec", "--workload", "transfer", "--mode", "fast"], 2, "--mode");
    let both = ["exec", "--workload", "transfer", "--work-ns", "1", "--ns-per-gas", "1"];
    check_refused(&both, 2, "--ns-per-gas");
    check_refused(&["exec", "--workload", "ethereum:/nonexistent"], 1, "/nonexistent");
}

#[test]
fn traced_blocks_below_the_least_size_are_left_out() {
    let dir = tempfile::tempdir().unwrap();
    write_trace(dir.path());
    let workload = format!("ethereum:{}", dir.path().display());
    check_refused(&["exec", "--workload", &workload, "--min-txs", "5"], 1, "--min-txs");
}
