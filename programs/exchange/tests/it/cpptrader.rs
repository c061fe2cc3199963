//! Scripts of CppTrader, with the book that it expects after each step.
//!
//! What it calls a market order is here an immediate one at the worst price, or at so much worse than the best one as its slippage
//! allows; a stop is an immediate order with a trigger, which looks at the best price of the side that it would take; amending is a
//! cancel and a new order; matching by hand is an auction.

use std::collections::BTreeMap;

use heddle_clearing::Instruction;
use heddle_clearing::OrderId;
use heddle_clearing::Place;
use heddle_clearing::Side;
use heddle_clearing::TimeInForce;
use heddle_clearing::Trigger;
use heddle_clearing::TriggerWhen;
use heddle_exchange::Book;
use heddle_exchange::Env;
use heddle_exchange::Matching;
use heddle_num::Lots;
use heddle_num::Ticks;
use heddle_types::UnixMillis;
use serde_json::Value as Json;

use crate::data;
use crate::orders;

/// What a step means that has no counterpart here.
#[derive(Debug)]
struct LeftOut(String);

struct Script {
    book: Book,
    mode: Matching,
    /// By the number in the script: the name, and how much it was placed for.
    orders: BTreeMap<String, (OrderId, u64)>,
    placed: u32,
}

#[test]
fn scripts_of_cpptrader_lead_to_the_same_books() {
    let Some(bytes) = data::read("clob_cpptrader.json") else { return };
    let file: Json = serde_json::from_slice(&bytes).unwrap();
    let (mut ran, mut checks) = (0, 0);
    for case in file["cases"].as_array().unwrap() {
        match run(case["steps"].as_array().unwrap()) {
            Ok(checked) => (ran, checks) = (ran + 1, checks + checked),
            Err(LeftOut(why)) => println!("left out: {} ({}): {why}", case["id"], case["name"]),
        }
    }
    assert!(ran >= 6, "{ran} scripts");
    assert!(checks >= 37, "{checks} checks");
}

/// The number of checks. A script is left out as a whole, since later steps stand on earlier ones.
fn run(steps: &[Json]) -> Result<u32, LeftOut> {
    // Without `EnableMatching`, orders collect until the script matches them by hand.
    let mut script =
        Script { book: Book::new(), mode: Matching::Collect, orders: BTreeMap::new(), placed: 0 };
    let mut checks = 0;
    for step in steps {
        if let Some(what) = step["expect"].as_str() {
            script.expect(what, step)?;
            checks += 1;
        } else {
            script.step(step)?;
        }
    }
    Ok(checks)
}

impl Script {
    fn step(&mut self, step: &Json) -> Result<(), LeftOut> {
        let arguments = arguments(&step["args"]);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let name = step["op"].as_str().unwrap();
        match (name, arguments.as_slice()) {
            ("EnableMatching", _) => self.mode = Matching::Continuous,
            ("DisableMatching", _) => self.mode = Matching::Collect,
            ("Match", _) => self.uncross(),
            ("add", all) => self.add(step["kind"].as_str().unwrap(), all)?,
            ("DeleteOrder", [id]) => {
                self.delete(id);
            }
            ("ReduceOrder", [id, by]) => {
                let by = Lots::new(number(by)?);
                self.run(Instruction::Reduce(self.orders[*id].0, by));
            }
            ("ModifyOrder", [id, price, lots]) => {
                let old = self.delete(id).ok_or(LeftOut(format!("no order {id}")))?;
                self.put(id, Place { price: price_of(price)?, lots: lots_of(lots)?, ..old });
            }
            // The size is that of the whole order, with what it traded already.
            ("MitigateOrder", [id, price, lots_wanted]) => {
                let placed = self.orders[*id].1;
                let old = self.delete(id).ok_or(LeftOut(format!("no order {id}")))?;
                let left = (number(lots_wanted)? + old.lots.get()).saturating_sub(placed);
                if left > 0 {
                    let (price, lots) = (price_of(price)?, Lots::new(left));
                    self.put(id, Place { price, lots, ..old });
                    self.orders.get_mut(*id).unwrap().1 = number(lots_wanted)?;
                }
            }
            ("ReplaceOrder", [id, new, price, lots]) if !new.contains('(') => {
                let old = self.delete(id).ok_or(LeftOut(format!("no order {id}")))?;
                self.put(new, Place { price: price_of(price)?, lots: lots_of(lots)?, ..old });
            }
            ("ReplaceOrder", [id, new @ ..]) => {
                self.delete(id);
                let new = new.join(",");
                let (kind, new) = new.split_once('(').ok_or(LeftOut(new.clone()))?;
                let new: Vec<&str> = new.trim_end_matches(')').split(',').collect();
                self.add(kind.trim_start_matches("Order::"), &new)?;
            }
            (other, _) => return Err(LeftOut(format!("the step {other} is not known"))),
        }
        self.activate();
        Ok(())
    }

