//! The engine from outside.

mod open;
