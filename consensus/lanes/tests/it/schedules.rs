//! Many seeds.

use rand_chacha::ChaCha8Rng;
use rand_core::Rng;
use rand_core::SeedableRng;

use crate::attacker::MANNERS;
use crate::attacker::Manner;
use crate::simulation::Plan;
use crate::simulation::Simulation;

/// What one seed stands for.
fn plan(seed: u64) -> Plan {
    let mut random = ChaCha8Rng::seed_from_u64(!seed);
    let mut below = |bound: u32| random.next_u32() % bound;
    let nodes = if below(4) == 0 { 7 } else { 4 };
    let mut manners = Vec::new();
    if below(8) > 0 {
        for _ in 0..=below(3) {
            manners.push(MANNERS[below(14) as usize]);
        }
    }
    Plan {
        nodes,
        seed,
        loss: [0, 20, 100][below(3) as usize],
        crashes: below(4),
        manners,
        calm_at: 600_000,
    }
}

fn run(plan: Plan) -> Simulation {
    let mut simulation = Simulation::new(plan.clone());
    let run = std::panic::AssertUnwindSafe(|| simulation.run());
    if let Err(panic) = std::panic::catch_unwind(run) {
        eprintln!("{plan:?}");
        std::panic::resume_unwind(panic);
    }
    simulation
}

/// What came of some seeds.
#[derive(Default)]
struct Sum {
    delivered: usize,
    forks: usize,
    blocks: usize,
}

fn run_all(seeds: std::ops::Range<u64>) -> Sum {
    let mut sum = Sum::default();
    for seed in seeds {
        let simulation = run(plan(seed));
        sum.delivered += simulation.oracle.delivered().len();
        sum.forks += usize::from(!simulation.oracle.evidence.is_empty());
        sum.blocks += simulation.orderer.chain.len();
    }
    sum
}

/// The runs are long and many enough to mean something.
fn check(seeds: std::ops::Range<u64>) {
    let sum = run_all(seeds);
    assert!(sum.delivered > 25_000, "{}", sum.delivered);
    assert!(sum.forks > 25, "{}", sum.forks);
    assert!(sum.blocks > 5_000, "{}", sum.blocks);
}

#[test]
fn every_honest_node_delivers_the_same_once_whatever_one_owner_does() {
    check(0..500);
}

#[test]
fn every_honest_node_delivers_the_same_once_in_five_hundred_more_runs() {
    check(500..1000);
}

#[test]
fn memory_is_bounded_under_an_owner_that_floods() {
    let plan = Plan {
        nodes: 4,
        seed: 1,
        loss: 0,
        crashes: 0,
        manners: vec![Manner::Flood, Manner::Gap, Manner::Fork],
        calm_at: 2_000_000,
    };
    let simulation = run(plan);
    assert!(
        simulation.oracle.batches_max > 32,
        "the flood came: {}",
        simulation.oracle.batches_max
    );
}
