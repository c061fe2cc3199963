//! Lanes by themselves: single cores against hand-made peers, and all of a committee in virtual time with one faulty owner, under
//! an ordering service that proposes cuts.
#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail like tests")]

mod attacker;
mod encodings;
mod fetching;
mod following;
mod leading;
mod node;
mod oracle;
mod orderer;
mod owning;
mod schedules;
mod scheme;
mod simulation;
mod solo;
mod voting;
mod world;
