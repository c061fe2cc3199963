//! The binary as a user or a script sees it: help, exit codes, one line of error, one document of JSON.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

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
    for command in ["replay", "load", "compare", "state", "crypto"] {
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
