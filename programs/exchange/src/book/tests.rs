use std::collections::BTreeMap;

use heddle_clearing::AccountId;
use heddle_clearing::Closed;
use heddle_clearing::Instruction;
use heddle_clearing::SelfTrade;
use heddle_clearing::TradeKind;
use heddle_clearing::limits::ORDER_LOTS_MAX;
use heddle_clearing::limits::POSITION_LOTS_MAX;
use heddle_num::SignedLots;
use heddle_sdk::Resident;
use heddle_types::UnixMillis;
use heddle_types::Value;

use super::*;
use crate::book::limits::MATCHES_PER_ORDER_MAX;
use crate::book::limits::ORDERS_PER_BOOK_MAX;
use crate::book::limits::REHEARSALS_PER_BLOCK_MAX;
use crate::book::limits::TRADERS_PER_BOOK_MAX;

const NOW: UnixMillis = UnixMillis::new(1_000);

fn env() -> Env {
    Env::continuous(NOW)
}

fn id(account: u32, number: u32) -> OrderId {
    OrderId { account: AccountId::new(account), number }
}

fn order(id: OrderId, side: Side, price: u32, lots: u64) -> Place {
    Place {
        id,
        side,
        price: Ticks::new(price),
        lots: Lots::new(lots),
        time_in_force: TimeInForce::GoodTillCancelled,
        reduce_only: false,
        self_trade: SelfTrade::Abort,
        trigger: None,
        display: None,
        is_liquidation: false,
    }
}

fn buy(account: u32, price: u32, lots: u64) -> Place {
    order(id(account, price), Side::Buy, price, lots)
}

fn sell(account: u32, price: u32, lots: u64) -> Place {
    order(id(account, price), Side::Sell, price, lots)
}

fn run(book: &mut Book, env: &Env, instructions: &[Instruction]) -> Vec<Outcome> {
    let mut out = Vec::new();
    book.run_block(env, instructions, &mut out);
    book.audit(env.mode).unwrap();
    out
}

fn place(book: &mut Book, env: &Env, places: &[Place]) -> Vec<Outcome> {
    let places: Vec<_> = places.iter().copied().map(Instruction::Place).collect();
    run(book, env, &places)
}

fn closed(id: OrderId, lots: u64, reason: CloseReason) -> Outcome {
    Outcome::Closed(Closed { id, lots: Lots::new(lots), reason })
}

/// Maker, taker, price and lots of each trade.
fn trades(outcomes: &[Outcome]) -> Vec<(OrderId, OrderId, u32, u64)> {
    let trade = |outcome: &Outcome| match outcome {
        Outcome::Trade(t) => Some((t.maker, t.taker, t.price.get(), t.lots.get())),
        Outcome::Closed(_) | Outcome::Decremented(..) => None,
    };
    outcomes.iter().filter_map(trade).collect()
}

fn levels(book: &Book, side: Side) -> Vec<(u32, u64, u32)> {
    let levels = book.depth(side, usize::MAX);
    levels.iter().map(|level| (level.price.get(), level.lots.get(), level.orders)).collect()
}

#[test]
fn better_prices_trade_first_then_older_orders() {
    let mut book = Book::new();
    let resting =
        [sell(1, 102, 5), sell(2, 101, 5), order(id(3, 0), Side::Sell, 101, 5), sell(4, 200, 5)];
    assert_eq!(place(&mut book, &env(), &resting), []);
    let taker = buy(9, 150, 13);
    let out = place(&mut book, &env(), &[taker]);
    let by = |maker: OrderId, price, lots| (maker, taker.id, price, lots);
    let expected = [by(id(2, 101), 101, 5), by(id(3, 0), 101, 5), by(id(1, 102), 102, 3)];
    assert_eq!(trades(&out), expected);
    assert_eq!(levels(&book, Side::Sell), [(102, 2, 1), (200, 5, 1)]);
}

#[test]
fn what_an_iceberg_shows_next_stands_behind_the_others() {
    let mut book = Book::new();
    let iceberg = Place { display: Some(Lots::new(4)), ..sell(1, 100, 10) };
    let plain = order(id(2, 0), Side::Sell, 100, 5);
    place(&mut book, &env(), &[iceberg, plain]);
    assert_eq!(levels(&book, Side::Sell), [(100, 9, 2)]);
    let out = place(&mut book, &env(), &[buy(9, 100, 6)]);
    assert_eq!(trades(&out)[0].3, 4);
    assert_eq!(trades(&out)[1].0, plain.id);
    assert_eq!(levels(&book, Side::Sell), [(100, 7, 2)]);
    let out = place(&mut book, &env(), &[order(id(9, 1), Side::Buy, 100, 9)]);
    assert_eq!(trades(&out).iter().map(|t| t.3).collect::<Vec<_>>(), [3, 4, 2]);
}

