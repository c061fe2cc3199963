//! What clients and other nodes rely on byte for byte.

use proptest::prelude::*;

use heddle_ledger::AssetInfo;
use heddle_ledger::Ledger;
use heddle_ledger::LedgerCall;
use heddle_ledger::LedgerError;
use heddle_ledger::LedgerEvent;
use heddle_ledger::asset_key;
use heddle_ledger::balance_key;
use heddle_ledger::balance_prefix;
use heddle_ledger::native_balance_key;
use heddle_ledger::nonce_key;
use heddle_ledger::parse_balance_key;
use heddle_ledger::supply;
use heddle_ledger::transfer_call;
use heddle_sdk::Program;
use heddle_sdk::Programs;
use heddle_sdk::genesis_state;
use heddle_sdk::native;
use heddle_types::Address;
use heddle_types::Amount;
use heddle_types::AssetId;
use heddle_types::Entry;
use heddle_types::ProgramId;
use heddle_types::Value;
use heddle_types::decode_exact;
use heddle_types::encode;

use crate::world::HDL;
use crate::world::genesis;
use crate::world::gold;
use crate::world::units;
use crate::world::who;

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

const A: Address = Address([0xaa; 32]);

#[test]
fn keys_have_their_bytes() {
    let aa = "aa".repeat(32);
    let gold_hex = "474f4c440000000000000000";
    assert_eq!(hex(balance_key(&A, &gold()).bytes()), format!("62{aa}{gold_hex}"));
    assert_eq!(hex(native_balance_key(&A).bytes()), format!("62{aa}48444c000000000000000000"));
    assert_eq!(hex(asset_key(&gold()).bytes()), format!("61{gold_hex}"));
    assert_eq!(hex(heddle_ledger::supply_key(&gold()).bytes()), format!("73{gold_hex}"));
    assert_eq!(hex(nonce_key(&A, 7).bytes()), format!("6e{aa}07"));
    assert_eq!(nonce_key(&A, 7).program(), ProgramId::SYSTEM);
    assert_eq!(native::lane_of(&nonce_key(&A, 7), &A), Some(7));
    assert_eq!(native::lane_of(&nonce_key(&A, 7), &who(1)), None);
}

#[test]
fn calls_have_their_bytes() {
    let transfer = transfer_call(A, gold(), units(258));
    let aa = "aa".repeat(32);
    let amount = format!("0201{}", "00".repeat(14));
    let gold_hex = "474f4c440000000000000000";
    assert_eq!(transfer.program, ProgramId::LEDGER);
    assert_eq!(hex(&transfer.data), format!("00{aa}{gold_hex}{amount}"));
    let create = LedgerCall::CreateAsset { asset: gold(), decimals: 6, authority: A };
    assert_eq!(hex(&encode(&create)), format!("01{gold_hex}06{aa}"));
    let mint = LedgerCall::Mint { asset: gold(), to: A, amount: units(258) };
    assert_eq!(hex(&encode(&mint)), format!("02{gold_hex}{aa}{amount}"));
    let burn = LedgerCall::Burn { asset: gold(), amount: units(258) };
    assert_eq!(hex(&encode(&burn)), format!("03{gold_hex}{amount}"));
}

#[test]
fn error_codes_and_names_are_fixed() {
    let listed: Vec<_> = LedgerError::ALL.iter().map(|e| (e.code(), e.text().name)).collect();
    let expected = [
        (1, "MalformedCall"),
        (2, "ZeroAmount"),
        (3, "InsufficientBalance"),
        (4, "UnknownAsset"),
        (5, "AssetExists"),
        (6, "NotAuthority"),
        (7, "SupplyOverflow"),
        (8, "InvalidDecimals"),
        (9, "NativeAsset"),
        (10, "MalformedSection"),
    ];
    assert_eq!(listed, expected);
    assert_eq!(Ledger.error(3).unwrap().name, "InsufficientBalance");
    assert_eq!(Ledger.error(11), None);
}

#[test]
fn a_call_is_described_for_people() {
    let described = Ledger.describe_call(&transfer_call(A, AssetId::HDL, units(7)).data).unwrap();
    assert_eq!(described.name, "Transfer");
    let expected =
        vec![("to", A.to_string()), ("asset", "HDL".to_owned()), ("amount", "7".to_owned())];
    assert_eq!(described.fields, expected);
    assert_eq!(Ledger.describe_call(b"nonsense"), None);
}

#[test]
fn genesis_holds_the_native_asset_and_the_first_balances_without_deposits() {
    let changes = genesis_state(&Programs::new(vec![Box::new(Ledger)]), &genesis()).unwrap();
    assert_eq!(changes.len(), 5);
    let entries: Vec<_> =
        changes.as_slice().iter().map(|(key, entry)| (*key, entry.clone().unwrap())).collect();
    assert!(entries.iter().all(|(_, entry)| entry.deposit.is_none()));
    let sums = supply(entries.iter().map(|(key, entry)| (key, entry))).unwrap();
    assert_eq!(sums.into_iter().collect::<Vec<_>>(), vec![(AssetId::HDL, units(400 * HDL))]);
    let hdl = &entries.iter().find(|(key, _)| *key == asset_key(&AssetId::HDL)).unwrap().1;
    assert_eq!(decode_exact::<AssetInfo>(hdl.value.as_bytes()), Ok(AssetInfo::HDL));
}

#[test]
fn a_balance_that_is_no_amount_is_found_out() {
    let key = native_balance_key(&A);
    let entry = |bytes: &[u8]| Entry { deposit: None, value: Value::new(bytes) };
    let negative = entry(&(-1_i128).to_le_bytes());
    assert!(supply([(&key, &negative)]).is_err());
    assert!(supply([(&key, &entry(&[1]))]).is_err());
    let most = entry(&native::encode_amount(Amount::MAX));
    let one = entry(&native::encode_amount(units(1)));
    assert!(supply([(&key, &most)]).is_ok());
    assert!(supply([(&key, &most), (&native_balance_key(&who(1)), &one)]).is_err());
}

proptest! {
    #[test]
    fn a_balance_key_says_whose_and_of_what(address in any::<[u8; 32]>()) {
        let address = Address(address);
        let key = balance_key(&address, &gold());
        prop_assert_eq!(parse_balance_key(&key), Some((address, gold())));
        prop_assert!(key.bytes().starts_with(&balance_prefix(&address)));
    }

    #[test]
    fn decoders_take_any_bytes(kind in 0..6_u16, bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
        if let Ok(call) = decode_exact::<LedgerCall>(&bytes) {
            prop_assert_eq!(encode(&call), bytes.clone());
        }
        let _event = LedgerEvent::decode(kind, &bytes);
    }

    #[test]
    fn calls_that_almost_decode_do_so_exactly(tag in 0..6_u8, len in 55..64_usize, seed in any::<[u8; 64]>()) {
        let mut bytes = seed[..len].to_vec();
        bytes[0] = tag;
        if let Ok(call) = decode_exact::<LedgerCall>(&bytes) {
            prop_assert_eq!(encode(&call), bytes);
        }
    }
}
