//! Scenarios of exchange-core: books and matches.
//!
//! Two kinds of steps have another rule and are passed over, with what must fail because of it: balances, since accounts there hold
//! assets, while here a book knows no money; and reserve prices, up to which an order there may be moved. Moving an order is a cancel
//! and a new order of what is left.

use std::collections::BTreeMap;

use heddle_clearing::Instruction;
use heddle_clearing::OrderId;
use heddle_clearing::Place;
use heddle_clearing::Side;
use heddle_clearing::TimeInForce;
use heddle_clearing::Trade;
use heddle_exchange::Book;
use heddle_exchange::Env;
use heddle_num::Lots;
use heddle_num::Ticks;
use heddle_types::UnixMillis;
use serde_json::Value as Json;

use crate::data;
use crate::orders;

#[derive(Default)]
struct Scenario {
    books: BTreeMap<String, Book>,
    clients: Vec<String>,
    /// By the number in the scenario.
    orders: BTreeMap<String, Order>,
    placed: u32,
    /// Of the last step that did something.
    trades: Vec<Trade>,
    checks: u32,
}

#[derive(Clone)]
struct Order {
    symbol: String,
    name: OrderId,
    /// As first placed.
    place: Place,
    filled: u64,
}

#[test]
fn scenarios_of_exchange_core_lead_to_the_same_books() {
    let Some(bytes) = data::read("clob_exchange_core.json") else { return };
    let file: Json = serde_json::from_slice(&bytes).unwrap();
    let (mut ran, mut checks) = (0, 0);
    for case in file["cases"].as_array().unwrap() {
        match run(case) {
            Ok(checked) => (ran, checks) = (ran + 1, checks + checked),
            Err(step) => println!("left out: {}: the step is not known: {step}", case["name"]),
        }
    }
    assert!(ran >= 2, "{ran} scenarios");
    assert!(checks >= 25, "{checks} checks");
}

fn run(case: &Json) -> Result<u32, String> {
    let mut scenario = Scenario::default();
    let background = case["background"].as_array().cloned().unwrap_or_default();
    for step in background.iter().chain(case["steps"].as_array().unwrap()) {
        let words = step["step"].as_str().or(step.as_str()).unwrap_or_default();
        let words = words.split_once(' ').map_or("", |(_, words)| words);
        scenario.step(words, &rows(&step["rows"])).ok_or_else(|| words.to_owned())?;
    }
    Ok(scenario.checks)
}

impl Scenario {
    /// None when the step is not known.
    fn step(&mut self, words: &str, rows: &[Vec<String>]) -> Option<()> {
        let is_other_rule = words.contains("balance") || words.contains(" could not ");
        if is_other_rule {
            return Some(());
        }
        if words == "No trade events" {
            self.checks += 1;
            assert_eq!(self.trades, []);
            return Some(());
        }
        if let Some(symbol) =
            words.strip_prefix("An ").and_then(|w| w.strip_suffix(" order book is:"))
        {
            self.checks += 1;
            return self.expect_book(symbol, rows);
        }
        if let Some(what) = words.strip_prefix("The order ") {
            self.checks += 1;
            return self.expect_match(what);
        }
        let (client, does) = words.strip_prefix("A client ")?.split_once(' ')?;
        match does {
            "does not have active orders" => self.expect_orders(client, &[]),
            "orders:" => self.expect_orders(client, rows.get(1..).unwrap_or_default()),
            _ => self.act(client, does),
        }
    }

    fn act(&mut self, client: &str, does: &str) -> Option<()> {
        if let Some(order) = does.strip_prefix("places an ") {
            return self.place(client, order);
        }
        if let Some(moved) = does.strip_prefix("moves a price to ") {
            let (price, id) = moved.split_once(" of the order ")?;
            return self.amend(id, price.parse().ok()?);
        }
        let (lots, id) =
            does.strip_prefix("cancels the remaining size ")?.split_once(" of the order ")?;
        let order = self.orders.get(id)?.clone();
        self.checks += 1;
        assert_eq!(self.left(&order).map(|place| place.lots.to_string()).as_deref(), Some(lots));
        self.run(&order.symbol, Instruction::Cancel(order.name));
        Some(())
    }

    /// `BID order 101 at 30000@7 (type: GTC, symbol: ETH_XBT, reservePrice: 30000)`.
    fn place(&mut self, client: &str, order: &str) -> Option<()> {
        let (order, terms) = order.split_once(" (")?;
        let [side, _, id, _, price] = *order.split(' ').collect::<Vec<_>>().as_slice() else {
            return None;
        };
        let (price, lots) = price.split_once('@')?;
        let side = side_of(side)?;
        let terms: BTreeMap<&str, &str> = terms
            .trim_end_matches(')')
            .split(", ")
            .filter_map(|term| term.split_once(": "))
            .collect();
        let time_in_force = match *terms.get("type")? {
            "GTC" => TimeInForce::GoodTillCancelled,
            "IOC" => TimeInForce::ImmediateOrCancel,
            "FOK" => TimeInForce::FillOrKill,
            _ => return None,
        };
        let name = self.name(client);
        let place = orders::limit(name, side, price.parse().ok()?, lots.parse().ok()?);
        let place = Place { time_in_force, ..place };
        let symbol = (*terms.get("symbol")?).to_owned();
        let order = Order { symbol: symbol.clone(), name, place, filled: 0 };
        self.orders.insert(id.to_owned(), order);
        self.run(&symbol, Instruction::Place(place));
        Some(())
    }

