//! How a transport is set up.

use std::net::SocketAddr;

use heddle_types::ChainId;
use heddle_types::PublicKey;
use heddle_types::SecretKey;

/// Another validator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer {
    /// Its key, which its end of every connection must prove. It is known by this for as long as it is a peer, whatever its place in a
    /// committee.
    pub key: PublicKey,
    /// Where it listens.
    pub addr: SocketAddr,
}

/// How a node takes part in its chain's network.
#[derive(Clone, Debug)]
pub struct TransportConfig {
    /// Where to listen; port 0 takes a free one, see [`crate::Transport::local_addr`].
    pub listen: SocketAddr,
    /// This node's key.
    pub secret: SecretKey,
    /// The chain; nodes of others are refused.
    pub chain: ChainId,
    /// The other validators at first, see [`crate::Transport::set_peers`]. None has this node's key or another's.
    pub peers: Vec<Peer>,
    /// Random at each start of the process: tells this node from another one with the same key.
    pub instance: u64,
}
