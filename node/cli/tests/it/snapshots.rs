//! Homes that are made of a snapshot, with real nodes.

use std::fs;
use std::path::Path;
use std::time::Duration;

use serde_json::Value;
use serde_json::json;

use super::Said;
use super::heddle;
use super::net::Net;
use super::net::eventually;

const SECOND: Duration = Duration::from_secs(1);

fn snapshot(home: &str, out: &Path) -> Said {
    let out = out.to_str().unwrap();
    heddle(&["node", "snapshot", "--home", home, "--out", out, "--json"])
}

fn restore(home: &str, from: &Path) -> Said {
    let from = from.to_str().unwrap();
    heddle(&["node", "restore", "--home", home, "--from", from, "--json"])
}

/// A localnet with some payments, of which the last validator is stopped, and a snapshot of that one's home.
fn with_snapshot() -> (Net, tempfile::TempDir, Value) {
    let net = Net::start();
    (0..5).for_each(|_| drop(net.transfer(0, "alice", "bob", "3")));
    net.localnet(&["stop"]);
    let dir = tempfile::tempdir().unwrap();
    let said = snapshot(&net.validator(3), &dir.path().join("out"));
    assert_eq!(said.code, 0, "{}", said.stderr);
    (net, dir, said.json())
}

#[test]
fn a_validator_made_of_a_snapshot_votes_again_and_verifies() {
    let (net, dir, taken) = with_snapshot();
    let height = taken["height"].as_u64().unwrap();
    assert!(height > 0);
    assert_eq!(taken["chunks"], 1);
    let home = net.validator(2);
    let in_use = restore(&home, &dir.path().join("out"));
    assert_eq!(in_use.code, 1, "{}", in_use.stderr);
    assert!(in_use.stderr.contains("nothing is written over"), "{}", in_use.stderr);

    fs::remove_dir_all(format!("{home}/db")).unwrap();
    let said = restore(&home, &dir.path().join("out"));
    assert_eq!(said.code, 0, "{}", said.stderr);
    assert_eq!(said.json(), taken);
    net.start_again();
    net.await_voting(2, 10 * SECOND);
    let paid = net.transfer(2, "bob", "alice", "1");
    net.await_above(2, paid["height"].as_u64().unwrap(), 10 * SECOND);
    net.common_block(paid["height"].as_u64().unwrap());
    let below = net.try_call(2, "getBlock", json!({ "height": height })).unwrap();
    assert_eq!(below["error"]["data"]["kind"], "pruned", "{below}");
    let events = net.try_call(2, "getBlockEvents", json!({ "height": 1 })).unwrap();
    assert_eq!(events["error"]["data"]["kind"], "pruned", "{events}");
    net.localnet(&["stop"]);

    let verified = net.verify(2);
    assert_eq!(verified["fromHeight"], height);
    assert!(verified["height"].as_u64() >= paid["height"].as_u64());
    let moved = format!("{home}/snapshots");
    fs::rename(&moved, dir.path().join("moved")).unwrap();
    let said = heddle(&["node", "verify", "--home", &home, "--json"]);
    assert_eq!(said.code, 3, "{}", said.stderr);
    assert!(said.stderr.contains(&moved), "{}", said.stderr);
}

