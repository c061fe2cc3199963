//! Connections kept for the next request.

use std::error::Error;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::BodyExt;
use http_body_util::Full;
use http_body_util::Limited;
use hyper::Request;
use hyper::StatusCode;
use hyper::client::conn::http1;
use hyper::client::conn::http1::SendRequest;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::Mutex;

use crate::ClientError;
use crate::NodeUrl;
use crate::limits;

type Sender = SendRequest<Full<Bytes>>;

/// The idle connections to one node. As many are opened as requests are in progress at once.
#[derive(Debug)]
pub(crate) struct Pool {
    url: NodeUrl,
    idle: Mutex<Vec<Sender>>,
}

impl Pool {
    pub(crate) fn new(url: NodeUrl) -> Self {
        Self { url, idle: Mutex::new(Vec::new()) }
    }

    pub(crate) const fn url(&self) -> &NodeUrl {
        &self.url
    }

    /// Sends a request and reads the whole reply.
    pub(crate) async fn exchange(
        self: &Arc<Self>,
        request: Request<Full<Bytes>>,
    ) -> Result<(StatusCode, Bytes), ClientError> {
        let mut request = request;
        // A kept connection may have ended meanwhile; one whose request never left is replaced, the newest first.
        while let Some(mut sender) = self.take_idle().await {
            match sender.try_send_request(request).await {
                Ok(response) => return self.read(sender, response).await,
                Err(mut e) => match e.take_message() {
                    Some(unsent) => request = unsent,
                    None => return Err(self.no_answer(&e.into_error())),
                },
            }
        }
        let mut sender = self.connect().await?;
        match sender.send_request(request).await {
            Ok(response) => self.read(sender, response).await,
            Err(e) => Err(self.no_answer(&e)),
        }
    }

    async fn read(
        &self,
        sender: Sender,
        response: hyper::Response<hyper::body::Incoming>,
    ) -> Result<(StatusCode, Bytes), ClientError> {
        let status = response.status();
        let body = Limited::new(response.into_body(), limits::REPLY_BYTES_MAX).collect().await;
        let body = body.map_err(|e| self.no_answer(e.as_ref()))?.to_bytes();
        let mut idle = self.idle.lock().await;
        if !sender.is_closed() && idle.len() < limits::IDLE_CONNECTIONS_MAX {
            idle.push(sender);
        }
        Ok((status, body))
    }

    async fn take_idle(&self) -> Option<Sender> {
        let mut idle = self.idle.lock().await;
        while let Some(sender) = idle.pop() {
            if !sender.is_closed() {
                return Some(sender);
            }
        }
        None
    }

    async fn connect(&self) -> Result<Sender, ClientError> {
        let stream = TcpStream::connect(self.url.address()).await;
        let stream = stream.map_err(|e| self.no_answer(&e))?;
        // Requests are written in one piece; waiting to fill a segment only delays them.
        stream.set_nodelay(true).map_err(|e| self.no_answer(&e))?;
        let handshake = http1::handshake(TokioIo::new(stream)).await;
        let (sender, connection) = handshake.map_err(|e| self.no_answer(&e))?;
        tokio::spawn(async move {
            // The request in progress reports how it ended.
            let _ = connection.await;
        });
        Ok(sender)
    }

    fn no_answer(&self, error: &(dyn Error + 'static)) -> ClientError {
        let mut detail = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            detail = format!("{detail}: {cause}");
            source = cause.source();
        }
        ClientError::no_answer(&self.url, detail)
    }
}
