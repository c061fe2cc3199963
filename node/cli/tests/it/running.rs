//! A localnet of real nodes: starting, transferring, stopping, starting again.

use std::thread;
use std::time::Duration;
use std::time::Instant;

use rustix::process::Signal;
use serde_json::Value;
use serde_json::json;

use super::heddle;
use super::heddle_with;
use super::net::Net;
use super::net::Process;
use super::net::VALIDATORS;
use super::net::eventually;
use super::net::send_signal;

const SECOND: Duration = Duration::from_secs(1);

/// What an account has of HDL on a validator, in base units.
fn balance(net: &Net, index: usize, name: &str) -> u128 {
    let account = net.call(index, "getAccount", json!({ "address": net.account(name) }));
    account["balances"]["HDL"].as_str().unwrap().parse().unwrap()
}

/// The same on every validator, once each has executed `height`.
fn balance_everywhere(net: &Net, height: u64, name: &str) -> u128 {
    net.common_block(height);
    let balances: Vec<u128> = (0..VALIDATORS).map(|index| balance(net, index, name)).collect();
    assert!(balances.iter().all(|other| *other == balances[0]), "{balances:?}");
    balances[0]
}

#[test]
fn a_started_localnet_is_ready_and_has_a_final_block() {
    let net = Net::init();
    let printed = net.start_again();
    assert_eq!(printed, net.manifest());
    assert_eq!(printed["chainId"], net.chain());
    assert!(net.highest() >= 1);
    for index in 0..VALIDATORS {
        let status = net.status(index).unwrap();
        assert_eq!(status["validator"], true);
        assert_eq!(status["chainId"], net.chain());
        let (height, executed) = (status["height"].as_u64(), status["executedHeight"].as_u64());
        let final_height = status["finalHeight"].as_u64();
        assert!(executed <= final_height && final_height <= height, "{status}");
    }
    let second = net.try_localnet(&["start", "--detach"]);
    assert_eq!(second.code, 1, "{}", second.stderr);
    assert!(second.stderr.contains("running as process"), "{}", second.stderr);
}

#[test]
fn a_transfer_through_any_validator_is_final_on_all() {
    let net = Net::start();
    let supply = net.call(0, "getSupply", json!({}));
    let (alice, bob) = (balance(&net, 0, "alice"), balance(&net, 0, "bob"));
    let mut fees = 0;
    let mut height = 0;
    for index in 0..VALIDATORS {
        let done = net.transfer(index, "alice", "bob", "1000");
        assert_eq!((&done["status"], &done["receipt"]["ok"]), (&json!("final"), &json!(true)));
        fees += done["receipt"]["feePaid"].as_str().unwrap().parse::<u128>().unwrap();
        height = done["height"].as_u64().unwrap();
    }
    assert!(fees > 0);
    assert_eq!(balance_everywhere(&net, height, "alice"), alice - 4000 - fees);
    assert_eq!(balance_everywhere(&net, height, "bob"), bob + 4000);
    for index in 0..VALIDATORS {
        let account = net.call(index, "getAccount", json!({ "address": net.account("alice") }));
        assert_eq!(account["nonces"], json!({ "0": 4 }));
        assert_eq!(net.call(index, "getSupply", json!({})), supply);
    }
}

#[test]
fn equal_transfers_in_a_row_are_all_made_and_none_waits_for_the_idle_interval() {
    const COUNT: u128 = 20;
    let net = Net::start();
    let before = balance(&net, 0, "dave");
    let (key, to, url) = (net.key_file("carol"), net.account("dave"), net.url(1));
    for _ in 0..COUNT {
        let said =
            heddle(&["transfer", "--from", &key, "--to", &to, "--amount", "3", "--rpc", &url]);
        assert_eq!(said.code, 0, "{}", said.stderr);
    }
    eventually("every transfer", 3 * SECOND, || {
        (balance(&net, 0, "dave") == before + 3 * COUNT).then_some(())
    });
}