#[test]
fn a_snapshot_that_is_damaged_or_of_another_chain_is_refused_by_name() {
    let (net, dir, _) = with_snapshot();
    let out = dir.path().join("out");
    let home = net.validator(1);
    fs::remove_dir_all(format!("{home}/db")).unwrap();
    let refused = |file: &str, damage: &dyn Fn(&Path)| {
        let path = out.join(file);
        let kept = fs::read(&path).unwrap();
        damage(&path);
        let said = restore(&home, &out);
        assert_eq!(said.code, 3, "{}", said.stderr);
        assert!(said.stderr.contains(path.to_str().unwrap()), "{}", said.stderr);
        assert!(!Path::new(&format!("{home}/db")).exists());
        fs::write(&path, kept).unwrap();
    };
    let flip = |at: usize| {
        move |path: &Path| {
            let mut bytes = fs::read(path).unwrap();
            let at = at.min(bytes.len() - 1);
            bytes[at] ^= 1;
            fs::write(path, bytes).unwrap();
        }
    };
    for at in [0, 100, 300, 1000, usize::MAX] {
        refused("manifest", &flip(at));
        refused("chunk-00000", &flip(at));
    }
    refused("chunk-00000", &|path| fs::remove_file(path).unwrap());

    let other = tempfile::tempdir().unwrap();
    let other = other.path().to_str().unwrap();
    let said = heddle(&["localnet", "init", "--port-base", "0", "--home", other]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    let other = format!("{other}/validator-0");
    fs::remove_dir_all(format!("{other}/db")).unwrap();
    let said = restore(&other, &out);
    assert_eq!(said.code, 3, "{}", said.stderr);
    assert!(said.stderr.contains("the certificate is not"), "{}", said.stderr);
}

#[test]
fn no_snapshot_is_taken_of_a_new_or_running_home_or_over_anything() {
    let net = Net::init();
    let dir = tempfile::tempdir().unwrap();
    let said = snapshot(&net.validator(0), &dir.path().join("out"));
    assert_eq!(said.code, 1, "{}", said.stderr);
    assert!(said.stderr.contains("no certified state"), "{}", said.stderr);
    net.start_again();
    let said = snapshot(&net.validator(0), &dir.path().join("out"));
    assert_eq!(said.code, 5, "{}", said.stderr);
    let said = restore(&net.validator(0), &dir.path().join("out"));
    assert_eq!(said.code, 5, "{}", said.stderr);
    net.transfer(0, "alice", "bob", "3");
    net.localnet(&["stop"]);
    fs::write(dir.path().join("file"), "kept").unwrap();
    let said = snapshot(&net.validator(0), dir.path());
    assert_eq!(said.code, 1, "{}", said.stderr);
    assert_eq!(fs::read_to_string(dir.path().join("file")).unwrap(), "kept");
}

#[test]
fn a_node_that_prunes_keeps_a_window_and_a_snapshot_to_begin_with() {
    let net = Net::init();
    for index in 0..4 {
        let keeping = if index == 0 { "prune = 1024\nsnapshot_interval = 100\n" } else { "" };
        configure(&net, index, "10ms", keeping);
    }
    net.start_again();
    let paid = net.transfer(0, "alice", "bob", "3");
    let is_pruned = || {
        let block = net.try_call(0, "getBlock", json!({ "height": 1 }))?;
        (block["error"]["data"]["kind"] == "pruned").then_some(())
    };
    eventually("a pruned block", 120 * SECOND, is_pruned);
    net.localnet(&["kill", "0"]);
    net.localnet(&["start-one", "0"]);
    net.await_voting(0, 5 * SECOND);
    net.localnet(&["stop"]);

    let verified = net.verify(0);
    let (from, to) =
        (verified["fromHeight"].as_u64().unwrap(), verified["height"].as_u64().unwrap());
    assert!(from >= 100 && to >= from + 1024, "{verified}");
    assert!(from > paid["height"].as_u64().unwrap());
    assert_eq!(net.verify(1)["fromHeight"], 0);
    let kept = fs::read_dir(format!("{}/snapshots", net.validator(0))).unwrap().count();
    assert!((2..=14).contains(&kept), "{kept}");
}

/// What stands at the beginning of a home's configuration.
fn configure(net: &Net, index: usize, idle: &str, lines: &str) {
    let path = format!("{}/config.toml", net.validator(index));
    let config = fs::read_to_string(&path).unwrap();
    let idle = format!("idle_interval = \"{idle}\"");
    assert!(config.contains("idle_interval = \"1s\""), "{config}");
    fs::write(&path, lines.to_owned() + &config.replace("idle_interval = \"1s\"", &idle)).unwrap();
}

#[test]
fn an_emptied_validator_joins_by_a_snapshot_of_several_peers_and_bans_a_liar() {
    const HEIGHT: u64 = 60;
    let net = Net::init();
    for index in 0..4 {
        configure(&net, index, "100ms", "snapshot_interval = 60\nsync = \"snapshot\"\n");
    }
    net.start_again();
    net.transfer(0, "alice", "bob", "3");
    let folder = |index: usize| format!("{}/snapshots/{HEIGHT:012}", net.validator(index));
    let all_there = || (0..3).all(|index| Path::new(&folder(index)).exists()).then_some(());
    eventually("the same snapshot of three", 60 * SECOND, all_there);
    let chunk = |index: usize| fs::read(format!("{}/chunk-00000", folder(index))).unwrap();
    assert_eq!(chunk(0), chunk(1));
    assert_eq!(chunk(1), chunk(2));

    net.localnet(&["kill", "3"]);
    let home = net.validator(3);
    fs::remove_dir_all(format!("{home}/db")).unwrap();
    fs::remove_dir_all(format!("{home}/snapshots")).unwrap();
    let mut wrong = chunk(0);
    let middle = wrong.len() / 2;
    wrong[middle] ^= 1;
    fs::write(format!("{}/chunk-00000", folder(0)), wrong).unwrap();
    net.localnet(&["start-one", "3"]);
    net.await_voting(3, 10 * SECOND);
    let log = fs::read_to_string(format!("{home}/node.log")).unwrap();
    assert!(log.contains("made the database of a snapshot"), "{log}");
    assert!(log.contains("a peer lied about a snapshot"), "{log}");
    let paid = net.transfer(3, "bob", "alice", "1")["height"].as_u64().unwrap();
    net.await_above(3, paid, 10 * SECOND);
    net.common_block(paid);
    let below = net.try_call(3, "getBlock", json!({ "height": HEIGHT })).unwrap();
    assert_eq!(below["error"]["data"]["kind"], "pruned", "{below}");
    net.localnet(&["stop"]);
    assert_eq!(net.verify(3)["fromHeight"], HEIGHT);
}
