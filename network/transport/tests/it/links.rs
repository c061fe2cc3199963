//! Links between validators that behave.

use std::time::Duration;
use std::time::Instant;

use bytes::Bytes;
use heddle_transport::Elsewhere;
use heddle_transport::Event;
use heddle_transport::Sent;
use heddle_transport::Transport;
use heddle_transport::TransportError;
use heddle_wire::Channel;

use crate::hostile::dial_as;
use crate::net::Node;
use crate::net::Plan;
use crate::net::eventually;
use crate::net::key;
use crate::net::runtime;

#[test]
fn frames_arrive_in_order_on_both_channels_and_both_ways() {
    let runtime = runtime();
    let plan = Plan::new(2);
    let nodes = [0, 1].map(|i| Node::start(&runtime, plan.config(i)));
    for channel in Channel::ALL {
        for (from, to) in [(0, 1), (1, 0)] {
            eventually("connected", || nodes[from].transport.is_connected(&key(to), channel));
        }
    }
    for channel in Channel::ALL {
        for (from, to) in [(0, 1), (1, 0)] {
            // Sizes on both sides of the copying limit.
            let bodies: Vec<Vec<u8>> = (0..500_usize)
                .map(|i| vec![u8::try_from(i % 200).unwrap() + 20; 1 + i * 37 % 9000])
                .collect();
            for body in &bodies {
                assert_eq!(nodes[from].send(to, channel, body), Sent::Queued);
            }
            for body in &bodies {
                assert_eq!(nodes[to].wait_frame(from), *body);
            }
        }
    }
}

#[test]
fn a_broadcast_reaches_all_four() {
    let runtime = runtime();
    let plan = Plan::new(4);
    let nodes: Vec<_> = (0..4).map(|i| Node::start(&runtime, plan.config(i))).collect();
    for (i, node) in nodes.iter().enumerate() {
        for j in (0..4).filter(|j| *j != i) {
            eventually("all are connected", || node.transport.is_connected(&key(j), Channel::Ctl));
        }
    }
    for i in 0..4 {
        let body = Bytes::from(vec![b'a' + u8::try_from(i).unwrap(); 100_000]);
        nodes[i].transport.broadcast(Channel::Ctl, &body);
        for j in (0..4).filter(|j| *j != i) {
            assert_eq!(nodes[j].wait_frame(i), body);
        }
    }
}

#[test]
fn a_restarted_peer_is_connected_again_long_before_the_idle_timeout() {
    for restarted in [0, 1] {
        let runtimes = [runtime(), runtime()];
        let plan = Plan::new(2);
        let mut nodes = [0, 1].map(|i| Some(Node::start(&runtimes[i], plan.config(i))));
        let other = 1 - restarted;
        nodes[other].as_ref().unwrap().wait_connected(restarted, Channel::Ctl);
        // As if killed: its tasks stop where they are, and say nothing.
        let [first, second] = runtimes;
        let (victim, _alive) = if restarted == 0 { (first, second) } else { (second, first) };
        let killed = nodes[restarted].take().unwrap();
        victim.shutdown_timeout(Duration::from_secs(2));
        drop(killed);
        eventually("the port is free", || std::net::UdpSocket::bind(plan.addrs[restarted]).is_ok());
        let again = runtime();
        let started = Instant::now();
        let mut config = plan.config(restarted);
        config.instance = 999;
        let node = Node::start(&again, config);
        node.wait_connected(other, Channel::Ctl);
        let survivor = nodes[other].as_ref().unwrap();
        survivor.wait_disconnected(restarted, Channel::Ctl);
        survivor.wait_connected(restarted, Channel::Ctl);
        assert!(started.elapsed() < Duration::from_millis(2_500), "{:?}", started.elapsed());
        assert_eq!(node.send(other, Channel::Ctl, b"again"), Sent::Queued);
        assert_eq!(survivor.wait_frame(restarted), b"again".as_slice());
    }
}

#[test]
fn a_peer_that_comes_up_late_is_connected_at_once() {
    for late in [0, 1] {
        let runtime = runtime();
        let plan = Plan::new(2);
        let early = Node::start(&runtime, plan.config(1 - late));
        // Long enough for first attempts to be far apart.
        std::thread::sleep(Duration::from_millis(400));
        let started = Instant::now();
        let _late = Node::start(&runtime, plan.config(late));
        early.wait_connected(late, Channel::Ctl);
        assert!(started.elapsed() < Duration::from_millis(300), "{:?}", started.elapsed());
    }
}

#[test]
fn closing_tells_the_peer_at_once() {
    let runtime = runtime();
    let plan = Plan::new(2);
    let nodes = [0, 1].map(|i| Node::start(&runtime, plan.config(i)));
    nodes[1].wait_connected(0, Channel::Ctl);
    let started = Instant::now();
    runtime.block_on(nodes[0].transport.closed());
    nodes[1].wait_disconnected(0, Channel::Ctl);
    assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());
}

#[test]
fn a_port_in_use_is_an_error_that_names_it() {
    let runtime = runtime();
    let plan = Plan::new(2);
    let _taken = std::net::UdpSocket::bind(plan.addrs[0]).unwrap();
    let error = Transport::start(plan.config(0), runtime.handle(), |_| {}).unwrap_err();
    assert!(matches!(error, TransportError::Bind { addr, .. } if addr == plan.addrs[0]));
    assert!(error.to_string().contains(&plan.addrs[0].to_string()), "{error}");
}

#[test]
fn a_second_node_with_a_key_is_refused_and_told_while_the_first_answers() {
    // The twin of the one that dials is refused as it dials; the twin of the one that is dialled, as it probes.
    for twin_of in [0, 1] {
        let runtime = runtime();
        let plan = Plan::new(2);
        let nodes = [0, 1].map(|i| Node::start(&runtime, plan.config(i)));
        let other = 1 - twin_of;
        nodes[other].wait_connected(twin_of, Channel::Ctl);
        let mut config = plan.config(twin_of);
        config.listen = "127.0.0.1:0".parse().unwrap();
        config.instance = 999;
        let twin = Node::start(&runtime, config);
        let elsewhere = twin.wait("told", |event| match event {
            Event::SameKeyElsewhere(elsewhere) => Some(elsewhere),
            _ => None,
        });
        assert_eq!(elsewhere, Elsewhere::RefusedBy { peer: key(other) });
        // The first is still there, and nobody took its place.
        assert_eq!(nodes[twin_of].send(other, Channel::Ctl, b"still here"), Sent::Queued);
        assert_eq!(nodes[other].wait_frame(twin_of), b"still here".as_slice());
    }
}

#[test]
fn a_node_hears_of_a_connection_with_its_own_key() {
    let runtime = runtime();
    let plan = Plan::new(2);
    let node = Node::start(&runtime, plan.config(0));
    let own = plan.secrets[0].public_key();
    let _connection = dial_as(&runtime, &plan.secrets[0], own, plan.addrs[0]).unwrap();
    let elsewhere = node.wait("told", |event| match event {
        Event::SameKeyElsewhere(elsewhere) => Some(elsewhere),
        _ => None,
    });
    assert!(matches!(elsewhere, Elsewhere::ConnectedHere { .. }));
}
