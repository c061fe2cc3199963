//! The envelope that users sign.

use borsh::BorshDeserialize;
use borsh::BorshSerialize;
use thiserror::Error;

use crate::access::AccessMode;
use crate::address::Address;
use crate::canonical::canonical;
use crate::codec;
use crate::codec::BoundedRead;
use crate::codec::Bytes;
use crate::codec::Canonical;
use crate::ed25519::SecretKey;
use crate::ed25519::Signature;
use crate::ed25519::SignedMessage;
use crate::hash::ChainId;
use crate::hash::Domain;
use crate::hash::Hash32;
use crate::hash::TxId;
use crate::limits;
use crate::quantity::Amount;
use crate::quantity::Height;
use crate::state_key::ProgramId;
use crate::state_key::StateKey;

canonical! {
    /// A signed transaction. Decoding bounds it and no more; [`Transaction::check_form`] says whether it is well formed, and
    /// [`crate::CheckedTransaction`] is one that is.
    pub struct Transaction {
        /// Everything that the signatures cover but their schemes.
        pub body: TransactionBody,
        /// The sender's authorisation.
        pub auth: Auth,
        /// The payer's, exactly when the body names a payer.
        pub payer_auth: Option<Auth>,
    }

    /// What a transaction says.
    pub struct TransactionBody {
        /// Format: 1.
        pub version: u8,
        /// The chain that it is for.
        pub chain: ChainId,
        /// Whose nonce it uses and for whom it acts.
        pub sender: Address,
        /// Who pays fees and deposits, if not the sender.
        pub payer: Option<Address>,
        /// Its place in the sender's order.
        pub nonce: Nonce,
        /// The last height at which it may be included.
        pub valid_until: Height,
        /// The most that it may cost in fees, in the native asset.
        pub max_fee: Amount,
        /// What it may touch.
        pub access: Access,
        /// What it does: 1 to 32 calls, all or nothing.
        pub calls: Vec<Call> => limits::CALLS_MAX,
    }

    /// One call of a program.
    pub struct Call {
        /// The program.
        pub program: ProgramId,
        /// The program's own encoding of what to do.
        pub data: Bytes => limits::CALL_BYTES_MAX,
    }
}

/// Where a transaction stands in its sender's order.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize,
)]
pub enum Nonce {
    /// Strictly sequential within one of the sender's 256 lanes, from 0.
    Lane {
        /// The lane.
        lane: u8,
        /// The number within it.
        sequence: u64,
    },
    /// A recent time that was not used before. Reserved: decoded, never admitted.
    Window {
        /// Milliseconds since 1970.
        millis: u64,
    },
}

/// Whether a transaction says beforehand what it touches.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize)]
pub enum Access {
    /// What its programs derive from the calls, and these keys besides.
    Declared {
        /// Extra keys, strictly ascending.
        extra: Vec<(StateKey, AccessMode)>,
    },
    /// Anything; costs more and runs after the declared ones.
    Open,
}

impl Access {
    /// Nothing but what the programs derive.
    pub const DERIVED: Self = Self::Declared { extra: Vec::new() };
}

impl BorshDeserialize for Access {
    fn deserialize_reader<R: std::io::Read>(reader: &mut R) -> std::io::Result<Self> {
        let invalid =
            |message: String| std::io::Error::new(std::io::ErrorKind::InvalidData, message);
        match u8::deserialize_reader(reader)? {
            0 => {
                let extra =
                    Vec::<(StateKey, AccessMode)>::read_bounded(reader, limits::EXTRA_KEYS_MAX)
                        .map_err(|e| codec::at_field(&e, "extra"))?;
                if extra.windows(2).all(|pair| pair[0].0 < pair[1].0) {
                    Ok(Self::Declared { extra })
                } else {
                    Err(invalid("extra: keys must be strictly ascending".to_owned()))
                }
            }
            1 => Ok(Self::Open),
            tag => Err(invalid(format!("unknown access tag {tag}, expected 0 or 1"))),
        }
    }
}

/// How a signature is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
#[borsh(use_discriminant = true)]
#[repr(u8)]
pub enum AuthScheme {
    /// Ed25519 over the transaction's id, verified by ZIP-215.
    Ed25519 = 0,
    /// secp256k1 over an EIP-712 digest. Reserved: decoded, never valid.
    Eip712 = 1,
}

/// An authorisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum Auth {
    /// The address is the key.
    Ed25519(Signature),
    /// The signature and its recovery byte. Reserved.
    Eip712(Signature, u8),
}

