//! Bytes to messages, in two steps: decoding, which is quick, and checking, which verifies signatures and belongs on a worker.

use std::sync::Arc;

use heddle_catchup::Request;
use heddle_catchup::RequestId;
use heddle_catchup::Response;
use heddle_hotstuff::Certificates;
use heddle_hotstuff::CheckedProposal;
use heddle_hotstuff::Message;
use heddle_hotstuff::UnmuteAnswer;
use heddle_types::Auth;
use heddle_types::Block;
use heddle_types::BlockError;
use heddle_types::CheckedBlock;
use heddle_types::CheckedTransaction;
use heddle_types::CommitVote;
use heddle_types::Epoch;
use heddle_types::EpochEnd;
use heddle_types::Proposal;
use heddle_types::Timeout;
use heddle_types::Transaction;
use heddle_types::TransactionError;
use heddle_types::TxId;
use heddle_types::Vote;
use thiserror::Error;

use crate::channel::Channel;
use crate::limits;
use crate::message::PeerMessage;
use crate::reader::Reader;
use crate::tag::Tag;

/// A message as it came: well-formed bytes, nothing checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RawMessage {
    /// A leader's block.
    Proposal(Box<Proposal>),
    /// A first-round vote.
    Vote(Vote),
    /// A second-round vote.
    CommitVote(CommitVote),
    /// Giving up on a view.
    Timeout(Box<Timeout>),
    /// The sender's highest certificates.
    Certificates(Box<Certificates>),
    /// A muted validator's question.
    UnmuteRequest {
        /// The epoch that it has come to.
        epoch: Epoch,
        /// The asker's nonce.
        nonce: [u8; 32],
    },
    /// The answer to one.
    UnmuteAnswer(Box<UnmuteAnswer>),
    /// How an epoch ended.
    EpochEnd(Box<EpochEnd>),
    /// Transactions for the next leaders.
    Transactions(Vec<Transaction>),
    /// A question of catching up.
    Request {
        /// Names the answer.
        id: RequestId,
        /// The question.
        request: Request,
    },
    /// The answer to one.
    Response {
        /// Names the question.
        id: RequestId,
        /// The answer.
        response: Response<Block>,
    },
    /// Asks whether the peer is there now.
    Ping(u64),
    /// It is.
    Pong(u64),
}

/// Why a frame is no message. No honest peer sends such a frame.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum DecodeError {
    /// Longer than the channel allows.
    #[error("message: {len} bytes, at most {max} are allowed")]
    TooLong {
        /// Its length.
        len: usize,
        /// What is allowed.
        max: usize,
    },
    /// Nothing.
    #[error("message: empty")]
    Empty,
    /// A kind of message that there is not.
    #[error("message: unknown tag {tag}")]
    UnknownTag {
        /// Its first byte.
        tag: u8,
    },
    /// A kind of message that does not come on this channel.
    #[error("message: tag {tag} on {channel:?}")]
    WrongChannel {
        /// Its first byte.
        tag: u8,
        /// Where it came.
        channel: Channel,
    },
    /// A field is wrong; `detail` begins with its path.
    #[error("message of tag {tag}: at byte {offset}: {detail}")]
    Field {
        /// The message's first byte.
        tag: u8,
        /// Where decoding stopped.
        offset: usize,
        /// The field and what is wrong with it.
        detail: Box<str>,
    },
    /// The message ended before the frame did.
    #[error("message of tag {tag}: {extra} bytes after its end")]
    Trailing {
        /// The message's first byte.
        tag: u8,
        /// Bytes left over.
        extra: usize,
    },
}

/// Why a decoded message is malformed. No honest peer sends one.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CheckError {
    /// The proposal's block is malformed.
    #[error("proposal: {0}")]
    Proposal(BlockError),
    /// A forwarded transaction is malformed.
    #[error("transactions[{position}]: {error}")]
    Transaction {
        /// Its position.
        position: usize,
        /// What is wrong with it.
        error: TransactionError,
    },
    /// A block of an answer is malformed.
    #[error("response.blocks[{position}]: {error}")]
    Response {
        /// Its position.
        position: usize,
        /// What is wrong with it.
        error: BlockError,
    },
}

