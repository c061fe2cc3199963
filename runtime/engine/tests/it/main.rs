//! The engine against the order of its tasks.

#![expect(clippy::disallowed_methods, reason = "delays are injected here to disturb the workers")]

mod open;
mod planned;
mod rig;
