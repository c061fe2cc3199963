//! What the program can be asked to do.

use std::net::SocketAddr;

use borsh::BorshDeserialize;
use borsh::BorshSerialize;

use heddle_sdk::Described;
use heddle_types::Address;
use heddle_types::BlsPublicKey;
use heddle_types::BlsSignature;
use heddle_types::Call;
use heddle_types::Canonical;
use heddle_types::ProgramId;
use heddle_types::PublicKey;
use heddle_types::Signature;
use heddle_types::encode;

use crate::limits::QUIC_BYTES_MAX;
use crate::limits::VOTE_KEY_BYTES_MAX;
use crate::limits::VOTE_PROOF_BYTES_MAX;
use crate::member::Member;

/// A call of the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum ValidatorsCall {
    /// Admits a member, as the last. The authority only.
    Join(Join),
    /// Lets a member go. The authority, or the member's operator.
    Leave {
        /// Its key.
        public_key: PublicKey,
    },
    /// Gives a member another power. The authority only.
    SetPower {
        /// Its key.
        public_key: PublicKey,
        /// The new power.
        power: u64,
    },
    /// Gives a member another key, in the old one's place. The authority, or the member's operator.
    Rotate(Rotate),
    /// Says where a member listens from now on. The member's operator only.
    SetAddress {
        /// Its key.
        public_key: PublicKey,
        /// The new address.
        quic: SocketAddr,
    },
    /// Hands authority over. The authority only.
    SetAuthority {
        /// To whom.
        authority: Address,
    },
}

/// A member to be, and the proof that it wants to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Join {
    /// All of it.
    pub member: Member,
    /// By the member's key, over its [claim](crate::Claim).
    pub proof: Signature,
    /// That its vote key is held, if it has one.
    pub vote_proof: Option<BlsSignature>,
}

/// A member's new key, and the proof that somebody holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Rotate {
    /// The key that the member has.
    pub old: PublicKey,
    /// The key that it is to have.
    pub new: PublicKey,
    /// What it is to vote with, if it has a key for that.
    pub vote_key: Option<BlsPublicKey>,
    /// By the new key, over the member's [claim](crate::Claim).
    pub proof: Signature,
    /// That the new vote key is held, if there is one.
    pub vote_proof: Option<BlsSignature>,
}

impl ValidatorsCall {
    /// As a transaction's call.
    pub fn to_call(&self) -> Call {
        Call { program: ProgramId::VALIDATORS, data: encode(self).into() }
    }

    pub(crate) fn describe(&self) -> Described {
        let (name, fields) = match self {
            Self::Join(Join { member, proof: _, vote_proof: _ }) => {
                ("Join", describe_member(member))
            }
            Self::Leave { public_key } => ("Leave", vec![("publicKey", public_key.to_string())]),
            Self::SetPower { public_key, power } => (
                "SetPower",
                vec![("publicKey", public_key.to_string()), ("power", power.to_string())],
            ),
            Self::Rotate(Rotate { old, new, vote_key, proof: _, vote_proof: _ }) => {
                ("Rotate", describe_rotation((old, new), vote_key.as_ref()))
            }
            Self::SetAddress { public_key, quic } => (
                "SetAddress",
                vec![("publicKey", public_key.to_string()), ("quic", quic.to_string())],
            ),
            Self::SetAuthority { authority } => {
                ("SetAuthority", vec![("authority", authority.to_string())])
            }
        };
        Described { name, fields }
    }
}

/// A member in words.
pub(crate) fn describe_member(member: &Member) -> Vec<(&'static str, String)> {
    let mut fields = vec![
        ("publicKey", member.public_key.to_string()),
        ("power", member.power.to_string()),
        ("operator", member.operator.to_string()),
        ("quic", member.quic.to_string()),
    ];
    fields.extend(describe_vote_key(member.vote_key.as_ref()));
    fields
}

/// A member's old key and its new ones in words.
pub(crate) fn describe_rotation(
    (old, new): (&PublicKey, &PublicKey),
    vote_key: Option<&BlsPublicKey>,
) -> Vec<(&'static str, String)> {
    let mut fields = vec![("old", old.to_string()), ("new", new.to_string())];
    fields.extend(describe_vote_key(vote_key));
    fields
}

fn describe_vote_key(key: Option<&BlsPublicKey>) -> Option<(&'static str, String)> {
    key.map(|key| ("voteKey", key.to_string()))
}

impl Canonical for ValidatorsCall {
    const NAME: &'static str = "validators call";
    const BYTES_MAX: usize = 1 + Member::BYTES_MAX + 64 + VOTE_PROOF_BYTES_MAX;
}

const _: () = assert!(ValidatorsCall::BYTES_MAX > 32 + QUIC_BYTES_MAX);
const _: () = assert!(Member::BYTES_MAX >= 32 + 32 + VOTE_KEY_BYTES_MAX);
