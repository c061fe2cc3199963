//! A stream of orders and cancels, from a file.
//!
//! The file is somebody else's: its length is bounded, and whatever is wrong is told with the record's number. It knows no accounts, so
//! they are made up: order `n` is account `2 (n mod N)`'s if it buys and `2 (n mod N) + 1`'s if it sells.

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

/// All records of a file.
pub(super) fn read(path: &Path, accounts: u32) -> Result<Vec<Operation>, BenchError> {
    let wrong = |what: String| BenchError::failed(format!("{}: {what}", path.display()));
    let bytes = read_bounded(path).map_err(|e| wrong(e.to_string()))?;
    parse(&bytes, accounts).map_err(wrong)
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
    // A cancel does not say the side that its order had, and so not whose it was.
    let mut sides = BTreeMap::new();
    let mut operations = Vec::with_capacity(records.len() / RECORD);
    for (number, record) in records.chunks_exact(RECORD).enumerate() {
        let operation = parse_record(record, accounts, &mut sides);
        operations.push(operation.map_err(|what| format!("record {number}: {what}"))?);
    }
    Ok(operations)
}

fn parse_record(
    record: &[u8],
    accounts: u32,
    sides: &mut BTreeMap<u32, Side>,
) -> Result<Operation, String> {
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
    let side = match (kind, field(4)) {
        (Kind::Cancel, _) => sides.get(&number).copied().unwrap_or(Side::Buy),
        (Kind::Limit | Kind::Immediate, 0) => Side::Buy,
        (Kind::Limit | Kind::Immediate, 1) => Side::Sell,
        (Kind::Limit | Kind::Immediate, other) => {
            return Err(format!("found side {other}, expected 0 or 1"));
        }
    };
    if kind != Kind::Cancel {
        if price == 0 || lots == 0 {
            return Err("found a price or a size of 0".to_owned());
        }
        if sides.insert(number, side).is_some() {
            return Err(format!("found order {number} for the second time"));
        }
    }
    let account = AccountId::new(number % accounts * 2 + u32::from(side == Side::Sell));
    Ok(Operation { id: OrderId { account, number }, price, lots, kind, side })
}
