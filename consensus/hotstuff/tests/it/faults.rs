//! Crashes, partitions, loss: agreement always, progress after healing. The oracle watches every message.

use crate::cluster::Cluster;
use crate::cluster::Network;

const LOSSY: Network = Network { delay: 2_000, jitter: 10_000, loss: 5, duplicate: 5 };

#[test]
fn a_crashed_leader_is_skipped() {
    for len in [4, 7] {
        let mut cluster = Cluster::new(len, 0, Network::CONSTANT);
        cluster.submit(200);
        cluster.run_to(5, 1_000);
        cluster.crash(2);
        let before = cluster.lowest();
        cluster.run_to(before + 20, 5_000);
    }
}

#[test]
fn nothing_is_final_in_a_minority_and_all_agree_after_healing() {
    let mut cluster = Cluster::new(4, 0, Network::CONSTANT);
    cluster.submit(1000);
    cluster.run_to(5, 1_000);
    cluster.groups = vec![0, 0, 1, 1];
    cluster.run_ms(200);
    let before = cluster.lowest();
    cluster.run_ms(10_000);
    assert_eq!(cluster.lowest(), before);
    cluster.groups = vec![0; 4];
    cluster.run_to(before + 20, 10_000);
}

#[test]
fn a_validator_that_was_cut_off_catches_up() {
    let mut cluster = Cluster::new(4, 0, Network::CONSTANT);
    cluster.submit(1000);
    cluster.run_to(5, 1_000);
    cluster.groups = vec![0, 0, 0, 1];
    cluster.run_ms(5_000);
    cluster.groups = vec![0; 4];
    let others = cluster.replica(0).status().final_height.get();
    assert!(others > cluster.lowest() + 20);
    cluster.run_to(others + 20, 5_000);
}

#[test]
fn loss_reordering_and_duplicates_stop_nothing() {
    for seed in 0..30 {
        let mut cluster = Cluster::new(if seed % 2 == 0 { 4 } else { 7 }, seed, LOSSY);
        cluster.submit(500);
        cluster.run_to(30, 120_000);
    }
}

#[test]
fn a_validator_that_crashes_between_any_two_actions_never_contradicts_itself() {
    for seed in 0..40 {
        let mut cluster = Cluster::new(4, seed, LOSSY);
        cluster.submit(500);
        for _ in 0..10 {
            let who = usize::try_from(cluster.random(4)).unwrap();
            cluster.nodes[who].crash_after = Some(cluster.random(40));
            let ms = cluster.random(400);
            cluster.run_ms(ms);
            (0..4).for_each(|who| {
                if !cluster.is_running(who) {
                    cluster.start(who);
                }
            });
        }
        cluster.network = Network::CONSTANT;
        cluster.nodes.iter_mut().for_each(|node| node.crash_after = None);
        let before = (0..4).map(|who| cluster.replica(who).status().final_height.get()).max();
        cluster.run_to(before.unwrap() + 5, 30_000);
    }
}

#[test]
fn all_crash_at_once_and_go_on_from_their_disks() {
    let mut cluster = Cluster::new(4, 0, Network::CONSTANT);
    cluster.submit(1000);
    for _ in 0..10 {
        let before = cluster.lowest();
        cluster.run_to(before + 3, 5_000);
        (0..4).for_each(|who| cluster.crash(who));
        (0..4).for_each(|who| cluster.start(who));
    }
}
