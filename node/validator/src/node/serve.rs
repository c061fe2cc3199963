//! Answers peers and followers that catch up, from the store.

use crossbeam_channel::Receiver;
use crossbeam_channel::select;
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
use heddle_types::encode;
use heddle_wire::Channel;
use heddle_wire::EncodedBlock;
use heddle_wire::PeerMessage;
use heddle_wire::SnapshotPart;
use heddle_wire::encode_stored_response;

use crate::node::driver::ServeJob;
use crate::node::shared::Shared;
use crate::node::snapshots;

/// A question of the public protocol for the thread that reads the store.
pub(crate) enum PublicJob {
    /// From the store.
    CatchUp { id: RequestId, request: Request, reply: PublicReply },
    /// From the files of a snapshot.
    Snapshot { part: SnapshotPart, reply: PublicReply },
}

/// Serves validators, and the public while no validator waits, until nobody can ask any more.
pub(crate) fn run(
    shared: &Shared,
    jobs: &Receiver<ServeJob>,
    public_jobs: &Receiver<PublicJob>,
    transport: &Transport,
) {
    loop {
        if let Ok(job) = jobs.try_recv() {
            serve(shared, job, transport);
            continue;
        }
        select! {
            recv(jobs) -> job => match job {
                Ok(job) => serve(shared, job, transport),
                Err(_) => return,
            },
            // Who may send them lives as long as the transport does.
            recv(public_jobs) -> job => job.into_iter().for_each(|job| serve_public(shared, job)),
        }
    }
}

fn serve(shared: &Shared, job: ServeJob, transport: &Transport) {
    // Who asked may be gone.
    let _ = match job {
        ServeJob::Answer { to, id, request } => {
            answer(shared, id, &request).map(|body| transport.send(&to, Channel::Bulk, body.into()))
        }
        ServeJob::EpochEnd { to, epoch } => {
            epoch_end(shared, epoch).map(|body| transport.send(&to, Channel::Ctl, body.into()))
        }
    };
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

fn serve_public(shared: &Shared, job: PublicJob) {
    match job {
        PublicJob::CatchUp { id, request, reply } => {
            if let Some(body) = answer(shared, id, &request) {
                reply.send(body.into());
            }
        }
        PublicJob::Snapshot { part, reply } => {
            let bytes = snapshots::read(&shared.home, part);
            reply.send(heddle_wire::encode_part(bytes.as_deref()).into());
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