#[test]
fn an_order_meets_so_many_others_and_no_more() {
    let many: Vec<Place> =
        (0..=MATCHES_PER_ORDER_MAX).map(|n| order(id(1, n), Side::Sell, 100, 1)).collect();
    let met = u64::from(MATCHES_PER_ORDER_MAX);
    let mut book = Book::new();
    place(&mut book, &env(), &many);
    for (number, lots, fills) in [(0, met + 1, 0), (1, met, MATCHES_PER_ORDER_MAX as usize)] {
        let mut book = book.clone();
        let place_fok = Place {
            time_in_force: TimeInForce::FillOrKill,
            ..order(id(9, number), Side::Buy, 100, lots)
        };
        assert_eq!(trades(&place(&mut book, &env(), &[place_fok])).len(), fills);
    }
    let taker = buy(9, 100, met + 5);
    let out = place(&mut book, &env(), &[taker]);
    assert_eq!(trades(&out).len(), MATCHES_PER_ORDER_MAX as usize);
    assert_eq!(out.last(), Some(&closed(taker.id, 5, CloseReason::MatchLimit)));
    assert_eq!(levels(&book, Side::Sell), [(100, 1, 1)]);
}

#[test]
fn a_block_tries_so_many_orders_that_must_trade_in_full_and_no_more() {
    let mut book = Book::new();
    let many = (0..=MATCHES_PER_ORDER_MAX).map(|n| order(id(1, n), Side::Sell, 100, 1));
    place(&mut book, &env(), &many.collect::<Vec<_>>());
    let must = |account, lots| Place {
        time_in_force: TimeInForce::FillOrKill,
        ..order(id(account, 0), Side::Buy, 100, lots)
    };
    let tried = REHEARSALS_PER_BLOCK_MAX / MATCHES_PER_ORDER_MAX;
    let vain = (2..2 + tried).map(|account| must(account, 5_000));
    let last = must(1_000_000, 1);
    let out = place(&mut book, &env(), &vain.chain([last]).collect::<Vec<_>>());
    assert_eq!(out.len(), tried as usize + 1);
    assert_eq!(out.last(), Some(&closed(last.id, 1, CloseReason::Killed)));
    assert_eq!(trades(&place(&mut book, &env(), &[last])).len(), 1, "the next block tries again");
}

#[test]
fn a_full_book_refuses_what_would_rest_and_still_trades() {
    let mut book = Book::new();
    let all: Vec<Place> =
        (0..ORDERS_PER_BOOK_MAX).map(|n| order(id(n / 256, n), Side::Buy, 1 + n * 3, 1)).collect();
    assert_eq!(place(&mut book, &env(), &all), []);
    let refused = sell(1 << 20, u32::MAX, 7);
    let waiting = Place { trigger: Some(at_or_above(1)), ..order(id(1 << 20, 0), Side::Buy, 1, 2) };
    let expected = [
        closed(refused.id, 7, CloseReason::BookFull),
        closed(waiting.id, 2, CloseReason::BookFull),
    ];
    assert_eq!(place(&mut book, &env(), &[refused, waiting]), expected);
    let best = 1 + (ORDERS_PER_BOOK_MAX - 1) * 3;
    assert_eq!(trades(&place(&mut book, &env(), &[sell(1 << 20, best, 1)])).len(), 1);
    assert_eq!(place(&mut book, &env(), &[refused]), []);
}

