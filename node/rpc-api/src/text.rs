//! How nouns look as JSON strings: lower-case hex without prefix, decimal amounts, asset symbols.

use heddle_num::Lots;
use heddle_num::Quote;
use heddle_num::SignedLots;
use heddle_num::Ticks;
use heddle_types::Address;
use heddle_types::Amount;
use heddle_types::AssetId;
use heddle_types::BlockHash;
use heddle_types::BlsPublicKey;
use heddle_types::BlsSignature;
use heddle_types::Bytes;
use heddle_types::ChainId;
use heddle_types::Hash32;
use heddle_types::PublicKey;
use heddle_types::Signature;
use heddle_types::StateRoot;
use heddle_types::TxId;
use serde::Deserialize;
use serde::Deserializer;
use serde::Serializer;
use serde::de::Error;

/// A noun that is a string in JSON.
pub trait Text: Sized {
    /// What a person is told when a text is none.
    const EXPECTED: &'static str;

    /// Its text.
    fn to_text(&self) -> String;

    /// From its text; hex may have `0x` in front.
    fn from_text(text: &str) -> Option<Self>;
}

macro_rules! hash_text {
    ($($name:ident)+) => {$(
        impl Text for $name {
            const EXPECTED: &'static str = "64 hex digits";

            fn to_text(&self) -> String {
                hex::encode(self.as_bytes())
            }

            fn from_text(text: &str) -> Option<Self> {
                text.parse().ok()
            }
        }
    )+};
}

hash_text! { Hash32 BlockHash TxId StateRoot ChainId Address }

impl Text for PublicKey {
    const EXPECTED: &'static str = "64 hex digits";

    fn to_text(&self) -> String {
        hex::encode(self.0)
    }

    fn from_text(text: &str) -> Option<Self> {
        text.parse::<Hash32>().ok().map(|hash| Self(hash.0))
    }
}

impl Text for Signature {
    const EXPECTED: &'static str = "128 hex digits";

    fn to_text(&self) -> String {
        hex::encode(self.0)
    }

    fn from_text(text: &str) -> Option<Self> {
        let mut bytes = [0; 64];
        hex::decode_to_slice(without_prefix(text), &mut bytes).ok()?;
        Some(Self(bytes))
    }
}

impl Text for BlsSignature {
    const EXPECTED: &'static str = "96 hex digits";

    fn to_text(&self) -> String {
        self.to_string()
    }

    fn from_text(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

impl Text for BlsPublicKey {
    const EXPECTED: &'static str = "192 hex digits";

    fn to_text(&self) -> String {
        self.to_string()
    }

    fn from_text(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

impl Text for Bytes {
    const EXPECTED: &'static str = "an even number of hex digits";

    fn to_text(&self) -> String {
        hex::encode(&self.0)
    }

    fn from_text(text: &str) -> Option<Self> {
        hex::decode(without_prefix(text)).ok().map(Self)
    }
}

impl Text for Amount {
    const EXPECTED: &'static str = "a decimal string of base units below 2^120";

    fn to_text(&self) -> String {
        self.get().to_string()
    }

    fn from_text(text: &str) -> Option<Self> {
        // `u128::from_str` would accept a sign.
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| text.parse().ok()).flatten().and_then(Self::new)
    }
}

impl Text for AssetId {
    const EXPECTED: &'static str = "an asset's symbol, 1 to 12 characters A-Z or 0-9";

    fn to_text(&self) -> String {
        self.symbol().to_owned()
    }

    fn from_text(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

macro_rules! quantity_text {
    ($($name:ident: $expected:literal;)+) => {$(
        impl Text for $name {
            const EXPECTED: &'static str = $expected;

            fn to_text(&self) -> String {
                self.get().to_string()
            }

            fn from_text(text: &str) -> Option<Self> {
                // A plus sign is none of ours.
                let digits = text.strip_prefix('-').unwrap_or(text);
                let is_number = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
                is_number.then(|| text.parse().ok()).flatten().map(Self::new)
            }
        }
    )+};
}

quantity_text! {
    Ticks: "a decimal string of ticks below 2^32";
    Lots: "a decimal string of lots below 2^64";
    SignedLots: "a decimal string of lots, below zero for a short position";
    Quote: "a decimal string of base units of the quote asset";
}

fn without_prefix(text: &str) -> &str {
    text.strip_prefix("0x").unwrap_or(text)
}

/// For `#[serde(with)]` on one noun.
pub(crate) fn serialize<T: Text, S: Serializer>(
    value: &T,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&value.to_text())
}

/// For `#[serde(with)]` on one noun.
pub(crate) fn deserialize<'de, T: Text, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    parse(&String::deserialize(deserializer)?)
}

fn parse<T: Text, E: Error>(text: &str) -> Result<T, E> {
    T::from_text(text)
        .ok_or_else(|| E::invalid_value(serde::de::Unexpected::Str(text), &T::EXPECTED))
}

/// For `#[serde(with)]` on a noun that may be null.
pub(crate) mod option {
    use serde::Deserialize;
    use serde::Deserializer;
    use serde::Serializer;

    use super::Text;

    pub(crate) fn serialize<T: Text, S: Serializer>(
        value: &Option<T>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match value {
            Some(value) => super::serialize(value, serializer),
            None => serializer.serialize_none(),
        }
    }

    pub(crate) fn deserialize<'de, T: Text, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<T>, D::Error> {
        Option::<String>::deserialize(deserializer)?.map(|text| super::parse(&text)).transpose()
    }
}

/// For `#[serde(with)]` on an array of nouns.
pub(crate) mod list {
    use serde::Deserialize;
    use serde::Deserializer;
    use serde::Serializer;

    use super::Text;

    pub(crate) fn serialize<T: Text, S: Serializer>(
        values: &[T],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(values.iter().map(Text::to_text))
    }

    pub(crate) fn deserialize<'de, T: Text, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<T>, D::Error> {
        let texts = Vec::<String>::deserialize(deserializer)?;
        texts.iter().map(|text| super::parse(text)).collect()
    }
}

/// For `#[serde(with)]` on an object from one noun to another.
pub(crate) mod map {
    use std::collections::BTreeMap;

    use serde::Deserialize;
    use serde::Deserializer;
    use serde::Serializer;

    use super::Text;

    pub(crate) fn serialize<K: Text, V: Text, S: Serializer>(
        values: &BTreeMap<K, V>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_map(values.iter().map(|(key, value)| (key.to_text(), value.to_text())))
    }

    pub(crate) fn deserialize<'de, K: Text + Ord, V: Text, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<BTreeMap<K, V>, D::Error> {
        let texts = BTreeMap::<String, String>::deserialize(deserializer)?;
        texts.iter().map(|(key, value)| Ok((super::parse(key)?, super::parse(value)?))).collect()
    }
}
