//! Real nodes whose homes were emptied, damaged, copied or mixed up.

use std::fs;
use std::fs::OpenOptions;
use std::fs::Permissions;
use std::net::TcpListener;
use std::net::UdpSocket;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;
use serde_json::json;

use super::heddle;
use super::net::Net;
use super::net::Process;
use super::net::eventually;
use super::truth::copy;

const SECOND: Duration = Duration::from_secs(1);

/// The last line of a home's log.
fn last_line(home: &str) -> String {
    let log = fs::read_to_string(format!("{home}/node.log")).unwrap();
    log.lines().last().unwrap().to_owned()
}

/// Running `home` ends with `code` and a last line that names `file`.
fn assert_refused(home: &str, code: i32, file: &str) {
    let mut node = Process::node(home);
    assert_eq!(node.ends(10 * SECOND), Some(code), "{}", last_line(home));
    let begin = format!("error: {code} {home}/{file}");
    assert!(last_line(home).starts_with(&begin), "{}", last_line(home));
}

/// Files in a home's database whose names end like this; largest first.
fn database_files(home: &str, end: &str) -> Vec<PathBuf> {
    let files = fs::read_dir(format!("{home}/db")).unwrap().flatten().map(|entry| entry.path());
    let mut files: Vec<PathBuf> =
        files.filter(|path| path.to_str().unwrap().contains(end)).collect();
    files.sort_by_key(|path| std::cmp::Reverse(fs::metadata(path).unwrap().len()));
    files
}

/// Two ports that nobody has.
/// Two free ports below those that the system gives to outgoing connections, which would take one in between.
fn free_ports() -> [u16; 2] {
    let first = 12_000 + u16::try_from(std::process::id() % 8_000).unwrap();
    let free = |port: &u16| {
        UdpSocket::bind(("127.0.0.1", *port)).is_ok()
            && TcpListener::bind(("127.0.0.1", *port)).is_ok()
    };
    let mut ports = (first..first + 1_000).filter(free);
    [ports.next().unwrap(), ports.next().unwrap()]
}

#[test]
fn an_emptied_database_is_fetched_again_from_the_others() {
    let net = Net::start();
    let paid = net.transfer(1, "alice", "bob", "77");
    let height = paid["height"].as_u64().unwrap();
    let before = net.common_block(height);
    (0..8).for_each(|_| drop(net.transfer(0, "alice", "bob", "1")));
    let reported = net.await_above(1, height + 8, 10 * SECOND)["finalHeight"].as_u64();
    net.localnet(&["kill", "1"]);
    fs::remove_dir_all(format!("{}/db", net.validator(1))).unwrap();
    fs::create_dir(format!("{}/db", net.validator(1))).unwrap();
    net.localnet(&["start-one", "1"]);
    // It does not answer before it has what it reported.
    assert!(net.final_height(1) >= reported, "{:?}", net.final_height(1));
    net.await_above(1, net.highest(), 10 * SECOND);
    net.await_voting(1, 5 * SECOND);
    assert_eq!(net.common_block(height), before);
    assert_eq!(net.call(1, "getTransaction", json!({ "id": paid["id"] })), paid);
    net.localnet(&["stop"]);
    assert!(net.verify(1)["height"].as_u64().unwrap() > height);
}

#[test]
fn a_node_without_its_safety_record_is_mute_until_the_others_have_answered() {
    let net = Net::start();
    net.transfer(0, "alice", "bob", "1");
    net.localnet(&["kill", "2"]);
    net.localnet(&["kill", "3"]);
    fs::remove_file(format!("{}/safety", net.validator(2))).unwrap();
    net.localnet(&["start-one", "2"]);
    // Validator 3 has not answered, so it may not sign; two voters are no quorum.
    let mute = net.status(2).unwrap();
    assert_eq!(mute["voting"], false, "{mute}");
    assert!(mute["votingReason"].as_str().unwrap().contains("safety"), "{mute}");
    let height = net.highest();
    std::thread::sleep(2 * SECOND);
    assert_eq!((net.highest(), &net.status(2).unwrap()["voting"]), (height, &json!(false)));

    net.localnet(&["start-one", "3"]);
    net.await_above(0, height, 10 * SECOND);
    let voting = net.await_voting(2, 20 * SECOND);
    assert_eq!(voting["votingReason"], Value::Null);
    net.await_above(2, net.highest(), 5 * SECOND);
    // The record is there again: after another restart it votes at once.
    net.localnet(&["kill", "2"]);
    net.localnet(&["start-one", "2"]);
    net.await_voting(2, 5 * SECOND);
    assert_eq!(net.call(0, "getEvidence", json!({})), json!([]));
}

