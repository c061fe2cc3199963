//! How a node executed its blocks, as it says itself.

use std::fs;
use std::time::Duration;

use serde_json::Value;
use serde_json::json;

use super::fails;
use super::heddle;
use super::http;
use super::net::Net;

/// The lines of `/metrics` that are no comments.
fn metrics(net: &Net, index: usize) -> Vec<String> {
    let (code, body) = http::get(&net.address_of(index), "/metrics").unwrap();
    assert_eq!(code, 200);
    let text = String::from_utf8(body).unwrap();
    text.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect()
}

/// A metric's value, which must be there.
fn metric(lines: &[String], name: &str) -> f64 {
    let found = lines.iter().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    found.unwrap_or_else(|| panic!("{name} in {lines:#?}")).parse().unwrap()
}

#[test]
fn a_node_says_how_it_executed_a_block_until_it_starts_again() {
    let net = Net::start();
    let height = net.transfer(0, "alice", "bob", "1000")["height"].as_u64().unwrap();
    let execution = net.call(0, "getBlockExecution", json!({ "height": height }));
    assert_eq!(execution["height"], height);
    let count = net.call(0, "getBlock", json!({ "height": height }))["transactionIds"].clone();
    assert_eq!(execution["transactions"], count.as_array().unwrap().len());
    assert!(execution["executions"].as_u64() >= execution["transactions"].as_u64(), "{execution}");
    let phases = execution["phases"].as_array().unwrap();
    let items =
        |name: &str| phases.iter().find(|phase| phase["name"] == name).unwrap()["items"].clone();
    assert_eq!((items("plan"), items("declared")), (json!(1), json!(1)), "{execution}");
    assert!(items("root").as_u64() > Some(0), "{execution}");

    let args = ["block", &height.to_string(), "--execution", "--rpc", &net.url(0)];
    assert!(heddle(&args).stdout.contains("transactions  1\n"));
    assert_eq!(heddle(&[args.as_slice(), &["--json"]].concat()).json(), execution);
    let shown = heddle(&["block", "latest", "--execution", "--rpc", &net.url(0), "--json"]);
    assert!(shown.json()["height"].as_u64() >= Some(height), "{}", shown.stdout);

    let lines = metrics(&net, 0);
    for name in ["heddle_executions_total", "heddle_blocks_executed_total{mode=\"sequential\"}"] {
        assert!(metric(&lines, name) >= 1.0, "{lines:#?}");
    }
    for name in ["executions_speculative", "execution_aborts", "execution_waits"] {
        assert!(metric(&lines, &format!("heddle_{name}_total")) >= 0.0);
    }
    for phase in ["plan", "declared", "finish", "root"] {
        let name = format!("heddle_execution_phase_seconds_count{{phase=\"{phase}\"}}");
        assert!(metric(&lines, &name) >= 1.0, "{lines:#?}");
    }
    metric(&lines, "heddle_execution_parallelism");

    fails(1, &["block", "9999999", "--execution", "--rpc", &net.url(0)], &["9999999"]);
    net.localnet(&["stop"]);
    net.start_again();
    net.await_above(0, height, Duration::from_secs(10));
    let refused = net.try_call(0, "getBlockExecution", json!({ "height": height })).unwrap();
    assert_eq!(refused["error"]["data"]["kind"], "pruned", "{refused}");
}

#[test]
fn the_events_of_a_block_are_told_in_words_and_kept() {
    let net = Net::start();
    let height = net.transfer(0, "alice", "bob", "1000")["height"].as_u64().unwrap();
    let wanted = json!({ "height": height, "program": "ledger", "kind": 1 });
    let page = net.call(0, "getBlockEvents", wanted.clone());
    let [event] = page["events"].as_array().unwrap().as_slice() else { panic!("{page}") };
    assert_eq!((&event["index"], &event["transaction"]), (&json!(0), &json!(0)), "{page}");
    let words = (&event["name"], &event["fields"]["asset"], &event["fields"]["amount"]);
    assert_eq!(words, (&json!("Transfer"), &json!("HDL"), &json!("1000")), "{page}");
    assert_eq!((&page["next"], &page["leftOut"]), (&Value::Null, &json!(0)), "{page}");
    let id = net.call(0, "getBlock", json!({ "height": height }))["transactionIds"][0].clone();
    let receipt = net.call(0, "getTransaction", json!({ "id": id }))["receipt"].clone();
    assert_eq!(receipt["events"][0]["fields"], event["fields"], "{receipt}");

    net.localnet(&["stop"]);
    net.start_again();
    net.await_above(0, height, Duration::from_secs(10));
    assert_eq!(net.call(0, "getBlockEvents", wanted), page);
}

#[test]
fn a_node_executes_as_its_config_says_and_verify_as_its_flags_say() {
    let net = Net::init();
    let configure = |index: usize, lines: &str| {
        let path = format!("{}/config.toml", net.validator(index));
        let config = fs::read_to_string(&path).unwrap();
        fs::write(&path, format!("{lines}\n{config}")).unwrap();
    };
    configure(0, "execution = \"sequential\"\nthreads = 2");
    configure(1, "execution = \"declared\"\nthreads = 2");
    configure(2, "execution = \"auto\"\nthreads = 1");
    configure(3, "threads = 2");
    net.start_again();
    let height = net.transfer(0, "carol", "dave", "5")["height"].as_u64().unwrap();
    net.common_block(height);
    let check = |index: usize, mode: &str, reason: &str, threads: u32| {
        let execution = net.call(index, "getBlockExecution", json!({ "height": height }));
        let found = (&execution["mode"], &execution["reason"], &execution["threads"]);
        assert_eq!(found, (&json!(mode), &json!(reason), &json!(threads)), "{index}");
    };
    check(0, "sequential", "asked", 1);
    check(1, "planned", "asked", 2);
    check(2, "sequential", "oneThread", 1);
    // Of one transaction, the longest chain is everything.
    check(3, "sequential", "serial", 1);
    net.localnet(&["stop"]);
    let verify = |more: &[&str]| -> Value {
        let home = net.validator(0);
        let said = heddle(&[&["node", "verify", "--home", &home, "--json"], more].concat());
        assert_eq!(said.code, 0, "{}", said.stderr);
        said.json()
    };
    let one = verify(&["--sequential"]);
    assert_eq!(one["ok"], true);
    assert_eq!(verify(&["--threads", "3"]), one);
    assert_eq!(verify(&["--threads", "1"]), one);
}
