//! The agreement core by itself: a few replicas in virtual time, and single replicas against hand-made peers.

mod cluster;
mod faults;
mod oracle;
mod scheme;
mod steady;
mod world;
