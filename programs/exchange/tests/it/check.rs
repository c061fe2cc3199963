//! What must hold after every block of a venue, counted from all of its state.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use heddle_clearing::Account;
use heddle_clearing::AccountId;
use heddle_clearing::Count;
use heddle_clearing::Lane;
use heddle_clearing::MarketId;
use heddle_clearing::OpenOrders;
use heddle_clearing::OrderId;
use heddle_clearing::OrderSums;
use heddle_clearing::RiskTable;
use heddle_clearing::liquidation::BadDebt;
use heddle_exchange::Book;
use heddle_exchange::ExchangeEvent;
use heddle_exchange::Session;
use heddle_executor::BlockOutcome;
use heddle_ledger::supply;
use heddle_num::Lots;
use heddle_sdk::decode_number;
use heddle_types::Amount;
use heddle_types::ProgramId;
use heddle_types::StateView;
use heddle_types::Value;
use heddle_types::decode_exact;

use crate::venue::Venue;
use crate::venue::exchange_events;
use crate::venue::usd;

/// Everything.
pub(crate) fn all(venue: &Venue, outcome: &BlockOutcome) {
    let count = money(venue);
    let uneven: Vec<_> = count.lots.iter().filter(|(_, lots)| **lots != 0).collect();
    assert!(uneven.is_empty(), "lots do not sum to zero: {uneven:?}");
    let accounts = accounts(venue);
    for market in (0..venue.setup.markets).map(MarketId::new) {
        let book = book(venue, market);
        a_book(venue, market, &book, &accounts);
    }
    reservations(venue, &accounts);
    imbalances(outcome);
}

/// Everything, where some markets may be broken.
pub(crate) fn all_but(venue: &Venue, broken: u16) {
    money(venue);
    let accounts = accounts(venue);
    for market in (0..venue.setup.markets).filter(|market| *market != broken).map(MarketId::new) {
        let book = book(venue, market);
        a_book(venue, market, &book, &accounts);
    }
    reservations(venue, &accounts);
}

/// Conservation of money, exactly: in lanes, counted, and in the ledger. What was counted.
pub(crate) fn money(venue: &Venue) -> Count {
    let count = Count::of(&venue.chain.state.0).unwrap();
    assert_eq!(count.imbalance(), 0, "{count:?}");
    assert_eq!(count.accounts, count.lane(Lane::Accounts));
    let vault = venue.chain.balance(&heddle_clearing::vault(), &usd());
    assert_eq!(vault.signed(), count.lane(Lane::Vault));
    let supply = supply(&venue.chain.state.0).unwrap();
    let traders = u128::from(venue.setup.traders);
    let dollars = traders * (venue.setup.collateral + venue.setup.wallet) + venue.setup.insurance;
    assert_eq!(supply[&usd()], Amount::new(dollars * crate::venue::USD).unwrap());
    count
}

/// All accounts.
pub(crate) fn accounts(venue: &Venue) -> BTreeMap<AccountId, Account> {
    (0..)
        .map(AccountId::new)
        .map_while(|id| {
            let entry = venue.chain.state.entry(&heddle_clearing::account_key(id))?;
            Some((id, decode_exact(entry.value.as_bytes()).unwrap()))
        })
        .collect()
}

/// An account's position.
pub(crate) fn position(venue: &Venue, account: AccountId, market: u16) -> i64 {
    let account = &accounts(venue)[&account];
    account.exposure(MarketId::new(market)).map_or(0, |exposure| exposure.lots.get())
}

/// A market's book, from its parts.
pub(crate) fn book(venue: &Venue, market: MarketId) -> Book {
    let name = heddle_exchange::book_key(market);
    let mut read = |suffix: &[u8]| -> Option<Value> {
        venue.chain.state.entry(&name.part(suffix)?).map(|entry| entry.value)
    };
    Book::load(&mut read).unwrap()
}

/// An account's open orders.
pub(crate) fn orders(venue: &Venue, account: AccountId, market: MarketId) -> OpenOrders {
    let entry = venue.chain.state.entry(&heddle_clearing::orders_key(account, market));
    entry.map_or_else(OpenOrders::default, |entry| decode_exact(entry.value.as_bytes()).unwrap())
}

