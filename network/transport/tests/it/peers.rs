//! Peers that are replaced while nodes run.

use std::ops::Range;
use std::time::Duration;
use std::time::Instant;

use bytes::Bytes;
use heddle_transport::Event;
use heddle_transport::LinkFault;
use heddle_transport::Peer;
use heddle_transport::Sent;
use heddle_transport::TransportError;
use heddle_wire::Channel;
use quinn::ConnectionError;
use tokio::runtime::Runtime;

use crate::hostile::dial_as;
use crate::net::Node;
use crate::net::Plan;
use crate::net::eventually;
use crate::net::free_addrs;
use crate::net::key;
use crate::net::runtime;

const UNKNOWN_KEY: u32 = 1;

/// Nodes `which`, each of which knows these peers.
fn start(runtime: &Runtime, plan: &Plan, which: Range<usize>, known: Range<usize>) -> Vec<Node> {
    let node = |i| {
        let mut config = plan.config(i);
        config.peers = plan.peers(i, known.clone());
        Node::start(runtime, config)
    };
    which.map(node).collect()
}

fn wait_pair(nodes: &[Node], (one, other): (usize, usize)) {
    for channel in Channel::ALL {
        eventually("connected", || nodes[one].transport.is_connected(&key(other), channel));
        eventually("connected", || nodes[other].transport.is_connected(&key(one), channel));
    }
}

/// Waits until the links of a connected pair are the last ones: while one forms, who dials may begin again.
fn settle(nodes: &[Node], (one, other): (usize, usize)) {
    let (dials, accepts) = if key(one) < key(other) { (one, other) } else { (other, one) };
    for channel in Channel::ALL {
        assert_eq!(nodes[dials].send(accepts, channel, b"settled"), Sent::Queued);
        nodes[accepts].wait("the last link", |event| match event {
            Event::Frame { peer, channel: found, .. } => {
                (peer == key(dials) && found == channel).then_some(())
            }
            _ => None,
        });
    }
}

fn body(number: usize) -> Vec<u8> {
    let number = u32::try_from(number).unwrap().to_le_bytes();
    [b"frame ".as_slice(), &number, &vec![7; 40 * usize::from(number[0])]].concat()
}

#[test]
fn nothing_is_lost_to_those_who_stay_while_others_come_and_go() {
    let runtime = runtime();
    let plan = Plan::new(4);
    let nodes = start(&runtime, &plan, 0..4, 0..4);
    for pair in [(0, 1), (0, 2), (1, 2)] {
        wait_pair(&nodes, pair);
    }
    settle(&nodes, (0, 1));
    // Node 3 is there and gone, and 2 too, while 0 and 1 talk.
    let sets = [vec![0, 1], vec![0, 1, 2], vec![0, 1, 2, 3], vec![0, 1, 3]];
    for number in 0..400 {
        if number % 20 == 0 {
            let set = &sets[number / 20 % sets.len()];
            for i in [0, 1] {
                nodes[i].transport.set_peers(&plan.peers(i, set.clone())).unwrap();
            }
        }
        for channel in Channel::ALL {
            assert_eq!(nodes[0].send(1, channel, &body(number)), Sent::Queued);
            assert_eq!(nodes[1].send(0, channel, &body(number)), Sent::Queued);
        }
    }
    for (to, from) in [(0, 1), (1, 0)] {
        let mut next = [0, 0];
        while next != [400, 400] {
            let (channel, found) = nodes[to].wait("frames of who stays", |event| match event {
                Event::Frame { peer, channel, body } => {
                    (peer == key(from)).then_some((channel, body))
                }
                Event::Disconnected { peer, .. } => {
                    assert_ne!(peer, key(from), "who stays was disconnected");
                    None
                }
                _ => None,
            });
            let next = &mut next[usize::from(channel == Channel::Bulk)];
            assert_eq!(found, body(*next));
            *next += 1;
        }
    }
}

#[test]
fn who_is_taken_away_is_cut_off_told_of_and_cannot_send() {
    // The one that stays dials the one that goes, and the other way round.
    for (stays, goes) in [(0, 1), (1, 0)] {
        let runtime = runtime();
        let plan = Plan::new(2);
        let nodes = start(&runtime, &plan, 0..2, 0..2);
        wait_pair(&nodes, (0, 1));
        nodes[stays].transport.set_peers(&[]).unwrap();
        for channel in Channel::ALL {
            assert!(!nodes[stays].transport.is_connected(&key(goes), channel));
            assert_eq!(nodes[stays].send(goes, channel, b"anybody?"), Sent::NotConnected);
        }
        nodes[stays].wait_disconnected(goes, Channel::Ctl);
        for channel in Channel::ALL {
            eventually("told", || !nodes[goes].transport.is_connected(&key(stays), channel));
        }
        // It tries again and again, and does not get in.
        let refused = nodes[stays].transport.stats().refused;
        if goes == 0 {
            eventually("refused", || nodes[stays].transport.stats().refused > refused + 1);
        }
        let frames = nodes[stays].events.try_iter();
        assert_eq!(frames.filter(|event| matches!(event, Event::Frame { .. })).count(), 0);
        let refused = dial_as(&runtime, &plan.secrets[goes], key(goes), plan.addrs[stays]);
        let refused = refused.map(|connection| runtime.block_on(connection.closed()));
        let reason = refused.unwrap_or_else(|reason| reason);
        assert!(
            matches!(&reason, ConnectionError::ApplicationClosed(close) if close.error_code == UNKNOWN_KEY.into()),
            "{reason}"
        );
    }
}

