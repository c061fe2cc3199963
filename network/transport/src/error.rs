//! Why a transport cannot start, or take other peers.

use std::io;
use std::net::SocketAddr;

use heddle_types::PublicKey;
use thiserror::Error;

/// Why a transport cannot start, or take other peers.
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
    /// A peer has this node's key, or another peer's.
    #[error("peers: the key {key} stands there twice, or is this node's")]
    Peer {
        /// The key.
        key: PublicKey,
    },
    /// More peers than two committees have members.
    #[error("peers: {found}, at most {max} are allowed")]
    TooManyPeers {
        /// How many there are.
        found: usize,
        /// How many may be.
        max: usize,
    },
}
