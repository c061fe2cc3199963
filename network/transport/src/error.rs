//! Why a transport cannot start.

use std::io;
use std::net::SocketAddr;

use heddle_types::ValidatorIndex;
use thiserror::Error;

/// Why a transport cannot start.
#[derive(Debug, Error)]
pub enum TransportError {
    /// The address is in use, not this machine's, or not allowed.
    #[error("quic {addr}: {source}")]
    Bind {
        /// The address.
        addr: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The key cannot be used for TLS.
    #[error("validator key: {0}")]
    Key(#[from] rustls::Error),
    /// A peer has this node's key, or another peer's key or index.
    #[error("peers: validator {index} stands there twice, or is this node")]
    Peer {
        /// The peer.
        index: ValidatorIndex,
    },
    /// More peers than a committee has members.
    #[error("peers: {found}, at most {max} are allowed")]
    TooManyPeers {
        /// How many there are.
        found: usize,
        /// How many may be.
        max: usize,
    },
}
