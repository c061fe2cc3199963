//! The functions of fixed point against references of 40 decimals, and against cases of others.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail by panicking")]

mod cases;
mod functions;
mod properties;
