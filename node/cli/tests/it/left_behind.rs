//! Nodes whose others have forgotten what they need: they go on from a snapshot, and what they had stays; and a fetch that was interrupted goes
//! on where it was.

use std::fs;
use std::path::Path;
use std::time::Duration;

use heddle_types::Address;
use heddle_types::Amount;
use heddle_types::Domain;
use heddle_types::GenesisAccount;
use heddle_types::Hash32;
use heddle_validator::home;
use heddle_validator::home::Home;
use rustix::process::Signal;
use serde_json::json;

use super::http;
use super::net::Net;
use super::net::Process;
use super::net::VALIDATORS;
use super::net::eventually;

const SECOND: Duration = Duration::from_secs(1);
/// The one validator that stands still, and the follower that does.
const VALIDATOR: usize = 3;
const FOLLOWER: usize = VALIDATORS;

fn configure(home: &str, change: impl FnOnce(String) -> String) {
    let path = format!("{home}/config.toml");
    fs::write(&path, change(fs::read_to_string(&path).unwrap())).unwrap();
}

fn log(home: &str) -> String {
    fs::read_to_string(format!("{home}/node.log")).unwrap()
}

/// A localnet of which a validator and a follower stand still, a few blocks in, while the others forget what comes after those.
fn net_with_two_left_behind() -> (Net, [String; 2]) {
    let net = Net::init();
    let quick =
        |config: String| config.replace("idle_interval = \"1s\"", "idle_interval = \"10ms\"");
    for index in 0..VALIDATORS {
        configure(&net.validator(index), |config| {
            format!("prune = 1024\nsnapshot_interval = 100\n{}", quick(config))
        });
    }
    net.start_again();
    net.localnet(&["add"]);
    net.transfer(0, "alice", "bob", "3");
    net.await_above(FOLLOWER, 1, 10 * SECOND);
    net.localnet(&["kill", "4"]);
    net.localnet(&["kill", "3"]);
    let is_forgotten = |index: usize, height: u64| {
        let block = net.try_call(index, "getBlock", json!({ "height": height }))?;
        (block["error"]["data"]["kind"] == "pruned").then_some(())
    };
    let height = net.highest() + 2;
    let all =
        || (0..VALIDATOR).map(|index| is_forgotten(index, height)).collect::<Option<Vec<_>>>();
    eventually("what all have forgotten", 240 * SECOND, all);
    // Quickly enough; what follows is no race.
    net.localnet(&["stop"]);
    for index in 0..VALIDATORS {
        configure(&net.validator(index), |config| config.replace("\"10ms\"", "\"1s\""));
    }
    let homes = [net.validator(VALIDATOR), format!("{}/follower-4", net.home)];
    (net, homes)
}

#[test]
fn who_needs_what_all_others_have_forgotten_goes_on_from_a_snapshot_and_keeps_what_it_had() {
    let (net, [validator, follower]) = net_with_two_left_behind();
    // One that is to have all blocks is not moved by itself; it says what it lacks.
    configure(&follower, |config| format!("sync = \"replay\"\n{config}"));
    net.start_again();
    let started = net.pids()[VALIDATOR];
    let says_so = || {
        let (code, said) = http::get(&net.address_of(FOLLOWER), "/health").ok()?;
        let said = String::from_utf8(said).unwrap();
        (code == 503 && said.contains("have forgotten height")).then_some(())
    };
    eventually("what the follower lacks", 60 * SECOND, says_so);
    assert!(log(&follower).contains("have forgotten the block that is needed next"));
    assert!(!has_moved(&follower));

    assert_goes_on(&net, VALIDATOR, &validator, started);
    net.await_voting(VALIDATOR, 20 * SECOND);
    net.localnet(&["kill", "4"]);
    configure(&follower, |config| config.replace("sync = \"replay\"\n", ""));
    let started = net.localnet(&["start-one", "4"])["pid"].as_u64();
    assert_goes_on(&net, FOLLOWER, &follower, started);

    assert_eq!(net.call(0, "getEvidence", json!({})), json!([]));
    net.localnet(&["stop"]);
    for home in [validator, follower] {
        assert!(Net::verify_home(&home)["fromHeight"].as_u64() > Some(0));
    }
}

fn has_moved(home: &str) -> bool {
    let names = fs::read_dir(home).unwrap().flatten();
    names.into_iter().any(|entry| entry.file_name().to_str().unwrap().starts_with("db.behind-"))
}

