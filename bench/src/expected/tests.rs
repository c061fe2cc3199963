use super::*;

const fn units(units: u64) -> Amount {
    Amount::from_units(units)
}

fn charge(ok: bool, fee: u64, deposit: u64) -> Charge {
    Charge { ok, fee: units(fee), deposit: units(deposit) }
}

fn flow(from: usize, to: usize, amount: u64) -> Flow {
    Flow { from, to, amount: units(amount) }
}

/// Three parties: 0 has 1000 of its own, 1 was funded with 500, 2 has nothing and is created by a transfer.
fn worked_example() -> Balances {
    let mut balances = Balances::new(&[units(1000), Amount::ZERO, Amount::ZERO]);
    balances.fund(1, units(500));
    balances.apply(0, &[flow(0, 2, 100)], &charge(true, 10, 50));
    balances.apply(1, &[flow(1, 1, 200)], &charge(true, 10, 0));
    balances.apply(1, &[flow(1, 0, 300)], &charge(false, 10, 0));
    balances
}

#[test]
fn fees_deposits_self_payments_and_failures_are_counted_as_by_hand() {
    // 0: 1000 - 100 - 10 - 50; 1: 500 - 10 - 10; 2: 100.
    let found = [units(840), units(480), units(100)];
    assert_eq!(worked_example().mismatches(&found), 0);
}

#[test]
fn one_base_unit_off_is_a_mismatch() {
    assert_eq!(worked_example().mismatches(&[units(841), units(480), units(100)]), 1);
    assert_eq!(worked_example().mismatches(&[units(841), units(480), units(99)]), 2);
}

#[test]
fn a_party_that_was_not_compared_is_a_mismatch() {
    assert_eq!(worked_example().mismatches(&[units(840), units(480)]), 1);
}

#[test]
fn a_balance_below_zero_matches_no_amount() {
    let mut balances = Balances::new(&[Amount::ZERO, Amount::ZERO]);
    balances.apply(0, &[flow(0, 1, 1)], &charge(true, 1, 0));
    assert_eq!(balances.mismatches(&[Amount::ZERO, units(1)]), 1);
}

#[test]
fn a_transaction_of_several_transfers_is_charged_once() {
    let mut balances = Balances::new(&[units(100), Amount::ZERO, Amount::ZERO]);
    balances.apply(0, &[flow(0, 1, 10), flow(0, 2, 20)], &charge(true, 5, 0));
    assert_eq!(balances.mismatches(&[units(65), units(10), units(20)]), 0);
}
