//! Calls and batches of calls.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use heddle_rpc_api::Request;
use heddle_rpc_api::RpcError;
use http_body_util::Full;
use hyper::Method;
use hyper::StatusCode;
use hyper::header::CONTENT_TYPE;
use hyper::header::HOST;
use serde::Deserialize;
use serde::Serialize;
use serde_json::value::RawValue;
use tokio::time::timeout;

use crate::ClientError;
use crate::NodeUrl;
use crate::limits;
use crate::pool::Pool;

/// A client of one node. Cloning it shares its connections.
#[derive(Clone, Debug)]
pub struct RpcClient {
    pool: Arc<Pool>,
    timeout: Duration,
}

#[derive(Serialize)]
pub(crate) struct Envelope<'a, R> {
    jsonrpc: &'static str,
    id: u64,
    method: &'static str,
    params: &'a R,
}

impl<'a, R: Request> Envelope<'a, R> {
    pub(crate) const fn new(id: u64, params: &'a R) -> Self {
        Self { jsonrpc: "2.0", id, method: R::METHOD, params }
    }
}

#[derive(Deserialize)]
pub(crate) struct Reply {
    pub(crate) id: Option<u64>,
    // Absent is `None`, and so is `null`, which is a result of some methods.
    result: Option<Box<RawValue>>,
    error: Option<RpcError>,
}

impl Reply {
    pub(crate) fn into_result<R: Request>(self, url: &NodeUrl) -> Result<R::Reply, ClientError> {
        match self.error {
            Some(error) => Err(ClientError::Refused(error)),
            None => {
                let result = self.result.as_deref().map_or("null", RawValue::get);
                serde_json::from_str(result)
                    .map_err(|e| ClientError::malformed(url, format!("{}: {e}", R::METHOD)))
            }
        }
    }
}

impl RpcClient {
    /// A client of the node at `url`, `http://HOST:PORT`. Connects when first used.
    ///
    /// # Errors
    /// [`ClientError::Url`].
    pub fn new(url: &str) -> Result<Self, ClientError> {
        let pool = Arc::new(Pool::new(url.parse()?));
        Ok(Self { pool, timeout: limits::TIMEOUT })
    }

    /// The same with another limit on the time that a request may take.
    #[must_use]
    pub fn with_timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// The node.
    pub fn url(&self) -> &NodeUrl {
        self.pool.url()
    }

    /// Any method of the API.
    ///
    /// # Errors
    /// Any [`ClientError`].
    pub async fn call<R: Request>(&self, request: &R) -> Result<R::Reply, ClientError> {
        self.call_within(request, self.timeout).await
    }

    /// Any method of the API, with a limit of its own on the time.
    ///
    /// # Errors
    /// Any [`ClientError`].
    pub async fn call_within<R: Request>(
        &self,
        request: &R,
        limit: Duration,
    ) -> Result<R::Reply, ClientError> {
        let body = self.encode(&Envelope::new(1, request))?;
        let bytes = self.post(body, limit).await?;
        self.decode::<Reply>(&bytes)?.into_result::<R>(self.url())
    }

    /// Up to 100 calls of one method in one request; their outcomes in the same order.
    ///
    /// # Errors
    /// When the batch as a whole was refused or not answered.
    pub async fn batch<R: Request>(
        &self,
        requests: &[R],
    ) -> Result<Vec<Result<R::Reply, ClientError>>, ClientError> {
        let envelopes: Vec<_> =
            (0..).zip(requests).map(|(id, request)| Envelope::new(id, request)).collect();
        let body = self.encode(&envelopes)?;
        let bytes = self.post(body, self.timeout).await?;
        // A batch that is refused as a whole is answered by one error.
        if bytes.trim_ascii_start().first() != Some(&b'[') {
            let error = self.decode::<Reply>(&bytes)?.error.map(ClientError::Refused);
            let bare = || ClientError::malformed(self.url(), "one result for a batch");
            return Err(error.unwrap_or_else(bare));
        }
        let replies: Vec<Reply> = self.decode(&bytes)?;
        let mut outcomes: Vec<Option<Result<R::Reply, ClientError>>> = Vec::new();
        outcomes.resize_with(requests.len(), || None);
        for reply in replies {
            let place = reply.id.and_then(|id| usize::try_from(id).ok());
            if let Some(outcome) = place.and_then(|place| outcomes.get_mut(place)) {
                *outcome = Some(reply.into_result::<R>(self.url()));
            }
        }
        let missing =
            || Err(ClientError::malformed(self.url(), "a call of the batch has no reply"));
        Ok(outcomes.into_iter().map(|outcome| outcome.unwrap_or_else(missing)).collect())
    }

    /// `GET`s a path such as `/health` or `/metrics`: the status and the text.
    ///
    /// # Errors
    /// [`ClientError::NoAnswer`].
    pub async fn get(&self, path: &str) -> Result<(StatusCode, String), ClientError> {
        let request = hyper::Request::builder()
            .method(Method::GET)
            .uri(path)
            .header(HOST, self.url().authority())
            .body(Full::default())
            .map_err(|e| ClientError::malformed(self.url(), e))?;
        let (status, body) = self.exchange(request, self.timeout).await?;
        Ok((status, String::from_utf8_lossy(&body).into_owned()))
    }

    async fn post(&self, body: Vec<u8>, limit: Duration) -> Result<Bytes, ClientError> {
        let request = hyper::Request::builder()
            .method(Method::POST)
            .uri("/")
            .header(HOST, self.url().authority())
            .header(CONTENT_TYPE, "application/json")
            .body(Full::from(body))
            .map_err(|e| ClientError::malformed(self.url(), e))?;
        let (status, bytes) = self.exchange(request, limit).await?;
        if status == StatusCode::OK { Ok(bytes) } else { Err(ClientError::http(status, &bytes)) }
    }

    async fn exchange(
        &self,
        request: hyper::Request<Full<Bytes>>,
        limit: Duration,
    ) -> Result<(StatusCode, Bytes), ClientError> {
        match timeout(limit, self.pool.exchange(request)).await {
            Ok(outcome) => outcome,
            Err(_) => {
                let detail = format!("none within {} ms", limit.as_millis());
                Err(ClientError::no_answer(self.url(), detail))
            }
        }
    }

    fn encode<T: Serialize>(&self, body: &T) -> Result<Vec<u8>, ClientError> {
        serde_json::to_vec(body).map_err(|e| ClientError::malformed(self.url(), e))
    }

    fn decode<'a, T: Deserialize<'a>>(&self, bytes: &'a [u8]) -> Result<T, ClientError> {
        serde_json::from_slice(bytes).map_err(|e| ClientError::malformed(self.url(), e))
    }
}
