//! Books against cases that others wrote, against a reference that is plainly right, and against themselves after a reload.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail by panicking")]

mod data;
mod order_stream;
mod random;
mod reference;