#[test]
fn who_is_given_is_connected_whichever_dials_and_however_often() {
    for newcomer in [0, 2] {
        let runtime = runtime();
        let plan = Plan::new(3);
        let others: Vec<usize> = (0..3).filter(|i| *i != newcomer).collect();
        let nodes: Vec<Node> = (0..3)
            .map(|i| {
                let mut config = plan.config(i);
                if i != newcomer {
                    config.peers = plan.peers(i, others.clone());
                }
                Node::start(&runtime, config)
            })
            .collect();
        wait_pair(&nodes, (others[0], others[1]));
        for round in 0..3 {
            for i in &others {
                assert!(!nodes[*i].transport.is_connected(&key(newcomer), Channel::Ctl));
                nodes[*i].transport.set_peers(&plan.peers(*i, 0..3)).unwrap();
            }
            for i in &others {
                wait_pair(&nodes, (*i, newcomer));
                let word = format!("welcome {round}");
                assert_eq!(nodes[*i].send(newcomer, Channel::Ctl, word.as_bytes()), Sent::Queued);
                assert_eq!(nodes[newcomer].wait_frame(*i), word.as_bytes());
            }
            for i in &others {
                nodes[*i].transport.set_peers(&plan.peers(*i, others.clone())).unwrap();
            }
        }
    }
}

#[test]
fn a_peer_that_moves_keeps_its_connection_and_is_dialled_at_its_new_address_next() {
    let runtime = runtime();
    let plan = Plan::new(2);
    let mut nodes = start(&runtime, &plan, 0..2, 0..2);
    wait_pair(&nodes, (0, 1));
    let elsewhere = free_addrs(1)[0];
    let moved = [Peer { key: key(1), addr: elsewhere }];
    nodes[0].transport.set_peers(&moved).unwrap();
    assert_eq!(nodes[0].send(1, Channel::Ctl, b"still here"), Sent::Queued);
    assert_eq!(nodes[1].wait_frame(0), b"still here".as_slice());
    drop(nodes.pop());
    let mut config = plan.config(1);
    config.listen = elsewhere;
    nodes.push(Node::start(&runtime, config));
    nodes[1].wait_connected(0, Channel::Ctl);
    assert_eq!(nodes[1].send(0, Channel::Ctl, b"over here"), Sent::Queued);
    assert_eq!(nodes[0].wait_frame(1), b"over here".as_slice());
}

#[test]
fn peers_that_cannot_be_change_nothing() {
    let runtime = runtime();
    let plan = Plan::new(2);
    let nodes = start(&runtime, &plan, 0..2, 0..2);
    wait_pair(&nodes, (0, 1));
    let addr = plan.addrs[1];
    let own = [Peer { key: key(0), addr }];
    let twice = [Peer { key: key(2), addr }; 2];
    for (bad, of) in [(own.as_slice(), 0), (&twice, 2)] {
        let error = nodes[0].transport.set_peers(bad).unwrap_err();
        assert!(matches!(error, TransportError::Peer { key: of_key } if of_key == key(of)));
    }
    let many: Vec<_> =
        (0..101).map(|n| Peer { key: heddle_types::PublicKey([n; 32]), addr }).collect();
    let error = nodes[0].transport.set_peers(&many).unwrap_err();
    assert!(matches!(error, TransportError::TooManyPeers { found: 101, max: 100 }));
    assert_eq!(nodes[0].send(1, Channel::Ctl, b"as before"), Sent::Queued);
    assert_eq!(nodes[1].wait_frame(0), b"as before".as_slice());
}

#[test]
fn a_link_stays_faulty_when_others_than_its_peer_change() {
    let runtime = runtime();
    let plan = Plan::new(3);
    let nodes = start(&runtime, &plan, 0..3, 0..3);
    wait_pair(&nodes, (0, 1));
    let late = LinkFault { delay: Duration::from_millis(80), ..LinkFault::default() };
    assert!(nodes[0].transport.set_links(&[(key(1), late)]));
    nodes[0].transport.set_peers(&plan.peers(0, [1])).unwrap();
    let sent = Instant::now();
    assert_eq!(nodes[0].send(1, Channel::Ctl, b"late"), Sent::Queued);
    assert_eq!(nodes[1].wait_frame(0), b"late".as_slice());
    assert!(sent.elapsed() >= Duration::from_millis(80));
    assert!(!nodes[0].transport.set_links(&[(key(2), late)]));
    assert!(nodes[0].transport.set_links(&[(key(1), LinkFault::default())]));
}

#[test]
fn what_waits_for_who_stays_is_sent() {
    let runtime = runtime();
    let plan = Plan::new(3);
    let nodes = start(&runtime, &plan, 0..3, 0..3);
    wait_pair(&nodes, (0, 1));
    // More than what is written at once.
    let large = Bytes::from(vec![9; 1_000_000]);
    for _ in 0..8 {
        assert_eq!(nodes[0].transport.send(&key(1), Channel::Bulk, large.clone()), Sent::Queued);
    }
    nodes[0].transport.set_peers(&plan.peers(0, [1])).unwrap();
    for _ in 0..8 {
        assert_eq!(nodes[1].wait_frame(0), large);
    }
}