#[test]
fn an_account_that_finds_no_room_is_refused_an_order_but_not_a_position() {
    let mut book = Book::new();
    let move_by =
        |account, lots| Instruction::MovePosition(AccountId::new(account), SignedLots::new(lots));
    let others = i64::from(TRADERS_PER_BOOK_MAX) - 1;
    let mut moves: Vec<_> = (1..TRADERS_PER_BOOK_MAX).map(|account| move_by(account, 1)).collect();
    moves.push(move_by(0, -others));
    run(&mut book, &env(), &moves);
    let newcomer = 1 << 30;
    let refused = buy(newcomer, 5, 1);
    let expected = [closed(refused.id, 1, CloseReason::BookFull)];
    assert_eq!(place(&mut book, &env(), &[refused]), expected);
    run(&mut book, &env(), &[move_by(newcomer, 1), move_by(0, -1)]);
    assert_eq!(book.position(AccountId::new(newcomer)), SignedLots::new(1));
    assert_eq!(place(&mut book, &env(), &[refused]), []);
}

#[test]
fn cancels_come_before_all_orders_of_their_block() {
    let mut book = Book::new();
    let maker = sell(1, 100, 5);
    place(&mut book, &env(), &[maker]);
    let taker = buy(2, 100, 5);
    let out = run(&mut book, &env(), &[Instruction::Place(taker), Instruction::Cancel(maker.id)]);
    assert_eq!(out, []);
    assert_eq!(levels(&book, Side::Buy), [(100, 5, 1)]);
}

#[test]
fn an_order_is_annulled_by_its_own_block_in_whole_or_in_part() {
    let mut book = Book::new();
    place(&mut book, &env(), &[sell(1, 100, 50)]);
    let (whole, part, twice) = (buy(2, 100, 5), buy(3, 100, 5), buy(4, 100, 5));
    let instructions = [
        Instruction::Place(whole),
        Instruction::Place(part),
        Instruction::Place(twice),
        Instruction::Cancel(whole.id),
        Instruction::Reduce(part.id, Lots::new(2)),
        Instruction::Reduce(twice.id, Lots::new(3)),
        Instruction::Reduce(twice.id, Lots::new(2)),
    ];
    let out = run(&mut book, &env(), &instructions);
    assert_eq!(trades(&out), [(id(1, 100), part.id, 100, 3)]);
    assert_eq!(out.len(), 1, "what an account takes back is not told");
}

#[test]
fn an_order_that_ends_in_the_block_of_its_cancel_is_not_told_to_be_closed() {
    let mut book = Book::new();
    let ends =
        |order| Place { time_in_force: TimeInForce::GoodTillTime(UnixMillis::new(2_000)), ..order };
    let (whole, part) = (ends(buy(1, 100, 5)), ends(buy(2, 100, 5)));
    place(&mut book, &env(), &[whole, part]);
    let instructions = [Instruction::Cancel(whole.id), Instruction::Reduce(part.id, Lots::new(3))];
    let out = run(&mut book, &Env { now: UnixMillis::new(2_000), ..env() }, &instructions);
    assert_eq!(out, [closed(part.id, 2, CloseReason::Expired)]);
}

#[test]
fn icebergs_meet_once_in_an_auction_however_little_they_show() {
    let mut book = Book::new();
    let shy = |order| Place { display: Some(Lots::new(1)), ..order };
    let all = [shy(buy(1, 100, ORDER_LOTS_MAX)), shy(sell(2, 100, ORDER_LOTS_MAX - 7))];
    let out = place(&mut book, &Env { mode: Matching::Uncross, ..env() }, &all);
    assert_eq!(trades(&out), [(all[0].id, all[1].id, 100, ORDER_LOTS_MAX - 7)]);
    assert_eq!(levels(&book, Side::Buy), [(100, 1, 1)]);
}

#[test]
fn post_only_orders_come_before_the_rest() {
    let mut book = Book::new();
    let post = Place { time_in_force: TimeInForce::PostOnly, ..sell(1, 100, 5) };
    let taker = buy(2, 100, 5);
    let out = place(&mut book, &env(), &[taker, post]);
    assert_eq!(trades(&out), [(post.id, taker.id, 100, 5)]);
}

#[test]
fn a_deadline_takes_all_orders_of_its_account_and_is_then_over() {
    let mut book = Book::new();
    let account = AccountId::new(1);
    let late = UnixMillis::new(2_000);
    let orders = [buy(1, 10, 1), buy(1, 20, 2), buy(2, 30, 3)];
    place(&mut book, &env(), &orders);
    run(&mut book, &env(), &[Instruction::CancelAfter(account, Some(late))]);
    assert_eq!(book.summary().next_due, Some(late));
    let out = run(&mut book, &Env { now: late, ..env() }, &[Instruction::Place(buy(1, 40, 4))]);
    let expected = [
        closed(orders[0].id, 1, CloseReason::CancelAfter),
        closed(orders[1].id, 2, CloseReason::CancelAfter),
    ];
    assert_eq!(out, expected);
    assert_eq!((book.deadline(account), book.orders_of(account).len()), (None, 1));
}

