//! Real endpoints on loopback.

mod hostile;
mod links;
mod net;
mod public;
mod speed;
