//! A stream of 500,000 operations, of which it is known what two other books make of it.

use heddle_clearing::AccountId;
use heddle_clearing::OrderId;
use heddle_clearing::Outcome;
use heddle_clearing::Place;
use heddle_clearing::Side;
use heddle_clearing::TimeInForce;
use heddle_exchange::Book;
use heddle_exchange::Env;
use heddle_exchange::Matching;
use heddle_types::UnixMillis;

use crate::data;
use crate::orders;

/// Liquibook's full book and its simple one both give these.
const FILLS: usize = 120_074;
const LOTS: u64 = 3_538_281;

#[derive(Clone, Copy)]
enum Operation {
    Place(Place),
    Cancel(OrderId),
}

#[test]
fn the_stream_trades_what_it_trades_elsewhere() {
    let Some(bytes) = data::read("clob_ops_500k.bin.gz") else { return };
    let operations = parse(&bytes);
    assert_eq!(operations.len(), 500_000);

    let env = Env::continuous(UnixMillis::new(0));
    let (mut book, mut outcomes) = (Book::new(), Vec::new());
    for (number, operation) in operations.iter().enumerate() {
        match operation {
            Operation::Place(place) => book.place(&env, place, &mut outcomes),
            Operation::Cancel(id) => {
                book.cancel(*id);
            }
        }
        book.check(Matching::Continuous).unwrap();
        if number % 50_000 == 0 {
            book.audit(Matching::Continuous).unwrap();
        }
    }

    let lots = outcomes.iter().filter_map(|outcome| match outcome {
        Outcome::Trade(trade) => Some(trade.lots.get()),
        Outcome::Closed(_) | Outcome::Decremented(..) => None,
    });
    let lots: Vec<u64> = lots.collect();
    assert_eq!((lots.len(), lots.iter().sum()), (FILLS, LOTS));
    book.audit(Matching::Continuous).unwrap();
}

/// Buyers have even numbers and sellers odd ones, so that no account meets itself: the other books know no accounts.
fn account(order: u32, side: Side) -> AccountId {
    AccountId::new((order % 1000) * 2 + u32::from(side == Side::Sell))
}

fn parse(bytes: &[u8]) -> Vec<Operation> {
    let mut sides = std::collections::BTreeMap::new();
    let records = bytes[8..].chunks_exact(24);
    assert!(records.remainder().is_empty());
    records
        .map(|record| {
            let field = |at: usize| u32::from_le_bytes(record[at..at + 4].try_into().unwrap());
            let (kind, price, lots) = (field(0), field(8), field(12));
            let side = if field(4) == 0 { Side::Buy } else { Side::Sell };
            let number = u32::try_from(u64::from_le_bytes(record[16..].try_into().unwrap()));
            let number = number.unwrap();
            let side = if kind == 1 { sides[&number] } else { side };
            sides.insert(number, side);
            let id = OrderId { account: account(number, side), number };
            let place = orders::limit(id, side, price, lots.into());
            let time_in_force = TimeInForce::ImmediateOrCancel;
            match kind {
                0 => Operation::Place(place),
                1 => Operation::Cancel(id),
                2 => Operation::Place(Place { time_in_force, ..place }),
                other => panic!("operation of kind {other}"),
            }
        })
        .collect()
}
