//! The public protocol: any key may ask, within quotas, one request a stream.
//!
//! A stream carries a hello and a request, both framed; the answer is one frame. Only catching up is answered.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use heddle_catchup::Request;
use heddle_catchup::RequestId;
use heddle_types::ChainId;
use heddle_types::PublicKey;
use heddle_wire::Channel;
use heddle_wire::FrameReader;
use heddle_wire::Purpose;
use heddle_wire::RawMessage;
use heddle_wire::Session;
use heddle_wire::SessionEvent;
use heddle_wire::frame_header;
use heddle_wire::limits::FRAME_HEADER_BYTES;
use heddle_wire::limits::HELLO_BYTES;
use heddle_wire::limits::HELLO_BYTES_MAX;
use heddle_wire::limits::REQUEST_BYTES_MAX;
use parking_lot::Mutex;
use quinn::Connection;
use quinn::RecvStream;
use quinn::SendStream;
use quinn::VarInt;
use tokio::sync::Semaphore;
use tokio::sync::oneshot;

use crate::close::CloseCode;
use crate::event::Event;
use crate::event::PublicReply;
use crate::limits;
use crate::rate::Rate;
use crate::shared::Shared;

/// Bytes of a stream's question.
const QUESTION_BYTES_MAX: usize = 2 * FRAME_HEADER_BYTES + HELLO_BYTES + REQUEST_BYTES_MAX;

/// The quotas.
#[derive(Debug)]
pub(crate) struct PublicPlaces {
    by_address: Mutex<BTreeMap<IpAddr, usize>>,
    answers: Semaphore,
}

impl Default for PublicPlaces {
    fn default() -> Self {
        let answers = Semaphore::new(limits::PUBLIC_ANSWERS_MAX);
        Self { by_address: Mutex::default(), answers }
    }
}

/// A public connection's place; given back when dropped.
#[derive(Debug)]
pub(crate) struct Place<'a> {
    places: &'a PublicPlaces,
    address: IpAddr,
}

impl PublicPlaces {
    pub(crate) fn take(&self, address: IpAddr) -> Option<Place<'_>> {
        let mut by_address = self.by_address.lock();
        let total: usize = by_address.values().sum();
        let here = by_address.get(&address).copied().unwrap_or(0);
        if total >= limits::PUBLIC_CONNECTIONS_MAX
            || here >= limits::PUBLIC_CONNECTIONS_PER_ADDRESS_MAX
        {
            return None;
        }
        by_address.insert(address, here + 1);
        Some(Place { places: self, address })
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut by_address = self.places.by_address.lock();
        let left = by_address.get(&self.address).copied().unwrap_or(0).saturating_sub(1);
        if left == 0 {
            by_address.remove(&self.address);
        } else {
            by_address.insert(self.address, left);
        }
    }
}

/// Answers a connection's requests until it ends.
pub(crate) async fn serve(shared: &Arc<Shared>, connection: Connection, asker: PublicKey) {
    let Some(_place) = shared.public.take(connection.remote_address().ip()) else {
        shared.counters.refused.add(1);
        return CloseCode::Busy.close(&connection);
    };
    connection.set_max_concurrent_uni_streams(VarInt::from_u32(0));
    let mut rate = Rate::new(limits::PUBLIC_REQUESTS_PER_SECOND, Instant::now());
    // Streams that are open count against the connection's cap until their task has ended, so tasks are bounded by it.
    while let Ok((send, recv)) = connection.accept_bi().await {
        if let Some(wait) = rate.take(1, Instant::now()) {
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
    asker: PublicKey,
    mut send: SendStream,
    mut recv: RecvStream,
) -> Result<(), CloseCode> {
    let question = recv.read_to_end(QUESTION_BYTES_MAX).await.map_err(|_| CloseCode::BadFrame)?;
    let (id, request) = parse(shared.chain, &question)?;
    let _permit = shared.public.answers.acquire().await.map_err(|_| CloseCode::Stopping)?;
    let (answer, answered) = oneshot::channel();
    shared.counters.public_requests.add(1);
    shared.tell(Event::PublicRequest { id, request, reply: PublicReply { asker, answer } });
    // Whoever drops the reply has no answer; the stream then ends without one.
    let Ok(body) = answered.await else { return Ok(()) };
    let header = frame_header(body.len()).unwrap_or_default();
    let mut chunks = [Bytes::copy_from_slice(&header), body];
    // If the asker is gone there is nobody to tell.
    if send.write_all_chunks(&mut chunks).await.is_ok() && send.finish().is_ok() {
        let _acknowledged = send.stopped().await;
    }
    Ok(())
}

fn parse(chain: ChainId, question: &[u8]) -> Result<(RequestId, Request), CloseCode> {
    let mut frames = FrameReader::new(HELLO_BYTES_MAX);
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
    match heddle_wire::decode(Channel::Bulk, &body) {
        Ok(RawMessage::Request { id, request }) if frames.is_empty() => Ok((id, request)),
        Ok(_) | Err(_) => Err(CloseCode::BadFrame),
    }
}
