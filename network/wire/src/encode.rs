//! Messages to bytes: a tag, then the fields as borsh has them.

use std::sync::Arc;

use borsh::BorshSerialize;
use heddle_catchup::Request;
use heddle_catchup::RequestId;
use heddle_catchup::Response;
use heddle_hotstuff::Certificates;
use heddle_hotstuff::CheckedProposal;
use heddle_hotstuff::Message;
use heddle_hotstuff::UnmuteAnswer;
use heddle_types::CheckedBlock;

use crate::message::PeerMessage;
use crate::tag::Tag;

/// A block's canonical bytes, so that what is stored is sent as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EncodedBlock(pub Vec<u8>);

/// The body of a frame. Never empty, and never longer than its channel allows if its blocks and certificates are within their limits.
pub fn encode(message: &PeerMessage) -> Vec<u8> {
    let mut body = Vec::with_capacity(256);
    match message {
        PeerMessage::Consensus(message) => encode_consensus(message, &mut body),
        PeerMessage::Transactions(transactions) => {
            body.push(Tag::Transactions as u8);
            put_len(transactions.len(), &mut body);
            for transaction in transactions {
                put(transaction.transaction(), &mut body);
            }
        }
        PeerMessage::Request { id, request } => encode_request(*id, request, &mut body),
        PeerMessage::Response { id, response } => {
            encode_response(*id, response, put_block, &mut body);
        }
        PeerMessage::Ping(nonce) => put_tagged(Tag::Ping, nonce, &mut body),
        PeerMessage::Pong(nonce) => put_tagged(Tag::Pong, nonce, &mut body),
    }
    body
}

/// The body of a [`PeerMessage::Response`] from blocks that are bytes already.
pub fn encode_stored_response(id: RequestId, response: &Response<EncodedBlock>) -> Vec<u8> {
    let mut body = Vec::with_capacity(256);
    encode_response(id, response, |block, body| body.extend_from_slice(&block.0), &mut body);
    body
}

fn encode_consensus(message: &Message, body: &mut Vec<u8>) {
    match message {
        Message::Proposal(proposal) => {
            let CheckedProposal { block, qc, tc, signature } = &**proposal;
            body.push(Tag::Proposal as u8);
            put_block(block, body);
            put(qc, body);
            put(tc, body);
            put(signature, body);
        }
        Message::Vote(vote) => put_tagged(Tag::Vote, vote, body),
        Message::CommitVote(vote) => put_tagged(Tag::CommitVote, vote, body),
        Message::Timeout(timeout) => put_tagged(Tag::Timeout, &**timeout, body),
        Message::Certificates(certificates) => {
            body.push(Tag::Certificates as u8);
            put_certificates(certificates, body);
        }
        Message::UnmuteRequest { epoch, nonce } => {
            put_tagged(Tag::UnmuteRequest, epoch, body);
            put(nonce, body);
        }
        Message::UnmuteAnswer(answer) => {
            let UnmuteAnswer { nonce, view, voter, signature, certificates } = &**answer;
            put_tagged(Tag::UnmuteAnswer, nonce, body);
            put(view, body);
            put(voter, body);
            put(signature, body);
            put_certificates(certificates, body);
        }
        Message::EpochEnd(end) => put_tagged(Tag::EpochEnd, &**end, body),
    }
}

fn put_certificates(certificates: &Certificates, body: &mut Vec<u8>) {
    let Certificates { high_qc, high_tc, commit } = certificates;
    put(high_qc, body);
    put(high_tc, body);
    put(commit, body);
}

fn encode_request(id: RequestId, request: &Request, body: &mut Vec<u8>) {
    match request {
        Request::Block { hash } => {
            put_tagged(Tag::RequestBlock, &id.get(), body);
            put(hash, body);
        }
        Request::Range { from, max_blocks, max_bytes } => {
            put_tagged(Tag::RequestRange, &id.get(), body);
            put(from, body);
            put(max_blocks, body);
            put(max_bytes, body);
        }
    }
}

fn encode_response<B>(
    id: RequestId,
    response: &Response<B>,
    put_block: impl Fn(&B, &mut Vec<u8>),
    body: &mut Vec<u8>,
) {
    match response {
        Response::Block(block) => {
            put_tagged(Tag::ResponseBlock, &id.get(), body);
            body.push(u8::from(block.is_some()));
            if let Some(block) = block {
                put_block(block, body);
            }
        }
        Response::Range { blocks, cert } => {
            put_tagged(Tag::ResponseRange, &id.get(), body);
            put(cert, body);
            put_len(blocks.len(), body);
            for block in blocks {
                put_block(block, body);
            }
        }
    }
}

/// As `block.to_block()` is encoded, without a copy of its transactions.
fn put_block(block: &Arc<CheckedBlock>, body: &mut Vec<u8>) {
    const INLINE: u8 = 0;
    put(block.header(), body);
    body.push(INLINE);
    put_len(block.transactions().len(), body);
    for transaction in block.transactions() {
        put(transaction.transaction(), body);
    }
}

fn put_tagged(tag: Tag, value: &impl BorshSerialize, body: &mut Vec<u8>) {
    body.push(tag as u8);
    put(value, body);
}

fn put_len(len: usize, body: &mut Vec<u8>) {
    let len = u32::try_from(len).expect("what fits memory bounds counts fewer than 2^32 items");
    put(&len, body);
}

fn put(value: &impl BorshSerialize, body: &mut Vec<u8>) {
    value.serialize(body).expect("writing to a Vec cannot fail");
}
