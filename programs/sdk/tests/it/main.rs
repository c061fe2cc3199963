//! What programs and clients rely on in the SDK itself; the workspace is tested through the executor.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

mod fees;
mod genesis;
mod numbers;
mod phases;
mod registry;
mod residents;
