//! Integer maths for money: quantities as types, products that are wide enough, rounding that is named, and the functions that
//! options and rates need in fixed point, [`Q64x64`].
//!
//! No float, ever: every node must get the same last digit. What functions must give is in `vectors/functions.txt`, which
//! `vectors/make.py` writes.

#![deny(
    clippy::float_arithmetic,
    clippy::iter_over_hash_type,
    clippy::disallowed_types,
    clippy::disallowed_methods,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    clippy::wildcard_enum_match_arm,
    clippy::arithmetic_side_effects
)]

mod exp;
mod fine;
mod fixed;
mod ln;
mod normal;
mod quantity;
mod rounding;
mod sqrt;
mod wide;

pub use fixed::Q64x64;
pub use quantity::{Lots, Ppm, Quote, SignedLots, Ticks, UnitValue};
pub use rounding::{Rounding, mul_div};
