//! Every home executes again to the roots that were told, and to the same as others of its height. Without homes verified yet it
//! holds.

use std::collections::BTreeMap;

use super::Check;
use super::Observations;
use super::outcome;

pub(super) fn check(seen: &Observations) -> Check {
    let mut roots = BTreeMap::new();
    let wrong = seen.verified.iter().find_map(|verified| {
        let validator = verified.validator;
        let (height, root) = match &verified.outcome {
            Err(error) => return Some(format!("validator {validator}: {error}")),
            Ok(outcome) => outcome,
        };
        let told = seen.blocks.first.get(height).and_then(|facts| facts.state_root);
        let told = told.map(|told| told.to_string());
        let others = roots.entry(height).or_insert(root);
        if *others != root {
            return Some(format!(
                "validator {validator}: root {root} at height {height}, others {others}"
            ));
        }
        if told.as_ref().is_none_or(|told| told == root) {
            return None;
        }
        Some(format!("validator {validator}: root {root} at height {height}, told {told:?}"))
    });
    outcome("verify equal", wrong, || {
        let heights = seen.verified.iter().filter_map(|one| one.outcome.as_ref().ok());
        let heights: Vec<u64> = heights.map(|(height, _)| *height).collect();
        format!("homes executed again up to {heights:?}")
    })
}
