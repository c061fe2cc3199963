use super::*;

fn bytes(records: &[[u32; 6]]) -> Vec<u8> {
    let fields = records.iter().flatten().flat_map(|field| field.to_le_bytes());
    0_u64.to_le_bytes().into_iter().chain(fields).collect()
}

fn check(records: &[[u32; 6]], expected: &str) {
    assert_eq!(parse(&bytes(records), 10), Err(expected.to_owned()));
}

#[test]
fn a_cancel_is_of_the_account_that_placed_the_order() {
    let operations =
        parse(&bytes(&[[0, 1, 100, 5, 13, 0], [1, 0, 0, 0, 13, 0], [2, 0, 99, 7, 4, 0]]), 10);
    let operations = operations.unwrap();
    let id = OrderId { account: AccountId::new(7), number: 0 };
    let Wish::Place(place) = operations[0].wish() else { panic!("an order") };
    assert_eq!((place.id, place.side, place.price), (id, Side::Sell, Ticks::new(100)));
    assert_eq!(operations[1].wish(), Wish::Cancel(id));
    let Wish::Place(place) = operations[2].wish() else { panic!("an order") };
    assert_eq!(place.time_in_force, TimeInForce::ImmediateOrCancel);
    assert_eq!(place.id.account, AccountId::new(8));
}

#[test]
fn orders_have_the_numbers_that_their_accounts_give_them() {
    let orders = [[0, 0, 9, 1, 3, 0], [0, 1, 9, 1, 13, 0], [2, 0, 9, 1, 23, 0], [1, 0, 0, 0, 4, 0]];
    let operations = parse(&bytes(&orders), 10).unwrap();
    let names: Vec<_> = operations.iter().map(|operation| operation.id).collect();
    let name = |account, number| OrderId { account: AccountId::new(account), number };
    assert_eq!(names, [name(6, 0), name(7, 0), name(6, 1), name(0, u32::MAX)]);
}

#[test]
fn what_is_no_stream_is_refused_with_its_record() {
    check(&[], "found 8 bytes, expected 8 and then 24 for each record");
    check(&[[3, 0, 1, 1, 1, 0]], "record 0: found kind 3, expected 0, 1 or 2");
    check(&[[0, 2, 1, 1, 1, 0]], "record 0: found side 2, expected 0 or 1");
    check(&[[0, 0, 0, 1, 1, 0]], "record 0: found a price or a size of 0");
    check(&[[1, 0, 0, 0, 1, 1]], "record 0: found an order's number of more than 4 bytes");
    let twice = [0, 0, 1, 1, 1, 0];
    check(&[twice, twice], "record 1: found order 1 for the second time");
}
