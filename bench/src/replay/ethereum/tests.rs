use heddle_types::Amount;

use super::cast;
use super::cast::Cast;
use crate::trace::EthAddress;
use crate::trace::TracedTransfer;
use crate::wallet;

fn transfer(from: u8, to: u8, units: u64) -> TracedTransfer {
    let address = |byte| EthAddress([byte; 20]);
    TracedTransfer { from: address(from), to: address(to), amount: Amount::from_units(units) }
}

fn example() -> Cast {
    // 1 pays 2 twice and itself; 2, a sender too, pays 3, who only receives.
    Cast::new(&[transfer(1, 2, 100), transfer(2, 3, 7), transfer(1, 2, 11), transfer(1, 1, 5)])
}

#[test]
fn keys_are_derived_from_the_label_and_the_address() {
    let seed = blake3::hash(&[b"heddle-replay-v1".as_slice(), &[0xab; 20]].concat());
    assert_eq!(cast::derived_key(&EthAddress([0xab; 20])).to_seed(), *seed.as_bytes());
}

#[test]
fn parties_stand_in_order_of_first_appearance_each_once() {
    let cast = example();
    let first: Vec<u8> = cast.parties.iter().map(|party| party.ethereum.0[0]).collect();
    assert_eq!(first, [1, 2, 3]);
    assert_eq!(cast.senders().collect::<Vec<_>>(), [0, 1]);
}

#[test]
fn senders_are_funded_with_what_they_send_their_fees_and_deposits_for_new_recipients() {
    let fee = wallet::fee_max(1).get();
    let deposit = wallet::balance_deposit().get();
    let funding = example().funding().unwrap();
    let funding: Vec<_> = funding.iter().map(|(party, amount)| (*party, amount.get())).collect();
    assert_eq!(funding, [(0, 100 + 11 + 5 + 3 * fee), (1, 7 + fee + deposit)]);
}

#[test]
fn funding_past_the_largest_amount_is_noticed() {
    let mut big = transfer(1, 2, 0);
    big.amount = Amount::MAX;
    assert!(Cast::new(&[big]).funding().is_none());
}

#[test]
fn every_sender_goes_on_from_its_own_sequence() {
    let drafts = example().drafts(&[40, 7, 0]);
    let nonces: Vec<_> = drafts.iter().map(|draft| (draft.sender, draft.sequence)).collect();
    assert_eq!(nonces, [(0, 40), (1, 7), (0, 41), (0, 42)]);
}

#[test]
fn a_transfer_costs_what_the_specification_executor_charges() {
    // Base 5000, one call 3000, three keys 1500, 61 bytes of data 610.
    assert_eq!(wallet::fee_max(1).get(), 10_110);
    // (128 + 45 + 16 bytes) at 10,000 base units.
    assert_eq!(wallet::balance_deposit().get(), 1_890_000);
}
