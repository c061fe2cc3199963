//! The typed client of a node: one method for each of the RPC API, over kept connections, and subscriptions over WebSocket.
//!
//! Plain `http://` only. Nothing is ever sent twice: a request is repeated only when its bytes never left.

mod client;
mod error;
mod limits;
mod markets;
mod methods;
mod pool;
mod subscriber;
mod url;

pub use client::RpcClient;
pub use error::ClientError;
pub use subscriber::{Subscriber, Update};
pub use url::NodeUrl;
