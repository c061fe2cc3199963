//! Links that lose, delay or swallow datagrams on purpose: faults of a network, for trying a localnet's validators.
//!
//! They are put at the socket, under QUIC, which sees what it would see of a real network: no end of a connection is told
//! anything. A fault is that of one direction, what this node sends to one peer; a link that is cut altogether is cut at both
//! ends. Whoever is not named, followers and the public among them, is not touched.
//!
//! [`links`] says what becomes of a datagram and has neither socket nor clock; [`socket`] asks it. Without any fault a send
//! costs one load of a flag more than it would, and its segments leave together as they came.

mod links;
mod socket;

use std::time::Duration;

pub(crate) use socket::FaultySocket;
pub(crate) use socket::LinkFaults;

/// What becomes of the datagrams that this node sends to one peer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LinkFault {
    /// All are lost.
    pub is_cut: bool,
    /// How much later they leave.
    pub delay: Duration,
    /// How much later still at most, each by chance; they keep their order all the same.
    pub jitter: Duration,
    /// How many of a hundred are lost, by chance; 0 to 100.
    pub loss_percent: u8,
}
