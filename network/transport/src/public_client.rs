//! Asking on the public protocol: for followers, and for nodes that restore themselves.

use std::net::SocketAddr;

use bytes::Bytes;
use heddle_catchup::Request;
use heddle_catchup::RequestId;
use heddle_types::ChainId;
use heddle_types::PublicKey;
use heddle_types::SecretKey;
use heddle_wire::Channel;
use heddle_wire::FrameReader;
use heddle_wire::Hello;
use heddle_wire::InstanceId;
use heddle_wire::PeerMessage;
use heddle_wire::Purpose;
use heddle_wire::frame_header;
use heddle_wire::limits::FRAME_HEADER_BYTES;
use quinn::Connection;
use quinn::Endpoint;
use thiserror::Error;

use crate::close::CloseCode;
use crate::endpoint;
use crate::error::TransportError;
use crate::limits;
use crate::tls::Identity;
use crate::tls::PUBLIC_ALPN;
use crate::tls::SERVER_NAME;

/// A connection on which catching up can be asked for.
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
        tokio::time::timeout(limits::PUBLIC_TIMEOUT, self.ask(id, request)).await?
    }

    /// Ends the connection.
    pub async fn close(self) {
        CloseCode::Stopping.close(&self.connection);
        self.endpoint.wait_idle().await;
    }

    async fn ask(&self, id: RequestId, request: Request) -> Result<Bytes, PublicError> {
        const ANSWER_BYTES_MAX: usize = Channel::Bulk.frame_bytes_max() + FRAME_HEADER_BYTES;
        let (mut send, mut recv) = self.connection.open_bi().await?;
        let mut question = Vec::new();
        let body = heddle_wire::encode(&PeerMessage::Request { id, request });
        for body in [self.hello.encode().as_slice(), &body] {
            question.extend_from_slice(&frame_header(body.len()).unwrap_or_default());
            question.extend_from_slice(body);
        }
        let no_answer = || self.connection.close_reason().map_or(PublicError::NoAnswer, Into::into);
        send.write_all(&question).await.map_err(|_| no_answer())?;
        send.finish().map_err(|_| no_answer())?;
        let answer = recv.read_to_end(ANSWER_BYTES_MAX).await.map_err(|_| no_answer())?;
        let mut frames = FrameReader::new(Channel::Bulk.frame_bytes_max());
        frames.push(&answer);
        match frames.next_frame() {
            Ok(Some(body)) => Ok(body),
            Ok(None) | Err(_) => Err(no_answer()),
        }
    }
}

impl Drop for PublicClient {
    fn drop(&mut self) {
        CloseCode::Stopping.close(&self.connection);
    }
}
