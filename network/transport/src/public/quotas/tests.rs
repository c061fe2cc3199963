use std::net::Ipv4Addr;

use super::*;

const HERE: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1));

fn other(number: usize) -> IpAddr {
    let number = u32::try_from(number).unwrap();
    Ipv4Addr::from(0x0b00_0000 + number).into()
}

#[test]
fn places_are_bounded_by_address_and_given_back() {
    let quotas = Quotas::default();
    let now = Instant::now();
    let mut places: Vec<_> = (0..limits::PUBLIC_CONNECTIONS_PER_ADDRESS_MAX)
        .map(|_| quotas.connect(HERE, now).unwrap())
        .collect();
    assert!(quotas.connect(HERE, now).is_none());
    assert!(quotas.connect(other(1), now).is_some());
    places.pop();
    assert!(quotas.connect(HERE, now).is_some());
}

#[test]
fn places_are_bounded_in_all() {
    let quotas = Quotas::default();
    let waiting: Vec<_> =
        (0..limits::PUBLIC_WAITING_MAX).map(|number| quotas.wait(other(number)).unwrap()).collect();
    assert!(quotas.wait(HERE).is_none());
    drop(waiting);
    assert!(quotas.wait(HERE).is_some());
}

#[test]
fn an_address_that_submits_too_much_is_refused_until_it_has_rested() {
    let quotas = Quotas::default();
    let now = Instant::now();
    let _place = quotas.connect(HERE, now);
    let most = usize::try_from(limits::PUBLIC_SUBMITTED_PER_SECOND).unwrap();
    assert!(quotas.submit(HERE, (2 * most, 1), now));
    assert!(!quotas.submit(HERE, (1, 1), now));
    assert!(!quotas.submit(HERE, (1, 1), now + Duration::from_millis(1_900)));
    assert!(quotas.submit(HERE, (1, 1), now + Duration::from_secs(2)));
}

#[test]
fn bytes_count_as_well_as_transactions() {
    let quotas = Quotas::default();
    let now = Instant::now();
    let _place = quotas.connect(HERE, now);
    let most = usize::try_from(limits::PUBLIC_SUBMITTED_BYTES_PER_SECOND).unwrap();
    assert!(quotas.submit(HERE, (1, most), now));
    assert!(!quotas.submit(HERE, (1, 1), now + Duration::from_millis(900)));
}

#[test]
fn whoever_connects_anew_is_remembered() {
    let quotas = Quotas::default();
    let now = Instant::now();
    let most = usize::try_from(limits::PUBLIC_SUBMITTED_PER_SECOND).unwrap();
    drop(quotas.connect(HERE, now));
    assert!(quotas.submit(HERE, (2 * most, 1), now));
    let _place = quotas.connect(HERE, now);
    assert!(!quotas.submit(HERE, (1, 1), now));
}

#[test]
fn addresses_are_forgotten_once_that_gives_them_nothing() {
    let quotas = Quotas::default();
    let now = Instant::now();
    for number in 0..1000 {
        drop(quotas.connect(other(number), now));
    }
    assert!(quotas.by_address.lock().len() <= 1);
}

#[test]
fn a_network_of_ipv6_counts_as_one_address() {
    let quotas = Quotas::default();
    let now = Instant::now();
    let address = |last: u16| IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 7, 0, 0, 0, last));
    let most = limits::PUBLIC_CONNECTIONS_PER_ADDRESS_MAX;
    let _places: Vec<_> = (0..most)
        .map(|number| quotas.connect(address(u16::try_from(number).unwrap()), now).unwrap())
        .collect();
    assert!(quotas.connect(address(999), now).is_none());
}