#[test]
fn a_sign_of_life_in_the_same_block_comes_in_time() {
    let mut book = Book::new();
    let account = AccountId::new(1);
    place(&mut book, &env(), &[buy(1, 10, 1)]);
    run(&mut book, &env(), &[Instruction::CancelAfter(account, Some(UnixMillis::new(2_000)))]);
    let later = Env { now: UnixMillis::new(2_500), ..env() };
    let next = Instruction::CancelAfter(account, Some(UnixMillis::new(3_000)));
    assert_eq!(run(&mut book, &later, &[next]), []);
}

fn at_or_above(price: u32) -> Trigger {
    Trigger { when: heddle_clearing::TriggerWhen::AtOrAbove, price: Ticks::new(price) }
}

#[test]
fn triggered_orders_come_in_the_order_in_which_the_mark_reached_them() {
    let mut book = Book::new();
    place(&mut book, &env(), &[sell(1, 100, 3)]);
    let stop =
        |account, trigger| Place { trigger: Some(at_or_above(trigger)), ..buy(account, 100, 1) };
    let stops = [stop(2, 70), stop(3, 60), stop(4, 60), stop(5, 90)];
    assert_eq!(place(&mut book, &env(), &stops), []);
    assert_eq!(book.summary().next_above, Some(Ticks::new(60)));
    let marked = Env { mark: Some(Ticks::new(75)), ..env() };
    let out = place(&mut book, &marked, &[buy(6, 100, 1)]);
    let takers: Vec<_> = trades(&out).iter().map(|trade| trade.1).collect();
    assert_eq!(takers, [stops[1].id, stops[2].id, stops[0].id]);
    assert_eq!(levels(&book, Side::Buy), [(100, 1, 1)]);
}

#[test]
fn nothing_trades_or_rests_beyond_the_band() {
    let band = Some(Band { low: Ticks::new(90), high: Ticks::new(110) });
    let banded = Env { band, ..env() };
    let mut book = Book::new();
    // Placed before there was a band.
    let low_ask = sell(1, 80, 5);
    place(&mut book, &env(), &[low_ask, sell(2, 105, 5), sell(3, 120, 5)]);
    let taker = buy(9, 130, 9);
    let out = place(&mut book, &banded, &[taker]);
    assert_eq!(out[0], closed(low_ask.id, 5, CloseReason::OutsideBand));
    assert_eq!(trades(&out), [(id(2, 105), taker.id, 105, 5)]);
    assert_eq!(out[2], closed(taker.id, 4, CloseReason::OutsideBand));
    let rest = buy(9, 111, 1);
    assert_eq!(place(&mut book, &banded, &[rest]), [closed(rest.id, 1, CloseReason::OutsideBand)]);
    assert_eq!(place(&mut book, &banded, &[buy(9, 110, 1), buy(9, 1, 1)]), []);
}

#[test]
fn a_reduce_only_order_never_turns_a_position() {
    let mut book = Book::new();
    place(&mut book, &env(), &[sell(1, 100, 4), buy(2, 100, 4)]);
    let resting = Place { reduce_only: true, ..sell(2, 100, 10) };
    assert_eq!(place(&mut book, &env(), &[resting]), []);
    let out = place(&mut book, &env(), &[buy(3, 100, 6)]);
    assert_eq!(trades(&out).iter().map(|trade| trade.3).collect::<Vec<_>>(), [4]);
    assert_eq!(out[1], closed(resting.id, 6, CloseReason::NothingToReduce));
    assert_eq!(book.position(AccountId::new(2)), SignedLots::ZERO);
}

#[test]
fn open_interest_stops_at_its_cap_but_positions_may_still_close() {
    let capped = Env { open_interest_cap: Lots::new(10), ..env() };
    let mut book = Book::new();
    let taker = buy(2, 100, 15);
    let out = place(&mut book, &capped, &[sell(1, 100, 20), taker]);
    assert_eq!(out[1], closed(taker.id, 5, CloseReason::OpenInterestCap));
    assert_eq!(book.open_interest(), Lots::new(10));
    // The one who is long sells to the one who is short: 10 lots end, and the rest has no room.
    run(&mut book, &capped, &[Instruction::Cancel(id(1, 100))]);
    let closing = order(id(2, 1), Side::Sell, 90, 30);
    place(&mut book, &capped, &[order(id(1, 1), Side::Buy, 90, 40), closing]);
    assert_eq!(book.open_interest(), Lots::new(10));
    assert_eq!(book.position(AccountId::new(2)), SignedLots::new(-10));
}

