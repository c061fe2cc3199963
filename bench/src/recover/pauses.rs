//! What a run's transactions tell of a fault in the middle of it. Times are microseconds after the run's start.

use std::collections::BTreeSet;

use crate::load::step::Record;

/// What had piled up when a chain went on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Backlog {
    /// Due before, final after.
    pub(super) transactions: u64,
    /// In so many blocks.
    pub(super) blocks: u64,
    /// From when the chain went on until the first of them was final.
    pub(super) first_micros: u64,
    /// And until the last.
    pub(super) last_micros: u64,
}

/// The longest time between `from` and `to` in which no transaction became final anywhere.
pub(super) fn longest_pause(records: &[Record], from: u64, to: u64) -> u64 {
    let finals = records.iter().filter_map(|record| record.final_micros);
    let mut times: Vec<u64> = finals.filter(|micros| (from..to).contains(micros)).collect();
    times.extend([from, to]);
    times.sort_unstable();
    times.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap_or(0)
}

/// What had piled up by `resumed`.
pub(super) fn backlog(records: &[Record], resumed: u64) -> Backlog {
    let waited = |record: &&Record| {
        record.due_micros < resumed && record.final_micros.is_some_and(|at| at >= resumed)
    };
    let waited: Vec<&Record> = records.iter().filter(waited).collect();
    let finals = || waited.iter().filter_map(|record| record.final_micros);
    let blocks: BTreeSet<_> = waited.iter().filter_map(|record| record.height).collect();
    Backlog {
        transactions: waited.len() as u64,
        blocks: blocks.len() as u64,
        first_micros: finals().min().map_or(0, |at| at - resumed),
        last_micros: finals().max().map_or(0, |at| at - resumed),
    }
}

/// The latencies of those that were due from `from` until `to`.
pub(super) fn latencies(records: &[Record], from: u64, to: u64) -> impl Iterator<Item = u64> {
    let due = move |record: &&Record| (from..to).contains(&record.due_micros);
    records
        .iter()
        .filter(due)
        .filter_map(|record| record.final_micros.map(|at| at.saturating_sub(record.due_micros)))
}

#[cfg(test)]
mod tests {
    use heddle_types::Hash32;
    use heddle_types::Height;
    use heddle_types::TxId;

    use super::*;
    use crate::load::outcome::Outcome;

    fn record(due_micros: u64, final_micros: u64, height: u64) -> Record {
        Record {
            id: TxId(Hash32::ZERO),
            outcome: Outcome::Succeeded,
            height: Some(Height::new(height)),
            due_micros,
            final_micros: Some(final_micros),
        }
    }

    #[test]
    fn the_longest_pause_is_between_two_finals_or_at_an_end() {
        let records = [record(1, 90, 1), record(2, 30, 1), record(3, 35, 2), record(4, 60, 3)];
        assert_eq!(longest_pause(&records, 20, 100), 30);
        assert_eq!(longest_pause(&records, 20, 200), 110);
        assert_eq!(longest_pause(&records, 0, 40), 30);
        assert_eq!(longest_pause(&[], 5, 9), 4);
    }

    #[test]
    fn a_backlog_is_what_was_due_before_and_final_after() {
        let before = record(10, 20, 1);
        let (first, second) = (record(30, 130, 2), record(40, 150, 3));
        let later = record(110, 160, 4);
        let lost = Record { final_micros: None, height: None, ..record(50, 0, 0) };
        let found = backlog(&[before, second, first, later, lost], 100);
        let expected = Backlog { transactions: 2, blocks: 2, first_micros: 30, last_micros: 50 };
        assert_eq!(found, expected);
        assert_eq!(backlog(&[before], 100), Backlog::default());
    }

    #[test]
    fn latencies_are_of_those_that_were_due_in_time() {
        let records = [record(10, 20, 1), record(30, 130, 2), record(40, 150, 3)];
        assert_eq!(latencies(&records, 10, 40).collect::<Vec<_>>(), [10, 100]);
    }
}
