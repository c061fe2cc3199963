//! The rules as they are: the whole space, and nothing wrong in it. Each test prints how much it saw.

use std::collections::BTreeSet;

use heddle_model::Agreement;
use heddle_model::Durability;
use heddle_model::Memory;
use heddle_model::View;
use stateright::Checker;
use stateright::HasDiscoveries;
use stateright::Model;

/// How many views `make test` searches; `make soak` sets more.
fn views() -> View {
    std::env::var("HEDDLE_MODEL_VIEWS").ok().and_then(|views| views.parse().ok()).unwrap_or(3)
}

/// Searches everything; every property must hold, and every example must be there.
fn check(model: Agreement) {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let builder = model.checker().threads(cores);
    let checker = builder.finish_when(HasDiscoveries::AnyFailures).spawn_dfs().join();
    println!(
        "{model:?}: {} states, {} steps deep",
        checker.unique_state_count(),
        checker.max_depth()
    );
    checker.assert_properties();
}

#[test]
fn every_run_agrees_and_can_go_on() {
    check(Agreement { memory: Memory::Needed, ..Agreement::of(views()) });
}

#[test]
fn no_validator_ever_contradicts_itself_and_a_crash_loses_nothing() {
    check(Agreement::of(views() - 1));
}

#[test]
fn who_loses_its_record_breaks_nothing() {
    check(Agreement { losses: 1, memory: Memory::Needed, ..Agreement::of(views() - 1) });
}

#[test]
fn nobody_who_lost_its_record_ever_contradicts_what_it_signed_before() {
    check(Agreement { losses: 2, ..Agreement::of(2) });
}

#[test]
fn power_losses_in_lease_mode_break_nothing() {
    for length in [1, 2] {
        let durability = Durability::Lease { length };
        check(Agreement { losses: 2, durability, ..Agreement::of(2) });
        let memory = Memory::Needed;
        check(Agreement { losses: 2, durability, memory, ..Agreement::of(3) });
    }
}

/// Every chain of certified blocks that a run can lead to, and whether it can be final.
fn outcomes(model: &Agreement) -> BTreeSet<BTreeSet<(Vec<View>, bool)>> {
    let mut seen: BTreeSet<_> = model.init_states().into_iter().collect();
    let mut waiting: Vec<_> = seen.iter().cloned().collect();
    while let Some(state) = waiting.pop() {
        let next = model.next_states(&state);
        waiting.extend(next.into_iter().filter(|next| seen.insert(next.clone())));
    }
    seen.iter().map(heddle_model::State::certified_chains).collect()
}

#[test]
fn what_is_forgotten_makes_no_difference_to_what_becomes_final() {
    let lease = Durability::Lease { length: 1 };
    let models = [
        Agreement::of(2),
        Agreement { losses: 1, ..Agreement::of(2) },
        Agreement { losses: 2, durability: lease, ..Agreement::of(2) },
    ];
    for everything in models {
        let needed = Agreement { memory: Memory::Needed, ..everything };
        assert_eq!(outcomes(&everything), outcomes(&needed), "{everything:?}");
    }
}
