//! Real endpoints on loopback.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "what a test's helpers cannot do fails the test"
)]

mod faults;
mod hostile;
mod links;
mod net;
mod peers;
mod public;
mod speed;
