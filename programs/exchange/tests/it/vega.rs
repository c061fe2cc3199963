//! Call auctions of Vega.
//!
//! Its *uncrossing side* is the one from which it takes the orders to trade: the buyers if some of their best levels trade exactly
//! the volume, else the sellers. Ours pairs both sides; which orders trade is the same.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use heddle_clearing::Instruction;
use heddle_clearing::OrderId;
use heddle_clearing::Place;
use heddle_clearing::Side;
use heddle_exchange::Book;
use heddle_exchange::Env;
use heddle_exchange::Matching;
use heddle_types::UnixMillis;
use serde_json::Value as Json;

use crate::data;
use crate::orders;

#[test]
fn auctions_of_vega_trade_at_the_same_price_and_volume() {
    let Some(bytes) = data::read("call_auction_vega.json") else { return };
    let file: Json = serde_json::from_slice(&bytes).unwrap();
    let cases = file.as_array().unwrap();
    cases.iter().for_each(check);
    assert!(cases.len() >= 4, "{} auctions", cases.len());
}

fn check(case: &Json) {
    let places = places(&case["orders"]);
    let env = Env { mode: Matching::Collect, ..Env::continuous(UnixMillis::new(0)) };
    let mut book = Book::new();
    let instructions: Vec<_> = places.iter().copied().map(Instruction::Place).collect();
    assert_eq!(orders::run(&mut book, &env, &instructions), []);
    let indicative =
        book.indicative().map_or((0, 0), |auction| (auction.price.get(), auction.lots.get()));

    let outcomes = orders::run(&mut book, &Env { mode: Matching::Uncross, ..env }, &[]);
    let trades = orders::trades(&outcomes);
    assert_eq!(trades.len(), outcomes.len(), "nothing else happened");
    book.check(Matching::Continuous).unwrap();

    let price: BTreeSet<u32> = trades.iter().map(|trade| trade.price.get()).collect();
    let volume: u64 = trades.iter().map(|trade| trade.lots.get()).sum();
    assert!(price.len() <= 1, "one price");
    assert_eq!((price.first().copied().unwrap_or(0), volume), indicative, "{}", case["id"]);

    let expected = &case["expected"];
    assert_eq!(expected["uncross_price"], indicative.0, "{}", case["id"]);
    assert_eq!(expected["uncross_volume"], indicative.1, "{}", case["id"]);
    let side = uncrossing_side(&places, volume);
    let name = side.map_or("unspecified", |side| if side == Side::Buy { "buy" } else { "sell" });
    assert_eq!(expected["uncross_side"], name, "{}", case["id"]);
    let traded: BTreeSet<OrderId> =
        trades.iter().flat_map(|trade| [trade.maker, trade.taker]).collect();
    let theirs =
        places.iter().filter(|place| Some(place.side) == side && traded.contains(&place.id));
    assert_eq!(expected["n_uncrossed_aggressors"], theirs.count(), "{}", case["id"]);
}

fn uncrossing_side(places: &[Place], volume: u64) -> Option<Side> {
    let mut levels = BTreeMap::new();
    for place in places.iter().filter(|place| place.side == Side::Buy) {
        *levels.entry(place.price.get()).or_insert(0) += place.lots.get();
    }
    let mut left = volume;
    for lots in levels.into_values().rev().take_while(|_| volume > 0) {
        match left.checked_sub(lots) {
            Some(0) => return Some(Side::Buy),
            Some(rest) => left = rest,
            None => return Some(Side::Sell),
        }
    }
    None
}

fn places(orders: &Json) -> Vec<Place> {
    let mut parties: Vec<&str> = Vec::new();
    let mut places = Vec::new();
    for (number, order) in (0_u32..).zip(orders.as_array().unwrap()) {
        let party = order["party"].as_str().unwrap();
        let account = parties.iter().position(|other| *other == party).unwrap_or(parties.len());
        if account == parties.len() {
            parties.push(party);
        }
        let side = match order["side"].as_str().unwrap() {
            "buy" => Side::Buy,
            "sell" => Side::Sell,
            other => panic!("side {other}"),
        };
        let id = orders::order_id(u32::try_from(account).unwrap(), number);
        let price = u32::try_from(order["price"].as_u64().unwrap()).unwrap();
        places.push(orders::limit(id, side, price, order["qty"].as_u64().unwrap()));
    }
    places
}
