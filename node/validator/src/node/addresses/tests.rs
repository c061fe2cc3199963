use heddle_types::Address;
use heddle_validators::Member;

use super::*;

const KEY: PublicKey = PublicKey([1; 32]);
const OTHER: PublicKey = PublicKey([2; 32]);

fn at(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port))
}

impl Addresses {
    /// Whom a configuration names, and on which ports of this machine.
    pub(crate) fn configured_at(all: &[(PublicKey, u16)]) -> Self {
        addresses(all, &[])
    }
}

fn members(all: &[(PublicKey, u16)]) -> Members {
    let member = |(public_key, port): &(PublicKey, u16)| Member {
        public_key: *public_key,
        vote_key: None,
        power: 1,
        operator: Address([9; 32]),
        quic: at(*port),
    };
    Members::new(all.iter().map(member).collect()).unwrap()
}

fn addresses(configured: &[(PublicKey, u16)], first: &[(PublicKey, u16)]) -> Addresses {
    let map = |all: &[(PublicKey, u16)]| -> BTreeMap<_, _> {
        all.iter().map(|(key, port)| (*key, at(*port))).collect()
    };
    Addresses { configured: map(configured), first: map(first), stated: map(first) }
}

#[test]
fn the_configuration_knows_better_than_the_genesis() {
    let addresses = addresses(&[(KEY, 10)], &[(KEY, 1), (OTHER, 2)]);
    assert_eq!(addresses.get(&KEY), Some(at(10)));
    assert_eq!(addresses.get(&OTHER), Some(at(2)));
    assert_eq!(addresses.get(&PublicKey([3; 32])), None);
}

#[test]
fn who_moved_by_a_transaction_is_where_state_says() {
    let mut addresses = addresses(&[(KEY, 10), (OTHER, 20)], &[(KEY, 1)]);
    addresses.learn(&members(&[(KEY, 5), (OTHER, 6)]));
    assert_eq!(addresses.get(&KEY), Some(at(5)));
    assert_eq!(addresses.get(&OTHER), Some(at(6)));
}

#[test]
fn who_left_is_where_it_last_was() {
    let mut addresses = addresses(&[], &[(KEY, 1)]);
    addresses.learn(&members(&[(KEY, 5), (OTHER, 6)]));
    addresses.learn(&members(&[(OTHER, 7)]));
    assert_eq!(addresses.get(&KEY), Some(at(5)));
    assert_eq!(addresses.get(&OTHER), Some(at(7)));
}

#[test]
fn a_chain_whose_validators_stay_has_what_is_configured() {
    let addresses = addresses(&[(KEY, 10)], &[]);
    assert_eq!(addresses.get(&KEY), Some(at(10)));
    assert_eq!(addresses.configured().collect::<Vec<_>>(), [KEY]);
}
