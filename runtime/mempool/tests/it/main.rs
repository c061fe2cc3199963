//! The pool, by what it answers.

mod admission;
mod executed;
mod fixture;
mod forwarding;
mod model;
mod payloads;
