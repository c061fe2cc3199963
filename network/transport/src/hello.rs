//! The first frames of a connection.

use bytes::Bytes;
use heddle_wire::FrameError;
use heddle_wire::Hello;
use heddle_wire::HelloError;
use heddle_wire::Session;
use heddle_wire::SessionEvent;
use heddle_wire::frame_header;
use heddle_wire::limits::FRAME_HEADER_BYTES;
use heddle_wire::limits::HELLO_BYTES_MAX;
use quinn::RecvStream;
use quinn::SendStream;
use thiserror::Error;

/// Why a connection did not come to be.
#[derive(Debug, Error)]
pub(crate) enum HandshakeError {
    #[error(transparent)]
    Connect(#[from] quinn::ConnectError),
    #[error(transparent)]
    Connection(#[from] quinn::ConnectionError),
    #[error(transparent)]
    Write(#[from] quinn::WriteError),
    #[error(transparent)]
    Read(#[from] quinn::ReadExactError),
    #[error(transparent)]
    Frame(#[from] FrameError),
    #[error(transparent)]
    Hello(#[from] HelloError),
    #[error("took too long")]
    TimedOut(#[from] tokio::time::error::Elapsed),
}

/// Sends this end's hello.
pub(crate) async fn say(stream: &mut SendStream, hello: &Hello) -> Result<(), quinn::WriteError> {
    let body = hello.encode();
    let header = frame_header(body.len()).unwrap_or_default();
    stream.write_all(&[header.as_slice(), &body].concat()).await
}

/// Reads the other end's hello and nothing beyond it.
pub(crate) async fn hear(
    stream: &mut RecvStream,
    session: &mut Session,
) -> Result<Hello, HandshakeError> {
    let mut header = [0; FRAME_HEADER_BYTES];
    stream.read_exact(&mut header).await?;
    let len = u32::from_le_bytes(header);
    if len as usize > HELLO_BYTES_MAX {
        return Err(FrameError::TooLong { len, max: HELLO_BYTES_MAX }.into());
    }
    let mut body = vec![0; len as usize];
    stream.read_exact(&mut body).await?;
    match session.on_frame(Bytes::from(body))? {
        SessionEvent::Hello(hello) => Ok(hello),
        SessionEvent::Message(body) => Err(HelloError::Malformed { len: body.len() }.into()),
    }
}
