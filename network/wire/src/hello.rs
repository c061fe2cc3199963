//! The first frame of each direction, and the session that it opens.
//!
//! Who a peer is, is settled below: both ends of the connection prove their Ed25519 keys in the TLS handshake. The hello says what
//! TLS does not know: the protocol's version, the chain, what the connection is for, and which start of its node speaks.

use bytes::Bytes;
use heddle_types::ChainId;
use heddle_types::Domain;
use heddle_types::Hash32;
use thiserror::Error;

use crate::channel::Channel;
use crate::limits::HELLO_BYTES;

/// The version of this protocol. Nodes of different versions do not talk.
pub const PROTOCOL_VERSION: u16 = 3;

/// What a connection is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Purpose {
    /// To carry a channel.
    Channel(Channel),
    /// To find out whether another node with the same key is connected, and to say that this one can be dialled.
    Probe,
    /// To ask without being a validator.
    Public,
}

impl Purpose {
    const fn tag(self) -> u8 {
        match self {
            Self::Channel(Channel::Ctl) => 0,
            Self::Channel(Channel::Bulk) => 1,
            Self::Probe => 2,
            Self::Public => 3,
        }
    }

    const fn from_tag(tag: u8) -> Option<Self> {
        match tag {
            0 => Some(Self::Channel(Channel::Ctl)),
            1 => Some(Self::Channel(Channel::Bulk)),
            2 => Some(Self::Probe),
            3 => Some(Self::Public),
            _ => None,
        }
    }
}

/// Drawn at random at each start of a node: tells two nodes with one key apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InstanceId(pub u64);

/// `domain (16) ‖ version (2) ‖ chain (32) ‖ instance (8) ‖ purpose (1)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hello {
    /// The chain.
    pub chain: ChainId,
    /// Which start of the node.
    pub instance: InstanceId,
    /// What the connection is for.
    pub purpose: Purpose,
}

/// Why a hello is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum HelloError {
    /// No hello at all.
    #[error("hello: {len} bytes that are none")]
    Malformed {
        /// Its length.
        len: usize,
    },
    /// Another version of the protocol.
    #[error("hello.version: {found}, expected {PROTOCOL_VERSION}")]
    Version {
        /// The peer's.
        found: u16,
    },
    /// Another chain.
    #[error("hello.chain: {found}, expected {expected}")]
    Chain {
        /// The peer's.
        found: ChainId,
        /// Ours.
        expected: ChainId,
    },
    /// Another purpose than the one that was asked for.
    #[error("hello.purpose: {found:?}, expected {expected:?}")]
    Purpose {
        /// The peer's.
        found: Purpose,
        /// Ours.
        expected: Purpose,
    },
}

impl Hello {
    /// Its bytes.
    pub fn encode(&self) -> [u8; HELLO_BYTES] {
        let mut bytes = [0; HELLO_BYTES];
        bytes[..16].copy_from_slice(&Domain::HANDSHAKE.0);
        bytes[16..18].copy_from_slice(&PROTOCOL_VERSION.to_le_bytes());
        bytes[18..50].copy_from_slice(self.chain.as_bytes());
        bytes[50..58].copy_from_slice(&self.instance.0.to_le_bytes());
        bytes[58] = self.purpose.tag();
        bytes
    }

    /// From its bytes.
    ///
    /// # Errors
    /// [`HelloError::Malformed`] and [`HelloError::Version`].
    pub fn decode(bytes: &[u8]) -> Result<Self, HelloError> {
        let malformed = HelloError::Malformed { len: bytes.len() };
        let rest = bytes.strip_prefix(&Domain::HANDSHAKE.0).ok_or(malformed)?;
        // The version comes before everything that another version may have changed.
        let (version, rest) = rest.split_first_chunk::<2>().ok_or(malformed)?;
        let found = u16::from_le_bytes(*version);
        if found != PROTOCOL_VERSION {
            return Err(HelloError::Version { found });
        }
        let (chain, rest) = rest.split_first_chunk::<32>().ok_or(malformed)?;
        let (instance, rest) = rest.split_first_chunk::<8>().ok_or(malformed)?;
        let [tag] = rest else { return Err(malformed) };
        Ok(Self {
            chain: ChainId(Hash32(*chain)),
            instance: InstanceId(u64::from_le_bytes(*instance)),
            purpose: Purpose::from_tag(*tag).ok_or(malformed)?,
        })
    }
}

/// One end of a connection's stream: a hello first, then messages.
///
/// ```text
/// AwaitHello --hello of our version and chain--> Open --frame--> Open
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Session {
    chain: ChainId,
    purpose: Option<Purpose>,
    state: SessionState,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SessionState {
    AwaitHello,
    Open,
}

/// What a frame was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SessionEvent {
    /// The peer's hello, accepted.
    Hello(Hello),
    /// A message's bytes.
    Message(Bytes),
}

impl Session {
    /// Of the end that dialled: the peer must answer with the same purpose.
    pub const fn dialled(chain: ChainId, purpose: Purpose) -> Self {
        Self { chain, purpose: Some(purpose), state: SessionState::AwaitHello }
    }

    /// Of the end that was dialled: the peer says what for.
    pub const fn accepted(chain: ChainId) -> Self {
        Self { chain, purpose: None, state: SessionState::AwaitHello }
    }

    /// Takes the next frame.
    ///
    /// # Errors
    /// [`HelloError`] when the first frame is not the hello that it must be. The connection is of no use then.
    pub fn on_frame(&mut self, frame: Bytes) -> Result<SessionEvent, HelloError> {
        match self.state {
            SessionState::Open => Ok(SessionEvent::Message(frame)),
            SessionState::AwaitHello => {
                let hello = Hello::decode(&frame)?;
                if hello.chain != self.chain {
                    return Err(HelloError::Chain { found: hello.chain, expected: self.chain });
                }
                if let Some(expected) = self.purpose.filter(|purpose| *purpose != hello.purpose) {
                    return Err(HelloError::Purpose { found: hello.purpose, expected });
                }
                self.state = SessionState::Open;
                Ok(SessionEvent::Hello(hello))
            }
        }
    }
}

#[cfg(test)]
mod tests;
