//! The engine against the order of its tasks.

#![expect(clippy::disallowed_methods, reason = "delays are injected here to disturb the workers")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail by panicking")]

mod open;
mod planned;
mod rig;
