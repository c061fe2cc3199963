//! The state tree against a naive reference.

mod decoding;
mod history;
mod proofs;
mod reference;
mod roots;
mod scans;
