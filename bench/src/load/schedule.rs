//! When each transaction is due, and which leave together.

use std::num::NonZeroU64;
use std::ops::Range;

use heddle_types::Millis;

use crate::limits;

/// Transactions that are due within this time leave together, when the last of them is due: none leaves early, and the
/// machine, which the validators share, handles fewer requests. Well below the 10 ms that make a run invalid.
const BURST_MICROS: u64 = 4_000;

/// A fixed rate for a fixed time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Schedule {
    rate: NonZeroU64,
    count: u64,
}

/// Transactions that leave together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Burst {
    /// Which; never none, never more than a request may hold.
    pub(crate) txs: Range<u64>,
    /// When the last of them is due.
    pub(crate) due_micros: u64,
}

impl Schedule {
    /// `rate` a second; none when it is more than a run may sign beforehand.
    pub(crate) fn new(rate: NonZeroU64, duration: Millis) -> Option<Self> {
        let count = rate.get().checked_mul(duration.get())? / 1000;
        (1..=limits::LOAD_TRANSACTIONS_MAX).contains(&count).then_some(Self { rate, count })
    }

    /// How many transactions.
    pub(crate) const fn count(&self) -> u64 {
        self.count
    }

    /// When a transaction is due, after the start.
    pub(crate) const fn due_micros(&self, tx: u64) -> u64 {
        // At most 5 million transactions: the product fits.
        tx * 1_000_000 / self.rate.get()
    }

    /// All transactions in order.
    pub(crate) fn bursts(&self) -> impl Iterator<Item = Burst> {
        let schedule = *self;
        let mut next = 0;
        std::iter::from_fn(move || {
            let first = next;
            let slot = schedule.due_micros(first) / BURST_MICROS;
            let max = first.saturating_add(limits::BATCH_LEN as u64).min(schedule.count);
            while next < max && schedule.due_micros(next) / BURST_MICROS == slot {
                next += 1;
            }
            let last = next.checked_sub(1).filter(|_| next > first)?;
            Some(Burst { txs: first..next, due_micros: schedule.due_micros(last) })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schedule(rate: u64, millis: u64) -> Schedule {
        Schedule::new(NonZeroU64::new(rate).unwrap(), Millis::new(millis)).unwrap()
    }

    #[test]
    fn the_rate_times_the_duration_is_offered_evenly() {
        let schedule = schedule(3, 2000);
        let due: Vec<u64> = (0..schedule.count()).map(|tx| schedule.due_micros(tx)).collect();
        assert_eq!(due, [0, 333_333, 666_666, 1_000_000, 1_333_333, 1_666_666]);
    }

    #[track_caller]
    fn check(rate: u64, millis: u64, burst_len_max: u64) {
        let schedule = schedule(rate, millis);
        let mut next = 0;
        for burst in schedule.bursts() {
            assert_eq!(burst.txs.start, next);
            next = burst.txs.end;
            assert!((1..=burst_len_max).contains(&(burst.txs.end - burst.txs.start)), "{burst:?}");
            assert_eq!(burst.due_micros, schedule.due_micros(next - 1), "none leaves early");
            assert!(burst.due_micros - schedule.due_micros(burst.txs.start) < BURST_MICROS);
        }
        assert_eq!(next, schedule.count());
    }

    #[test]
    fn every_transaction_is_in_one_burst_that_leaves_when_its_last_is_due() {
        check(1, 3000, 1);
        check(100, 1000, 1);
        check(7, 60_000, 1);
        check(1000, 2000, 4);
        check(4999, 1000, 20);
        check(1_000_000, 1000, 100);
    }

    #[test]
    fn more_than_can_be_signed_beforehand_is_refused() {
        let rate = |rate| NonZeroU64::new(rate).unwrap();
        assert!(Schedule::new(rate(u64::MAX), Millis::new(1000)).is_none());
        assert!(Schedule::new(rate(5001), Millis::new(1_000_000)).is_none());
        assert!(Schedule::new(rate(1), Millis::new(999)).is_none());
    }
}