/// Decodes a frame's body that came on `channel`. Memory is bounded by a small multiple of the body's bytes.
///
/// # Errors
/// See [`DecodeError`].
pub fn decode(channel: Channel, body: &[u8]) -> Result<RawMessage, DecodeError> {
    let max = channel.frame_bytes_max();
    if body.len() > max {
        return Err(DecodeError::TooLong { len: body.len(), max });
    }
    let (first, rest) = body.split_first().ok_or(DecodeError::Empty)?;
    let tag = Tag::from_byte(*first).ok_or(DecodeError::UnknownTag { tag: *first })?;
    if !tag.may_come_on(channel) {
        return Err(DecodeError::WrongChannel { tag: *first, channel });
    }
    let mut reader = Reader::new(rest);
    let message = read_message(tag, &mut reader).map_err(|e| DecodeError::Field {
        tag: *first,
        offset: body.len() - reader.remaining(),
        detail: e.to_string().into_boxed_str(),
    })?;
    match reader.remaining() {
        0 => Ok(message),
        extra => Err(DecodeError::Trailing { tag: *first, extra }),
    }
}

impl RawMessage {
    /// Checks what can be checked of the message alone: the forms and signatures of transactions, blocks' payloads. Signatures
    /// of votes, certificates and proposals are left to the agreement core. `is_known` as for
    /// [`CheckedTransaction::check_all`].
    ///
    /// # Errors
    /// See [`CheckError`]. A transaction's bad signature is none: it shows in the transaction.
    pub fn check(self, is_known: impl Fn(&TxId, &Auth) -> bool) -> Result<PeerMessage, CheckError> {
        let message = match self {
            Self::Proposal(proposal) => {
                let Proposal { block, qc, tc, signature } = *proposal;
                let block = CheckedBlock::check(block, is_known).map_err(CheckError::Proposal)?;
                let block = Arc::new(block);
                Message::Proposal(Arc::new(CheckedProposal { block, qc, tc, signature }))
            }
            Self::Vote(vote) => Message::Vote(vote),
            Self::CommitVote(vote) => Message::CommitVote(vote),
            Self::Timeout(timeout) => Message::Timeout(timeout),
            Self::Certificates(certificates) => Message::Certificates(certificates),
            Self::UnmuteRequest { epoch, nonce } => Message::UnmuteRequest { epoch, nonce },
            Self::UnmuteAnswer(answer) => Message::UnmuteAnswer(answer),
            Self::EpochEnd(end) => Message::EpochEnd(end),
            Self::Transactions(transactions) => return check_transactions(transactions, is_known),
            Self::Request { id, request } => return Ok(PeerMessage::Request { id, request }),
            Self::Response { id, response } => {
                let response = check_response(response, is_known)?;
                return Ok(PeerMessage::Response { id, response });
            }
            Self::Ping(nonce) => return Ok(PeerMessage::Ping(nonce)),
            Self::Pong(nonce) => return Ok(PeerMessage::Pong(nonce)),
        };
        Ok(PeerMessage::Consensus(message))
    }

    /// Whether [`Self::check`] verifies signatures, which takes long enough to belong on a worker thread.
    pub fn is_heavy(&self) -> bool {
        match self {
            Self::Proposal(proposal) => !proposal.block.payload.is_empty(),
            Self::Transactions(_) | Self::Response { .. } => true,
            Self::Vote(_)
            | Self::CommitVote(_)
            | Self::Timeout(_)
            | Self::Certificates(_)
            | Self::UnmuteRequest { .. }
            | Self::UnmuteAnswer(_)
            | Self::EpochEnd(_)
            | Self::Request { .. }
            | Self::Ping(_)
            | Self::Pong(_) => false,
        }
    }
}

