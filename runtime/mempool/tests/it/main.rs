//! The pool, by what it answers.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod admission;
mod executed;
mod fixture;
mod forwarding;
mod model;
mod payloads;
mod reserved;
