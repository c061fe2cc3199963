//! With which keys a cluster's validators vote.

use std::fmt;
use std::str::FromStr;

use heddle_types::BlsPublicKey;
use heddle_types::BlsSecretKey;
use heddle_types::BlsSignature;
use heddle_validator::home::KeyFile;
use thiserror::Error;

/// How the validators of a chain sign what they decide.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum VoteScheme {
    /// With their Ed25519 keys; a certificate has all signatures.
    #[default]
    Ed25519,
    /// With BLS keys, which follow from the others; a certificate has one sum of signatures.
    Bls,
}

/// A text that names no scheme.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("expected ed25519 or bls")]
pub struct UnknownScheme;

impl VoteScheme {
    /// A validator's vote key and the proof that it is held, where there are such keys.
    pub fn vote_key(self, key: &KeyFile) -> Option<(BlsPublicKey, BlsSignature)> {
        match self {
            Self::Ed25519 => None,
            Self::Bls => {
                let secret = BlsSecretKey::derive(key.secret());
                Some((secret.public_key(), secret.prove_possession()))
            }
        }
    }

    /// As it stands in files and on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ed25519 => "ed25519",
            Self::Bls => "bls",
        }
    }
}

impl fmt::Display for VoteScheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for VoteScheme {
    type Err = UnknownScheme;

    fn from_str(text: &str) -> Result<Self, UnknownScheme> {
        let all = [Self::Ed25519, Self::Bls];
        all.into_iter().find(|scheme| scheme.as_str() == text).ok_or(UnknownScheme)
    }
}
