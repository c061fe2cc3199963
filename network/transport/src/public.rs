//! The public protocol: any key may ask, within quotas, one request a stream.
//!
//! A stream carries a hello and a request, both framed; the answer is one frame. Catching up is answered, what is final is told
//! to those who wait for it, and transactions are taken.

mod quotas;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use heddle_types::ChainId;
use heddle_types::PublicKey;
use heddle_wire::FrameReader;
use heddle_wire::PublicAnswer;
use heddle_wire::PublicRequest;
use heddle_wire::Purpose;
use heddle_wire::Session;
use heddle_wire::SessionEvent;
use heddle_wire::frame_header;
use heddle_wire::limits::FRAME_HEADER_BYTES;
use heddle_wire::limits::HELLO_BYTES;
use heddle_wire::limits::HELLO_BYTES_MAX;
use heddle_wire::limits::REQUEST_BYTES_MAX;
use quinn::Connection;
use quinn::RecvStream;
use quinn::SendStream;
use quinn::VarInt;
use tokio::sync::oneshot;

pub(crate) use quotas::Quotas;

use crate::close::CloseCode;
use crate::event::Event;
use crate::event::PublicReply;
use crate::limits;
use crate::shared::Shared;

/// Bytes of a stream's question.
const QUESTION_BYTES_MAX: usize = 2 * FRAME_HEADER_BYTES + HELLO_BYTES + REQUEST_BYTES_MAX;

/// Who asks.
#[derive(Clone, Copy)]
struct Asker {
    key: PublicKey,
    address: IpAddr,
}

/// Answers a connection's requests until it ends.
pub(crate) async fn serve(shared: &Arc<Shared>, connection: Connection, key: PublicKey) {
    let asker = Asker { key, address: connection.remote_address().ip() };
    let Some(_place) = shared.public.connect(asker.address, Instant::now()) else {
        shared.counters.refused.add(1);
        return CloseCode::Busy.close(&connection);
    };
    connection.set_max_concurrent_uni_streams(VarInt::from_u32(0));
    // Streams that are open count against the connection's cap until their task has ended, so tasks are bounded by it.
    while let Ok((send, recv)) = connection.accept_bi().await {
        if let Some(wait) = shared.public.request(asker.address, Instant::now()) {
            tokio::time::sleep(wait).await;
        }
        let shared = Arc::clone(shared);
        let connection = connection.clone();
        tokio::spawn(async move {
            let answering = answer(&shared, asker, send, recv);
            let ended = tokio::time::timeout(limits::PUBLIC_TIMEOUT, answering).await;
            if let Ok(Err(code)) = ended {
                code.close(&connection);
            }
        });
    }
}

async fn answer(
    shared: &Shared,
    asker: Asker,
    mut send: SendStream,
    mut recv: RecvStream,
) -> Result<(), CloseCode> {
    let question = recv.read_to_end(QUESTION_BYTES_MAX).await.map_err(|_| CloseCode::BadFrame)?;
    let request = parse(shared.chain, &question)?;
    // Whoever has no answer for the asker lets the stream end without one.
    let Some(body) = ask(shared, asker, request, question.len()).await? else { return Ok(()) };
    let header = frame_header(body.len()).unwrap_or_default();
    let mut chunks = [Bytes::copy_from_slice(&header), body];
    // If the asker is gone there is nobody to tell.
    if send.write_all_chunks(&mut chunks).await.is_ok() && send.finish().is_ok() {
        let _acknowledged = send.stopped().await;
    }
    Ok(())
}

/// Passes a request on, if the quotas allow it, and waits for what the node says.
async fn ask(
    shared: &Shared,
    asker: Asker,
    request: PublicRequest,
    bytes: usize,
) -> Result<Option<Bytes>, CloseCode> {
    let quotas = &shared.public;
    match &request {
        PublicRequest::CatchUp { .. } | PublicRequest::Snapshot(_) => {
            let _permit = quotas.answer().await.ok_or(CloseCode::Stopping)?;
            Ok(tell(shared, asker, request).await)
        }
        PublicRequest::Head { .. } => {
            let Some(_place) = quotas.wait(asker.address) else {
                shared.counters.public_refused.add(1);
                return Ok(None);
            };
            Ok(tell(shared, asker, request).await)
        }
        PublicRequest::Submit(transactions) => {
            let count = transactions.len();
            if !quotas.submit(asker.address, (count, bytes), Instant::now()) {
                shared.counters.public_refused.add(1);
                return Ok(Some(PublicAnswer::Submitted { taken: false }.encode().into()));
            }
            Ok(tell(shared, asker, request).await)
        }
    }
}

async fn tell(shared: &Shared, asker: Asker, request: PublicRequest) -> Option<Bytes> {
    let (answer, answered) = oneshot::channel();
    shared.counters.public_requests.add(1);
    let reply = PublicReply { asker: asker.key, answer };
    shared.tell(Event::PublicRequest { request, reply });
    answered.await.ok()
}

fn parse(chain: ChainId, question: &[u8]) -> Result<PublicRequest, CloseCode> {
    let mut frames = FrameReader::new(REQUEST_BYTES_MAX.max(HELLO_BYTES_MAX));
    frames.push(question);
    let mut session = Session::accepted(chain);
    let hello = frames.next_frame().ok().flatten().ok_or(CloseCode::BadHello)?;
    match session.on_frame(hello) {
        Ok(SessionEvent::Hello(hello)) if hello.purpose == Purpose::Public => {}
        Ok(SessionEvent::Hello(_) | SessionEvent::Message(_)) | Err(_) => {
            return Err(CloseCode::BadHello);
        }
    }
    let body = frames.next_frame().ok().flatten().ok_or(CloseCode::BadFrame)?;
    match PublicRequest::decode(&body) {
        Ok(request) if frames.is_empty() => Ok(request),
        Ok(_) | Err(_) => Err(CloseCode::BadFrame),
    }
}
