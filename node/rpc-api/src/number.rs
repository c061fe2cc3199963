//! How heights, views and indices look as JSON integers, all below 2^53, so that every JSON library reads them exactly.

use heddle_types::Epoch;
use heddle_types::Height;
use heddle_types::TxIndex;
use heddle_types::ValidatorIndex;
use heddle_types::View;
use serde::Deserialize;
use serde::Deserializer;
use serde::Serializer;
use serde::de::Error;
use serde::de::Unexpected;

use crate::limits;

/// A noun that is an integer in JSON.
pub trait Number: Sized {
    /// Its integer.
    fn to_number(&self) -> u64;

    /// From its integer; none when the noun has fewer bits.
    fn from_number(number: u64) -> Option<Self>;
}

macro_rules! number {
    ($($name:ident)+) => {$(
        impl Number for $name {
            fn to_number(&self) -> u64 {
                u64::from(self.get())
            }

            fn from_number(number: u64) -> Option<Self> {
                number.try_into().ok().map(Self::new)
            }
        }
    )+};
}

number! { Height View Epoch TxIndex ValidatorIndex }

/// For `#[serde(with)]` on one noun.
pub(crate) fn serialize<T: Number, S: Serializer>(
    value: &T,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(value.to_number())
}

/// For `#[serde(with)]` on one noun.
pub(crate) fn deserialize<'de, T: Number, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    parse(u64::deserialize(deserializer)?)
}

fn parse<T: Number, E: Error>(number: u64) -> Result<T, E> {
    let expected = || E::invalid_value(Unexpected::Unsigned(number), &"an integer below 2^53");
    if number > limits::INTEGER_MAX {
        return Err(expected());
    }
    T::from_number(number).ok_or_else(expected)
}

/// For `#[serde(with)]` on a noun that may be null.
pub(crate) mod option {
    use serde::Deserialize;
    use serde::Deserializer;
    use serde::Serializer;

    use super::Number;

    pub(crate) fn serialize<T: Number, S: Serializer>(
        value: &Option<T>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match value {
            Some(value) => super::serialize(value, serializer),
            None => serializer.serialize_none(),
        }
    }

    pub(crate) fn deserialize<'de, T: Number, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<T>, D::Error> {
        Option::<u64>::deserialize(deserializer)?.map(super::parse).transpose()
    }
}
