//! Latency and throughput on loopback: loose bounds here, figures with `--nocapture`.

use std::time::Duration;
use std::time::Instant;

use heddle_transport::Sent;
use heddle_wire::Channel;

use crate::net::Node;
use crate::net::Plan;
use crate::net::runtime;

#[test]
fn a_round_trip_takes_no_timer() {
    let runtime = runtime();
    let plan = Plan::new(2);
    let nodes = [0, 1].map(|i| Node::start(&runtime, plan.config(i)));
    nodes[0].wait_connected(1, Channel::Ctl);
    nodes[1].wait_connected(0, Channel::Ctl);
    let mut trips: Vec<Duration> = (0..500)
        .map(|_| {
            let started = Instant::now();
            assert_eq!(nodes[0].send(1, Channel::Ctl, &[1; 200]), Sent::Queued);
            nodes[1].wait_frame(0);
            assert_eq!(nodes[1].send(0, Channel::Ctl, &[2; 200]), Sent::Queued);
            nodes[0].wait_frame(1);
            started.elapsed()
        })
        .collect();
    trips.sort();
    println!("transport::ping_pong/bytes=200 p50 {:?} p99 {:?}", trips[250], trips[495]);
    // Far above what it takes, and far below any delayed acknowledgement or batching timer.
    assert!(trips[250] < Duration::from_millis(4), "{:?}", trips[250]);
}

#[test]
fn small_frames_are_moved_by_the_batch() {
    const COUNT: usize = 100_000;
    let runtime = runtime();
    let plan = Plan::new(2);
    let nodes = [0, 1].map(|i| Node::start(&runtime, plan.config(i)));
    nodes[0].wait_connected(1, Channel::Bulk);
    nodes[1].wait_connected(0, Channel::Bulk);
    let started = Instant::now();
    let mut received = 0;
    for i in 0..COUNT {
        // At most half a queue ahead of what arrived, so that nothing is dropped.
        while i - received > 4000 {
            nodes[1].wait_frame(0);
            received += 1;
        }
        assert_eq!(nodes[0].send(1, Channel::Bulk, &[3; 1024]), Sent::Queued);
    }
    while received < COUNT {
        nodes[1].wait_frame(0);
        received += 1;
    }
    let seconds = started.elapsed().as_secs_f64();
    let count = f64::from(u32::try_from(COUNT).unwrap());
    println!(
        "transport::stream/bytes=1024 {:.0} frames/s, {:.1} MiB/s",
        count / seconds,
        count / 1024.0 / seconds
    );
    assert!(seconds < 6.0, "{seconds}");
}
