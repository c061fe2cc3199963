//! Committees that change under load and faults. The oracle sees to it that each epoch has one end, one successor, and that
//! nobody signs in an epoch after one that came later.

use heddle_hotstuff::VotingState;
use heddle_types::Validator;

use crate::cluster::Cluster;
use crate::cluster::Network;
use crate::cluster::Script;
use crate::world::members;

const LOSSY: Network = Network { delay: 2_000, jitter: 10_000, loss: 5, duplicate: 5 };

/// Equal powers.
fn of(keys: impl IntoIterator<Item = u16>) -> Vec<Validator> {
    members(&keys.into_iter().map(|key| (key, 1)).collect::<Vec<_>>())
}

fn ended(cluster: &Cluster) -> usize {
    cluster.oracle.ended()
}

/// Runs until all of `who` are past `epoch` epochs' ends, with `height` final.
fn run_to(cluster: &mut Cluster, who: &[usize], epoch: u64, ms: u64) {
    for _ in 0..ms / 10 {
        if who.iter().all(|who| cluster.committee(*who).epoch().get() >= epoch) {
            return;
        }
        cluster.run_ms(10);
    }
    let epochs: Vec<_> = who.iter().map(|who| cluster.committee(*who).epoch().get()).collect();
    panic!("epoch {epoch} after {ms} ms: {epochs:?}, final {}", cluster.lowest());
}

/// Runs a chain of `len` nodes, four of which decide first, through what `script` says; gives it back after `epochs` epochs.
fn changed(len: u16, script: Script) -> Cluster {
    let epochs = script.len() as u64;
    let mut cluster = Cluster::with_script(len, 4, Network::CONSTANT, 0, script);
    cluster.submit(300);
    let all: Vec<_> = (0..usize::from(len)).collect();
    run_to(&mut cluster, &all[..4], epochs, 30_000);
    cluster
}

#[test]
fn a_validator_joins_and_votes() {
    let mut cluster = changed(5, vec![(6, of(0..5))]);
    run_to(&mut cluster, &[4], 1, 5_000);
    assert_eq!(cluster.committee(0).len(), 5);
    cluster.submit(50);
    // Of five, four are a quorum: without the new one nothing would become final.
    cluster.crash(0);
    let before = cluster.lowest();
    cluster.run_to(before + 20, 10_000);
}

#[test]
fn a_validator_leaves_and_is_not_needed() {
    let mut cluster = changed(5, vec![(3, of(0..5)), (30, of(0..4))]);
    cluster.crash(4);
    let before = cluster.lowest();
    cluster.run_to(before + 20, 5_000);
    assert_eq!(cluster.committee(0).len(), 4);
}

#[test]
fn power_moves_the_quorum() {
    let mut cluster = changed(4, vec![(5, members(&[(0, 4), (1, 3), (2, 1), (3, 1)]))]);
    // Seven of nine are a quorum: the first two.
    (2..4).for_each(|who| cluster.crash(who));
    let before = cluster.lowest();
    cluster.run_to(before + 10, 30_000);
    cluster.crash(1);
    (2..4).for_each(|who| cluster.start(who));
    cluster.run_ms(1_000);
    let before = cluster.replica(0).status().final_height;
    cluster.run_ms(5_000);
    assert_eq!(cluster.replica(0).status().final_height, before, "six of nine decided");
}

#[test]
fn a_key_gives_way_to_another() {
    let mut cluster = changed(5, vec![(5, of([0, 1, 2, 4]))]);
    run_to(&mut cluster, &[4], 1, 5_000);
    cluster.crash(3);
    let before = cluster.lowest();
    cluster.run_to(before + 20, 5_000);
}

#[test]
fn a_whole_committee_is_replaced() {
    let mut cluster = changed(8, vec![(5, of(4..8))]);
    run_to(&mut cluster, &[4, 5, 6, 7], 1, 10_000);
    (0..4).for_each(|who| cluster.crash(who));
    let before = cluster.lowest();
    cluster.run_to(before + 20, 10_000);
}

