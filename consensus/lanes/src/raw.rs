//! Messages as bytes, and what is checked of them before the core sees them.

use std::io;
use std::sync::Arc;

use borsh::BorshDeserialize;
use borsh::BorshSerialize;
use heddle_types::Auth;
use heddle_types::Batch;
use heddle_types::BatchError;
use heddle_types::BatchRef;
use heddle_types::BoundedRead;
use heddle_types::Canonical;
use heddle_types::CheckedBatch;
use heddle_types::Committee;
use heddle_types::Epoch;
use heddle_types::Hash32;
use heddle_types::SignedBatchHeader;
use heddle_types::TxId;
use heddle_types::VoteScheme;
use heddle_types::at_field;
use heddle_types::limits::VALIDATORS_MAX;
use thiserror::Error;

use crate::fork::Fork;
use crate::limits;
use crate::message::Acks;
use crate::message::Fetch;
use crate::message::Message;

/// A message as it came: well-formed bytes, nothing checked.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize)]
pub enum RawMessage {
    /// The next batch of the sender's lane.
    Batch(Batch),
    /// What the sender has.
    Acks(Acks),
    /// What the sender lacks.
    Fetch(Fetch),
    /// The answer to a [`Fetch`].
    Fetched {
        /// What was asked for.
        digest: Hash32,
        /// Newest first.
        batches: Vec<Batch>,
    },
    /// A lane forks.
    Fork(Box<[SignedBatchHeader; 2]>),
    /// What stands with the sender where the receiver acknowledged something else.
    Header(Box<SignedBatchHeader>),
}

/// Why a well-formed message is not one that an honest peer sends.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum MessageError {
    /// A batch in it is malformed, or not its owner's.
    #[error(transparent)]
    Batch(#[from] BatchError),
    /// A header of another epoch.
    #[error("header.epoch: {found}, expected {expected}")]
    Epoch {
        /// The header's.
        found: Epoch,
        /// The committee's.
        expected: Epoch,
    },
    /// Its lane's owner did not sign it.
    #[error("header: not signed by its lane's owner")]
    Header,
    /// It proves nothing.
    #[error("fork: not two batches that one validator signed at one place")]
    Fork,
}

impl MessageError {
    /// Whether its sender may be honest, and only in another epoch.
    pub const fn is_of_another_epoch(&self) -> bool {
        match self {
            Self::Batch(BatchError::Epoch { .. }) | Self::Epoch { .. } => true,
            Self::Batch(
                BatchError::Decode(_)
                | BatchError::Sequence
                | BatchError::Body
                | BatchError::Empty
                | BatchError::Signature
                | BatchError::Transaction { .. },
            )
            | Self::Header
            | Self::Fork => false,
        }
    }
}

impl RawMessage {
    /// Checks everything that needs no state. Slow: belongs on a worker. `is_known` as for
    /// [`heddle_types::CheckedTransaction::check_all`].
    ///
    /// # Errors
    /// See [`MessageError`].
    pub fn check(
        self,
        committee: &Committee,
        scheme: &dyn VoteScheme,
        is_known: impl Fn(&TxId, &Auth) -> bool,
    ) -> Result<Message, MessageError> {
        let check = |batch| CheckedBatch::check(batch, committee, scheme, &is_known).map(Arc::new);
        let in_epoch = |signed: &SignedBatchHeader| {
            let (found, expected) = (signed.header.epoch, committee.epoch());
            let is_ours = found == expected;
            if is_ours { Ok(()) } else { Err(MessageError::Epoch { found, expected }) }
        };
        Ok(match self {
            Self::Batch(batch) => Message::Batch(check(batch)?),
            Self::Acks(acks) => Message::Acks(acks),
            Self::Fetch(fetch) => Message::Fetch(fetch),
            Self::Fetched { digest, batches } => {
                let batches = batches.into_iter().map(check).collect::<Result<_, _>>()?;
                Message::Fetched { digest, batches }
            }
            Self::Fork(headers) => {
                let [first, second] = *headers;
                in_epoch(&first)?;
                let fork = Fork::check(first, second, committee, scheme);
                Message::Fork(Box::new(fork.ok_or(MessageError::Fork)?))
            }
            Self::Header(signed) => {
                in_epoch(&signed)?;
                if !signed.verify(committee, scheme) {
                    return Err(MessageError::Header);
                }
                Message::Header(signed)
            }
        })
    }
}

/// The message's canonical bytes.
pub fn encode(message: &Message) -> Vec<u8> {
    heddle_types::encode(&match message {
        Message::Batch(batch) => RawMessage::Batch(batch.to_batch()),
        Message::Acks(acks) => RawMessage::Acks(acks.clone()),
        Message::Fetch(fetch) => RawMessage::Fetch(fetch.clone()),
        Message::Fetched { digest, batches } => RawMessage::Fetched {
            digest: *digest,
            batches: batches.iter().map(|batch| batch.to_batch()).collect(),
        },
        Message::Fork(fork) => RawMessage::Fork(Box::new(fork.headers().map(Clone::clone))),
        Message::Header(signed) => RawMessage::Header(signed.clone()),
    })
}

impl Canonical for RawMessage {
    const NAME: &'static str = "lane message";
    const BYTES_MAX: usize = limits::MESSAGE_BYTES_MAX;
}

impl BorshDeserialize for RawMessage {
    fn deserialize_reader<R: io::Read>(reader: &mut R) -> io::Result<Self> {
        match u8::deserialize_reader(reader)? {
            0 => read(reader, "batch").map(Self::Batch),
            1 => read(reader, "acks").map(Self::Acks),
            2 => read(reader, "fetch").map(Self::Fetch),
            3 => {
                let digest = read(reader, "fetched.digest")?;
                let batches = Vec::read_bounded(reader, limits::FETCHED_BATCHES_MAX)
                    .map_err(|e| at_field(&e, "fetched.batches"))?;
                Ok(Self::Fetched { digest, batches })
            }
            4 => {
                let headers = [read(reader, "fork[0]")?, read(reader, "fork[1]")?];
                Ok(Self::Fork(Box::new(headers)))
            }
            5 => read(reader, "header").map(Box::new).map(Self::Header),
            tag => {
                let message = format!("unknown message tag {tag}, expected 0 to 5");
                Err(io::Error::new(io::ErrorKind::InvalidData, message))
            }
        }
    }
}

impl BorshDeserialize for Acks {
    fn deserialize_reader<R: io::Read>(reader: &mut R) -> io::Result<Self> {
        let epoch: Epoch = read(reader, "epoch")?;
        let places: Vec<BatchRef> =
            Vec::read_bounded(reader, VALIDATORS_MAX).map_err(|e| at_field(&e, "places"))?;
        Ok(Self { epoch, places })
    }
}

fn read<T: BorshDeserialize, R: io::Read>(reader: &mut R, field: &str) -> io::Result<T> {
    T::deserialize_reader(reader).map_err(|e| at_field(&e, field))
}
