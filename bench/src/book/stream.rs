//! A stream of orders and cancels, from a file.
//!
//! The file is somebody else's: its length is bounded, and whatever is wrong is told with the record's number. It knows no accounts, so
//! they are made up: order `n` is account `2 (n mod N)`'s if it buys and `2 (n mod N) + 1`'s if it sells. Accounts count their
//! orders themselves, so each has the number that its account gives it.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fs;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use flate2::read::MultiGzDecoder;

use heddle_clearing::AccountId;
use heddle_clearing::OrderId;
use heddle_clearing::Place;
use heddle_clearing::SelfTrade;
use heddle_clearing::Side;
use heddle_clearing::TimeInForce;
use heddle_num::Lots;
use heddle_num::Ticks;

use crate::error::BenchError;
use crate::limits;

/// Bytes before the records: how many of them were thought of as a warm-up. They count like the others.
const HEADER: usize = 8;
const RECORD: usize = 24;
/// What a file that is packed begins with.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// A stream, and how many accounts it is by.
pub(super) struct Stream {
    pub(super) operations: Vec<Operation>,
    pub(super) accounts: u32,
}

/// One record, as small as in the file, so that reading the stream takes little of what is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Operation {
    id: OrderId,
    price: u32,
    lots: u32,
    kind: Kind,
    side: Side,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Limit,
    Cancel,
    Immediate,
}

/// What a record asks a book to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wish {
    Place(Place),
    Cancel(OrderId),
}

impl Operation {
    /// In the book's words.
    #[inline]
    pub(super) fn wish(&self) -> Wish {
        let time_in_force = match self.kind {
            Kind::Cancel => return Wish::Cancel(self.id),
            Kind::Limit => TimeInForce::GoodTillCancelled,
            Kind::Immediate => TimeInForce::ImmediateOrCancel,
        };
        Wish::Place(Place {
            id: self.id,
            side: self.side,
            price: Ticks::new(self.price),
            lots: Lots::new(self.lots.into()),
            time_in_force,
            reduce_only: false,
            self_trade: SelfTrade::Abort,
            trigger: None,
            display: None,
            is_liquidation: false,
        })
    }
}

/// All records of a file, `accounts` buying and as many selling.
pub(super) fn read(path: &Path, accounts: u32) -> Result<Stream, BenchError> {
    let wrong = |what: String| BenchError::failed(format!("{}: {what}", path.display()));
    let bytes = read_bounded(path).map_err(|e| wrong(e.to_string()))?;
    let operations = parse(&bytes, accounts).map_err(wrong)?;
    Ok(Stream { operations, accounts: accounts * 2 })
}

fn read_bounded(path: &Path) -> std::io::Result<Vec<u8>> {
    let most = limits::OPERATIONS_BYTES_MAX;
    if fs::metadata(path)?.len() > most {
        return Err(std::io::Error::other(format!("longer than {most} bytes")));
    }
    let mut bytes = Vec::new();
    File::open(path)?.read_to_end(&mut bytes)?;
    if !bytes.starts_with(&GZIP) {
        return Ok(bytes);
    }
    let mut unpacked = Vec::new();
    let read = MultiGzDecoder::new(bytes.as_slice()).take(most + 1).read_to_end(&mut unpacked)?;
    if read as u64 > most {
        return Err(std::io::Error::other(format!("longer than {most} bytes when unpacked")));
    }
    Ok(unpacked)
}

fn parse(bytes: &[u8], accounts: u32) -> Result<Vec<Operation>, String> {
    let records = bytes.get(HEADER..).unwrap_or_default();
    if records.is_empty() || records.len() % RECORD != 0 {
        return Err(format!("found {} bytes, expected 8 and then 24 for each record", bytes.len()));
    }
    let mut names = Names::new(accounts);
    let mut operations = Vec::with_capacity(records.len() / RECORD);
    for (number, record) in records.chunks_exact(RECORD).enumerate() {
        let operation = parse_record(record, &mut names);
        operations.push(operation.map_err(|what| format!("record {number}: {what}"))?);
    }
    Ok(operations)
}

/// Whose each order is, and which of all that this account placed.
struct Names {
    accounts: u32,
    /// How many orders each account placed.
    placed: BTreeMap<AccountId, u32>,
    /// By the number in the file.
    orders: BTreeMap<u32, OrderId>,
}

impl Names {
    const fn new(accounts: u32) -> Self {
        Self { accounts, placed: BTreeMap::new(), orders: BTreeMap::new() }
    }

    /// The name of a new order; none if there was one of this number.
    fn give(&mut self, number: u32, side: Side) -> Option<OrderId> {
        let account = AccountId::new(number % self.accounts * 2 + u32::from(side == Side::Sell));
        let placed = self.placed.entry(account).or_default();
        let id = OrderId { account, number: *placed };
        *placed += 1;
        self.orders.insert(number, id).is_none().then_some(id)
    }

    /// The name of an order that there was, or one that no order has.
    fn find(&self, number: u32) -> OrderId {
        let none = OrderId { account: AccountId::new(0), number: u32::MAX };
        self.orders.get(&number).copied().unwrap_or(none)
    }
}

fn parse_record(record: &[u8], names: &mut Names) -> Result<Operation, String> {
    let field = |at: usize| {
        let bytes = [record[at], record[at + 1], record[at + 2], record[at + 3]];
        u32::from_le_bytes(bytes)
    };
    let (kind, price, lots, number) = (field(0), field(8), field(12), field(16));
    if field(20) != 0 {
        return Err("found an order's number of more than 4 bytes".to_owned());
    }
    let kind = match kind {
        0 => Kind::Limit,
        1 => Kind::Cancel,
        2 => Kind::Immediate,
        other => return Err(format!("found kind {other}, expected 0, 1 or 2")),
    };
    if kind == Kind::Cancel {
        let id = names.find(number);
        return Ok(Operation { id, price, lots, kind, side: Side::Buy });
    }
    let side = match field(4) {
        0 => Side::Buy,
        1 => Side::Sell,
        other => return Err(format!("found side {other}, expected 0 or 1")),
    };
    if price == 0 || lots == 0 {
        return Err("found a price or a size of 0".to_owned());
    }
    let id = names.give(number, side);
    let id = id.ok_or_else(|| format!("found order {number} for the second time"))?;
    Ok(Operation { id, price, lots, kind, side })
}