    fn add(&mut self, kind: &str, arguments: &[&str]) -> Result<(), LeftOut> {
        let side = if kind.contains("Buy") { Side::Buy } else { Side::Sell };
        if arguments.iter().any(|argument| argument.ends_with("AON")) {
            return Err(LeftOut(
                "all-or-none orders rest, and let others pass; ours do not".into(),
            ));
        }
        let worst = Ticks::new(orders::worst_price(side));
        match (kind, arguments) {
            ("BuyLimit" | "SellLimit", [id, _, price, lots, rest @ ..]) => {
                let place = self.limit(side, price_of(price)?, lots_of(lots)?);
                self.put(id, with_terms(place, rest)?);
            }
            ("BuyMarket" | "SellMarket", [id, _, lots, slippage @ ..]) => {
                let price = match slippage {
                    [] => worst,
                    [slippage, ..] => self.worse_by(side, number(slippage)?),
                };
                let place = self.limit(side, price, lots_of(lots)?);
                self.put(id, Place { time_in_force: TimeInForce::ImmediateOrCancel, ..place });
            }
            ("BuyStop" | "SellStop", [id, _, stop, lots, rest @ ..]) if rest.len() < 2 => {
                let place = with_terms(self.limit(side, worst, lots_of(lots)?), rest)?;
                let time_in_force = match place.time_in_force {
                    TimeInForce::FillOrKill => TimeInForce::FillOrKill,
                    _ => TimeInForce::ImmediateOrCancel,
                };
                let trigger = Some(trigger(side, price_of(stop)?));
                self.put(id, Place { time_in_force, trigger, ..place });
            }
            ("BuyStop" | "SellStop", _) => {
                return Err(LeftOut(
                    "a stop's limit is fixed when it is placed: no slippage".into(),
                ));
            }
            ("BuyStopLimit" | "SellStopLimit", [id, _, stop, price, lots, rest @ ..]) => {
                let place = with_terms(self.limit(side, price_of(price)?, lots_of(lots)?), rest)?;
                self.put(id, Place { trigger: Some(trigger(side, price_of(stop)?)), ..place });
            }
            (other, _) if other.starts_with("Trailing") => {
                return Err(LeftOut("stops do not trail".into()));
            }
            (other, _) => return Err(LeftOut(format!("orders of kind {other} are not known"))),
        }
        Ok(())
    }

    fn expect(&self, what: &str, step: &Json) -> Result<(), LeftOut> {
        let expected = (step["bids"].as_u64(), step["asks"].as_u64());
        let count = |side| match what.replace('_', "").as_str() {
            "bookorders" => Ok(self.resting(side).len() as u64),
            "bookvolume" => Ok(self.resting(side).iter().map(|place| place.lots.get()).sum()),
            "bookvisiblevolume" => {
                Ok(self.book.depth(side, usize::MAX).iter().map(|level| level.lots.get()).sum())
            }
            "bookstoporders" => Ok(self.waiting(side).len() as u64),
            "bookstopvolume" => Ok(self.waiting(side).iter().map(|place| place.lots.get()).sum()),
            other => Err(LeftOut(format!("the expectation {other} is not known"))),
        };
        let found = (Some(count(Side::Buy)?), Some(count(Side::Sell)?));
        assert_eq!(found, expected, "{step}");
        Ok(())
    }

    /// A plain order, without a name.
    fn limit(&self, side: Side, price: Ticks, lots: Lots) -> Place {
        orders::limit(orders::order_id(0, 0), side, price.get(), lots.get())
    }

    /// Nobody trades with himself in these scripts: each order is an account's of its own.
    fn put(&mut self, id: &str, place: Place) {
        self.placed += 1;
        let name = orders::order_id(self.placed, self.placed);
        self.orders.insert(id.to_owned(), (name, place.lots.get()));
        self.run(Instruction::Place(Place { id: name, ..place }));
    }

    fn delete(&mut self, id: &str) -> Option<Place> {
        let (name, _) = self.orders.get(id)?;
        let place = self.book.order(*name);
        self.run(Instruction::Cancel(*name));
        place
    }

