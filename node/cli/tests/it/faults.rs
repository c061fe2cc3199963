//! A localnet of real nodes whose processes are killed and paused.

use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;
use std::time::Instant;

use rustix::process::Signal;
use serde_json::Value;
use serde_json::json;

use super::net::Net;
use super::net::VALIDATORS;
use super::net::eventually;
use super::net::send_signal;

const SECOND: Duration = Duration::from_secs(1);

/// Pays through `via` again and again while `work` is done; what each payment said.
fn while_paying<T>(net: &Net, via: usize, work: impl FnOnce() -> T) -> (Vec<Value>, T) {
    let is_done = AtomicBool::new(false);
    thread::scope(|scope| {
        let paying = scope.spawn(|| {
            let mut paid = Vec::new();
            while !is_done.load(Ordering::Relaxed) {
                paid.push(net.transfer(via, "alice", "bob", "1"));
            }
            paid
        });
        let result = work();
        is_done.store(true, Ordering::Relaxed);
        (paying.join().unwrap(), result)
    })
}

/// What everybody was told of a payment must be what every validator says.
fn assert_kept(net: &Net, paid: &[Value]) {
    for told in paid {
        for index in 0..VALIDATORS {
            let says = net.call(index, "getTransaction", json!({ "id": told["id"] }));
            assert_eq!(says, *told, "validator {index}");
        }
    }
}

fn assert_no_evidence(net: &Net) {
    for index in 0..VALIDATORS {
        assert_eq!(net.call(index, "getEvidence", json!({})), json!([]));
    }
}

#[test]
fn a_killed_validator_votes_again_and_has_what_was_missed() {
    let net = Net::start();
    let (paid, back) = while_paying(&net, 0, || {
        net.localnet(&["kill", "2"]);
        assert_eq!(net.pids()[2], None);
        // The others go on without it.
        net.await_above(1, net.highest() + 1, 5 * SECOND);
        net.localnet(&["start-one", "2"]);
        let back = net.await_voting(2, 5 * SECOND);
        net.await_above(2, net.highest(), 5 * SECOND);
        back
    });
    assert!(paid.len() > 2, "{}", paid.len());
    assert_eq!(back["votingReason"], Value::Null);
    net.common_block(net.highest());
    assert_kept(&net, &paid);
    assert_no_evidence(&net);
    let running = net.try_localnet(&["start-one", "2"]);
    assert_eq!(running.code, 1, "{}", running.stderr);
}

#[test]
fn nothing_final_is_lost_when_all_are_killed_at_once() {
    let net = Net::start();
    let paid: Vec<Value> = (0..8).map(|turn| net.transfer(turn % 4, "alice", "bob", "1")).collect();
    let highest = net.highest();
    let before: Vec<Value> = (0..=highest).map(|height| net.common_block(height)).collect();
    let reported: Vec<u64> =
        (0..VALIDATORS).map(|index| net.final_height(index).unwrap()).collect();
    for pid in net.pids() {
        send_signal(pid.unwrap(), Signal::KILL);
    }
    eventually("four dead validators", 2 * SECOND, || {
        net.pids().iter().all(Option::is_none).then_some(())
    });
    // The foreground process outlives its validators.
    assert!(net.localnet(&["status"])["pid"].is_u64());
    net.localnet(&["stop"]);

    net.start_again();
    for (index, reported) in reported.into_iter().enumerate() {
        assert!(net.final_height(index).unwrap() >= reported);
    }
    net.await_above(0, highest, 10 * SECOND);
    let after: Vec<Value> = (0..=highest).map(|height| net.common_block(height)).collect();
    assert_eq!(after, before);
    assert_kept(&net, &paid);
    assert_no_evidence(&net);
    net.transfer(3, "alice", "bob", "1");
}

#[test]
fn validators_that_are_started_one_by_one_answer_before_there_is_a_quorum() {
    let net = Net::start();
    let height = net.transfer(0, "alice", "bob", "1")["height"].as_u64().unwrap();
    let before: Vec<u64> = (0..VALIDATORS).map(|index| net.final_height(index).unwrap()).collect();
    for index in ["0", "1", "2", "3"] {
        net.localnet(&["kill", index]);
    }
    for (index, before) in before.into_iter().enumerate() {
        let begun = Instant::now();
        net.localnet(&["start-one", &index.to_string()]);
        assert!(begun.elapsed() < 5 * SECOND, "{:?}", begun.elapsed());
        assert!(net.final_height(index).unwrap() >= before);
    }
    net.await_above(0, height, 10 * SECOND);
    net.transfer(2, "alice", "bob", "1");
    assert_no_evidence(&net);
}

