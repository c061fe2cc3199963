//! The localnet commands.

use std::fs;

use serde_json::Value;
use tempfile::TempDir;

use super::fails;
use super::heddle;

fn net() -> (TempDir, String) {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().join("net").to_str().unwrap().to_owned();
    let said =
        heddle(&["localnet", "init", "--validators", "3", "--port-base", "0", "--home", &home]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    (dir, home)
}

#[test]
fn init_prints_the_document_that_it_writes() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().join("net").to_str().unwrap().to_owned();
    let said = heddle(&["localnet", "init", "--port-base", "0", "--home", &home, "--json"]);
    let written: Value =
        serde_json::from_slice(&fs::read(format!("{home}/localnet.json")).unwrap()).unwrap();
    assert_eq!(said.json(), written);
    assert_eq!(written["validators"].as_array().unwrap().len(), 4);
    assert_eq!(written["accounts"].as_array().unwrap().len(), 11);
    assert_eq!(written["accounts"][10]["name"], "faucet");
    for file in ["config.toml", "genesis.json", "key.json", "db", "safety"] {
        assert!(fs::exists(format!("{home}/validator-3/{file}")).unwrap(), "{file}");
    }
}

#[test]
fn a_home_made_with_other_settings_is_refused_by_name() {
    let (_dir, home) = net();
    fails(2, &["localnet", "start", "--validators", "4", "--home", &home], &["--validators", "3"]);
    fails(2, &["localnet", "start", "--port-base", "26000", "--home", &home], &["--port-base"]);
    fails(
        2,
        &["localnet", "start", "--idle-interval", "2s", "--home", &home],
        &["--idle-interval"],
    );
    fails(1, &["localnet", "init", "--home", &home], &["reset"]);
}

#[test]
fn commands_without_a_localnet_say_so() {
    for command in ["status", "stop", "reset"] {
        fails(2, &["localnet", command, "--home", "/nonexistent"], &["/nonexistent", "start"]);
    }
}

#[test]
fn what_does_not_run_is_down_and_cannot_be_killed() {
    let (_dir, home) = net();
    let status = heddle(&["localnet", "status", "--home", &home, "--json"]);
    assert_eq!(status.code, 0, "{}", status.stderr);
    assert_eq!(status.json()["validators"][2]["state"], "down");
    for fault in ["kill", "pause", "resume"] {
        fails(1, &["localnet", fault, "0", "--home", &home], &["validator 0"]);
        fails(2, &["localnet", fault, "3", "--home", &home], &["0 to 2"]);
    }
    let stopped = heddle(&["localnet", "stop", "--home", &home, "--json"]);
    assert_eq!((stopped.code, &stopped.json()["stopped"]), (0, &false.into()));
}

#[test]
fn a_reset_makes_another_chain() {
    let (_dir, home) = net();
    let chain = || heddle(&["localnet", "status", "--home", &home, "--json"]).field("chainId");
    let before = chain();
    assert_eq!(heddle(&["localnet", "reset", "--home", &home]).code, 0);
    assert_ne!(chain(), before);
}
