//! A venue's ordinary days.

use heddle_clearing::AccountId;
use heddle_exchange::ActionResult;
use heddle_exchange::ExchangeEvent;

use crate::check;
use crate::venue::PRICE;
use crate::venue::Setup;
use crate::venue::Venue;
use crate::venue::buy;
use crate::venue::exchange_events;
use crate::venue::sell;

#[test]
fn two_traders_meet_and_hold_opposite_positions() {
    let mut venue = Venue::open(Setup::default());
    let maker = venue.batch(0, 0, vec![buy(999, 10), buy(998, 5)]);
    let taker = venue.batch(1, 0, vec![sell(999, 4)]);
    let outcome = venue.run_at(&[PRICE], &[maker, taker]);
    check::all(&venue, &outcome);
    let trades: Vec<_> = exchange_events(&outcome)
        .into_iter()
        .filter_map(|event| match event {
            ExchangeEvent::Trades(trades) => Some(trades.trades),
            _ => None,
        })
        .flatten()
        .collect();
    assert_eq!(trades.len(), 1);
    assert_eq!(check::position(&venue, venue.account(0), 0), 4);
    assert_eq!(check::position(&venue, venue.account(1), 0), -4);
}

#[test]
fn an_order_out_of_the_band_is_refused_and_the_others_of_its_batch_are_not() {
    let mut venue = Venue::open(Setup::default());
    let batch = venue.batch(0, 0, vec![buy(1101, 1), buy(1100, 1), sell(899, 1)]);
    let outcome = venue.run_at(&[PRICE], &[batch]);
    check::all(&venue, &outcome);
    let results = exchange_events(&outcome).into_iter().find_map(|event| match event {
        ExchangeEvent::Batch(batch) => Some(batch.results),
        _ => None,
    });
    let refused = ActionResult::Refused(7);
    assert_eq!(results, Some(vec![refused, ActionResult::Order(0), refused]));
    assert_eq!(venue.account(0), AccountId::new(venue.account(0).get()));
}