#[test]
fn a_paused_validator_misses_nothing_once_it_is_resumed() {
    let net = Net::start();
    net.localnet(&["pause", "3"]);
    let status = net.localnet(&["status"]);
    assert_eq!(status["validators"][3]["state"], "paused");
    let height = net.transfer(0, "alice", "bob", "1")["height"].as_u64().unwrap();
    net.localnet(&["resume", "3"]);
    net.await_above(3, height, 10 * SECOND);
    net.common_block(height);
    assert_eq!(net.status(3).unwrap()["voting"], true);
}

#[test]
fn without_a_quorum_nothing_is_final_and_with_one_again_everything_goes_on() {
    let net = Net::start();
    for index in ["2", "3"] {
        net.localnet(&["kill", index]);
    }
    // What was on its way arrives, and then nothing more: an idle interval is 1 s.
    thread::sleep(SECOND / 5);
    let height = net.highest();
    thread::sleep(2 * SECOND);
    assert_eq!(net.highest(), height);
    for index in ["2", "3"] {
        net.localnet(&["start-one", index]);
    }
    net.await_above(0, height, 10 * SECOND);
    net.transfer(1, "alice", "bob", "1");
    assert_no_evidence(&net);
}

#[test]
fn a_partition_stops_finality_outlives_a_restart_and_is_healed() {
    let net = Net::start();
    net.localnet(&["latency", "1ms"]);
    let cut = net.localnet(&["partition", "0,1/2,3"]);
    assert_eq!(cut["cuts"].as_array().unwrap().len(), 8);
    assert_eq!(cut["latency"]["delayMs"], 1);
    thread::sleep(SECOND / 5);
    let height = net.highest();
    net.localnet(&["kill", "3"]);
    net.localnet(&["start-one", "3"]);
    thread::sleep(2 * SECOND);
    assert_eq!(net.highest(), height);
    net.localnet(&["pause", "1"]);
    assert_eq!(net.localnet(&["heal"])["later"], json!([1]));
    net.localnet(&["resume", "1"]);
    for index in 0..VALIDATORS {
        net.await_above(index, height, 10 * SECOND);
    }
    net.transfer(1, "alice", "bob", "1");
    assert_no_evidence(&net);
}

#[test]
fn whoever_is_cut_off_alone_stops_nobody_and_catches_up() {
    let net = Net::start();
    net.localnet(&["partition", "0/1,2,3"]);
    let (height, alone) = (net.highest(), net.final_height(0));
    net.await_above(1, height + 1, 10 * SECOND);
    assert!(net.final_height(0) <= alone.map(|height| height + 1));
    net.localnet(&["heal"]);
    net.await_above(0, net.highest(), 10 * SECOND);
    net.common_block(height);
}

#[test]
fn slow_links_make_finality_slow_and_their_end_makes_it_quick() {
    let net = Net::start();
    net.localnet(&["latency", "60ms", "--jitter", "5ms", "--loss", "1%"]);
    let paid = |net: &Net| {
        let begun = Instant::now();
        net.transfer(0, "alice", "bob", "1");
        begun.elapsed()
    };
    let slow = paid(&net);
    assert!(slow >= Duration::from_millis(180), "{slow:?}");
    net.localnet(&["latency", "0ms"]);
    let quick = (0..5).map(|_| paid(&net)).min().unwrap();
    assert!(quick < Duration::from_millis(150), "{quick:?}");
}

#[test]
fn partitions_and_latencies_that_are_none_are_bad_usage() {
    let net = Net::init();
    for args in [
        ["partition", "0,1"].as_slice(),
        &["partition", "0/9"],
        &["partition"],
        &["latency", "50"],
        &["latency", "2m"],
        &["latency", "5ms", "--loss", "101%"],
    ] {
        assert_eq!(net.try_localnet(args).code, 2, "{args:?}");
    }
}
