//! Nodes without a vote: they have all that is final, answer everything, and pass on what users send.

use std::fs;
use std::net::SocketAddr;
use std::net::TcpListener;
use std::net::UdpSocket;
use std::path::Path;
use std::time::Duration;

use heddle_client::RpcClient;
use heddle_client::Subscriber;
use heddle_client::Update;
use heddle_types::PublicKey;
use heddle_types::SecretKey;
use heddle_validator::home;
use heddle_validator::home::Config;
use heddle_validator::home::Home;
use heddle_validator::home::KeyFile;
use heddle_validator::home::Peer;
use serde_json::Value;
use serde_json::json;
use tempfile::TempDir;
use tokio::runtime::Builder;

use super::fails;
use super::http;
use super::liar::Liar;
use super::liar::Lie;
use super::net::Net;
use super::net::Process;
use super::net::VALIDATORS;
use super::net::eventually;

const SECOND: Duration = Duration::from_secs(1);
/// The index of the first follower.
const FOLLOWER: usize = VALIDATORS;

/// A follower of `net` whose home a person made.
struct Follower {
    home: Home,
    process: Process,
}

impl Follower {
    /// Runs one with a fresh key that follows these nodes.
    fn start(net: &Net, dir: &Path, follow: Vec<Peer>) -> Self {
        let free = || TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let config = Config {
            rpc: free(),
            quic: UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap(),
            follow,
            ..Config::read(&Path::new(&net.validator(0)).join("config.toml")).unwrap()
        };
        let genesis =
            home::read_genesis(&Path::new(&net.validator(0)).join("genesis.json")).unwrap();
        let key = KeyFile::new(SecretKey::from_seed([77; 32]));
        let home = Home::write(dir, &config, &genesis, &key).unwrap();
        // With its database it answers before it has caught up.
        heddle_validator::node::initialise(&home).unwrap();
        let process = Process::heddle(&["node", "run", "--follow", "--home", &text(dir)]);
        Self { home, process }
    }

    fn status(&self) -> Option<Value> {
        let request = json!({ "jsonrpc": "2.0", "id": 1, "method": "getStatus", "params": {} });
        let address = self.home.config().rpc.to_string();
        let (_, body) = http::post(&address, request.to_string().as_bytes()).ok()?;
        serde_json::from_slice::<Value>(&body).ok()?.get("result").cloned()
    }

    /// Waits until it is where validators are, and compares the state.
    fn await_level(&self, net: &Net, within: Duration) {
        let height = net.highest();
        let status = eventually("a follower that has caught up", within, || {
            self.status().filter(|status| status["finalHeight"].as_u64() >= Some(height))
        });
        let reached = status["finalHeight"].as_u64().unwrap();
        assert_eq!(net.common_block(reached)["stateRoot"], status["stateRoot"]);
    }
}

fn text(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}

/// A validator or follower of the localnet, as one to be followed.
fn peer(net: &Net, index: usize) -> Peer {
    let node = &net.manifest()["validators"][index];
    let key = node["publicKey"].as_str().unwrap();
    let mut bytes = [0; 32];
    hex_to(key, &mut bytes);
    Peer { public_key: PublicKey(bytes), quic: node["quic"].as_str().unwrap().parse().unwrap() }
}

fn hex_to(text: &str, bytes: &mut [u8]) {
    for (byte, digits) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(digits).unwrap(), 16).unwrap();
    }
}

