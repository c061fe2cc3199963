//! Ten thousand leveraged accounts, and a price that falls by thirty per cent in three updates.

use std::collections::BTreeSet;

use heddle_clearing::AccountId;
use heddle_clearing::ClearingEvent;
use heddle_clearing::TradeKind;
use heddle_exchange::MarketMode;
use heddle_exchange::MarketRules;
use heddle_executor::BlockOutcome;

use crate::check;
use crate::crowd::Crowd;
use crate::crowd::Surroundings;
use crate::scene::clearing_events;
use crate::scene::trades;
use crate::venue::BREAKER;
use crate::venue::RULES;

/// What the feed of the first market says after a thousand. The second market's stays.
const FALLS: [u32; 3] = [890, 790, 700];
/// Within so many blocks a cascade is to be over, those of the updates included.
const BLOCKS_MAX: usize = 20;

/// How the price falls, and what there is to fall on.
struct Fall {
    surroundings: Surroundings,
    /// Lots that makers bid for in each block and market.
    lots: u64,
    /// Blocks from one update to the next.
    every: usize,
}

/// What came of it.
#[derive(Debug, Default)]
struct Toll {
    /// From the first update until nobody is below maintenance margin, and nobody owes.
    blocks: usize,
    /// Of these, in which the first market collected orders.
    collecting: usize,
    /// Who was liquidated, whatever the way.
    accounts: BTreeSet<AccountId>,
    /// Trades of slices with books.
    slices: usize,
    handed_over: usize,
    deleveraged: usize,
    shared: usize,
    /// All, insurance, deleveraged, shared.
    bad_debt: [i128; 4],
    /// Of each block, on two threads.
    nanos: Vec<u64>,
}

impl Toll {
    fn of(fall: &Fall) -> Self {
        let mut crowd = Crowd::gather(fall.surroundings);
        let mut toll = Self::default();
        let last_update = fall.every * (FALLS.len() - 1);
        // A price counts from the block after that in which it was posted.
        while toll.blocks <= last_update + 1 || !check::is_over(&crowd.venue) {
            crowd.prices[0] = FALLS[(toll.blocks / fall.every).min(FALLS.len() - 1)];
            let outcome = crowd.block(&crowd.quote(fall.lots));
            toll.count(&crowd, &outcome);
            assert!(toll.blocks <= BLOCKS_MAX, "not over: {}", toll.summary());
        }
        crowd.check_residents();
        println!("{}", toll.summary());
        toll
    }

    fn count(&mut self, crowd: &Crowd, outcome: &BlockOutcome) {
        self.blocks += 1;
        self.nanos.push(crowd.nanos());
        if matches!(check::session(&crowd.venue, 0).mode(), MarketMode::Auction(_)) {
            self.collecting += 1;
        }
        self.bad_debt = check::bad_debt(&crowd.venue);
        let [all, insurance, deleveraged, shared] = self.bad_debt;
        assert_eq!(all, insurance + deleveraged + shared);
        let slices = trades(outcome);
        self.slices += slices.iter().filter(|trade| trade.kind == TradeKind::Liquidation).count();
        clearing_events(outcome).into_iter().for_each(|event| self.count_event(event));
    }

    fn count_event(&mut self, event: ClearingEvent) {
        let account = match event {
            ClearingEvent::LiquidationOrdered(ordered) => ordered.account,
            ClearingEvent::PositionHandedOver(handed) => {
                self.handed_over += 1;
                handed.account
            }
            ClearingEvent::Deleveraged(closed) => {
                self.deleveraged += 1;
                closed.account
            }
            ClearingEvent::LossShared(loss) => {
                self.shared += 1;
                loss.account
            }
            _ => return,
        };
        self.accounts.insert(account);
    }

    fn summary(&self) -> String {
        let Self { blocks, collecting, slices, handed_over, deleveraged, shared, .. } = self;
        let millis: Vec<_> = self.nanos.iter().map(|nanos| nanos / 1_000_000).collect();
        format!(
            "{blocks} blocks, {collecting} collecting, {} accounts, {slices} trades of slices, {handed_over} handed over, \
            {deleveraged} deleveraged, {shared} shared, bad debt {:?}, ms {millis:?}",
            self.accounts.len(),
            self.bad_debt,
        )
    }
}

#[test]
fn a_cascade_on_a_thin_book_takes_every_step_of_the_ladder_and_is_over_within_twenty_blocks() {
    let surroundings =
        Surroundings { volunteers: (2, 300_000), insurance: 100_000, rules: |_| RULES };
    let toll = Toll::of(&Fall { surroundings, lots: 400, every: 1 });
    assert!(toll.accounts.len() > 8_000);
    let [_, insurance, deleveraged, shared] = toll.bad_debt;
    assert!(toll.slices > 1_000 && toll.handed_over > 100);
    assert!(insurance > 0 && deleveraged > 0 && shared > 0);
}

#[test]
fn a_cascade_on_a_deep_book_is_over_within_twenty_blocks() {
    let surroundings =
        Surroundings { volunteers: (2, 300_000), insurance: 5_000_000, rules: |_| RULES };
    let toll = Toll::of(&Fall { surroundings, lots: 80_000, every: 4 });
    assert!(toll.slices > 4_000);
}

#[test]
fn a_cascade_through_a_tripped_breaker_waits_for_the_auction_and_is_over_within_twenty_blocks() {
    let rules = |_| MarketRules { breaker: Some(BREAKER), ..RULES };
    let surroundings = Surroundings { volunteers: (2, 300_000), insurance: 1_000_000, rules };
    let toll = Toll::of(&Fall { surroundings, lots: 80_000, every: 1 });
    assert!(toll.collecting > 0);
}
