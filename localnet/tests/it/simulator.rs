//! Simulated runs.

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::thread;

use heddle_localnet::simulator::Plan;
use heddle_localnet::simulator::run;

/// How many seeds `make test` runs; `make soak` sets more.
fn seeds() -> u64 {
    std::env::var("HEDDLE_SEEDS").ok().and_then(|seeds| seeds.parse().ok()).unwrap_or(2_000)
}

/// Runs all plans twice on all cores and says which fails. Gives how many epochs ended in all of them.
fn check_twice(plans: &[Plan]) -> u64 {
    let next = AtomicU64::new(0);
    let epochs = AtomicU64::new(0);
    let cores = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                loop {
                    let position = next.fetch_add(1, Ordering::Relaxed);
                    let Some(plan) = usize::try_from(position).ok().and_then(|p| plans.get(p))
                    else {
                        break;
                    };
                    let report =
                        run(plan).unwrap_or_else(|e| panic!("seed {}: {e}\n{plan:?}", plan.seed));
                    assert_eq!(Ok(report), run(plan), "seed {}: two runs differ", plan.seed);
                    epochs.fetch_add(report.epochs, Ordering::Relaxed);
                }
            });
        }
    });
    epochs.into_inner()
}

#[test]
fn without_faults_four_and_seven_commit_every_transfer() {
    assert_eq!(check_twice(&[Plan::calm(1, 4, 1_000), Plan::calm(2, 7, 1_000)]), 0);
}

#[test]
fn random_faults_never_break_agreement_or_progress() {
    let plans: Vec<Plan> = (0..seeds()).map(Plan::random).collect();
    check_twice(&plans);
}

#[test]
fn every_leader_crash_and_isolation_in_the_first_views_is_survived() {
    check_twice(&Plan::enumerated(4, 8));
}

#[test]
fn committees_that_change_under_random_faults_never_break_agreement_or_progress() {
    let plans: Vec<Plan> = (0..seeds() / 8).map(Plan::random_epochs).collect();
    let epochs = check_twice(&plans);
    assert!(epochs > 2 * plans.len() as u64, "{epochs} epochs in {} runs", plans.len());
}

/// Twenty-four transfers, each sent alone, are three blocks each: its own, one that was being built meanwhile, and one for the root.
#[test]
fn a_validator_alone_makes_no_empty_blocks_while_it_executes() {
    let report = run(&Plan::calm(3, 1, 1_000)).unwrap();
    assert!(report.final_height.get() <= 24 * 4, "{report:?}");
}

/// Found by random seeds: with one validator muted, the vote of a node that had lost the commit votes of the last block was
/// needed, and nobody told it that the block is final.
#[test]
fn a_node_that_lost_commit_votes_learns_from_the_next_proposer() {
    check_twice(&[4_052, 6_263, 11_064].map(Plan::random));
}
