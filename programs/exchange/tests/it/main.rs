//! Books against cases that others wrote, against a reference that is plainly right, and against themselves after a reload.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail by panicking")]

mod attacks;
mod cascade;
mod check;
mod cpptrader;
mod crowd;
mod data;
mod disasters;
mod edges;
mod encodings;
mod exchange_core;
mod life;
mod order_stream;
mod orders;
mod portable;
mod random;
mod reference;
mod scene;
mod storm;
mod trading;
mod vega;
mod venue;