    fn run(&mut self, instruction: Instruction) {
        let side = match instruction {
            Instruction::Place(place) => place.side,
            _ => Side::Buy,
        };
        let env = self.env(side);
        orders::run(&mut self.book, &env, &[instruction]);
    }

    fn uncross(&mut self) {
        let env = Env { mode: Matching::Uncross, ..self.env(Side::Buy) };
        orders::run(&mut self.book, &env, &[]);
        assert!(!self.book.is_crossed());
    }

    /// Stops of both sides until none is reached any more.
    fn activate(&mut self) {
        loop {
            let waiting = (self.waiting(Side::Buy).len(), self.waiting(Side::Sell).len());
            for side in [Side::Buy, Side::Sell] {
                let env = self.env(side);
                orders::run(&mut self.book, &env, &[]);
            }
            if waiting == (self.waiting(Side::Buy).len(), self.waiting(Side::Sell).len()) {
                return;
            }
        }
    }

    fn env(&self, side: Side) -> Env {
        let mark = self.book.best(side.opposite()).unwrap_or(Ticks::new(orders::worst_price(side)));
        let env = Env::continuous(UnixMillis::new(0));
        Env { mode: self.mode, mark: Some(mark), ..env }
    }

    /// So much worse than the best price of the other side.
    fn worse_by(&self, side: Side, slippage: u64) -> Ticks {
        let slippage = u32::try_from(slippage).unwrap();
        let best = self.book.best(side.opposite()).map_or(orders::worst_price(side), Ticks::get);
        Ticks::new(match side {
            Side::Buy => best.saturating_add(slippage),
            Side::Sell => best.saturating_sub(slippage).max(1),
        })
    }

    fn resting(&self, side: Side) -> Vec<Place> {
        self.all(side).into_iter().filter(|place| place.trigger.is_none()).collect()
    }

    fn waiting(&self, side: Side) -> Vec<Place> {
        self.all(side).into_iter().filter(|place| place.trigger.is_some()).collect()
    }

    fn all(&self, side: Side) -> Vec<Place> {
        let all = (1..=self.placed)
            .filter_map(|number| self.book.order(orders::order_id(number, number)));
        all.filter(|place| place.side == side).collect()
    }
}

fn trigger(side: Side, price: Ticks) -> Trigger {
    let when = match side {
        Side::Buy => TriggerWhen::AtOrAbove,
        Side::Sell => TriggerWhen::AtOrBelow,
    };
    Trigger { when, price }
}

/// `[time in force[, most visible]]`.
fn with_terms(place: Place, terms: &[&str]) -> Result<Place, LeftOut> {
    let time_in_force =
        match terms.first().map_or("GTC", |term| term.trim_start_matches("OrderTimeInForce::")) {
            "GTC" => TimeInForce::GoodTillCancelled,
            "IOC" => TimeInForce::ImmediateOrCancel,
            "FOK" => TimeInForce::FillOrKill,
            other => return Err(LeftOut(format!("time in force {other} is not known"))),
        };
    let display = match terms.get(1) {
        None => None,
        Some(&"0") => return Err(LeftOut("an iceberg shows something".into())),
        Some(most) => Some(lots_of(most)?).filter(|most| *most < place.lots),
    };
    Ok(Place { time_in_force, display, ..place })
}

/// Either a list, or as they stand in the source.
fn arguments(json: &Json) -> Vec<String> {
    let text = |json: &Json| json.as_str().map_or_else(|| json.to_string(), ToOwned::to_owned);
    let list: Vec<String> = match json {
        Json::Array(list) => list.iter().map(text).collect(),
        Json::Null => Vec::new(),
        other => text(other).split(',').map(ToOwned::to_owned).collect(),
    };
    list.into_iter().map(|argument| argument.trim().to_owned()).collect()
}

fn number(text: &str) -> Result<u64, LeftOut> {
    text.trim().parse().map_err(|_| LeftOut(format!("{text} is no number")))
}

fn lots_of(text: &str) -> Result<Lots, LeftOut> {
    number(text).map(Lots::new)
}

/// Prices are positive here, so that what sells at 0 sells at 1 and above.
fn price_of(text: &str) -> Result<Ticks, LeftOut> {
    let price = u32::try_from(number(text)?).map_err(|_| LeftOut(format!("{text} is no price")))?;
    Ok(Ticks::new(price.max(1)))
}