fn check_transactions(
    transactions: Vec<Transaction>,
    is_known: impl Fn(&TxId, &Auth) -> bool,
) -> Result<PeerMessage, CheckError> {
    let checked = CheckedTransaction::check_all(transactions, is_known)
        .map_err(|(position, error)| CheckError::Transaction { position, error })?;
    Ok(PeerMessage::Transactions(checked.into_iter().map(Arc::new).collect()))
}

fn check_response(
    response: Response<Block>,
    is_known: impl Fn(&TxId, &Auth) -> bool,
) -> Result<Response, CheckError> {
    let check = |(position, block)| match CheckedBlock::check(block, &is_known) {
        Ok(checked) => Ok(Arc::new(checked)),
        Err(error) => Err(CheckError::Response { position, error }),
    };
    match response {
        Response::Block(block) => {
            Ok(Response::Block(block.map(|block| check((0, block))).transpose()?))
        }
        Response::Range { blocks, cert } => {
            let blocks = blocks.into_iter().enumerate().map(check).collect::<Result<_, _>>()?;
            Ok(Response::Range { blocks, cert })
        }
    }
}

fn read_message(tag: Tag, reader: &mut Reader<'_>) -> std::io::Result<RawMessage> {
    Ok(match tag {
        Tag::Proposal => RawMessage::Proposal(Box::new(reader.field("proposal")?)),
        Tag::Vote => RawMessage::Vote(reader.field("vote")?),
        Tag::CommitVote => RawMessage::CommitVote(reader.field("commit_vote")?),
        Tag::Timeout => RawMessage::Timeout(Box::new(reader.field("timeout")?)),
        Tag::Certificates => RawMessage::Certificates(Box::new(read_certificates(reader)?)),
        Tag::UnmuteRequest => RawMessage::UnmuteRequest {
            epoch: reader.field("epoch")?,
            nonce: reader.field("nonce")?,
        },
        Tag::UnmuteAnswer => RawMessage::UnmuteAnswer(Box::new(UnmuteAnswer {
            nonce: reader.field("nonce")?,
            view: reader.field("view")?,
            voter: reader.field("voter")?,
            signature: reader.field("signature")?,
            certificates: read_certificates(reader)?,
        })),
        Tag::EpochEnd => RawMessage::EpochEnd(Box::new(reader.field("epoch_end")?)),
        Tag::Ping => RawMessage::Ping(reader.field("nonce")?),
        Tag::Pong => RawMessage::Pong(reader.field("nonce")?),
        Tag::Transactions => RawMessage::Transactions(reader.items(
            "transactions",
            limits::TRANSACTIONS_MAX,
            Reader::item::<Transaction>,
        )?),
        Tag::RequestBlock => RawMessage::Request {
            id: RequestId::new(reader.field("id")?),
            request: Request::Block { hash: reader.field("hash")? },
        },
        Tag::RequestRange => RawMessage::Request {
            id: RequestId::new(reader.field("id")?),
            request: Request::Range {
                from: reader.field("from")?,
                max_blocks: reader.field("max_blocks")?,
                max_bytes: reader.field("max_bytes")?,
            },
        },
        Tag::ResponseBlock => RawMessage::Response {
            id: RequestId::new(reader.field("id")?),
            response: Response::Block(match reader.field::<bool>("is_some")? {
                true => Some(reader.item::<Block>("block")?),
                false => None,
            }),
        },
        Tag::ResponseRange => RawMessage::Response {
            id: RequestId::new(reader.field("id")?),
            response: Response::Range {
                cert: reader.field("cert")?,
                blocks: reader.items(
                    "blocks",
                    heddle_catchup::limits::RESPONSE_BLOCKS_MAX,
                    Reader::item::<Block>,
                )?,
            },
        },
    })
}

fn read_certificates(reader: &mut Reader<'_>) -> std::io::Result<Certificates> {
    Ok(Certificates {
        high_qc: reader.field("high_qc")?,
        high_tc: reader.field("high_tc")?,
        commit: reader.field("commit")?,
    })
}

#[cfg(test)]
mod tests;
