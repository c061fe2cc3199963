//! Values that can be added to unseen.

use proptest::prelude::*;

use heddle_sdk::add_to_value;
use heddle_sdk::decode_number;
use heddle_sdk::encode_number;
use heddle_sdk::native;
use heddle_types::Amount;
use heddle_types::Value;

#[test]
fn a_number_is_sixteen_little_endian_bytes() {
    assert_eq!(encode_number(258)[..3], [2, 1, 0]);
    assert_eq!(encode_number(-1), [0xff; 16]);
    assert_eq!(decode_number(&[0; 15]), None);
    assert_eq!(decode_number(&[0; 17]), None);
}

#[test]
fn an_amount_is_a_number_within_its_bounds() {
    assert_eq!(native::decode_amount(&native::encode_amount(Amount::MAX)), Some(Amount::MAX));
    assert_eq!(native::decode_amount(&encode_number(-1)), None);
    assert_eq!(native::decode_amount(&encode_number(1 << 120)), None);
}

proptest! {
    #[test]
    fn adds_commute(first in any::<Option<i128>>(), a in any::<i128>(), b in any::<i128>()) {
        let start = first.map(|number| Value::new(&encode_number(number)));
        let ab = add_to_value(Some(&add_to_value(start.as_ref(), a)), b);
        let ba = add_to_value(Some(&add_to_value(start.as_ref(), b)), a);
        let sum = first.unwrap_or(0).wrapping_add(a).wrapping_add(b);
        prop_assert_eq!(&ab, &ba);
        prop_assert_eq!(decode_number(ab.as_bytes()), Some(sum));
    }

    #[test]
    fn adds_leave_alone_what_is_no_number(bytes in proptest::collection::vec(any::<u8>(), 0..40), a in any::<i128>()) {
        prop_assume!(bytes.len() != 16);
        let value = Value::from(bytes);
        prop_assert_eq!(add_to_value(Some(&value), a), value);
    }
}
