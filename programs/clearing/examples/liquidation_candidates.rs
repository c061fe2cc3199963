//! How long it takes to find who is to be liquidated among 100,000 accounts, and what keeping the index up to date costs.
//!
//! `cargo run --release -p heddle-clearing --example liquidation_candidates`

use std::time::Duration;

use heddle_clearing::AccountId;
use heddle_clearing::Side;
use heddle_clearing::index::LiquidationIndex;
use heddle_clearing::index::Watched;
use heddle_clearing::liquidation::MarketWorth;
use heddle_clearing::liquidation::Threshold;
use heddle_num::Ppm;
use heddle_num::Quote;
use heddle_num::SignedLots;
use heddle_num::Ticks;
use heddle_num::UnitValue;
use heddle_sdk::Resident;

const ACCOUNTS: u32 = 100_000;
const UNIT: UnitValue = UnitValue::new(1_000);
const MARK: u32 = 60_000;
const RUNS: usize = 21;

fn main() {
    let mut index = LiquidationIndex::default();
    let filling = time(|| (0..ACCOUNTS).for_each(|account| put(&mut index, account)));
    let flushing = time(|| index.flush(&mut |_, _| {}));
    println!("liquidation::fill/accounts={ACCOUNTS} {filling:?}");
    println!("liquidation::flush/accounts={ACCOUNTS} {flushing:?}");
    for parts_of_thousand in [0, 5, 10, 50, 100, 300, 900] {
        let mark = MARK - MARK * parts_of_thousand / 1_000;
        let mut found = 0;
        let mut find = || found = index.take_crossed(&market(mark), usize::MAX).len();
        let mut runs: Vec<_> = (0..RUNS).map(|_| time(&mut find)).collect();
        runs.sort_unstable();
        let (median, most) = (runs[RUNS / 2], runs[RUNS - 1]);
        println!(
            "liquidation::find/fall={parts_of_thousand}‰ found {found}: {median:?}, at most {most:?}"
        );
    }
}

/// Leverage from 1 to 20, two accounts of three long.
fn put(index: &mut LiquidationIndex, account: u32) {
    let size = i64::from(1 + account % 97);
    let (lots, side) =
        if account.is_multiple_of(3) { (-size, Side::Sell) } else { (size, Side::Buy) };
    let lots = SignedLots::new(lots);
    let leverage = i128::from(1 + account.wrapping_mul(2_654_435_761) % 20);
    let notional = Ticks::new(MARK).notional(lots.abs(), UNIT).get();
    let headroom = Quote::new(notional / leverage - notional / 50);
    let threshold = Threshold::new(headroom, lots.abs().get(), &market(MARK).lot(side));
    let entry = lots.value(Ticks::new(MARK), UNIT);
    index.upsert(AccountId::new(account), Watched { lots, entry, threshold });
}

fn market(mark: u32) -> MarketWorth {
    MarketWorth {
        mark: Ticks::new(mark),
        unit: UNIT,
        funding: 0,
        loss: 0,
        rate_max: Ppm::new(20_000),
    }
}

#[expect(clippy::disallowed_types, reason = "an example that measures has a clock")]
fn time(work: impl FnOnce()) -> Duration {
    let start = std::time::Instant::now();
    work();
    start.elapsed()
}
