//! Storage on real disks: nothing acknowledged is lost, and nothing damaged is believed.

mod chain;
mod crash;
mod damage;
mod opening;
mod reading;
mod safety;
