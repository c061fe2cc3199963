//! Cases of matching from Phoenix: orders that meet themselves, and orders that trade at once or not at all.
//!
//! `book0` is the book at the beginning, best levels first; a level without a name is somebody else's. Steps without a name are the
//! taker's.

use heddle_clearing::Instruction;
use heddle_clearing::Place;
use heddle_clearing::SelfTrade;
use heddle_clearing::Side;
use heddle_clearing::TimeInForce;
use heddle_clearing::Trade;
use heddle_exchange::Book;
use heddle_exchange::Env;
use heddle_types::UnixMillis;
use serde_json::Value as Json;

use crate::data;
use crate::orders;

#[derive(Default)]
struct Case {
    book: Book,
    names: Vec<String>,
    placed: u32,
    trades: Vec<Trade>,
}

#[test]
fn cases_of_matching_come_out_as_expected() {
    let Some(bytes) = data::read("portable_cases.json") else { return };
    let file: Json = serde_json::from_slice(&bytes).unwrap();
    let mut ran = 0;
    for case in file.as_array().unwrap().iter().filter(|case| case["area"] == "clob") {
        match run(case) {
            Some(()) => ran += 1,
            None => println!("left out: {}: something in it is not known: {case}", case["id"]),
        }
    }
    assert!(ran >= 5, "{ran} cases");
}

/// None when something in the case is not known.
fn run(input: &Json) -> Option<()> {
    let mut case = Case::default();
    let (id, inputs) = (&input["id"], &input["inputs"]);
    for (side, key) in [(Side::Buy, "bids"), (Side::Sell, "asks")] {
        for level in inputs["book0"][key].as_array().into_iter().flatten() {
            let (name, price, lots) = match level.as_array()?.as_slice() {
                [price, lots] => ("book", price, lots),
                [name, price, lots] => (name.as_str()?, price, lots),
                _ => return None,
            };
            case.place(name, side, (price, lots), |place| place)?;
        }
    }
    assert_eq!(case.trades, [], "{id}: the book is not crossed at the beginning");
    for step in inputs["steps"].as_array()? {
        case.step(step)?;
    }
    for (key, expected) in input["expected"].as_object()? {
        case.expect(id, key, expected)?;
    }
    Some(())
}

impl Case {
    fn step(&mut self, step: &Json) -> Option<()> {
        let side = match step["side"].as_str()? {
            "bid" => Side::Buy,
            "ask" => Side::Sell,
            _ => return None,
        };
        let time_in_force = match step["tif"].as_str().unwrap_or("limit").to_lowercase().as_str() {
            "limit" | "gtc" => TimeInForce::GoodTillCancelled,
            "fok" => TimeInForce::FillOrKill,
            "ioc" => TimeInForce::ImmediateOrCancel,
            "post_only" | "post-only" | "postonly" => TimeInForce::PostOnly,
            _ => return None,
        };
        let self_trade = match step["stp"].as_str().unwrap_or("abort") {
            "abort" => SelfTrade::Abort,
            "cancel_provide" => SelfTrade::CancelProvide,
            "decrement_take" => SelfTrade::DecrementTake,
            _ => return None,
        };
        let name = step["who"].as_str().unwrap_or("taker");
        self.place(name, side, (&step["px"], &step["qty"]), |place| Place {
            time_in_force,
            self_trade,
            ..place
        })
    }

    fn place(
        &mut self,
        name: &str,
        side: Side,
        (price, lots): (&Json, &Json),
        with: impl FnOnce(Place) -> Place,
    ) -> Option<()> {
        let account = self.names.iter().position(|other| other == name).unwrap_or_else(|| {
            self.names.push(name.to_owned());
            self.names.len() - 1
        });
        self.placed += 1;
        let id = orders::order_id(u32::try_from(account).ok()?, self.placed);
        let price = u32::try_from(price.as_u64()?).ok()?;
        let place = with(orders::limit(id, side, price, lots.as_u64()?));
        let env = Env::continuous(UnixMillis::new(0));
        let outcomes = orders::run(&mut self.book, &env, &[Instruction::Place(place)]);
        self.trades.extend(orders::trades(&outcomes));
        Some(())
    }

    fn expect(&self, id: &Json, key: &str, expected: &Json) -> Option<()> {
        let fills: Vec<(u64, u64)> = self
            .trades
            .iter()
            .map(|trade| (u64::from(trade.price.get()), trade.lots.get()))
            .collect();
        let filled: u64 = fills.iter().map(|(_, lots)| lots).sum();
        match (key, expected) {
            ("fills", Json::Array(pairs)) => assert_eq!(fills, self::pairs(pairs)?, "{id}"),
            ("fills", count) => assert_eq!(*count, fills.len(), "{id}"),
            ("filled", lots) => assert_eq!(*lots, filled, "{id}"),
            ("avg_price", Json::Null) => assert_eq!(filled, 0, "{id}"),
            ("avg_price", price) => {
                let paid: u64 = fills.iter().map(|(price, lots)| price * lots).sum();
                assert_eq!(price.as_u64()? * filled, paid, "{id}");
            }
            ("book", book) => {
                for (side, key) in [(Side::Buy, "bids"), (Side::Sell, "asks")] {
                    let Some(levels) = book[key].as_array() else { continue };
                    let found = self.book.depth(side, usize::MAX);
                    let found: Vec<(u64, u64)> = found
                        .iter()
                        .map(|level| (u64::from(level.price.get()), level.lots.get()))
                        .collect();
                    assert_eq!(found, pairs(levels)?, "{id}");
                }
            }
            _ => return None,
        }
        Some(())
    }
}

fn pairs(json: &[Json]) -> Option<Vec<(u64, u64)>> {
    let pair = |pair: &Json| Some((pair.get(0)?.as_u64()?, pair.get(1)?.as_u64()?));
    json.iter().map(pair).collect()
}
