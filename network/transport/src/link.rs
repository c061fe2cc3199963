//! One connection that carries one channel of one peer: a writer, a reader, and what they share with the rest.

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::time::Instant;

use bytes::Bytes;
use bytes::BytesMut;
use heddle_wire::Channel;
use heddle_wire::FrameError;
use heddle_wire::FrameReader;
use heddle_wire::InstanceId;
use heddle_wire::Liveness;
use heddle_wire::frame_header;
use quinn::Connection;
use quinn::ReadError;
use quinn::RecvStream;
use quinn::SendStream;
use quinn::WriteError;
use tokio::sync::watch;

use crate::close::CloseCode;
use crate::limits;
use crate::queue::Full;
use crate::queue::Outbox;
use crate::rate::Rate;

/// What others do with a connection while it runs.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) connection: Connection,
    /// The peer's.
    pub(crate) instance: InstanceId,
    pub(crate) channel: Channel,
    outbox: Outbox,
    pings: AtomicU64,
    last_pong: watch::Sender<u64>,
    ended: watch::Sender<bool>,
}

/// Why reading ended.
#[derive(Debug)]
pub(crate) enum ReadEnd {
    /// The connection or the stream is gone.
    Gone,
    /// The peer sent what no honest one sends.
    BadFrame(FrameError),
}

impl From<ReadError> for ReadEnd {
    fn from(_: ReadError) -> Self {
        Self::Gone
    }
}

impl Link {
    pub(crate) fn new(connection: Connection, instance: InstanceId, channel: Channel) -> Self {
        Self {
            connection,
            instance,
            channel,
            outbox: Outbox::new(limits::queue_bytes_max(channel)),
            pings: AtomicU64::new(0),
            last_pong: watch::Sender::new(0),
            ended: watch::Sender::new(false),
        }
    }

    pub(crate) fn push(&self, body: Bytes) -> Result<(), Full> {
        self.outbox.push(body)
    }

    pub(crate) fn push_first(&self, body: Bytes) -> Result<(), Full> {
        self.outbox.push_first(body)
    }

    /// Whether the peer answers a ping that is sent now.
    pub(crate) async fn answers_ping(&self) -> bool {
        // Only its being new matters; whatever it is ordered against does not.
        let nonce = self.pings.fetch_add(1, Ordering::Relaxed).saturating_add(1);
        if self.push(Bytes::from(Liveness::Ping(nonce).to_body())).is_err() {
            return false;
        }
        let mut pongs = self.last_pong.subscribe();
        let answered = pongs.wait_for(|last| *last >= nonce);
        tokio::select! {
            answer = tokio::time::timeout(limits::PING_TIMEOUT, answered) => matches!(answer, Ok(Ok(_))),
            _ = self.connection.closed() => false,
        }
    }

    /// Waits until whoever runs the link has told that it ended.
    pub(crate) async fn wait_ended(&self) {
        let mut ended = self.ended.subscribe();
        // An error says that the sender is gone, which cannot be while `self` is there.
        let _same = ended.wait_for(|ended| *ended).await;
    }

    pub(crate) fn set_ended(&self) {
        self.ended.send_replace(true);
    }

    /// Writes what is put into the outbox until the connection ends.
    pub(crate) async fn write(&self, mut stream: SendStream) -> WriteError {
        let mut bodies = Vec::new();
        let mut chunks = Vec::new();
        loop {
            self.outbox.take(&mut bodies).await;
            frame_all(&mut bodies, &mut chunks);
            if let Err(error) = stream.write_all_chunks(&mut chunks).await {
                return error;
            }
            chunks.clear();
        }
    }

    /// Reads frames until the connection ends; pings are answered here, the others go to `on_frame`.
    pub(crate) async fn read(
        &self,
        mut stream: RecvStream,
        mut on_frame: impl FnMut(Bytes),
    ) -> ReadEnd {
        let mut frames = FrameReader::new(self.channel.frame_bytes_max());
        let mut bytes_rate = Rate::new(limits::PEER_BYTES_PER_SECOND, Instant::now());
        let mut frames_rate = Rate::new(limits::PEER_FRAMES_PER_SECOND, Instant::now());
        loop {
            let chunk = match stream.read_chunk(limits::READ_BYTES_MAX, true).await {
                Ok(Some(chunk)) => chunk.bytes,
                Ok(None) | Err(_) => return ReadEnd::Gone,
            };
            let mut count = 0;
            frames.push(&chunk);
            loop {
                match frames.next_frame() {
                    Ok(Some(body)) => {
                        count += 1;
                        self.on_body(body, &mut on_frame);
                    }
                    Ok(None) => break,
                    Err(error) => return ReadEnd::BadFrame(error),
                }
            }
            let now = Instant::now();
            let wait = bytes_rate.take(chunk.len() as u64, now).max(frames_rate.take(count, now));
            if let Some(wait) = wait {
                tokio::time::sleep(wait).await;
            }
        }
    }

    fn on_body(&self, body: Bytes, on_frame: &mut impl FnMut(Bytes)) {
        match Liveness::from_body(&body) {
            Some(Liveness::Ping(nonce)) => {
                // A peer that asks but reads no answers is stuck like any other.
                if self.push(Bytes::from(Liveness::Pong(nonce).to_body())).is_err() {
                    CloseCode::Stuck.close(&self.connection);
                }
            }
            Some(Liveness::Pong(nonce)) => {
                // An answer before the question proves nothing.
                let asked = self.pings.load(Ordering::Relaxed);
                self.last_pong.send_if_modified(|last| {
                    if nonce <= *last || nonce > asked {
                        return false;
                    }
                    *last = nonce;
                    true
                });
            }
            None => on_frame(body),
        }
    }
}

/// Puts a header in front of each body. Small bodies are copied together; large ones are shared with whoever else sends them.
fn frame_all(bodies: &mut Vec<Bytes>, chunks: &mut Vec<Bytes>) {
    let mut copied = BytesMut::new();
    for body in bodies.drain(..) {
        let Some(header) = frame_header(body.len()) else { continue };
        copied.extend_from_slice(&header);
        if body.len() <= limits::COPY_BYTES_MAX {
            copied.extend_from_slice(&body);
        } else {
            chunks.push(copied.split().freeze());
            chunks.push(body);
        }
    }
    if !copied.is_empty() {
        chunks.push(copied.freeze());
    }
}