#[test]
fn a_follower_has_the_chain_answers_and_passes_on_what_users_send() {
    let net = Net::start();
    let early = net.transfer(0, "alice", "bob", "5");
    let added = net.localnet(&["add"]);
    assert_eq!((&added["index"], &added["validator"]), (&json!(FOLLOWER), &json!(false)));
    assert_eq!(net.manifest()["validators"][FOLLOWER], added);
    assert_eq!(net.manifest()["validators"][0]["validator"], true);

    // What was final before it began, and where it stands.
    let height = net.highest();
    let status = net.await_above(FOLLOWER, height - 1, 5 * SECOND);
    assert_eq!((&status["validator"], &status["voting"]), (&json!(false), &json!(false)));
    assert_eq!(status["votingReason"], "follower");
    assert_eq!(status["peers"], VALIDATORS);
    let synced = |status: &Value| status["syncState"] == "synced";
    eventually("a synced follower", 5 * SECOND, || net.status(FOLLOWER).filter(synced));
    assert_eq!(net.call(FOLLOWER, "getTransaction", json!({ "id": early["id"] })), early);

    // A transfer through it is final there and everywhere, with the same receipt.
    let paid = net.transfer(FOLLOWER, "bob", "carol", "7");
    for index in 0..VALIDATORS {
        net.await_above(index, paid["height"].as_u64().unwrap() - 1, 5 * SECOND);
        assert_eq!(net.call(index, "getTransaction", json!({ "id": paid["id"] })), paid);
    }
    net.block_of_all(paid["height"].as_u64().unwrap(), FOLLOWER + 1);
    let account = json!({ "address": net.account("carol") });
    assert_eq!(
        net.call(FOLLOWER, "getAccount", account.clone()),
        net.call(0, "getAccount", account)
    );
    assert_eq!(net.call(FOLLOWER, "getSupply", json!({})), net.call(0, "getSupply", json!({})));
    assert_eq!(net.call(FOLLOWER, "getEvidence", json!({})), json!([]));
    let (code, _) = http::get(&net.address_of(FOLLOWER), "/health").unwrap();
    assert_eq!(code, 200);
    follows_by_subscription(&net.url(FOLLOWER));
    // What it will not have, it says.
    assert!(
        net.try_call(FOLLOWER, "requestAirdrop", account_of(&net)).unwrap()["error"].is_object()
    );
}

/// Its subscribers hear of blocks in order, from the past on and as they come.
fn follows_by_subscription(url: &str) {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let told = runtime.block_on(async {
        let mut subscriber = Subscriber::connect(url).await.unwrap();
        let now = RpcClient::new(url).unwrap().status().await.unwrap().final_height;
        subscriber.blocks(Some(now)).await.unwrap();
        let mut told = Vec::new();
        for _ in 0..3 {
            let next = tokio::time::timeout(10 * SECOND, subscriber.next()).await.unwrap();
            let Update::Block(block) = next.unwrap() else { panic!("only blocks are told") };
            told.push(block.seq - now.get());
        }
        told
    });
    assert_eq!(told, [0, 1, 2]);
}

fn account_of(net: &Net) -> Value {
    json!({ "address": net.account("carol"), "amount": "1" })
}

#[test]
fn a_follower_is_killed_stopped_and_emptied_and_comes_back() {
    let net = Net::start();
    net.localnet(&["add"]);
    net.transfer(FOLLOWER, "alice", "bob", "1");
    net.localnet(&["kill", "4"]);
    assert_eq!(net.pids()[FOLLOWER], None);
    let missed = net.transfer(1, "alice", "bob", "1");
    net.localnet(&["start-one", "4"]);
    net.await_above(FOLLOWER, missed["height"].as_u64().unwrap() - 1, 5 * SECOND);
    assert_eq!(net.call(FOLLOWER, "getTransaction", json!({ "id": missed["id"] })), missed);

    net.localnet(&["pause", "4"]);
    let missed = net.transfer(1, "alice", "bob", "1");
    net.localnet(&["resume", "4"]);
    net.await_above(FOLLOWER, missed["height"].as_u64().unwrap() - 1, 10 * SECOND);

    // A partition of validators is none of its business.
    net.localnet(&["partition", "0/1,2,3"]);
    net.await_above(FOLLOWER, net.highest(), 10 * SECOND);
    assert_eq!(net.try_localnet(&["partition", "4/0,1"]).code, 2);
    net.localnet(&["heal"]);

    net.localnet(&["stop"]);
    let home = format!("{}/follower-4", net.home);
    Net::verify_home(&home);
    fs::remove_dir_all(format!("{home}/db")).unwrap();
    let started = net.start_again();
    assert!(started["validators"][FOLLOWER]["pid"].is_u64());
    let height = net.highest();
    net.await_above(FOLLOWER, height, 10 * SECOND);
    net.block_of_all(height, FOLLOWER + 1);
    net.localnet(&["stop"]);
    Net::verify_home(&home);
    assert_eq!(net.try_localnet(&["add"]).code, 1, "nothing runs");
}

#[test]
fn a_follower_can_be_followed() {
    let net = Net::start();
    net.localnet(&["add"]);
    net.transfer(0, "alice", "bob", "3");
    let dir = tempfile::tempdir().unwrap();
    let second = Follower::start(&net, &dir.path().join("home"), vec![peer(&net, FOLLOWER)]);
    second.await_level(&net, 10 * SECOND);
    // What its users send goes by the first follower to the validators.
    let (key, to) = (net.key_file("bob"), net.account("dave"));
    let url = format!("http://{}", second.home.config().rpc);
    let args = ["transfer", "--from", &key, "--to", &to, "--amount", "2", "--wait", "--json"];
    let said = super::heddle(&[args.as_slice(), &["--rpc", &url]].concat());
    assert_eq!(said.code, 0, "{} {}", said.stdout, said.stderr);
    second.await_level(&net, 10 * SECOND);
    drop(second.process);
}