/// The book keeps its invariants, and accounts and book agree on every order and position.
fn a_book(venue: &Venue, market: MarketId, book: &Book, accounts: &BTreeMap<AccountId, Account>) {
    let session = venue.chain.state.entry(&heddle_exchange::session_key(market)).unwrap();
    let session: Session = decode_exact(session.value.as_bytes()).unwrap();
    let now = heddle_executor::testing::header(venue.chain.height).time;
    let before = heddle_types::UnixMillis::new(now.get() - 1000);
    let audited = book.audit(session.matching(before));
    assert_eq!(
        audited,
        Ok(()),
        "market {market}, {:?} at {before:?}, {:?}",
        session.mode(),
        book.summary()
    );
    for (id, account) in accounts {
        let held = account.exposure(market).map_or(0, |exposure| exposure.lots.get());
        assert_eq!(book.position(*id).get(), held, "position of {id} in {market}");
        let resting: BTreeMap<OrderId, Lots> =
            book.orders_of(*id).iter().map(|place| (place.id, place.lots)).collect();
        let listed: BTreeMap<OrderId, Lots> = orders(venue, *id, market)
            .as_slice()
            .iter()
            .map(|order| (OrderId { account: *id, number: order.number }, order.lots))
            .collect();
        assert_eq!(resting, listed, "orders of {id} in {market}");
    }
}

/// The last block's risk table.
pub(crate) fn risk(venue: &Venue) -> RiskTable {
    let table = venue.chain.state.entry(&heddle_clearing::risk_table_key()).unwrap();
    RiskTable::from_value(table.value).unwrap()
}

/// The last block's session of a market.
pub(crate) fn session(venue: &Venue, market: u16) -> Session {
    let key = heddle_exchange::session_key(MarketId::new(market));
    decode_exact(venue.chain.state.entry(&key).unwrap().value.as_bytes()).unwrap()
}

/// The sums of bad debt since the genesis: all, paid by insurance, deleveraged, shared.
pub(crate) fn bad_debt(venue: &Venue) -> [i128; 4] {
    [BadDebt::Settled, BadDebt::Insurance, BadDebt::Deleveraged, BadDebt::Shared].map(|which| {
        let entry = venue.chain.state.entry(&which.key());
        entry.map_or(0, |entry| decode_number(entry.value.as_bytes()).unwrap())
    })
}

/// Nobody is in distress, and nobody owes.
pub(crate) fn is_over(venue: &Venue) -> bool {
    let risk = risk(venue);
    accounts(venue).values().all(|account| {
        let margin = account.margin(&risk).unwrap();
        margin.equity >= margin.maintenance && margin.equity.get() >= 0
    })
}

/// What is set aside is what the open orders need, counted anew.
fn reservations(venue: &Venue, accounts: &BTreeMap<AccountId, Account>) {
    let table = risk(venue);
    for account in accounts.values() {
        for exposure in &account.exposures {
            let row = table.row(exposure.market).unwrap();
            let listed = orders(venue, account.id, exposure.market);
            let again = OrderSums::of(&listed, exposure.orders.basis, row.unit).unwrap();
            assert_eq!(exposure.orders, again);
        }
    }
}

/// The node's own check found nothing.
fn imbalances(outcome: &BlockOutcome) {
    let own = outcome.phase_events.iter().filter(|event| event.program == ProgramId::CLEARING);
    let found = own.filter_map(|event| {
        heddle_clearing::ClearingEvent::decode(event.kind, event.data.as_ref())
    });
    for event in found {
        let is_bad = matches!(
            event,
            heddle_clearing::ClearingEvent::Imbalance(_)
                | heddle_clearing::ClearingEvent::AccountFrozen(_)
                | heddle_clearing::ClearingEvent::MarketFrozen(_)
        );
        assert!(!is_bad, "{event:?}");
    }
}

/// No order traded that its account cancelled in this block.
pub(crate) fn cancels_hold(cancelled: &BTreeSet<OrderId>, outcome: &BlockOutcome) {
    for event in exchange_events(outcome) {
        if let ExchangeEvent::Trades(trades) = event {
            for trade in trades.trades {
                assert!(!cancelled.contains(&trade.maker), "{trade:?}");
                assert!(!cancelled.contains(&trade.taker), "{trade:?}");
            }
        }
    }
}
