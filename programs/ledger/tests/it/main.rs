//! The ledger, through blocks of signed transactions.

mod assets;
mod encodings;
mod transfers;
mod world;
