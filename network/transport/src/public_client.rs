//! Asking on the public protocol: for followers, and for nodes that restore themselves.

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use heddle_catchup::Request;
use heddle_catchup::RequestId;
use heddle_types::ChainId;
use heddle_types::CheckedTransaction;
use heddle_types::CommitCert;
use heddle_types::Height;
use heddle_types::PublicKey;
use heddle_types::SecretKey;
use heddle_wire::Channel;
use heddle_wire::FrameReader;
use heddle_wire::Hello;
use heddle_wire::InstanceId;
use heddle_wire::PeerMessage;
use heddle_wire::PublicAnswer;
use heddle_wire::PublicRequest;
use heddle_wire::Purpose;
use heddle_wire::SNAPSHOT_PART_BYTES_MAX;
use heddle_wire::SnapshotPart;
use heddle_wire::frame_header;
use heddle_wire::limits::FRAME_HEADER_BYTES;
use heddle_wire::limits::PUBLIC_ANSWER_BYTES_MAX;
use quinn::Connection;
use quinn::Endpoint;
use quinn::ReadToEndError;
use thiserror::Error;

use crate::close::CloseCode;
use crate::endpoint;
use crate::error::TransportError;
use crate::limits;
use crate::tls::Identity;
use crate::tls::PUBLIC_ALPN;
use crate::tls::SERVER_NAME;

/// A connection on which anything public can be asked, several things at once.
#[derive(Debug)]
pub struct PublicClient {
    endpoint: Endpoint,
    connection: Connection,
    hello: Hello,
}

/// Whom to ask, and as whom.
#[derive(Clone, Debug)]
pub struct PublicClientConfig {
    /// Any key will do.
    pub secret: SecretKey,
    /// The chain.
    pub chain: ChainId,
    /// Where the node listens.
    pub addr: SocketAddr,
    /// The key that it must prove.
    pub key: PublicKey,
}

