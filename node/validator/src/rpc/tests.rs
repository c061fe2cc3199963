//! The rules of the RPC interface, one test each, over real sockets on loopback.

mod decoder;
mod http;
mod methods;
mod mock;
mod websocket;
