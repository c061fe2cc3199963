//! Validators, keys and signatures on the command line.

use heddle_rpc_api::GetValidators;
use heddle_types::Hash32;
use heddle_types::PublicKey;
use heddle_types::Signature;

use crate::error::CliError;
use crate::rpc::Rpc;

/// A validator by its key, or by its number among the candidates of `heddle validator list`.
#[derive(Clone, Copy, Debug)]
pub(super) enum Name {
    /// Its key.
    Key(PublicKey),
    /// Its number.
    Number(usize),
}

impl Name {
    /// For clap.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        match text.parse() {
            Ok(number) if text.len() < 5 => Ok(Self::Number(number)),
            Ok(_) | Err(_) => parse_key(text).map(Self::Key),
        }
    }

    /// Its key. A number is looked up.
    pub(super) fn key(self, rpc: &Rpc) -> Result<PublicKey, CliError> {
        let number = match self {
            Self::Key(key) => return Ok(key),
            Self::Number(number) => number,
        };
        let candidates = rpc.call(&GetValidators {})?.candidates;
        let found = candidates.get(number).map(|candidate| candidate.public_key);
        found.ok_or_else(|| {
            CliError::usage(format!(
                "VALIDATOR: found {number}, expected a key or a number below {}; see `heddle validator list`",
                candidates.len()
            ))
        })
    }
}

/// A public key in hex. For clap.
pub(super) fn parse_key(text: &str) -> Result<PublicKey, String> {
    let Hash32(bytes) = text.parse().map_err(|error| format!("{error}"))?;
    Ok(PublicKey(bytes))
}

/// A signature in hex. For clap.
pub(super) fn parse_signature(text: &str) -> Result<Signature, String> {
    let bytes = hex::decode(text.strip_prefix("0x").unwrap_or(text)).map_err(|e| e.to_string())?;
    let len = bytes.len();
    let bytes = bytes.try_into().map_err(|_| format!("found {len} bytes, expected 64"))?;
    Ok(Signature(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_validator_goes_by_number_or_key() {
        assert!(matches!(Name::parse("3"), Ok(Name::Number(3))));
        let key = "ab".repeat(32);
        assert!(
            matches!(Name::parse(&key), Ok(Name::Key(found)) if found == PublicKey([0xab; 32]))
        );
        for bad in ["", "-1", "12345", "xy", &key[1..]] {
            assert!(Name::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_signature_is_64_bytes() {
        assert_eq!(parse_signature(&"cd".repeat(64)), Ok(Signature([0xcd; 64])));
        assert!(parse_signature(&"cd".repeat(63)).unwrap_err().contains("63 bytes"));
    }
}