#[test]
fn a_transaction_is_built_signed_and_sent_step_by_step() {
    let net = Net::start();
    let genesis = format!("{}/genesis.json", net.validator(0));
    let (carol, dave) = (net.account("carol"), net.account("dave"));
    let build = |nonce: &str| {
        let call = ["tx", "build", "transfer", "--from", &carol, "--to", &dave, "--amount", "5"];
        let more = ["--nonce", nonce, "--genesis", &genesis];
        heddle(&[call.as_slice(), &more].concat()).field("unsigned")
    };
    let unsigned = format!("{}\n{}\n", build("0:0"), build("0:1"));
    let signed = heddle_with(&["tx", "sign", "--from", &net.key_file("carol"), "-"], &unsigned);
    assert_eq!(signed.code, 0, "{}", signed.stderr);
    let signed: Vec<Value> =
        signed.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let input: String =
        signed.iter().map(|one| format!("{}\n", one["transaction"].as_str().unwrap())).collect();
    let sent = heddle_with(&["tx", "send", "--rpc", &net.url(3), "-"], &input);
    assert_eq!(sent.code, 0, "{}{}", sent.stdout, sent.stderr);
    let sent: Vec<Value> =
        sent.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for (signed, sent) in signed.iter().zip(&sent) {
        assert_eq!(signed["id"], sent["id"]);
        let is_final = || {
            let found = net.call(1, "getTransaction", json!({ "id": sent["id"] }));
            (found["status"] == "final").then_some(found)
        };
        assert_eq!(eventually("a final transfer", 5 * SECOND, is_final)["receipt"]["ok"], true);
    }
    // The same bytes again are no error, on any validator.
    let again = heddle_with(&["tx", "send", "--rpc", &net.url(1), "-"], &input);
    assert_eq!(again.code, 0, "{}{}", again.stdout, again.stderr);
    assert!(again.stdout.contains(sent[1]["id"].as_str().unwrap()));
}

#[test]
fn a_second_start_continues_the_chain_and_every_home_verifies() {
    let net = Net::start();
    let done = net.transfer(2, "alice", "carol", "7");
    let height = done["height"].as_u64().unwrap();
    let before = net.common_block(height);
    assert_eq!(net.localnet(&["stop"])["stopped"], true);
    assert_eq!(net.pids(), vec![None; VALIDATORS]);
    let verified: Vec<Value> = (0..VALIDATORS).map(|index| net.verify(index)).collect();
    for (field, value) in [("validators", "5"), ("accounts", "3"), ("idle-interval", "9s")] {
        let said = net.try_localnet(&["start", "--detach", &format!("--{field}"), value]);
        assert_eq!(said.code, 2, "{}", said.stderr);
        assert!(said.stderr.contains(&format!("--{field}: found")), "{}", said.stderr);
    }

    net.start_again();
    assert_eq!(net.common_block(height), before);
    for report in verified {
        let tip = net.common_block(report["height"].as_u64().unwrap());
        assert_eq!((&report["fromHeight"], &report["firstBadHeight"]), (&json!(0), &Value::Null));
        assert_eq!(report["stateRoot"], tip["stateRoot"]);
    }
    let id = done["id"].as_str().unwrap();
    assert_eq!(net.call(0, "getTransaction", json!({ "id": id })), done);
    net.await_above(0, net.highest(), 5 * SECOND);

    let running = net.try_localnet(&["reset"]);
    assert_eq!(running.code, 1, "{}", running.stderr);
    net.localnet(&["stop"]);
    assert_ne!(net.localnet(&["reset"])["chainId"], net.chain());
}

#[test]
fn a_foreground_start_ends_by_itself_with_its_validators() {
    let net = Net::init();
    let begun = Instant::now();
    let mut start =
        Process::heddle(&["localnet", "start", "--home", &net.home, "--duration", "3s"]);
    eventually("four validators", 10 * SECOND, || {
        net.pids().iter().all(Option::is_some).then_some(())
    });
    assert_eq!(start.ends(20 * SECOND), Some(0));
    // At most 6 s for the start, 3 s as asked, and 6 s for the end.
    assert!(begun.elapsed() < 15 * SECOND, "{:?}", begun.elapsed());
    assert!(begun.elapsed() >= 3 * SECOND, "{:?}", begun.elapsed());
    assert_eq!(net.pids(), vec![None; VALIDATORS]);
}

#[test]
fn stop_ends_what_a_killed_supervisor_left() {
    let net = Net::start();
    let before = net.pids();
    let supervisor = net.localnet(&["status"])["pid"].as_u64().unwrap();
    send_signal(supervisor, Signal::KILL);
    eventually("the end of the supervisor", 2 * SECOND, || {
        net.localnet(&["status"])["pid"].is_null().then_some(())
    });
    assert_eq!(net.pids(), before);
    net.transfer(1, "bob", "alice", "1");
    assert_eq!(net.localnet(&["stop"])["stopped"], true);
    assert_eq!(net.pids(), vec![None; VALIDATORS]);
}

#[test]
fn sigterm_ends_a_node_in_order_and_one_started_by_hand_is_found() {
    let net = Net::start();
    net.localnet(&["kill", "1"]);
    let mut node = Process::node(&net.validator(1));
    net.await_voting(1, 5 * SECOND);
    net.localnet(&["pause", "1"]);
    thread::sleep(SECOND / 10);
    net.localnet(&["resume", "1"]);
    assert_eq!(net.try_localnet(&["start-one", "1"]).code, 1);
    let asked = Instant::now();
    node.signal(Signal::TERM);
    assert_eq!(node.ends(5 * SECOND), Some(0));
    assert!(asked.elapsed() < 5 * SECOND);
}