/// It is where the others are, with its old database aside, and its process is the one that was `started`.
fn assert_goes_on(net: &Net, index: usize, home: &str, started: Option<u64>) {
    assert!(started.is_some());
    let goes_on = || {
        let highest = net.highest();
        (has_moved(home) && net.final_height(index)? + 5 > highest).then_some(())
    };
    eventually("a node that goes on", 90 * SECOND, goes_on);
    assert_eq!(net.pids()[index], started);
    assert!(log(home).contains("it was moved aside"));
    let paid = net.transfer(index, "alice", "bob", "1");
    let height = paid["height"].as_u64().unwrap();
    net.await_above(index, height, 10 * SECOND);
    let block = |index: usize| {
        net.call(index, "getBlock", json!({ "height": height }))["stateRoot"].clone()
    };
    assert_eq!(block(index), block(0));
}

/// A localnet whose state has several chunks, and of which only the first validator takes snapshots.
fn net_with_a_large_state() -> Net {
    let net = Net::init();
    let dir = |index: usize| net.validator(index);
    let path = |index: usize| Path::new(&dir(index)).join("genesis.json");
    let mut genesis = home::read_genesis(&path(0)).unwrap();
    let account = |number: u32| GenesisAccount {
        address: Address(Hash32::of(Domain::TRANSACTION, &[&number.to_le_bytes()]).0),
        amount: Amount::from_units(5_000_000_000),
    };
    genesis.accounts.extend((0..25_000).map(account));
    genesis.accounts.sort_by_key(|account| account.address);
    for index in 0..VALIDATORS {
        home::write_genesis(&path(index), &genesis).unwrap();
        fs::remove_dir_all(format!("{}/db", dir(index))).unwrap();
        fs::remove_file(format!("{}/safety", dir(index))).unwrap();
        heddle_validator::node::initialise(&Home::load(Path::new(&dir(index))).unwrap()).unwrap();
    }
    configure(&dir(0), |config| format!("snapshot_interval = 60\n{config}"));
    configure(&dir(VALIDATOR), |config| format!("sync = \"snapshot\"\n{config}"));
    net
}

/// The chunks that a home has of a snapshot that it has not whole.
fn held(home: &str) -> usize {
    let folders =
        fs::read_dir(format!("{home}/snapshots/fetching")).into_iter().flatten().flatten();
    let files =
        folders.flat_map(|folder| fs::read_dir(folder.path()).into_iter().flatten().flatten());
    let is_chunk = |name: &str| name.starts_with("chunk-") && !name.ends_with(".new");
    files.filter(|file| is_chunk(file.file_name().to_str().unwrap())).count()
}

/// A number behind a word in the last line of a log that has this text.
fn logged(home: &str, text: &str, word: &str) -> usize {
    let log = log(home);
    let line =
        log.lines().rfind(|line| line.contains(text)).unwrap_or_else(|| panic!("{text}: {log}"));
    let number = line.split(&format!("{word}=")).nth(1).unwrap().split(' ').next().unwrap();
    number.parse().unwrap()
}

/// The height of the first validator's newest snapshot, once it is above this.
fn await_snapshot(net: &Net, above: u64) -> u64 {
    let folder = format!("{}/snapshots", net.validator(0));
    let newest = || {
        let names = fs::read_dir(&folder).ok()?.flatten();
        let heights = names.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        heights.max().filter(|height| *height > above)
    };
    eventually("a snapshot", 90 * SECOND, || {
        net.transfer(0, "alice", "bob", "1");
        newest()
    })
}

#[test]
fn a_fetch_of_a_snapshot_that_is_killed_goes_on_with_what_it_has() {
    let net = net_with_a_large_state();
    net.start_again();
    let height = await_snapshot(&net, 0);
    let folder = format!("{}/snapshots/{height:012}", net.validator(0));
    let chunks = fs::read_dir(folder).unwrap().count() - 1;
    assert!(chunks >= 4, "{chunks}");
    net.localnet(&["kill", "3"]);
    let home = net.validator(VALIDATOR);
    fs::remove_dir_all(format!("{home}/db")).unwrap();
    let node = Process::node(&home);
    let end = std::time::Instant::now() + 20 * SECOND;
    while held(&home) == 0 {
        assert!(std::time::Instant::now() < end, "no chunk came");
    }
    node.signal(Signal::KILL);
    drop(node);
    let held = held(&home);
    assert!(held < chunks, "all {chunks} were there already");
    assert!(!Path::new(&format!("{home}/db")).exists());

    // What is offered meanwhile is newer, and what was begun still kept.
    await_snapshot(&net, height);
    net.localnet(&["start-one", "3"]);
    net.await_voting(VALIDATOR, 10 * SECOND);
    assert_eq!(logged(&home, "a snapshot was begun before", "held"), held);
    assert_eq!(logged(&home, "fetched a snapshot", "fetched"), chunks - held);
    let paid = net.transfer(VALIDATOR, "alice", "bob", "1")["height"].as_u64().unwrap();
    net.await_above(VALIDATOR, paid, 10 * SECOND);
    net.common_block(paid);
    net.localnet(&["stop"]);
    assert_eq!(net.verify(VALIDATOR)["fromHeight"], height);
}