#[test]
fn an_auction_gives_one_price_to_all_and_keeps_who_is_left() {
    let mut book = Book::new();
    let collect = Env { mode: Matching::Collect, ..env() };
    let immediate = Place { time_in_force: TimeInForce::ImmediateOrCancel, ..buy(5, 104, 3) };
    let all = [buy(1, 104, 10), buy(2, 102, 5), sell(3, 98, 12), sell(4, 103, 9)];
    assert_eq!(place(&mut book, &collect, &all), []);
    assert_eq!(
        place(&mut book, &collect, &[immediate]),
        [closed(immediate.id, 3, CloseReason::MarketClosed)]
    );
    let uncross = Env { mode: Matching::Uncross, ..env() };
    let out = place(&mut book, &uncross, &[immediate]);
    // 13 are bid at 103 and 104, 21 are asked there.
    let prices: Vec<_> = trades(&out).iter().map(|t| (t.2, t.3)).collect();
    assert_eq!(prices, [(103, 10), (103, 2), (103, 1)]);
    let kinds =
        |outcome: &Outcome| matches!(outcome, Outcome::Trade(t) if t.kind == TradeKind::Auction);
    assert!(out.iter().all(kinds));
    assert_eq!(levels(&book, Side::Sell), [(103, 8, 1)]);
    assert_eq!(levels(&book, Side::Buy), [(102, 5, 1)]);
}

#[test]
fn what_the_band_has_moved_past_takes_no_part_in_an_auction() {
    let mut book = Book::new();
    let band = Some(Band { low: Ticks::new(90), high: Ticks::new(110) });
    let all = [sell(1, 100, 2), sell(2, 115, 5), buy(3, 120, 1), buy(4, 80, 1), buy(5, 110, 1)];
    let out = place(&mut book, &Env { mode: Matching::Uncross, band, ..env() }, &all);
    assert_eq!(out[0], closed(all[2].id, 1, CloseReason::OutsideBand));
    assert_eq!(trades(&out), [(all[0].id, all[4].id, 105, 1)]);
    assert_eq!(
        (book.best(Side::Buy), book.best(Side::Sell)),
        (Some(Ticks::new(80)), Some(Ticks::new(100)))
    );
}

#[test]
fn an_auction_ends_uncrossed_however_often_orders_that_counted_are_closed() {
    let mut book = Book::new();
    // One account's bids count for the price and meet its own ask, so that each round has a lower price and no trade.
    let mut all = vec![sell(1, 1, 10)];
    all.extend((5..13).rev().map(|power| buy(1, 1 << (2 * power), 10)));
    let others = [buy(2, 256, 5), buy(3, 64, 5)];
    all.extend(others);
    let out = place(&mut book, &Env { mode: Matching::Uncross, ..env() }, &all);
    let expected = others.map(|order| closed(order.id, 5, CloseReason::MatchLimit));
    assert_eq!(out[8..], expected);
    assert_eq!((trades(&out), book.len()), (vec![], 1));
}

#[test]
fn orders_that_collected_without_an_auction_have_it_when_trading_begins() {
    let mut book = Book::new();
    let collect = Env { mode: Matching::Collect, ..env() };
    place(&mut book, &collect, &[sell(1, 90, 2), buy(2, 110, 2)]);
    assert!(book.is_crossed());
    assert_eq!(trades(&run(&mut book, &env(), &[]))[0].2, 100);
}

#[test]
fn an_auction_at_the_edges_of_all_types_does_not_overflow() {
    let mut book = Book::new();
    let all = [buy(1, u32::MAX, ORDER_LOTS_MAX), sell(2, 1, ORDER_LOTS_MAX)];
    let out = place(&mut book, &Env { mode: Matching::Uncross, ..env() }, &all);
    assert_eq!(trades(&out), [(all[0].id, all[1].id, 1 << 31, ORDER_LOTS_MAX)]);
}

