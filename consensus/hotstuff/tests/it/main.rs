//! The agreement core by itself: a few replicas in virtual time, and single replicas against hand-made peers.
#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail like tests")]

mod attacks;
mod bounds;
mod cluster;
mod ending;
mod epochs;
mod faults;
mod hearing;
mod liveness;
mod muted;
mod node;
mod oracle;
mod rules;
mod scheme;
mod solo;
mod steady;
mod twins;
mod vote_keys;
mod world;