#[test]
fn a_home_or_a_key_in_use_is_exit_5() {
    let net = Net::start();
    assert_refused(&net.validator(0), 5, "lock");

    // A copy with the same key and ports of its own, made while the original does not run, so that it is a whole one.
    net.localnet(&["kill", "0"]);
    let second = format!("{}/copy", net.home);
    copy(net.validator(0).as_ref(), second.as_ref());
    let config = fs::read_to_string(format!("{second}/config.toml")).unwrap();
    let [rpc, quic] = free_ports();
    let (old_rpc, old_quic) = (net.address_of(0), net.manifest()["validators"][0]["quic"].clone());
    let config = config
        .replace(&format!("\"{old_rpc}\""), &format!("\"127.0.0.1:{rpc}\""))
        .replace(&format!("{old_quic}"), &format!("\"127.0.0.1:{quic}\""));
    fs::write(format!("{second}/config.toml"), config).unwrap();
    net.localnet(&["start-one", "0"]);
    net.await_voting(0, 5 * SECOND);
    // Who is linked first stays; the original has to be.
    eventually("the links of the original", 5 * SECOND, || {
        net.status(0).filter(|status| status["peers"] == 3)
    });

    let mut node = Process::node(&second);
    assert_eq!(node.ends(10 * SECOND), Some(5), "{}", last_line(&second));
    let line = last_line(&second);
    assert!(line.starts_with(&format!("error: 5 {second}/key.json: ")), "{line}");
    // The one that was first goes on.
    net.await_above(0, net.highest(), 5 * SECOND);
    assert_eq!(net.status(0).unwrap()["voting"], true);
    assert_eq!(net.call(1, "getEvidence", json!({})), json!([]));
}

#[test]
fn a_genesis_of_another_chain_or_an_exposed_key_is_refused() {
    let net = Net::init();
    let other = tempfile::tempdir().unwrap();
    let other = other.path().to_str().unwrap();
    assert_eq!(heddle(&["localnet", "init", "--port-base", "0", "--home", other]).code, 0);
    let (first, second) = (net.validator(0), net.validator(1));
    fs::copy(format!("{other}/validator-0/genesis.json"), format!("{first}/genesis.json")).unwrap();
    assert_refused(&first, 6, "genesis.json");
    fs::set_permissions(format!("{second}/key.json"), Permissions::from_mode(0o644)).unwrap();
    assert_refused(&second, 2, "key.json");
}

/// Cuts a file of a stopped home's database in half: the node refuses it by its folder, or is right all the same.
fn assert_damage_is_harmless(net: &Net, file: &Path, block: &Value) {
    let home = net.validator(3);
    let len = fs::metadata(file).unwrap().len();
    OpenOptions::new().write(true).open(file).unwrap().set_len(len / 2).unwrap();
    let said = net.try_localnet(&["start-one", "3"]);
    if said.code == 0 {
        net.await_voting(3, 10 * SECOND);
        net.await_above(3, net.highest(), 10 * SECOND);
    } else {
        assert_eq!(said.code, 3, "{}: {}", file.display(), said.stderr);
        let line = last_line(&home);
        assert!(line.starts_with(&format!("error: 3 {home}/db")), "{line}");
        // As the line says: move it away and start again.
        fs::remove_dir_all(format!("{home}/db")).unwrap();
        net.localnet(&["start-one", "3"]);
        net.await_above(3, net.highest(), 10 * SECOND);
    }
    let mut again = net.call(3, "getBlock", json!({ "height": block["height"] }));
    again.as_object_mut().unwrap().remove("certificate").unwrap();
    assert_eq!(again, *block);
}

#[test]
fn a_damaged_database_is_refused_or_made_good_and_never_served() {
    let net = Net::start();
    let height = net.transfer(3, "alice", "bob", "1")["height"].as_u64().unwrap();
    let block = net.common_block(height);
    let home = net.validator(3);
    for end in ["MANIFEST", ".sst", ".log"] {
        net.localnet(&["kill", "3"]);
        let file = eventually("a file to damage", SECOND, || {
            // Tables appear when a database with a log is opened again.
            database_files(&home, end).into_iter().next()
        });
        assert_damage_is_harmless(&net, &file, &block);
    }
    net.localnet(&["stop"]);
    net.verify(3);
}
