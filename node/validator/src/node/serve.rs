//! Answers peers and followers that catch up, from the store.

use heddle_catchup::Request;
use heddle_catchup::RequestId;
use heddle_catchup::Response;
use heddle_catchup::Stored;
use heddle_catchup::Tail;
use heddle_catchup::serve_range;
use heddle_hotstuff::Message;
use heddle_storage::Storage;
use heddle_storage::StorageError;
use heddle_transport::PublicReply;
use heddle_transport::Transport;
use heddle_types::Block;
use heddle_types::Epoch;
use heddle_types::EpochEnd;
use heddle_types::Height;
use heddle_types::Payload;
use heddle_types::PublicKey;
use heddle_types::encode;
use heddle_wire::Channel;
use heddle_wire::EncodedBlock;
use heddle_wire::PeerMessage;
use heddle_wire::SnapshotPart;
use heddle_wire::encode_stored_response;

use crate::node::inbox::FromSource;
use crate::node::inbox::Inbox;
use crate::node::shared::Shared;
use crate::node::snapshots;
use crate::node::turns::Room;
use crate::node::turns::Source;

/// Questions of one peer that wait at most, and of the public in all. They are small; the answers are not, and do not wait here.
pub(crate) const ROOM: Room = Room { items: 256, bytes: usize::MAX };

/// What somebody is to be told by the thread that reads the store.
pub(crate) enum ServeJob {
    /// The answer to a peer's question.
    Answer { to: PublicKey, id: RequestId, request: Request },
    /// To a peer, how an epoch ended.
    EpochEnd { to: PublicKey, epoch: Epoch },
    /// On the public protocol, from the store.
    PublicCatchUp { id: RequestId, request: Request, reply: PublicReply },
    /// On the public protocol, from the files of a snapshot.
    PublicSnapshot { part: SnapshotPart, reply: PublicReply },
}

impl FromSource for ServeJob {
    fn source(&self) -> Source {
        match self {
            Self::Answer { to, .. } | Self::EpochEnd { to, .. } => Source::Peer(*to, Channel::Bulk),
            Self::PublicCatchUp { .. } | Self::PublicSnapshot { .. } => Source::Users,
        }
    }
}

/// Serves peers and the public in turns, until the driver has ended.
pub(crate) fn run(shared: &Shared, jobs: &Inbox<ServeJob>, transport: &Transport) {
    while let Some(job) = jobs.next_within(None) {
        serve(shared, job, transport);
    }
}

fn serve(shared: &Shared, job: ServeJob, transport: &Transport) {
    // Who asked may be gone.
    match job {
        ServeJob::Answer { to, id, request } => {
            if let Some(body) = answer(shared, id, &request) {
                let _ = transport.send(&to, Channel::Bulk, body.into());
            }
        }
        ServeJob::EpochEnd { to, epoch } => {
            if let Some(body) = epoch_end(shared, epoch) {
                let _ = transport.send(&to, Channel::Ctl, body.into());
            }
        }
        ServeJob::PublicCatchUp { id, request, reply } => {
            if let Some(body) = answer(shared, id, &request) {
                reply.send(body.into());
            }
        }
        ServeJob::PublicSnapshot { part, reply } => {
            let bytes = snapshots::read(&shared.home, part);
            reply.send(heddle_wire::encode_part(bytes.as_deref()).into());
        }
    }
}

fn epoch_end(shared: &Shared, epoch: Epoch) -> Option<Vec<u8>> {
    match shared.storage.epoch_end(epoch) {
        Ok(end) => end.map(|end| {
            let message = Message::EpochEnd(Box::new(end));
            heddle_wire::encode(&PeerMessage::Consensus(message))
        }),
        Err(error) => {
            tracing::error!(%error, "cannot tell a peer how an epoch ended");
            None
        }
    }
}

fn answer(shared: &Shared, id: RequestId, request: &Request) -> Option<Vec<u8>> {
    match response(shared, request) {
        Ok(response) => Some(encode_stored_response(id, &response)),
        Err(error) => {
            // Never wrong data: the peer asks another.
            tracing::error!(%error, "cannot serve a peer");
            None
        }
    }
}

fn response(shared: &Shared, request: &Request) -> Result<Response<EncodedBlock>, StorageError> {
    let storage = &shared.storage;
    match request {
        Request::Block { hash } => {
            let block = storage.block(*hash)?;
            Ok(Response::Block(block.map(|block| EncodedBlock(encode(&block)))))
        }
        Request::Range { from, max_blocks, max_bytes } => {
            let mut failed = None;
            let read = |height| {
                read_stored(storage, height).unwrap_or_else(|error| {
                    failed = Some(error);
                    None
                })
            };
            let response = serve_range(*from, *max_blocks, *max_bytes, read);
            failed.map_or(Ok(response), Err)
        }
    }
}

fn read_stored(
    storage: &Storage,
    height: Height,
) -> Result<Option<Stored<EncodedBlock>>, StorageError> {
    let Some(block) = storage.final_block(height)? else { return Ok(None) };
    let hash = block.header.hash();
    // Only a certificate of its own ends a range.
    let cert = storage.certificate(height)?.filter(|cert| cert.data.block == hash);
    let end = match block.header.next_committee {
        Some(_) => storage.epoch_end(block.header.epoch)?.map(tail),
        None => None,
    };
    let bytes = encode(&block);
    Ok(Some(Stored { bytes: bytes.len(), block: EncodedBlock(bytes), cert, end }))
}

/// The blocks of a tail are empty, so that their headers are all there is of them.
fn tail(end: EpochEnd) -> Tail<EncodedBlock> {
    let block = |header| EncodedBlock(encode(&Block { header, payload: Payload::EMPTY }));
    let blocks: Vec<EncodedBlock> = end.tail.into_iter().map(block).collect();
    let bytes = blocks.iter().map(|block| block.0.len()).sum();
    Tail { blocks, bytes, cert: end.cert }
}
