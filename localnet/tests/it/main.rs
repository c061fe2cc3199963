//! Tests of many validators together.

mod simulator;
