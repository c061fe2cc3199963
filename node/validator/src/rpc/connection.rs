//! One connection: HTTP/1.1 until it ends or becomes a WebSocket.
//!
//! hyper parses and frames. What it leaves out is here: 408 for headers that do not arrive, and going on to read for a while
//! after a refusal, because closing a socket with unread bytes resets it, and the reset can overtake the reply.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Context;
use std::task::Poll;
use std::time::Duration;

use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use hyper_util::rt::TokioTimer;
use parking_lot::Mutex;
use tokio::io::AsyncRead;
use tokio::io::AsyncReadExt;
use tokio::io::AsyncWrite;
use tokio::io::AsyncWriteExt;
use tokio::io::ReadBuf;
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::rpc::Backend;
use crate::rpc::http;
use crate::rpc::limits;
use crate::rpc::registry::Activity;
use crate::rpc::registry::Registered;
use crate::rpc::server::Server;
use crate::rpc::websocket;

/// What the parts of a connection share.
#[derive(Debug)]
pub(super) struct Connection {
    activity: Arc<Activity>,
    phase: Mutex<Phase>,
    phase_changed: Notify,
}

/// Where a connection is.
///
/// ```text
/// Head -- headers complete --> Request -- answered --> Idle -- first byte --> Head
///                                 |'-- refused with its body unread --> Linger
///                                 '-- upgraded --> WebSocket
/// ```
#[derive(Debug)]
enum Phase {
    /// Headers are being read, since then.
    Head(Instant),
    /// A request is being read or carried out.
    Request,
    /// Between requests.
    Idle,
    /// The last reply is on its way, but the client may still be sending.
    Linger,
    /// What came of the upgrade.
    WebSocket(hyper::upgrade::OnUpgrade),
}

impl Connection {
    /// Bytes came or went, requests began or ended.
    pub(super) fn activity(&self) -> &Activity {
        &self.activity
    }

    /// The reply about to be sent leaves the request's body unread: the connection ends with it.
    pub(super) fn linger(&self) {
        *self.phase.lock() = Phase::Linger;
    }

    /// The reply about to be sent makes it a WebSocket.
    pub(super) fn upgrade(&self, upgrade: hyper::upgrade::OnUpgrade) {
        *self.phase.lock() = Phase::WebSocket(upgrade);
    }

    fn on_bytes_read(&self) {
        self.activity.touch();
        let mut phase = self.phase.lock();
        if matches!(*phase, Phase::Idle) {
            *phase = Phase::Head(Instant::now());
            drop(phase);
            self.phase_changed.notify_one();
        }
    }

    fn on_request(&self) {
        *self.phase.lock() = Phase::Request;
    }

    fn on_answered(&self) {
        let mut phase = self.phase.lock();
        if matches!(*phase, Phase::Request) {
            *phase = Phase::Idle;
        }
    }

    /// Ends when a request's headers have been incomplete for `limit`.
    async fn head_timeout(&self, limit: Duration) {
        loop {
            let since = match *self.phase.lock() {
                Phase::Head(since) => Some(since),
                Phase::Request | Phase::Idle | Phase::Linger | Phase::WebSocket(_) => None,
            };
            match since {
                Some(since) if since.elapsed() >= limit => return,
                Some(since) => tokio::time::sleep_until(since + limit).await,
                None => self.phase_changed.notified().await,
            }
        }
    }
}

/// Serves a connection until it ends, is closed to make room, or the server stops.
pub(super) async fn run<B: Backend>(stream: TcpStream, place: Registered, server: Arc<Server<B>>) {
    let activity = Arc::clone(place.activity());
    let connection = Arc::new(Connection {
        activity: Arc::clone(&activity),
        phase: Mutex::new(Phase::Head(Instant::now())),
        phase_changed: Notify::new(),
    });
    tokio::select! {
        () = serve(stream, connection, server) => {}
        () = activity.closing() => {}
    }
}

async fn serve<B: Backend>(stream: TcpStream, connection: Arc<Connection>, server: Arc<Server<B>>) {
    let io = TokioIo::new(Tracked { stream, connection: Arc::clone(&connection) });
    let service = service_fn(|request: Request<Incoming>| {
        let connection = Arc::clone(&connection);
        let server = Arc::clone(&server);
        async move {
            connection.on_request();
            let reply = http::answer(request, &connection, &server).await;
            connection.on_answered();
            Ok::<_, std::convert::Infallible>(reply)
        }
    });
    let mut http = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(None)
        .half_close(true)
        .max_headers(limits::HEADERS_MAX)
        .max_buf_size(limits::HEAD_BYTES_MAX)
        .serve_connection(io, service)
        .with_upgrades();
    let mut told_to_stop = false;
    loop {
        tokio::select! {
            _ = &mut http => break,
            () = connection.head_timeout(server.config.header_timeout) => {
                if let Some(parts) = http.into_parts() {
                    refuse_late_headers(parts.io.into_inner().stream).await;
                }
                return;
            }
            () = server.stopped(), if !told_to_stop => {
                told_to_stop = true;
                Pin::new(&mut http).graceful_shutdown();
            }
        }
    }
    let phase = std::mem::replace(&mut *connection.phase.lock(), Phase::Request);
    match phase {
        Phase::WebSocket(upgrade) => {
            if let Ok(upgraded) = upgrade.await {
                websocket::run(upgraded, &connection, &server).await;
            }
        }
        Phase::Linger => {
            if let Some(parts) = http.into_parts() {
                linger(parts.io.into_inner().stream).await;
            }
        }
        Phase::Head(_) | Phase::Request | Phase::Idle => {}
    }
}

async fn refuse_late_headers(mut stream: TcpStream) {
    const REPLY: &[u8] =
        b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
    if stream.write_all(REPLY).await.is_ok() {
        linger(stream).await;
    }
}

/// Ends our side, then throws away what comes until the client ends too or time is up.
async fn linger(mut stream: TcpStream) {
    let drain = async {
        stream.shutdown().await?;
        let mut ignored = vec![0; 16 * 1024];
        while stream.read(&mut ignored).await? > 0 {}
        io::Result::Ok(())
    };
    // However it ends, the connection is over.
    let _ = tokio::time::timeout(limits::LINGER, drain).await;
}

/// A socket that reports when bytes move.
struct Tracked {
    stream: TcpStream,
    connection: Arc<Connection>,
}

impl AsyncRead for Tracked {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(context, buffer);
        if buffer.filled().len() > before {
            self.connection.on_bytes_read();
        }
        polled
    }
}

impl AsyncWrite for Tracked {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write(context, bytes);
        if matches!(polled, Poll::Ready(Ok(_))) {
            self.connection.activity.touch();
        }
        polled
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        if matches!(polled, Poll::Ready(Ok(_))) {
            self.connection.activity.touch();
        }
        polled
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