#[test]
#[should_panic(expected = "within their bound")]
fn a_position_past_its_bound_is_a_broken_invariant() {
    let mut book = Book::new();
    let far = Instruction::MovePosition(AccountId::new(1), SignedLots::new(POSITION_LOTS_MAX));
    run(&mut book, &env(), &[far, far]);
}

/// A book with one order of each shape, two positions and a deadline.
fn stored() -> BTreeMap<Vec<u8>, Value> {
    let mut book = Book::new();
    let iceberg = Place { display: Some(Lots::new(3)), ..sell(2, 110, 9) };
    let stop = Place { trigger: Some(at_or_above(500)), reduce_only: true, ..buy(3, 600, 2) };
    let ending =
        Place { time_in_force: TimeInForce::GoodTillTime(UnixMillis::new(5_000)), ..buy(4, 90, 1) };
    place(&mut book, &env(), &[sell(1, 100, 1), buy(2, 100, 1), iceberg, stop, ending]);
    let life = Instruction::CancelAfter(AccountId::new(3), Some(UnixMillis::new(7_000)));
    run(&mut book, &env(), &[life]);
    let mut parts = BTreeMap::new();
    book.flush(&mut |suffix, value| {
        parts.extend(value.map(|value| (suffix.to_vec(), value)));
    });
    parts
}

fn load(parts: &BTreeMap<Vec<u8>, Value>) -> Result<Book, Corrupt> {
    Book::load(&mut |suffix| parts.get(suffix).cloned())
}

#[test]
fn parts_are_encoded_as_ever() {
    let parts = stored();
    let hex = |suffix: &[u8]| format!("{:?}", parts[suffix]);
    assert_eq!(parts.len(), 3);
    assert_eq!(hex(b"h"), "040000000000000001640000000100000001000000");
    assert_eq!(
        hex(b"o\0\0\0\0"),
        "0300000000020000006e000000016e000000090000000000000000000000010300000000000000000100000000000000010300000000000000010300000058020000005802000002000000000000000001000100f4010000000002000000000000000002040000005a000000005a00000001000000000000000188130000000000000000000000030000000000000000"
    );
    assert_eq!(
        hex(b"t\0\0\0\0"),
        "0300000000020000000100000000000000000101000000ffffffffffffffff000203000000000000000000000001581b000000000000"
    );
    load(&parts).unwrap().audit(Matching::Continuous).unwrap();
}

#[test]
fn a_page_without_content_is_gone() {
    let mut book = Book::new();
    place(&mut book, &env(), &[sell(1, 100, 1), buy(2, 100, 1), buy(3, 50, 1)]);
    book.flush(&mut |_, _| {});
    let back = [order(id(1, 1), Side::Buy, 100, 1), order(id(2, 1), Side::Sell, 100, 1)];
    place(&mut book, &env(), &back);
    book.cancel(id(3, 50));
    let mut parts = BTreeMap::new();
    book.flush(&mut |suffix, value| {
        parts.insert(suffix.to_vec(), value.is_some());
    });
    let expected = [(b"h".as_slice(), true), (b"o\0\0\0\0", false), (b"t\0\0\0\0", false)];
    let expected = expected.map(|(suffix, is_there)| (suffix.to_vec(), is_there));
    assert_eq!(parts, BTreeMap::from(expected));
}

#[test]
fn parts_that_are_cut_short_or_do_not_fit_are_refused() {
    let parts = stored();
    for (suffix, value) in &parts {
        let mut broken = parts.clone();
        let bytes = value.as_bytes();
        broken.insert(suffix.clone(), Value::new(&bytes[..bytes.len() - 1]));
        assert!(load(&broken).is_err());
    }
    let mut twice = parts.clone();
    twice.insert(b"o\0\0\0\x01".to_vec(), parts[b"o\0\0\0\0".as_slice()].clone());
    let mut head = parts[b"h".as_slice()].as_bytes().to_vec();
    let pages = head.len() - 8;
    head[pages] = 2;
    twice.insert(b"h".to_vec(), Value::new(&head));
    assert_eq!(load(&twice).unwrap_err(), Corrupt::Orders(1));
    head[pages..pages + 4].copy_from_slice(&u32::MAX.to_le_bytes());
    twice.insert(b"h".to_vec(), Value::new(&head));
    assert_eq!(load(&twice).unwrap_err(), Corrupt::Head);
}
