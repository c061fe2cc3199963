//! Processes that end by themselves do so with the exit code that the fault calls for, and no other process does.

use super::Check;
use super::Observations;
use super::outcome;

pub(super) fn check(seen: &Observations) -> Check {
    let wrong = seen
        .endings
        .iter()
        .find(|ending| !ending.code.is_some_and(|code| ending.allowed.contains(&code)));
    let wrong = wrong.map(|ending| {
        let code =
            ending.code.map_or_else(|| "no end".to_owned(), |code| format!("exit code {code}"));
        format!(
            "validator {}, {}: {code}, expected one of {:?} ({})",
            ending.validator, ending.fault, ending.allowed, ending.last_line
        )
    });
    outcome("exit codes", wrong, || {
        let codes: Vec<u8> = seen.endings.iter().filter_map(|ending| ending.code).collect();
        format!("{} processes ended by themselves, with {codes:?}", codes.len())
    })
}
