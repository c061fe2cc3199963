//! Lease mode: a process that is killed goes on where it was, a machine that lost power waits until its lease is passed.

use std::fs;
use std::time::Duration;

use super::net::Net;
use super::net::VALIDATORS;
use super::net::eventually;

const SECOND: Duration = Duration::from_secs(1);
/// Where a slot of the safety file has the boot's id, where the hash of all before, and its size.
const BOOT: usize = 96;
const HASH: usize = 4064;
const SLOT: usize = 4096;

/// A localnet in lease mode.
fn start() -> Net {
    let net = Net::init();
    for index in 0..VALIDATORS {
        let path = format!("{}/config.toml", net.validator(index));
        let config = fs::read_to_string(&path).unwrap();
        fs::write(&path, format!("durability = \"lease\"\n{config}")).unwrap();
    }
    net.start_again();
    net
}

#[test]
fn who_is_killed_votes_again_at_once_and_who_lost_power_when_its_lease_is_passed() {
    let net = start();
    net.transfer(0, "alice", "bob", "1");
    net.localnet(&["kill", "3"]);
    net.localnet(&["start-one", "3"]);
    net.await_voting(3, 2 * SECOND);
    net.localnet(&["kill", "3"]);
    let path = format!("{}/safety", net.validator(3));
    let mut bytes = fs::read(&path).unwrap();
    for slot in bytes.chunks_exact_mut(SLOT) {
        slot[BOOT] ^= 1;
        let hash = blake3::hash(&slot[..HASH]);
        slot[HASH..].copy_from_slice(hash.as_bytes());
    }
    // In place: a copy is not believed for another reason.
    fs::write(&path, &bytes).unwrap();
    net.localnet(&["start-one", "3"]);
    let mute = net.status(3).unwrap();
    assert_eq!(mute["voting"], false, "{mute}");
    let reason = mute["votingReason"].as_str().unwrap();
    assert!(reason.contains("the machine has started again"), "{mute}");
    // Nobody has to answer: views that go by are enough.
    let view = mute["view"].as_u64().unwrap();
    let voting = eventually("a voting validator", 60 * SECOND, || {
        net.transfer(0, "alice", "bob", "1");
        net.status(3).filter(|status| status["voting"] == true)
    });
    assert!(voting["view"].as_u64().unwrap() > view + 32, "{view}: {voting}");
    net.localnet(&["stop"]);
    net.verify(3);
}
