//! Validators that join, leave, and change, while the chain goes on.

use std::fs;
use std::time::Duration;

use serde_json::Value;
use serde_json::json;

use super::Said;
use super::heddle;
use super::net::Net;
use super::net::VALIDATORS;
use super::net::eventually;

/// The node that is added.
const FIFTH: usize = VALIDATORS;
/// An epoch is 32 blocks at least; then another committee has to find together.
const PATIENCE: Duration = Duration::from_secs(60);

/// A localnet whose blocks come quickly though there is nothing to do.
fn net() -> Net {
    let net = Net::init_with(&["--idle-interval", "50ms"]);
    net.start_again();
    net
}

/// What `heddle validator ARGS` says, sent through this node.
fn try_change(net: &Net, via: usize, args: &[&str]) -> Said {
    let sent = ["--json", "--rpc", &net.url(via)];
    heddle(&[&["validator"], args, &sent].concat())
}

/// The same, which must succeed.
fn change(net: &Net, via: usize, args: &[&str]) {
    let said = try_change(net, via, args);
    assert_eq!(said.code, 0, "{args:?}: {} {}", said.stdout, said.stderr);
    assert_eq!(said.json()["status"], "final", "{args:?}: {}", said.stdout);
}

fn validators(net: &Net, index: usize) -> Value {
    net.call(index, "getCommittee", json!({}))
}

/// Waits until these nodes are in an epoch, and says who decides in it: keys and powers.
fn await_epoch(net: &Net, nodes: &[usize], epoch: u64) -> Vec<(String, u64)> {
    let sets = nodes.iter().map(|index| {
        eventually("the epoch", PATIENCE, || {
            Some(validators(net, *index)).filter(|set| set["epoch"] == epoch)
        })
    });
    let members = sets.map(|set| members(&set["validators"])).collect::<Vec<_>>();
    assert!(members.iter().all(|one| *one == members[0]), "{members:?}");
    members[0].clone()
}

fn members(list: &Value) -> Vec<(String, u64)> {
    let member = |one: &Value| {
        (one["publicKey"].as_str().unwrap().to_owned(), one["power"].as_u64().unwrap())
    };
    list.as_array().unwrap().iter().map(member).collect()
}

fn key_of(net: &Net, index: usize) -> String {
    net.manifest()["validators"][index]["publicKey"].as_str().unwrap().to_owned()
}

fn home_of(net: &Net, index: usize) -> String {
    net.manifest()["validators"][index]["home"].as_str().unwrap().to_owned()
}

fn await_all_voting(net: &Net, nodes: &[usize]) {
    for index in nodes {
        let status = net.await_voting(*index, PATIENCE);
        assert_eq!(status["validator"], true);
    }
}

/// It says that it does not vote and why, and has what is final all the same.
fn assert_follows(net: &Net, index: usize, epoch: u64) {
    let status = net.await_above(index, net.highest(), PATIENCE);
    assert_eq!((&status["validator"], &status["voting"]), (&json!(false), &json!(false)));
    let reason = format!("this node's key is not in the committee of epoch {epoch}");
    assert_eq!(status["votingReason"], reason);
}

/// A fifth node joins; that it is there first is nobody's business but its own.
fn let_fifth_join(net: &Net) {
    net.localnet(&["add", "--standby"]);
    assert_follows(net, FIFTH, 0);
    let manifest = net.manifest();
    let quic = manifest["validators"][FIFTH]["quic"].as_str().unwrap().to_owned();
    let key = format!("{}/key.json", home_of(net, FIFTH));
    let (erin, authority) = (net.account("erin"), net.key_file("faucet"));
    let args = ["join", "--key", &key, "--quic", &quic, "--power", "1", "--operator", &erin];
    change(net, 0, &[args.as_slice(), &["--from", &authority]].concat());
}

