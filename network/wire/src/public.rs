//! What anybody may ask of a node, and those answers that catching up does not have already.
//!
//! A question to catch up and its answer, and transactions, are the same bytes as between validators.

use heddle_catchup::Request;
use heddle_catchup::RequestId;
use heddle_types::CommitCert;
use heddle_types::Height;
use heddle_types::Transaction;

use crate::channel::Channel;
use crate::limits;
use crate::raw::DecodeError;
use crate::raw::RawMessage;
use crate::raw::decode;
use crate::reader::Reader;
use crate::snapshot;
use crate::snapshot::SnapshotPart;

/// A question's first byte, beside those of `bulk`.
const HEAD: u8 = 32;
/// First bytes of answers.
const HEAD_IS: u8 = 33;
const SUBMITTED: u8 = 34;

/// What anybody may ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PublicRequest {
    /// To catch up: final blocks, or one block. Answered as between validators, or not at all.
    CatchUp {
        /// Names the answer.
        id: RequestId,
        /// The question.
        request: Request,
    },
    /// What is final above a height. Answered once something is, or after a while without.
    Head {
        /// What the asker knows of.
        above: Height,
    },
    /// Pass transactions on to whoever orders them. Nothing about them is checked yet.
    Submit(Vec<Transaction>),
    /// A part of a snapshot, which is answered with [`crate::encode_part`].
    Snapshot(SnapshotPart),
}

/// An answer that is none to catching up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PublicAnswer {
    /// To [`PublicRequest::Head`]: what proves a final height, whose block the node has; none when nothing is final above the
    /// one asked for.
    Head(Option<CommitCert>),
    /// To [`PublicRequest::Submit`]: whether the transactions were taken to be checked. What becomes of each is not said.
    Submitted {
        /// False when the asker sends more than it may, or the node has too much to do.
        taken: bool,
    },
}

impl PublicRequest {
    /// From the body of a frame.
    ///
    /// # Errors
    /// See [`DecodeError`]; a message that only validators send has the wrong channel.
    pub fn decode(body: &[u8]) -> Result<Self, DecodeError> {
        if let Some((&HEAD, rest)) = body.split_first() {
            let read = |reader: &mut Reader<'_>| reader.field("above");
            return Ok(Self::Head { above: whole(HEAD, rest, read)? });
        }
        if let Some((&snapshot::PART, rest)) = body.split_first() {
            let read = |reader: &mut Reader<'_>| reader.field("part");
            return Ok(Self::Snapshot(whole(snapshot::PART, rest, read)?));
        }
        match decode(Channel::Bulk, body)? {
            RawMessage::Request { id, request } => Ok(Self::CatchUp { id, request }),
            RawMessage::Transactions(transactions) => Ok(Self::Submit(transactions)),
            RawMessage::Proposal(_)
            | RawMessage::Vote(_)
            | RawMessage::CommitVote(_)
            | RawMessage::Timeout(_)
            | RawMessage::Certificates(_)
            | RawMessage::UnmuteRequest { .. }
            | RawMessage::UnmuteAnswer(_)
            | RawMessage::EpochEnd(_)
            | RawMessage::Response { .. }
            | RawMessage::Ping(_)
            | RawMessage::Pong(_) => {
                let tag = body.first().copied().unwrap_or_default();
                Err(DecodeError::WrongChannel { tag, channel: Channel::Bulk })
            }
        }
    }

    /// The body of a frame that asks for [`Self::Head`].
    pub fn encode_head(above: Height) -> Vec<u8> {
        [[HEAD].as_slice(), &above.get().to_le_bytes()].concat()
    }
}

impl PublicAnswer {
    /// The body of a frame.
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::Head(cert) => [[HEAD_IS].as_slice(), &to_vec(cert)].concat(),
            Self::Submitted { taken } => vec![SUBMITTED, u8::from(*taken)],
        }
    }

    /// From the body of a frame.
    ///
    /// # Errors
    /// See [`DecodeError`].
    pub fn decode(body: &[u8]) -> Result<Self, DecodeError> {
        let max = limits::PUBLIC_ANSWER_BYTES_MAX;
        if body.len() > max {
            return Err(DecodeError::TooLong { len: body.len(), max });
        }
        match body.split_first() {
            None => Err(DecodeError::Empty),
            Some((&HEAD_IS, rest)) => {
                Ok(Self::Head(whole(HEAD_IS, rest, |reader| reader.field("cert"))?))
            }
            Some((&SUBMITTED, rest)) => {
                let taken = whole(SUBMITTED, rest, |reader| reader.field("taken"))?;
                Ok(Self::Submitted { taken })
            }
            Some((tag, _)) => Err(DecodeError::UnknownTag { tag: *tag }),
        }
    }
}

/// Reads the one field of a message, which ends with it.
fn whole<T>(
    tag: u8,
    rest: &[u8],
    read: impl FnOnce(&mut Reader<'_>) -> std::io::Result<T>,
) -> Result<T, DecodeError> {
    let mut reader = Reader::new(rest);
    let value = read(&mut reader).map_err(|error| DecodeError::Field {
        tag,
        offset: rest.len() + 1 - reader.remaining(),
        detail: error.to_string().into_boxed_str(),
    })?;
    match reader.remaining() {
        0 => Ok(value),
        extra => Err(DecodeError::Trailing { tag, extra }),
    }
}

fn to_vec(cert: &Option<CommitCert>) -> Vec<u8> {
    borsh::to_vec(cert).expect("writing to a Vec cannot fail")
}

#[cfg(test)]
mod tests;