/// Why there is no answer.
#[derive(Debug, Error)]
pub enum PublicError {
    /// This end cannot start.
    #[error(transparent)]
    Start(#[from] TransportError),
    /// The address cannot be dialled.
    #[error(transparent)]
    Dial(#[from] quinn::ConnectError),
    /// The connection ended, or was refused.
    #[error(transparent)]
    Connection(#[from] quinn::ConnectionError),
    /// The stream ended without an answer: the node has none, or is too busy.
    #[error("no answer")]
    NoAnswer,
    /// The answer is none to what was asked: the node lies.
    #[error("an answer to something else")]
    WrongAnswer,
    /// It took too long.
    #[error("no answer in time")]
    TimedOut(#[from] tokio::time::error::Elapsed),
}

impl PublicClient {
    /// Connects. Within a tokio runtime.
    ///
    /// # Errors
    /// See [`PublicError`].
    pub async fn connect(config: PublicClientConfig) -> Result<Self, PublicError> {
        let identity = Identity::new(&config.secret).map_err(TransportError::Key)?;
        let any_port: SocketAddr = match config.addr {
            SocketAddr::V4(_) => (std::net::Ipv4Addr::UNSPECIFIED, 0).into(),
            SocketAddr::V6(_) => (std::net::Ipv6Addr::UNSPECIFIED, 0).into(),
        };
        let endpoint = Endpoint::client(any_port)
            .map_err(|source| TransportError::Bind { addr: any_port, source })?;
        let client = endpoint::client_config(&identity, config.key, PUBLIC_ALPN)?;
        let connecting = endpoint.connect_with(client, config.addr, SERVER_NAME)?;
        let connection = tokio::time::timeout(limits::HANDSHAKE_TIMEOUT, connecting).await??;
        let hello =
            Hello { chain: config.chain, instance: InstanceId(0), purpose: Purpose::Public };
        Ok(Self { endpoint, connection, hello })
    }

    /// Asks, and waits for the answer: a frame's body, for `heddle_wire::decode` on [`Channel::Bulk`].
    ///
    /// # Errors
    /// See [`PublicError`].
    pub async fn request(&self, id: RequestId, request: Request) -> Result<Bytes, PublicError> {
        let body = heddle_wire::encode(&PeerMessage::Request { id, request });
        self.ask(&body, Channel::Bulk.frame_bytes_max()).await
    }

    /// Waits until more than `above` is final, and for what proves it, which is not verified here; none when nothing was for a
    /// while.
    ///
    /// # Errors
    /// See [`PublicError`].
    pub async fn head(&self, above: Height) -> Result<Option<CommitCert>, PublicError> {
        let body = PublicRequest::encode_head(above);
        match self.ask_short(&body).await? {
            PublicAnswer::Head(cert) => Ok(cert),
            PublicAnswer::Submitted { .. } => Err(PublicError::WrongAnswer),
        }
    }

    /// Hands transactions over, of at most [`heddle_wire::limits::SUBMIT_BYTES_MAX`] bytes together; whether they were taken.
    ///
    /// # Errors
    /// See [`PublicError`].
    pub async fn submit(
        &self,
        transactions: Vec<Arc<CheckedTransaction>>,
    ) -> Result<bool, PublicError> {
        let body = heddle_wire::encode(&PeerMessage::Transactions(transactions));
        match self.ask_short(&body).await? {
            PublicAnswer::Submitted { taken } => Ok(taken),
            PublicAnswer::Head(_) => Err(PublicError::WrongAnswer),
        }
    }

    /// A part of a snapshot, which may be anything; none when the node has it not.
    ///
    /// # Errors
    /// See [`PublicError`].
    pub async fn snapshot_part(&self, part: SnapshotPart) -> Result<Option<Bytes>, PublicError> {
        let answer = self.ask(&part.encode(), SNAPSHOT_PART_BYTES_MAX).await?;
        let bytes = heddle_wire::decode_part(&answer).ok_or(PublicError::WrongAnswer)?;
        Ok(bytes.map(|bytes| answer.slice_ref(bytes)))
    }

    /// Waits until the connection has ended, and says why.
    pub async fn closed(&self) -> quinn::ConnectionError {
        self.connection.closed().await
    }

    /// Ends the connection.
    pub async fn close(self) {
        CloseCode::Stopping.close(&self.connection);
        self.endpoint.wait_idle().await;
    }

    async fn ask_short(&self, body: &[u8]) -> Result<PublicAnswer, PublicError> {
        let answer = self.ask(body, PUBLIC_ANSWER_BYTES_MAX).await?;
        PublicAnswer::decode(&answer).map_err(|_| PublicError::WrongAnswer)
    }

    /// Asks, and waits for an answer of at most so many bytes.
    async fn ask(&self, body: &[u8], answer_bytes_max: usize) -> Result<Bytes, PublicError> {
        let asking = self.ask_patiently(body, answer_bytes_max);
        tokio::time::timeout(limits::PUBLIC_TIMEOUT, asking).await?
    }

    async fn ask_patiently(
        &self,
        body: &[u8],
        answer_bytes_max: usize,
    ) -> Result<Bytes, PublicError> {
        let (mut send, mut recv) = self.connection.open_bi().await?;
        let mut question = Vec::new();
        for body in [self.hello.encode().as_slice(), body] {
            question.extend_from_slice(&frame_header(body.len()).unwrap_or_default());
            question.extend_from_slice(body);
        }
        let no_answer = || self.connection.close_reason().map_or(PublicError::NoAnswer, Into::into);
        send.write_all(&question).await.map_err(|_| no_answer())?;
        send.finish().map_err(|_| no_answer())?;
        let answer = match recv.read_to_end(answer_bytes_max + FRAME_HEADER_BYTES).await {
            Ok(answer) if answer.is_empty() => return Err(no_answer()),
            Ok(answer) => answer,
            Err(ReadToEndError::TooLong) => return Err(PublicError::WrongAnswer),
            Err(ReadToEndError::Read(_)) => return Err(no_answer()),
        };
        let mut frames = FrameReader::new(answer_bytes_max);
        frames.push(&answer);
        match frames.next_frame() {
            Ok(Some(body)) if frames.is_empty() => Ok(body),
            Ok(_) | Err(_) => Err(PublicError::WrongAnswer),
        }
    }
}

impl Drop for PublicClient {
    fn drop(&mut self) {
        CloseCode::Stopping.close(&self.connection);
    }
}
