//! A chain of headers, certificates and epochs, and what a light client believes of it.

#![allow(clippy::unwrap_used, reason = "what a test's helpers cannot do fails the test")]

mod chain;
mod following;
mod reading;
