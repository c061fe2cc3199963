//! How long a fault keeps the chain from going on. Delays are constant: δ.

use crate::cluster::Cluster;
use crate::cluster::Network;
use crate::world;

const DELTA: u64 = Network::CONSTANT.delay;
const TIMEOUT: u64 = world::TIMEOUT_MS * 1000;

/// The longest that any running node went without a new final block, from `since` until now.
fn longest_wait(cluster: &Cluster, since: u64) -> u64 {
    let running = (0..cluster.nodes.len()).filter(|who| cluster.is_running(*who));
    let waits = running.flat_map(|who| {
        let times = cluster.nodes[who].final_at.values().filter(|at| **at >= since);
        let times = std::iter::once(since).chain(times.copied()).chain([cluster.now()]);
        let times: Vec<_> = times.collect();
        times.windows(2).map(|pair| pair[1] - pair[0]).collect::<Vec<_>>()
    });
    waits.max().unwrap()
}

#[test]
fn after_a_leader_crashed_the_next_block_is_final_within_a_timeout_and_six_delays() {
    for len in [4, 7] {
        for crash_at in (0..40).step_by(5) {
            let mut cluster = Cluster::new(len, 0, Network::CONSTANT);
            cluster.execution = 0;
            cluster.submit(300);
            cluster.run_ms(500 + crash_at);
            let since = cluster.now();
            let leader = cluster.leader();
            cluster.crash(leader);
            cluster.run_ms(1_000);
            let wait = longest_wait(&cluster, since - 2 * DELTA);
            assert!(wait <= TIMEOUT + 6 * DELTA, "{len} {crash_at}: {wait} us");
        }
    }
}

#[test]
fn with_a_third_dead_nine_tenths_of_the_blocks_are_made() {
    for (len, dead) in [(4, vec![2]), (7, vec![3, 4])] {
        let mut cluster = Cluster::new(len, 0, Network::CONSTANT);
        cluster.execution = 0;
        cluster.submit(300);
        cluster.run_ms(500);
        dead.iter().for_each(|who| cluster.crash(*who));
        cluster.run_ms(1_000);
        let before = cluster.lowest();
        cluster.run_ms(2_000);
        let blocks = cluster.lowest() - before;
        let calm = 2_000_000 / (2 * DELTA);
        assert!(blocks >= calm * 9 / 10, "{blocks} blocks of {calm} with {dead:?} of {len} dead");
    }
}

#[test]
fn a_silent_leader_is_skipped_in_a_part_of_the_timeout() {
    let mut cluster = Cluster::new(4, 0, Network::CONSTANT);
    cluster.submit(500);
    cluster.run_ms(500);
    cluster.crash(2);
    cluster.run_ms(1_000);
    let (since, given_up) = (cluster.now(), cluster.sent["timeout"]);
    // Long enough for its failure to be forgotten, so that it is tried again.
    cluster.run_ms(6_000);
    assert!(cluster.sent["timeout"] > given_up);
    let wait = longest_wait(&cluster, since);
    assert!(wait <= TIMEOUT / 8 + 6 * DELTA, "{wait} us");
}

#[test]
fn a_validator_that_comes_back_leads_again() {
    let mut cluster = Cluster::new(4, 0, Network::CONSTANT);
    cluster.submit(1_500);
    cluster.run_ms(500);
    cluster.crash(2);
    cluster.run_ms(2_000);
    cluster.start(2);
    cluster.run_ms(20_000);
    let proposed = cluster.proposers_since(cluster.now() - 1_000_000);
    assert!(proposed.contains(&2), "{proposed:?}");
}

#[test]
fn once_messages_arrive_every_leader_s_view_makes_a_block_final() {
    const BAD: Network = Network { delay: 5_000, jitter: 60_000, loss: 20, duplicate: 5 };
    for seed in 0..40 {
        let mut cluster = Cluster::new(if seed % 2 == 0 { 4 } else { 7 }, seed, BAD);
        cluster.execution = 0;
        cluster.submit(1_500);
        cluster.run_ms(3_000);
        cluster.network = Network::CONSTANT;
        // What is still on its way, then one timeout of whatever length it has by now.
        cluster.run_ms(4_000);
        let (views, blocks) = (cluster.highest_view(), cluster.lowest());
        cluster.run_ms(2_000);
        let (views, blocks) = (cluster.highest_view() - views, cluster.lowest() - blocks);
        assert!(views > 50, "{seed}: {views} views in two seconds");
        assert!(blocks.abs_diff(views) <= 2, "{seed}: {blocks} blocks in {views} views");
    }
}