#[test]
fn epochs_follow_each_other_as_quickly_as_they_may() {
    let script =
        (1..8).map(|step| (step * 3, of((0..5).filter(|key| u64::from(*key) != step % 5))));
    let mut cluster = Cluster::with_script(5, 5, Network::CONSTANT, 0, script.collect());
    cluster.submit(100);
    cluster.run_ms(10_000);
    assert!(ended(&cluster) >= 4, "{} epochs ended", ended(&cluster));
}

/// Three delays make the first block final; everybody begins within one of each other, and nothing said before is lost.
#[test]
fn an_epoch_begins_without_a_pause() {
    for execution in [0, 1_000, 25_000] {
        let power = |step: u64| members(&[(0, 1), (1, 1), (2, 1), (3, 1 + step % 2)]);
        let script = (1..8).map(|step| (step * 20, power(step)));
        let mut cluster = Cluster::with_script(4, 4, Network::CONSTANT, 0, script.collect());
        cluster.execution = execution;
        cluster.submit(300);
        run_to(&mut cluster, &[0, 1, 2, 3], 5, 60_000);
        cluster.run_ms(200);
        for node in &cluster.nodes {
            for end in node.disk.ends.values() {
                let closing = end.closing.height.get();
                let wait = node.final_at[&(closing + 1)] - node.final_at[&closing];
                let delays = 4 * Network::CONSTANT.delay;
                assert!(wait <= delays + 2 * execution, "{execution}: {wait} us after {closing}");
            }
        }
    }
}

#[test]
fn without_a_change_no_epoch_ends() {
    let mut cluster = Cluster::with_script(4, 4, Network::CONSTANT, 0, vec![(5, of(0..4))]);
    cluster.submit(100);
    cluster.run_to(100, 20_000);
    assert_eq!(ended(&cluster), 0);
}

#[test]
fn candidates_that_can_form_no_committee_change_nothing() {
    let twice = [of(0..4), of(0..1)].concat();
    let script = vec![(5, Vec::new()), (10, twice), (20, members(&[(0, 0)]))];
    let mut cluster = Cluster::with_script(4, 4, Network::CONSTANT, 0, script);
    cluster.submit(100);
    cluster.run_to(100, 20_000);
    assert_eq!(ended(&cluster), 0);
}

#[test]
fn who_slept_through_epochs_follows_their_ends() {
    let script = vec![(5, of(0..5)), (40, of(1..5)), (80, of(0..5)), (120, of(0..4))];
    let mut cluster = Cluster::with_script(5, 4, Network::CONSTANT, 0, script);
    cluster.submit(1_000);
    cluster.run_to(4, 5_000);
    cluster.crash(0);
    run_to(&mut cluster, &[1, 2, 3], 4, 60_000);
    cluster.start(0);
    run_to(&mut cluster, &[0], 4, 20_000);
    // The one that left is told no more.
    (0..2).for_each(|who| cluster.crash([1, 4][who]));
    let before = cluster.lowest();
    cluster.run_to(before + 20, 10_000);
}

#[test]
fn an_emptied_node_goes_through_all_epochs_and_signs_only_in_the_one_of_its_record() {
    for seed in 0..10 {
        let mut cluster = Cluster::with_script(5, 4, Network::CONSTANT, seed, rotating(0));
        cluster.submit(500);
        run_to(&mut cluster, &[0, 1, 2, 3, 4], 3, 60_000);
        let who = usize::try_from(seed % 5).unwrap();
        cluster.crash(who);
        cluster.empty_disk(who);
        cluster.run_ms(100 * seed);
        cluster.start(who);
        let before = (0..5).map(|who| cluster.replica(who).status().final_height.get()).max();
        cluster.run_to(before.unwrap() + 50, 60_000);
    }
}