/// A follower that is lied to.
struct Deceived {
    lie: Lie,
    liar: Liar,
    follower: Follower,
    dir: TempDir,
}

/// Followers of one liar each and, if that is wanted, of the honest node that the liar asks. These are spread over the validators, each
/// of which answers only so many nodes of one address.
fn deceive(net: &Net, lies: &[Lie], also_honest: impl Fn(Peer) -> Option<Peer>) -> Vec<Deceived> {
    let genesis = home::read_genesis(&Path::new(&net.validator(0)).join("genesis.json"));
    let chain = genesis.unwrap().chain_id();
    let deceive = |(index, lie): (usize, &Lie)| {
        let honest = peer(net, index % VALIDATORS);
        let liar = Liar::start(*lie, chain, (honest.public_key, honest.quic));
        let follow = [Some(Peer { public_key: liar.key, quic: liar.quic }), also_honest(honest)];
        let dir = tempfile::tempdir().unwrap();
        let follow = follow.into_iter().flatten().collect();
        let follower = Follower::start(net, &dir.path().join("home"), follow);
        Deceived { lie: *lie, liar, follower, dir }
    };
    lies.iter().enumerate().map(deceive).collect()
}

#[test]
fn a_liar_is_set_aside_and_what_it_says_is_not_served() {
    let net = Net::start();
    net.transfer(0, "alice", "bob", "3");
    let deceived = deceive(&net, &Lie::ALL, Some);
    deceived.iter().for_each(|one| one.follower.await_level(&net, 20 * SECOND));
    net.await_above(1, net.highest() + 1, 5 * SECOND);
    for Deceived { lie, liar, follower, dir } in &deceived {
        follower.await_level(&net, 20 * SECOND);
        assert!(liar.asked() > 0, "{lie:?}");
        if lie.is_proof() {
            let log = dir.path().join("home/node.log");
            let is_told = |line: &str| line.contains("endpoint=0") && line.contains("end=Lied");
            eventually(&format!("the end of {lie:?}"), 5 * SECOND, || {
                fs::read_to_string(&log).unwrap().lines().any(is_told).then_some(())
            });
        }
    }
}

#[test]
fn who_hears_only_lies_has_nothing_final() {
    let net = Net::start();
    net.await_above(0, 2, 10 * SECOND);
    let lies = [Lie::FutureHead, Lie::AlteredBlocks, Lie::WeakCertificate];
    for Deceived { lie, liar, follower, .. } in deceive(&net, &lies, |_| None) {
        eventually("a liar that is asked again", 10 * SECOND, || (liar.asked() > 2).then_some(()));
        let status = eventually("a status", 5 * SECOND, || follower.status());
        assert_eq!(status["finalHeight"], 0, "{lie:?}");
        assert_ne!(status["syncState"], "synced", "{lie:?}");
    }
}

#[test]
fn a_home_is_run_as_what_it_is() {
    let net = Net::init();
    let validator = net.validator(0);
    fails(
        2,
        &["node", "run", "--follow", "--home", &validator],
        &["key.json", "--follow", "which is a validator's"],
    );

    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().join("home");
    let follower = Follower::start(&net, &home, vec![peer(&net, 0)]);
    drop(follower);
    fails(2, &["node", "run", "--home", &text(&home)], &["key.json", "no validator's", "--follow"]);

    let config = home.join("config.toml");
    let lonely = Config { follow: Vec::new(), peers: Vec::new(), ..Config::read(&config).unwrap() };
    lonely.write(&config).unwrap();
    fails(2, &["node", "run", "--follow", "--home", &text(&home)], &["config.toml", "[[follow]]"]);
}

#[test]
fn a_follower_of_nobody_who_is_there_starts_and_waits() {
    let net = Net::start();
    let dir = tempfile::tempdir().unwrap();
    // Nobody listens there.
    let nowhere: SocketAddr = "127.0.0.1:1".parse().unwrap();
    let absent = Peer { quic: nowhere, ..peer(&net, 0) };
    let follower = Follower::start(&net, &dir.path().join("home"), vec![absent]);
    let status = eventually("a status", 5 * SECOND, || follower.status());
    assert_eq!((&status["syncState"], &status["peers"]), (&json!("starting"), &json!(0)));
}
