//! A WebSocket: the same methods, and subscriptions.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::SinkExt;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use http_body_util::Full;
use hyper::HeaderMap;
use hyper::Request;
use hyper::Response;
use hyper::StatusCode;
use hyper::body::Incoming;
use hyper::header::CONNECTION;
use hyper::header::HeaderName;
use hyper::header::HeaderValue;
use hyper::header::SEC_WEBSOCKET_ACCEPT;
use hyper::header::SEC_WEBSOCKET_KEY;
use hyper::header::SEC_WEBSOCKET_VERSION;
use hyper::header::UPGRADE;
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::Role;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use crate::rpc::Backend;
use crate::rpc::connection::Connection;
use crate::rpc::dispatch::Exchange;
use crate::rpc::jsonrpc;
use crate::rpc::jsonrpc::Reply;
use crate::rpc::limits;
use crate::rpc::server::Server;
use crate::rpc::subscriptions::Subscriptions;

type Socket = WebSocketStream<TokioIo<Upgraded>>;

/// Whether a request asks for an upgrade to a WebSocket.
pub(super) fn is_asked_for(headers: &HeaderMap) -> bool {
    has_token(headers, &CONNECTION, "upgrade") && has_token(headers, &UPGRADE, "websocket")
}

/// The reply that makes the connection a WebSocket; none when the request is not the handshake of RFC 6455.
pub(super) fn accept(
    request: &mut Request<Incoming>,
    connection: &Connection,
) -> Option<Response<Full<Bytes>>> {
    let headers = request.headers();
    if headers.get(SEC_WEBSOCKET_VERSION)? != "13" {
        return None;
    }
    let key = headers.get(SEC_WEBSOCKET_KEY)?;
    let accepted = HeaderValue::from_str(&derive_accept_key(key.as_bytes())).ok()?;
    connection.upgrade(hyper::upgrade::on(request));
    let mut reply = Response::new(Full::default());
    *reply.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = reply.headers_mut();
    headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(SEC_WEBSOCKET_ACCEPT, accepted);
    Some(reply)
}

fn has_token(headers: &HeaderMap, name: &HeaderName, token: &str) -> bool {
    let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|item| item.trim().eq_ignore_ascii_case(token))
}

/// Serves a WebSocket until it ends.
pub(super) async fn run<B: Backend>(
    upgraded: Upgraded,
    connection: &Connection,
    server: &Arc<Server<B>>,
) {
    let max = heddle_rpc_api::limits::BODY_BYTES_MAX;
    let config = WebSocketConfig::default()
        .read_buffer_size(16 * 1024)
        .write_buffer_size(16 * 1024)
        .max_message_size(Some(max))
        .max_frame_size(Some(max));
    let io = TokioIo::new(upgraded);
    let socket = WebSocketStream::from_raw_socket(io, Role::Server, Some(config)).await;
    // An error means that the client is gone.
    let _ = converse(socket, connection, server).await;
}

async fn converse<B: Backend>(
    mut socket: Socket,
    connection: &Connection,
    server: &Arc<Server<B>>,
) -> Result<(), tungstenite::Error> {
    let backend = &server.backend;
    let mut changes = backend.blocks().changes();
    let mut subscriptions = Subscriptions::default();
    let mut waiting = FuturesUnordered::new();
    loop {
        changes.mark_unchanged();
        // One message of each subscription a round, so that none starves the others or the client's requests.
        let mut last = 0;
        while let Some((number, message)) = subscriptions.next_message(backend.as_ref(), last).await
        {
            send(&mut socket, message).await?;
            last = number;
        }
        let more = last > 0;
        tokio::select! {
            biased;
            () = server.stopped() => {
                return close(&mut socket, CloseCode::Away, "the node stops").await;
            }
            Some(reply) = waiting.next(), if !waiting.is_empty() => {
                if let Some(reply) = reply {
                    send(&mut socket, reply).await?;
                }
            }
            message = socket.next(), if waiting.len() < limits::WAITING_EXCHANGES_MAX => {
                let body = match message {
                    None => return Ok(()),
                    Some(Ok(Message::Text(text))) => Bytes::from(text),
                    Some(Ok(Message::Binary(bytes))) => bytes,
                    Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => continue,
                    Some(Ok(Message::Close(_))) => return socket.flush().await,
                    Some(Err(error)) => return give_up(&mut socket, error).await,
                };
                connection.activity().set_busy(true);
                let exchange = Exchange::begin(backend, &body, Some(&mut subscriptions)).await;
                connection.activity().set_busy(false);
                if exchange.is_waiting() {
                    waiting.push(exchange.finish(backend));
                } else if let Some(reply) = exchange.finish(backend).await {
                    send(&mut socket, reply).await?;
                }
            }
            () = std::future::ready(()), if more => {}
            _ = changes.changed() => {}
        }
    }
}

async fn send(socket: &mut Socket, json: Vec<u8>) -> Result<(), tungstenite::Error> {
    let text = String::from_utf8(json).map_err(|e| tungstenite::Error::Utf8(e.to_string()))?;
    socket.send(Message::text(text)).await
}

/// Says why the connection cannot go on, when that is the client's doing and it can still be said.
async fn give_up(socket: &mut Socket, error: tungstenite::Error) -> Result<(), tungstenite::Error> {
    let (code, error) = match error {
        tungstenite::Error::Capacity(_) => (CloseCode::Size, jsonrpc::body_too_large()),
        tungstenite::Error::Utf8(_) => (CloseCode::Invalid, jsonrpc::not_utf8()),
        gone => return Err(gone),
    };
    send(socket, jsonrpc::encode_replies(&Reply::to_nobody(error))).await?;
    close(socket, code, "see the error sent before").await
}

async fn close(
    socket: &mut Socket,
    code: CloseCode,
    reason: &'static str,
) -> Result<(), tungstenite::Error> {
    let frame = CloseFrame { code, reason: reason.into() };
    socket.close(Some(frame)).await?;
    // Read on until the client has closed too: see `connection` on resets.
    let drain = async {
        let io = socket.get_mut();
        let mut ignored = vec![0; 16 * 1024];
        while tokio::io::AsyncReadExt::read(io, &mut ignored).await.is_ok_and(|len| len > 0) {}
    };
    let _ = timeout(limits::LINGER, drain).await;
    Ok(())
}
