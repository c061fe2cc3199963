//! Clearing as those see it who build on it.

mod admission;
mod margin;
mod settlement;
mod sufficiency;
mod world;
