//! Simulated runs.

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::thread;

use heddle_localnet::simulator::Behaviour;
use heddle_localnet::simulator::Plan;
use heddle_localnet::simulator::run;

/// How many random plans `make test` runs: with those of the Byzantine and of epochs, half as many, two minutes of two cores.
const SEEDS: u64 = 24_000;
/// Every so many runs are repeated.
const TWICE_EVERY: u64 = 50;

/// How many random plans are run; `make soak` sets `HEDDLE_SEEDS` to more.
pub(crate) fn seeds() -> u64 {
    std::env::var("HEDDLE_SEEDS").ok().and_then(|seeds| seeds.parse().ok()).unwrap_or(SEEDS)
}

/// Whoever wants more plans wants longer ones, too.
fn is_soak() -> bool {
    seeds() > SEEDS
}

/// Runs the plan of every number below `count` on all cores, and some of them twice, which must not differ. Gives how many
/// epochs ended in all of them.
pub(crate) fn check(count: u64, plan: impl Fn(u64) -> Plan + Sync) -> u64 {
    let next = AtomicU64::new(0);
    let epochs = AtomicU64::new(0);
    let cores = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= count {
                        break;
                    }
                    let is_twice = number.is_multiple_of(TWICE_EVERY);
                    epochs.fetch_add(check_one(&plan(number), is_twice), Ordering::Relaxed);
                }
            });
        }
    });
    epochs.into_inner()
}

fn check_one(plan: &Plan, twice: bool) -> u64 {
    let report = run(plan).unwrap_or_else(|e| panic!("seed {}: {e}\n{plan:?}", plan.seed));
    if twice {
        assert_eq!(Ok(report), run(plan), "seed {}: two runs differ", plan.seed);
    }
    report.epochs
}

fn check_each(plans: &[Plan]) -> u64 {
    check(plans.len() as u64, |number| plans[usize::try_from(number).unwrap()].clone())
}

/// At every write of a plan without faults, whoever writes crashes, and any part of the write is left.
fn check_every_crash(plan: &Plan) {
    let writes = run(plan).unwrap().writes;
    assert!(writes > 100, "{writes}");
    let plans: Vec<Plan> = plan.crash_at_every_write(writes).collect();
    check_each(&plans);
}

#[test]
fn without_faults_four_and_seven_commit_every_transfer() {
    assert_eq!(check_each(&[Plan::calm(1, 4, 1_000), Plan::calm(2, 7, 1_000)]), 0);
}

#[test]
fn random_faults_never_break_agreement_or_progress() {
    check(seeds(), Plan::random);
}

#[test]
fn every_leader_crash_and_isolation_in_the_first_views_is_survived() {
    check_each(&Plan::enumerated(4, 8));
}

#[test]
fn a_crash_at_any_write_loses_nothing_that_left() {
    let short = |seed, nodes| Plan { views: 8, transfers: 8, ..Plan::calm(seed, nodes, 1_000) };
    check_every_crash(&short(4, 4));
    if is_soak() {
        check_every_crash(&short(5, 7));
        check_every_crash(&Plan::calm(6, 4, 3_000));
    }
}

/// Votes and proposals are forgotten when they are of no use any more, and those of views far ahead are not kept at all.
#[test]
fn what_is_kept_is_bounded_over_a_thousand_views() {
    run(&Plan { views: 1_000, ..Plan::calm(7, 4, 1_000) }).unwrap();
    let byzantine = vec![(1, Behaviour::TimeoutSpammer)];
    run(&Plan { views: 1_000, byzantine, ..Plan::calm(8, 4, 1_000) }).unwrap();
}

#[test]
fn committees_that_change_under_random_faults_never_break_agreement_or_progress() {
    let count = seeds() / 8;
    let epochs = check(count, Plan::random_epochs);
    assert!(epochs > 2 * count, "{epochs} epochs in {count} runs");
}

#[test]
fn power_failures_in_lease_mode_never_break_agreement_or_progress() {
    check(seeds() / 12, Plan::random_lease);
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
    check_each(&[4_052, 6_263, 11_064].map(Plan::random));
}
