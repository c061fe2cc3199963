//! The RPC server: JSON-RPC 2.0 over HTTP and WebSocket, health, metrics and a page, on one port.
//!
//! Plain hyper with our own accept loop, not `jsonrpsee` or `axum`: the limits (longest idle connection closed first, 408,
//! 413 while the client still sends, an accept loop that survives EMFILE) live below what those let one reach.
//! The server never decides anything: it parses, bounds, and asks the [`Backend`].

mod backend;
mod connection;
mod dispatch;
mod feed;
mod guard;
mod http;
mod jsonrpc;
mod limits;
mod question;
mod registry;
mod server;
mod subscriptions;
mod websocket;

pub use backend::{Backend, Health};
pub use feed::{BlockEvent, BlockFeed, FeedRead};
pub use question::Question;
pub use server::{RpcConfig, serve};

#[cfg(test)]
mod tests;