#[test]
fn validators_join_leave_and_change_while_the_chain_goes_on() {
    let net = net();
    let keys: Vec<String> = (0..VALIDATORS).map(|index| key_of(&net, index)).collect();
    let (authority, dave, bob) =
        (net.key_file("faucet"), net.key_file("dave"), net.key_file("bob"));
    let equal = |keys: &[&String]| keys.iter().map(|key| ((*key).clone(), 1)).collect::<Vec<_>>();
    let refused = try_change(&net, 0, &["power", "0", "2", "--from", &bob]);
    assert_eq!(refused.code, 1, "{}", refused.stdout);
    assert!(refused.stderr.contains("NotAuthorised"), "{}", refused.stderr);

    let_fifth_join(&net);
    let fifth_key = key_of(&net, FIFTH);
    let all = [0, 1, 2, 3, FIFTH];
    let expected = equal(&[&keys[0], &keys[1], &keys[2], &keys[3], &fifth_key]);
    assert_eq!(await_epoch(&net, &all, 1), expected);
    await_all_voting(&net, &all);
    net.transfer(FIFTH, "alice", "bob", "5");

    change(&net, 1, &["leave", &keys[3], "--from", &dave]);
    let expected = equal(&[&keys[0], &keys[1], &keys[2], &fifth_key]);
    assert_eq!(await_epoch(&net, &all, 2), expected);
    assert_follows(&net, 3, 2);
    // What its users send goes its way, too.
    net.transfer(3, "alice", "bob", "6");

    change(&net, 1, &["power", "0", "2", "--from", &authority]);
    let mut expected = expected;
    expected[0].1 = 2;
    assert_eq!(await_epoch(&net, &all, 3), expected);

    let new_key = format!("{}/new.json", net.home);
    assert_eq!(heddle(&["keys", "new", "--out", &new_key]).code, 0);
    change(&net, 2, &["rotate", "1", "--key", &new_key, "--from", &bob]);
    let members = await_epoch(&net, &all, 4);
    assert_eq!((&members[0], &members[2..]), (&expected[0], &expected[2..]));
    assert_ne!(members[1], expected[1]);
    assert_follows(&net, 1, 4);
    net.localnet(&["kill", "1"]);
    fs::copy(&new_key, format!("{}/key.json", home_of(&net, 1))).unwrap();
    net.localnet(&["start-one", "1"]);
    await_all_voting(&net, &[0, 1, 2, FIFTH]);
    assert_eq!(members[1].0, net.status(1).unwrap()["publicKey"]);
    net.transfer(1, "alice", "bob", "7");
    let before = net.block_of_all(net.highest(), VALIDATORS + 1);
    assert_eq!(before["epoch"], 4);

    net.localnet(&["stop"]);
    net.start_again();
    assert_eq!(await_epoch(&net, &all, 4), members);
    assert_eq!(self::members(&net.call(2, "getValidators", json!({}))), members);
    await_all_voting(&net, &[0, 1, 2, FIFTH]);
    assert_follows(&net, 3, 4);
    let height = before["height"].as_u64().unwrap();
    assert_eq!(net.block_of_all(height, VALIDATORS + 1), before);
    // Who proposed and signed is told of every epoch.
    assert_eq!(net.block_of_all(1, VALIDATORS + 1)["epoch"], 0);
    net.transfer(2, "alice", "bob", "8");
    net.block_of_all(net.highest(), VALIDATORS + 1);
    assert!(all.iter().all(|index| net.call(*index, "getEvidence", json!({})) == json!([])));
    net.localnet(&["stop"]);
    for index in all {
        Net::verify_home(&home_of(&net, index));
    }
}

#[test]
fn a_proof_is_made_offline_and_sent_by_whoever_may() {
    let net = net();
    let (home, key) = (net.validator(0), format!("{}/sixth.json", net.home));
    let made = heddle(&["keys", "new", "--out", &key, "--json"]);
    let carol = net.account("carol");
    let genesis = format!("{home}/genesis.json");
    let prove = ["validator", "prove", "--key", &key, "--operator", &carol, "--json"];
    let proved = heddle(&[prove.as_slice(), &["--genesis", &genesis]].concat());
    assert_eq!(
        heddle(&[prove.as_slice(), &["--chain", net.chain()]].concat()).stdout,
        proved.stdout
    );
    let (public_key, proof) = (proved.field("publicKey"), proved.field("proof"));
    assert_eq!(public_key, made.field("publicKey"));

    let authority = net.key_file("faucet");
    let join = ["join", "--public-key", &public_key, "--proof", &proof, "--power", "1"];
    let at = ["--quic", "127.0.0.1:1", "--from", &authority];
    let wrong = try_change(&net, 0, &[join.as_slice(), &at].concat());
    assert_eq!(wrong.code, 1);
    assert!(wrong.stderr.contains("BadProof"), "{}", wrong.stderr);
    change(&net, 0, &[join.as_slice(), &at, &["--operator", &carol]].concat());
    let set = validators(&net, 0);
    assert_eq!(members(&set["candidates"]).last().unwrap(), &(public_key.clone(), 1));
    assert_eq!(set["candidates"][4]["operator"], carol);
    assert_eq!(set["candidates"][4]["quic"], "127.0.0.1:1");
    assert_eq!(set["authority"], net.account("faucet"));
    // Nobody is there: the others have a quorum of five without it, and it is moved, and goes again.
    change(&net, 0, &["address", "4", "127.0.0.1:2", "--from", &net.key_file("carol")]);
    assert_eq!(validators(&net, 0)["candidates"][4]["quic"], "127.0.0.1:2");
    change(&net, 0, &["leave", &public_key, "--from", &net.key_file("carol")]);
    assert_eq!(members(&validators(&net, 0)["candidates"]).len(), VALIDATORS);
    let nobody = try_change(&net, 0, &["leave", "9", "--from", &authority]);
    assert_eq!(nobody.code, 2, "{}", nobody.stderr);
    assert!(nobody.stderr.contains("expected a key or a number below 4"), "{}", nobody.stderr);
}
