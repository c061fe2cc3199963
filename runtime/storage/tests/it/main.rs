//! Storage on real disks: nothing acknowledged is lost, and nothing damaged is believed.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

mod chain;
mod crash;
mod damage;
mod epochs;
mod evidence;
mod opening;
mod pruning;
mod reading;
mod safety;
mod snapshots;
