//! Values that can be added to unseen.

use heddle_types::Value;

/// Bytes of a number in state.
pub const NUMBER_LEN: usize = 16;

/// The value of a key that is added to: 16 bytes, little-endian, two's complement. For a number that is not negative
/// these are also the bytes of an `Amount`.
pub const fn encode_number(number: i128) -> [u8; NUMBER_LEN] {
    number.to_le_bytes()
}

/// The number that `bytes` are; none when they are not 16.
pub fn decode_number(bytes: &[u8]) -> Option<i128> {
    Some(i128::from_le_bytes(bytes.try_into().ok()?))
}

/// A value after `delta` was added to it.
///
/// An absent value counts as zero. The sum wraps, because saturating would make the order of adds matter; what is added
/// is bounded by its program, as amounts are by their supply. A value that is no number stays as it is: whoever adds
/// does not see the value, so nobody could be told.
pub fn add_to_value(value: Option<&Value>, delta: i128) -> Value {
    match value {
        None => Value::new(&encode_number(delta)),
        Some(value) => match decode_number(value.as_bytes()) {
            Some(number) => Value::new(&encode_number(number.wrapping_add(delta))),
            None => value.clone(),
        },
    }
}
