use std::net::SocketAddr;

use heddle_types::Address;
use heddle_types::ChainId;
use heddle_types::Epoch;
use heddle_types::Hash32;
use heddle_types::Validator;
use heddle_validators::Member;

use super::*;

/// This node.
const OWN: u8 = 1;

fn key(n: u8) -> PublicKey {
    PublicKey([n; 32])
}

fn committee(epoch: u64, keys: &[u8]) -> Arc<Committee> {
    let validator = |n: &u8| Validator::new(key(*n), 1);
    let (chain, epoch) = (ChainId(Hash32([7; 32])), Epoch::new(epoch));
    Arc::new(Committee::new(chain, epoch, keys.iter().map(validator).collect()).unwrap())
}

fn members(keys: &[u8]) -> Members {
    let member = |n: &u8| Member {
        public_key: key(*n),
        vote_key: None,
        power: 1,
        operator: Address([9; 32]),
        quic: SocketAddr::from(([127, 0, 0, 1], 1000 + u16::from(*n))),
    };
    Members::new(keys.iter().map(member).collect()).unwrap()
}

/// Of this node in a first committee, which state names too.
fn peers(keys: &[u8]) -> Peers {
    let mut peers = Peers::new(key(OWN), committee(0, keys), None, Addresses::default());
    peers.learn(&members(keys));
    peers
}

fn places(peers: &Peers) -> Vec<u8> {
    (0..100)
        .map_while(|place| peers.key_at(ValidatorIndex::new(place)))
        .map(|key| key.0[0])
        .collect()
}

fn dialled(peers: &Peers) -> Vec<u8> {
    peers.to_transport().iter().map(|peer| peer.key.0[0]).collect()
}

#[test]
fn members_have_their_places_in_the_committee() {
    let peers = peers(&[3, 1, 2]);
    assert_eq!(places(&peers), [3, 1, 2]);
    assert_eq!(peers.index_of(&key(2)), Some(ValidatorIndex::new(2)));
    assert_eq!(peers.index_of(&key(4)), None);
    assert_eq!(dialled(&peers), [3, 2]);
}

#[test]
fn who_is_to_decide_next_is_a_guest_and_moves_nobody() {
    let mut peers = peers(&[1, 2, 3]);
    peers.learn(&members(&[1, 3, 4]));
    assert_eq!(places(&peers), [1, 2, 3, 4]);
    peers.learn(&members(&[5, 1, 3]));
    assert_eq!(places(&peers), [1, 2, 3, 4, 5]);
    assert_eq!(dialled(&peers), [2, 3, 4, 5]);
}

#[test]
fn with_the_next_epoch_all_places_are_new_and_who_decided_last_is_a_guest() {
    let mut peers = peers(&[1, 2, 3]);
    peers.learn(&members(&[4, 3, 1]));
    peers.begin_epoch(committee(1, &[4, 3, 1]));
    assert_eq!(places(&peers), [4, 3, 1, 2]);
    peers.begin_epoch(committee(2, &[1, 3]));
    // Who is to decide next by state comes before who did last; who decided earlier is gone.
    assert_eq!(places(&peers), [1, 3, 4]);
}

#[test]
fn after_a_restart_who_decided_before_is_a_guest_too() {
    let before = committee(0, &[1, 2]);
    let mut addresses = Addresses::default();
    addresses.learn(&members(&[2]));
    let peers = Peers::new(key(OWN), committee(1, &[1, 3]), Some(&*before), addresses);
    assert_eq!(places(&peers), [1, 3, 2]);
    // Nobody knows where 3 listens.
    assert_eq!(dialled(&peers), [2]);
}

#[test]
fn a_node_that_is_no_member_keeps_those_that_its_configuration_names() {
    let addresses = Addresses::configured_at(&[(key(8), 8), (key(9), 9)]);
    let outside =
        |members: &[u8]| Peers::new(key(OWN), committee(0, members), None, addresses.clone());
    assert_eq!(places(&outside(&[2, 3])), [2, 3, 8, 9]);
    assert_eq!(places(&outside(&[1, 3])), [1, 3]);
}

#[test]
fn a_node_that_is_no_member_asks_whomever_its_configuration_names_and_members() {
    let addresses = Addresses::configured_at(&[(key(9), 9)]);
    let follows = |members: &[u8]| {
        let mut peers = Peers::new(key(OWN), committee(0, members), None, addresses.clone());
        peers.learn(&self::members(members));
        peers.to_follow().iter().map(|peer| peer.key.0[0]).collect::<Vec<_>>()
    };
    assert_eq!(follows(&[2, 3]), [9, 2, 3]);
    assert_eq!(follows(&[1, 2, 3]), [0; 0]);
    let many: Vec<u8> = (20..40).collect();
    assert_eq!(follows(&many).len(), ENDPOINTS_MAX);
}

#[test]
fn there_is_room_for_so_many_guests() {
    let mut peers = peers(&[1, 2]);
    let all: Vec<u8> = (10..60).collect();
    peers.learn(&members(&all));
    peers.learn(&members(&[100, 101]));
    assert_eq!(places(&peers).len(), 2 + GUESTS_MAX);
    assert_eq!(peers.index_of(&key(100)), None);
}

#[test]
fn a_followers_places_are_those_that_it_asks() {
    let mut peers = peers(&[2, 3]).following(vec![key(8), key(3)]);
    peers.learn(&members(&[4, 5]));
    peers.begin_epoch(committee(1, &[4, 5]));
    assert_eq!(places(&peers), [8, 3]);
    assert_eq!(dialled(&peers), [0; 0]);
    assert_eq!(peers.committee().epoch(), Epoch::new(1));
}

#[test]
fn a_connection_is_told_once_and_one_that_came_back_is_noticed() {
    let mut peers = peers(&[1, 2]);
    assert!(!peers.on_up(key(2)));
    assert!(peers.on_up(key(2)));
    assert!(peers.connected().eq([&key(2)]));
    // The older one's end, told late.
    assert!(!peers.on_down(&key(2)));
    assert!(peers.on_down(&key(2)));
    assert!(!peers.on_down(&key(2)));
    assert_eq!(peers.connected().count(), 0);
}
