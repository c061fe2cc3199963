use super::*;

const ROOM: usize = 1_000_000;

fn addr(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port))
}

fn datagram(to: u16, byte: u8) -> Datagram {
    Datagram { to: addr(to), bytes: vec![byte; 100], ecn: None, src_ip: None }
}

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn links(faults: &[(u16, LinkFault)]) -> Links {
    let mut links = Links::new(7, ROOM);
    links.replace(faults.iter().map(|(to, fault)| (addr(*to), *fault)));
    links
}

/// All that leave up to `at`, as their first bytes.
fn leaving(links: &mut Links, at: Instant) -> Vec<u8> {
    std::iter::from_fn(|| links.pop_due(at)).map(|datagram| datagram.bytes[0]).collect()
}

#[test]
fn what_goes_through_a_cut_link_is_lost_and_nothing_else() {
    let now = Instant::now();
    let cut = LinkFault { is_cut: true, ..LinkFault::default() };
    let mut links = links(&[(1, cut), (2, LinkFault { delay: ms(1), ..LinkFault::default() })]);
    links.take(now, datagram(1, 1));
    links.take(now, datagram(2, 2));
    assert_eq!(leaving(&mut links, now + ms(1)), [2]);
    assert!(!links.is_faulty(addr(3)));
}

#[test]
fn a_delay_is_kept_to() {
    let now = Instant::now();
    let mut links = links(&[(1, LinkFault { delay: ms(50), ..LinkFault::default() })]);
    links.take(now, datagram(1, 1));
    assert_eq!(links.next_due(), Some(now + ms(50)));
    assert_eq!(leaving(&mut links, now + ms(49)), [0_u8; 0]);
    assert_eq!(leaving(&mut links, now + ms(50)), [1]);
}

#[test]
fn jitter_stays_within_its_bound_varies_and_changes_no_order() {
    let now = Instant::now();
    let fault = LinkFault { delay: ms(10), jitter: ms(20), ..LinkFault::default() };
    let mut links = links(&[(1, fault)]);
    let mut dues = Vec::new();
    for i in 0..100_u8 {
        let sent = now + ms(u64::from(i) * 100);
        links.take(sent, datagram(1, i));
        let due = links.next_due().unwrap();
        dues.push(due - sent);
        assert_eq!(leaving(&mut links, due), [i]);
    }
    assert!(dues.iter().all(|due| (ms(10)..=ms(30)).contains(due)), "{dues:?}");
    dues.sort_unstable();
    assert!(dues[99] - dues[0] > ms(15), "{dues:?}");

    for i in 0..100 {
        links.take(now, datagram(1, i));
    }
    let expected: Vec<u8> = (0..100).collect();
    assert_eq!(leaving(&mut links, now + ms(100_000)), expected);
}

#[test]
fn about_as_many_are_lost_as_is_said() {
    let now = Instant::now();
    let mut links = links(&[(1, LinkFault { loss_percent: 20, ..LinkFault::default() })]);
    for _ in 0..5_000 {
        links.take(now, datagram(1, 1));
    }
    let through = leaving(&mut links, now).len();
    assert!((3_850..4_150).contains(&through), "{through}");
}

#[test]
fn the_same_seed_loses_the_same() {
    let now = Instant::now();
    let lost = || {
        let mut links = links(&[(1, LinkFault { loss_percent: 50, ..LinkFault::default() })]);
        (0..100).for_each(|i| links.take(now, datagram(1, i)));
        leaving(&mut links, now)
    };
    assert_eq!(lost(), lost());
}

#[test]
fn past_the_bytes_that_may_wait_all_are_lost_until_some_have_left() {
    let now = Instant::now();
    let mut links = Links::new(7, 250);
    let late = LinkFault { delay: ms(5), ..LinkFault::default() };
    links.replace([(addr(1), late)].into_iter());
    (0..3).for_each(|i| links.take(now, datagram(1, i)));
    assert_eq!(leaving(&mut links, now + ms(5)), [0, 1]);
    links.take(now, datagram(1, 3));
    assert_eq!(leaving(&mut links, now + ms(5)), [3]);
}

#[test]
fn what_is_late_leaves_though_the_fault_is_over() {
    let now = Instant::now();
    let mut links = links(&[(1, LinkFault { delay: ms(5), ..LinkFault::default() })]);
    links.take(now, datagram(1, 1));
    links.replace(std::iter::empty());
    assert!(links.is_empty());
    assert_eq!(leaving(&mut links, now + ms(5)), [1]);
}

#[test]
fn a_fault_that_does_nothing_is_none() {
    assert!(links(&[(1, LinkFault::default())]).is_empty());
}
