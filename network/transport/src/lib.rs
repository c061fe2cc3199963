//! QUIC between nodes: two connections to each other validator, framed, bounded, kept up forever; and a public protocol for
//! everybody else.
//!
//! The transport carries opaque frames, and decides nothing about them. Who a peer is, TLS proves: each end presents its raw
//! Ed25519 key, which is its name here; places in a committee, which differ between epochs, are its driver's business. The peers may
//! be replaced at run time, and whoever stays notices nothing. Of a pair the lower key dials, `ctl` and `bulk` apart; each direction of a connection is one
//! long stream. A peer that stalls or talks nonsense costs itself its connection; one that floods is read slowly.
//!
//! When a second node shows up with a peer's key, whoever answers a fresh ping stays; the other is told, which is how a node learns
//! that its key is in use elsewhere. A node that dials a peer learns it from the refusal; one that is dialled probes once at its start.

mod accept;
mod close;
mod config;
mod dial;
mod endpoint;
mod error;
mod event;
mod faults;
mod hello;
pub mod limits;
mod link;
mod peers;
mod public;
mod public_client;
mod queue;
mod rate;
mod shared;
mod stats;
mod tls;
mod transport;

pub use config::{Peer, TransportConfig};
pub use error::TransportError;
pub use event::{Elsewhere, Event, PublicReply};
pub use faults::LinkFault;
pub use public_client::{PublicClient, PublicClientConfig, PublicError};
pub use stats::Stats;
pub use transport::{Sent, Transport};
