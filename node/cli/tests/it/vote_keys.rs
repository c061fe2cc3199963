//! A chain whose validators vote with BLS keys, in real processes.

use std::fs;
use std::time::Duration;

use serde_json::Value;
use serde_json::json;

use super::heddle;
use super::net::Net;
use super::net::VALIDATORS;
use super::net::eventually;

/// An epoch is 32 blocks at least; then another committee has to find together.
const PATIENCE: Duration = Duration::from_secs(30);

fn net() -> Net {
    let net = Net::init_with(&["--vote-scheme", "bls", "--idle-interval", "50ms"]);
    net.start_again();
    net
}

/// What `heddle validator ARGS` does through node 0, which must succeed.
fn change(net: &Net, args: &[&str]) {
    let said = heddle(&[&["validator"], args, &["--json", "--rpc", &net.url(0)]].concat());
    assert_eq!(said.code, 0, "{args:?}: {} {}", said.stdout, said.stderr);
    assert_eq!(said.json()["status"], "final", "{args:?}: {}", said.stdout);
}

/// Waits until validator 0 is in this epoch; its members' vote keys.
fn vote_keys(net: &Net, epoch: u64) -> Vec<String> {
    let set = eventually("the epoch", PATIENCE, || {
        Some(net.call(0, "getCommittee", json!({}))).filter(|set| set["epoch"] == epoch)
    });
    let members = set["validators"].as_array().unwrap();
    members.iter().map(|one| one["voteKey"].as_str().unwrap().to_owned()).collect()
}

fn transfers_become_final(net: &Net, through: &[usize]) {
    for index in through {
        assert_eq!(net.transfer(*index, "alice", "bob", "5")["status"], "final");
    }
}

/// A final block's certificate: three or more signed, and their signatures are one.
fn assert_sum(certificate: &Value) {
    assert_eq!(certificate["signatures"], json!([]));
    assert_eq!(certificate["aggregate"].as_str().unwrap().len(), 96, "{certificate}");
    assert!(certificate["signers"].as_array().unwrap().len() >= 3, "{certificate}");
}

fn light(net: &Net, trust: &str, args: &[&str]) -> Value {
    let said = heddle(&[&["light"], args, &["--trust", trust, "--json"]].concat());
    assert_eq!(said.code, 0, "{args:?} {}: {} {}", net.home, said.stdout, said.stderr);
    said.json()
}

#[test]
fn a_chain_of_bls_keys_survives_a_kill_and_other_validators() {
    let net = net();
    let (genesis, trust) =
        (format!("{}/genesis.json", net.validator(0)), format!("{}/trust.json", net.home));
    light(&net, &trust, &["init", "--genesis", &genesis]);
    let first = vote_keys(&net, 0);
    transfers_become_final(&net, &[0, 1, 2, 3]);
    let block = net.call(0, "getBlock", json!({ "height": 1 }));
    assert_sum(&block["certificate"]);

    net.localnet(&["kill", "3"]);
    transfers_become_final(&net, &[0, 1]);
    net.localnet(&["start-one", "3"]);
    net.await_voting(3, PATIENCE);

    // Nobody runs the fifth: of five, the four are a quorum.
    let [fifth, rotated] = ["fifth", "rotated"].map(|name| format!("{}/{name}.json", net.home));
    for path in [&fifth, &rotated] {
        assert_eq!(heddle(&["keys", "new", "--out", path]).code, 0);
    }
    let erin = net.account("erin");
    let authority = net.key_file("faucet");
    let prove = ["validator", "prove", "--operator", &erin, "--genesis", &genesis, "--json"];
    let proved = heddle(&[prove.as_slice(), &["--key", &fifth]].concat());
    let field = |name| proved.field(name);
    let join = ["join", "--public-key", &field("publicKey"), "--proof", &field("proof")];
    let with_vote_key = ["--vote-key", &field("voteKey"), "--vote-proof", &field("voteProof")];
    let how = ["--quic", "127.0.0.1:1", "--power", "1", "--operator", &erin, "--from", &authority];
    let url = net.url(0);
    let refused = heddle(&[["validator"].as_slice(), &join, &how, &["--rpc", &url]].concat());
    assert!(refused.stderr.contains("MissingVoteKey"), "{} {}", refused.stdout, refused.stderr);
    change(&net, &[join.as_slice(), &with_vote_key, &how].concat());
    let joined = vote_keys(&net, 1);
    assert_eq!((&joined[..4], &joined[4]), (first.as_slice(), &field("voteKey")));
    transfers_become_final(&net, &[3]);
    change(&net, &["leave", "4", "--from", &authority]);
    assert_eq!(vote_keys(&net, 2), first);

    change(&net, &["rotate", "1", "--key", &rotated, "--from", &net.key_file("bob")]);
    let others = vote_keys(&net, 3);
    assert_ne!(others[1], first[1]);
    assert_eq!((&others[0], &others[2..]), (&first[0], &first[2..]));
    net.localnet(&["kill", "1"]);
    fs::copy(&rotated, format!("{}/key.json", net.validator(1))).unwrap();
    net.localnet(&["start-one", "1"]);
    net.await_voting(1, PATIENCE);
    transfers_become_final(&net, &[1]);

    let followed = light(&net, &trust, &["follow", "--rpc", &net.url(2)]);
    assert_eq!(followed["epoch"], 3);
    let known: Value = serde_json::from_slice(&fs::read(&trust).unwrap()).unwrap();
    assert_eq!(known["members"][1]["voteKey"], others[1]);
    let common = net.common_block(net.highest());
    assert_eq!(common["epoch"], 3);
    net.localnet(&["stop"]);
    (0..VALIDATORS).for_each(|index| drop(net.verify(index)));
}