    fn amend(&mut self, id: &str, price: u32) -> Option<()> {
        let order = self.orders.get(id)?.clone();
        let left = self.left(&order)?;
        self.run(&order.symbol, Instruction::Cancel(order.name));
        self.placed += 1;
        let name = OrderId { number: self.placed, ..order.name };
        self.orders.get_mut(id)?.name = name;
        let place = Place { id: name, price: Ticks::new(price), ..left };
        self.run(&order.symbol, Instruction::Place(place));
        Some(())
    }

    fn run(&mut self, symbol: &str, instruction: Instruction) {
        let book = self.books.entry(symbol.to_owned()).or_default();
        let outcomes = orders::run(book, &Env::continuous(UnixMillis::new(0)), &[instruction]);
        self.trades = orders::trades(&outcomes);
        for trade in &self.trades {
            for order in self.orders.values_mut() {
                if order.name == trade.maker || order.name == trade.taker {
                    order.filled += trade.lots.get();
                }
            }
        }
    }

    fn expect_book(&mut self, symbol: &str, rows: &[Vec<String>]) -> Option<()> {
        let book = self.books.get(symbol)?;
        let level = |side, lots: usize| {
            let rows = rows.iter().filter(|row| row[1] != "price" && !row[lots].is_empty());
            let expected: Vec<(u32, u64)> =
                rows.map(|row| (row[1].parse().unwrap(), row[lots].parse().unwrap())).collect();
            let mut found: Vec<(u32, u64)> = book
                .depth(side, usize::MAX)
                .iter()
                .map(|level| (level.price.get(), level.lots.get()))
                .collect();
            // They stand from the highest price down.
            found.sort_by(|a, b| b.cmp(a));
            assert_eq!(found, expected, "{symbol}");
        };
        level(Side::Buy, 0);
        level(Side::Sell, 2);
        Some(())
    }

    /// `203 is fully matched. LastPx: 17500, LastQty: 500, bidderHoldPrice: 18500`.
    fn expect_match(&self, what: &str) -> Option<()> {
        let (id, how) = what.split_once(" is ")?;
        let (how, last) = how.split_once(" matched. ")?;
        let last: BTreeMap<&str, &str> =
            last.split(", ").filter_map(|l| l.split_once(": ")).collect();
        let order = self.orders.get(id)?;
        let trade = self.trades.iter().rfind(|trade| trade.maker == order.name).unwrap();
        assert_eq!(trade.price, Ticks::new(last.get("LastPx")?.parse().ok()?));
        assert_eq!(trade.lots, Lots::new(last.get("LastQty")?.parse().ok()?));
        match how {
            "fully" => assert_eq!(order.filled, order.place.lots.get()),
            "partially" => assert!(order.filled < order.place.lots.get()),
            _ => return None,
        }
        Some(())
    }

    /// `id, price, size, filled, reservePrice, side`.
    fn expect_orders(&mut self, client: &str, rows: &[Vec<String>]) -> Option<()> {
        self.checks += 1;
        let account = self.name(client).account;
        let theirs = self.orders.iter().filter(|(_, order)| order.name.account == account);
        let mut found: Vec<Vec<String>> = Vec::new();
        for (id, order) in theirs {
            let Some(left) = self.left(order) else { continue };
            assert_eq!(left.lots.get() + order.filled, order.place.lots.get());
            let side = if left.side == Side::Buy { "BID" } else { "ASK" };
            let (size, filled) = (order.place.lots.to_string(), order.filled.to_string());
            found.push(vec![id.clone(), left.price.to_string(), size, filled, side.to_owned()]);
        }
        let mut expected: Vec<Vec<String>> = rows.to_vec();
        expected.iter_mut().for_each(|row| drop(row.remove(4)));
        expected.sort();
        assert_eq!(found, expected, "{client}");
        Some(())
    }

    fn left(&self, order: &Order) -> Option<Place> {
        self.books.get(&order.symbol)?.order(order.name)
    }

    /// A new name for an order of the client's.
    fn name(&mut self, client: &str) -> OrderId {
        let at = self.clients.iter().position(|other| other == client);
        let at = at.unwrap_or_else(|| {
            self.clients.push(client.to_owned());
            self.clients.len() - 1
        });
        self.placed += 1;
        orders::order_id(u32::try_from(at).unwrap(), self.placed)
    }
}

fn side_of(side: &str) -> Option<Side> {
    match side {
        "BID" => Some(Side::Buy),
        "ASK" => Some(Side::Sell),
        _ => None,
    }
}

fn rows(json: &Json) -> Vec<Vec<String>> {
    let row = |row: &Json| {
        let fields = row.as_array().into_iter().flatten();
        fields.map(|field| field.as_str().unwrap_or_default().to_owned()).collect()
    };
    json.as_array().into_iter().flatten().map(row).collect()
}
