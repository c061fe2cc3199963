//! Processes that end by themselves do so with the exit code that the fault calls for, and no other process does.

use super::Check;
use super::Observations;
use super::outcome;
use crate::chaos::observations::Ending;

pub(super) fn check(seen: &Observations) -> Check {
    let wrong = seen
        .endings
        .iter()
        .find(|ending| !ending.code.is_some_and(|code| ending.allowed.contains(&code)));
    let wrong = wrong.map(|ending| {
        let Ending { validator, fault, code, allowed, last_line } = ending;
        let what = match (allowed.is_empty(), code) {
            (true, _) => "ended by itself".to_owned(),
            (false, None) => format!("no end, expected one with {allowed:?}"),
            (false, Some(code)) => format!("exit code {code}, expected one of {allowed:?}"),
        };
        format!("validator {validator}, {fault}: {what}; its last line: {last_line}")
    });
    outcome("exit codes", wrong, || {
        let codes: Vec<u8> = seen.endings.iter().filter_map(|ending| ending.code).collect();
        format!("{} processes ended by themselves, with {codes:?}", codes.len())
    })
}
