//! One HTTP request: may it be asked, what is asked, and how much of it is read.

use std::sync::Arc;

use bytes::Bytes;
use http_body_util::BodyExt;
use http_body_util::Full;
use hyper::HeaderMap;
use hyper::Method;
use hyper::Request;
use hyper::Response;
use hyper::StatusCode;
use hyper::body::Body;
use hyper::body::Incoming;
use hyper::header::ALLOW;
use hyper::header::CONNECTION;
use hyper::header::CONTENT_TYPE;
use hyper::header::HeaderValue;
use tokio::time::timeout;

use crate::rpc::Backend;
use crate::rpc::Health;
use crate::rpc::connection::Connection;
use crate::rpc::dispatch::Exchange;
use crate::rpc::jsonrpc;
use crate::rpc::jsonrpc::Reply;
use crate::rpc::server::Server;
use crate::rpc::websocket;

type HttpReply = Response<Full<Bytes>>;

const JSON: &str = "application/json";
const TEXT: &str = "text/plain; charset=utf-8";
const HTML: &str = "text/html; charset=utf-8";
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
const PAGE: &str = include_str!("page.html");

/// Why a body was not read to its end.
enum BodyError {
    TooLarge,
    TooSlow,
    Broken,
}

/// Answers one request.
pub(super) async fn answer<B: Backend>(
    mut request: Request<Incoming>,
    connection: &Arc<Connection>,
    server: &Arc<Server<B>>,
) -> HttpReply {
    if let Err(refused) = server.guard.check(request.uri(), request.headers()) {
        return refuse(connection, request.body(), StatusCode::FORBIDDEN, &refused.to_string());
    }
    let path = request.uri().path();
    let backend = server.backend.as_ref();
    match (request.method(), path) {
        (&Method::POST, "/") => post(request, connection, server).await,
        (&Method::GET, "/") if websocket::is_asked_for(request.headers()) => {
            match websocket::accept(&mut request, connection) {
                Some(reply) => reply,
                None => refuse(
                    connection,
                    request.body(),
                    StatusCode::BAD_REQUEST,
                    "Sec-WebSocket-Version: expected 13, with a Sec-WebSocket-Key",
                ),
            }
        }
        (&Method::GET | &Method::HEAD, "/") => text(StatusCode::OK, HTML, PAGE),
        (&Method::GET | &Method::HEAD, "/health") => match backend.health() {
            Health::Healthy => text(StatusCode::OK, TEXT, "ok\n"),
            Health::Starting { reason } | Health::Behind { reason } => {
                text(StatusCode::SERVICE_UNAVAILABLE, TEXT, format!("{reason}\n"))
            }
        },
        (&Method::GET | &Method::HEAD, "/ready") => match backend.health() {
            Health::Healthy | Health::Behind { .. } => text(StatusCode::OK, TEXT, "ok\n"),
            Health::Starting { reason } => {
                text(StatusCode::SERVICE_UNAVAILABLE, TEXT, format!("{reason}\n"))
            }
        },
        (&Method::GET | &Method::HEAD, "/metrics") => {
            text(StatusCode::OK, OPEN_METRICS, backend.metrics())
        }
        (&Method::GET | &Method::HEAD, "/openrpc.json") => {
            text(StatusCode::OK, JSON, heddle_rpc_api::openrpc(backend.is_dev()).to_string())
        }
        (_, "/" | "/health" | "/ready" | "/metrics" | "/openrpc.json") => {
            let allowed = if path == "/" { "GET, HEAD, POST" } else { "GET, HEAD" };
            let status = StatusCode::METHOD_NOT_ALLOWED;
            let message = format!("method: expected one of {allowed}");
            let mut reply = refuse(connection, request.body(), status, &message);
            reply.headers_mut().insert(ALLOW, HeaderValue::from_static(allowed));
            reply
        }
        _ => {
            refuse(connection, request.body(), StatusCode::NOT_FOUND, "path: there is no such one")
        }
    }
}

async fn post<B: Backend>(
    request: Request<Incoming>,
    connection: &Arc<Connection>,
    server: &Arc<Server<B>>,
) -> HttpReply {
    if !is_json(request.headers()) {
        let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        let message = "Content-Type: expected application/json";
        return refuse(connection, request.body(), status, message);
    }
    let mut body = request.into_body();
    let read = timeout(server.config.body_timeout, read_body(&mut body)).await;
    let body = match read.unwrap_or(Err(BodyError::TooSlow)) {
        Ok(body) => body,
        Err(BodyError::TooLarge) => {
            let error = jsonrpc::encode_replies(&Reply::to_nobody(jsonrpc::body_too_large()));
            return closing(connection, text(StatusCode::PAYLOAD_TOO_LARGE, JSON, error));
        }
        Err(BodyError::TooSlow) => {
            let message = "body: not complete in time\n";
            return closing(connection, text(StatusCode::REQUEST_TIMEOUT, TEXT, message));
        }
        Err(BodyError::Broken) => {
            let message = "body: broken framing\n";
            return closing(connection, text(StatusCode::BAD_REQUEST, TEXT, message));
        }
    };
    connection.activity().set_busy(true);
    let exchange = Exchange::begin(&server.backend, &body, None).await;
    drop(body);
    let reply = exchange.finish(&server.backend).await;
    connection.activity().set_busy(false);
    match reply {
        Some(reply) => text(StatusCode::OK, JSON, reply),
        None => text(StatusCode::NO_CONTENT, JSON, ""),
    }
}

async fn read_body(body: &mut Incoming) -> Result<Vec<u8>, BodyError> {
    let max = heddle_rpc_api::limits::BODY_BYTES_MAX;
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    if announced > max {
        return Err(BodyError::TooLarge);
    }
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| BodyError::Broken)?;
        let Some(data) = frame.data_ref() else { continue };
        if bytes.len() + data.len() > max {
            return Err(BodyError::TooLarge);
        }
        bytes.extend_from_slice(data);
    }
    Ok(bytes)
}

fn is_json(headers: &HeaderMap) -> bool {
    let value = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media_type = value.split(';').next().unwrap_or_default().trim();
    media_type.eq_ignore_ascii_case(JSON)
}

/// A refusal made before the request's body was looked at.
fn refuse(
    connection: &Connection,
    body: &Incoming,
    status: StatusCode,
    message: &str,
) -> HttpReply {
    let reply = text(status, TEXT, format!("{message}\n"));
    if body.is_end_stream() { reply } else { closing(connection, reply) }
}

/// The last reply of a connection whose client may still be sending.
fn closing(connection: &Connection, mut reply: HttpReply) -> HttpReply {
    connection.linger();
    reply.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    reply
}

fn text(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> HttpReply {
    let mut reply = Response::new(Full::new(body.into()));
    *reply.status_mut() = status;
    reply.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    reply
}