#[test]
fn a_lost_record_is_asked_for_in_each_epoch() {
    let script = vec![(5, of([0, 1, 2, 4])), (40, of(0..4))];
    let mut cluster = Cluster::with_script(5, 4, Network::CONSTANT, 0, script);
    cluster.submit(500);
    run_to(&mut cluster, &[0, 1, 2, 3], 1, 10_000);
    // It is muted where it left, and where it comes back.
    cluster.crash(3);
    cluster.lose_record(3);
    cluster.start(3);
    run_to(&mut cluster, &[0, 1, 2, 3], 2, 30_000);
    assert_eq!(cluster.replica(3).status().voting, VotingState::Muted);
    for _ in 0..100 {
        cluster.run_ms(100);
        if cluster.replica(3).status().voting == VotingState::Voting {
            break;
        }
    }
    (0..2).for_each(|who| cluster.crash([0, 4][who]));
    let before = cluster.lowest();
    cluster.run_to(before + 10, 10_000);
}

#[test]
fn who_was_cut_off_at_the_end_of_an_epoch_is_told_of_it() {
    for cut_at in 0..30 {
        let mut cluster = Cluster::with_script(
            4,
            4,
            Network::CONSTANT,
            0,
            vec![(3, members(&[(0, 1), (1, 1), (2, 2), (3, 1)]))],
        );
        cluster.submit(500);
        cluster.run_ms(60 + 5 * cut_at);
        cluster.groups = vec![0, 0, 0, 1];
        cluster.run_ms(1_500);
        assert!(ended(&cluster) >= 1);
        cluster.groups = vec![0; 4];
        run_to(&mut cluster, &[0, 1, 2, 3], 1, 5_000);
    }
}

fn rotating(seed: u64) -> Script {
    let step = |step: u64| {
        (10 + 25 * step, of((0..5).filter(move |key| u64::from(*key) != (seed + step) % 5)))
    };
    (0..40).map(step).collect()
}

#[test]
fn loss_reordering_and_duplicates_end_every_epoch_alike() {
    for seed in 0..30 {
        let mut cluster = Cluster::with_script(5, 4, LOSSY, seed, rotating(seed));
        cluster.submit(500);
        cluster.run_to(120, 300_000);
        assert!(ended(&cluster) >= 3, "seed {seed}: {} epochs ended", ended(&cluster));
    }
}

#[test]
fn crashes_between_any_two_actions_around_the_ends_of_epochs_contradict_nothing() {
    for seed in 0..60 {
        let mut cluster = Cluster::with_script(5, 4, LOSSY, seed, rotating(seed));
        cluster.submit(500);
        for _ in 0..10 {
            let who = usize::try_from(cluster.random(5)).unwrap();
            cluster.nodes[who].crash_after = Some(cluster.random(40));
            let ms = cluster.random(400);
            cluster.run_ms(ms);
            (0..5)
                .filter(|who| !cluster.is_running(*who))
                .collect::<Vec<_>>()
                .into_iter()
                .for_each(|who| cluster.start(who));
        }
        cluster.network = Network::CONSTANT;
        cluster.nodes.iter_mut().for_each(|node| node.crash_after = None);
        let before = (0..5).map(|who| cluster.replica(who).status().final_height.get()).max();
        cluster.run_to(before.unwrap() + 30, 60_000);
    }
}

#[test]
fn all_crash_at_once_at_any_moment_around_an_end_and_go_on() {
    for at in 0..40 {
        let mut cluster = Cluster::with_script(5, 4, Network::CONSTANT, 0, rotating(at));
        cluster.submit(300);
        cluster.run_ms(150 + 7 * at);
        for _ in 0..4 {
            (0..5).for_each(|who| cluster.crash(who));
            (0..5).for_each(|who| cluster.start(who));
            cluster.run_ms(35);
        }
        let before = cluster.lowest();
        cluster.run_to(before + 30, 20_000);
    }
}
