//! Clearing, seen from outside.

mod liquidation_cases;