impl Auth {
    /// Its scheme, which the transaction's id covers.
    pub const fn scheme(&self) -> AuthScheme {
        match self {
            Self::Ed25519(_) => AuthScheme::Ed25519,
            Self::Eip712(..) => AuthScheme::Eip712,
        }
    }
}

/// What is wrong with a transaction by its form alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum TransactionError {
    /// Another format.
    #[error("transaction.body.version: {found}, expected 1")]
    Version {
        /// The version found.
        found: u8,
    },
    /// It does nothing.
    #[error("transaction.body.calls: none, expected 1 to 32")]
    NoCalls,
    /// A call of the runtime itself.
    #[error("transaction.body.calls[{call}].program: 0 cannot be called")]
    SystemCall {
        /// The call's position.
        call: usize,
    },
    /// The sender is named as payer; one meaning has one encoding.
    #[error("transaction.body.payer: is the sender, leave it out")]
    PayerIsSender,
    /// A payer without authorisation, or the other way round.
    #[error("transaction.payer_auth: must be there exactly when body.payer is")]
    PayerAuth,
    /// Larger than any transaction may be.
    #[error("transaction: {bytes} bytes, at most {} are allowed", limits::TRANSACTION_BYTES_MAX)]
    TooLarge {
        /// Its encoded size.
        bytes: usize,
    },
}

impl Transaction {
    /// Signs `body` with the sender's Ed25519 key. `body.payer` must be none.
    pub fn sign(body: TransactionBody, key: &SecretKey) -> Self {
        let id = body.id(AuthScheme::Ed25519, None);
        Self { auth: Auth::Ed25519(key.sign(id.as_bytes())), payer_auth: None, body }
    }

    /// The transaction's identity: `blake3(domain ‖ body ‖ sender's scheme ‖ 0 or (1 ‖ payer's scheme))`.
    pub fn id(&self) -> TxId {
        self.body.id(self.auth.scheme(), self.payer_auth.map(|auth| auth.scheme()))
    }

    /// Checks what can be checked without state or keys.
    ///
    /// # Errors
    /// A [`TransactionError`] naming the field.
    pub fn check_form(&self) -> Result<(), TransactionError> {
        let body = &self.body;
        if body.version != TransactionBody::VERSION {
            return Err(TransactionError::Version { found: body.version });
        }
        if body.calls.is_empty() {
            return Err(TransactionError::NoCalls);
        }
        if let Some(call) = body.calls.iter().position(|call| call.program == ProgramId::SYSTEM) {
            return Err(TransactionError::SystemCall { call });
        }
        if body.payer == Some(body.sender) {
            return Err(TransactionError::PayerIsSender);
        }
        if body.payer.is_some() != self.payer_auth.is_some() {
            return Err(TransactionError::PayerAuth);
        }
        Ok(())
    }

    /// The signatures to verify; none when an authorisation cannot be valid whatever its bytes are.
    pub fn signed_messages(&self, id: TxId) -> Option<(SignedMessage, Option<SignedMessage>)> {
        let sender = signed_message(&self.body.sender, &self.auth, id)?;
        let payer = match (&self.body.payer, &self.payer_auth) {
            (Some(payer), Some(auth)) => Some(signed_message(payer, auth, id)?),
            (None, None) => None,
            (Some(_), None) | (None, Some(_)) => return None,
        };
        Some((sender, payer))
    }
}

fn signed_message(address: &Address, auth: &Auth, id: TxId) -> Option<SignedMessage> {
    match auth {
        Auth::Ed25519(signature) => {
            let key = address.ed25519_key()?;
            Some(SignedMessage { key, message: id.0, signature: *signature })
        }
        Auth::Eip712(..) => None,
    }
}

impl TransactionBody {
    /// The format that this code reads and writes.
    pub const VERSION: u8 = 1;

    /// The id of this body when signed by these schemes; the message that an Ed25519 key signs is its 32 bytes.
    pub fn id(&self, sender: AuthScheme, payer: Option<AuthScheme>) -> TxId {
        let mut bytes = codec::encode(self);
        bytes.push(sender as u8);
        match payer {
            None => bytes.push(0),
            Some(payer) => bytes.extend([1, payer as u8]),
        }
        TxId(Hash32::of(Domain::TRANSACTION, &[&bytes]))
    }

    /// Who pays.
    pub fn payer(&self) -> Address {
        self.payer.unwrap_or(self.sender)
    }
}

impl Canonical for Transaction {
    const NAME: &'static str = "transaction";
    const BYTES_MAX: usize = limits::TRANSACTION_BYTES_MAX;
}

impl Canonical for TransactionBody {
    const NAME: &'static str = "unsigned transaction";
    const BYTES_MAX: usize = limits::TRANSACTION_BYTES_MAX;
}
