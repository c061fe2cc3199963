//! Faults against real processes under load, and checks of what users were told meanwhile.
//!
//! ```text
//! plan (a file, or drawn from a seed) -> inject: one fault after the other, each healed before the next
//! load: accounts that pay each other; the authority changes powers  ---.
//! follow: what every validator says, block by block                 ----> observations -> checks (pure, one file each)
//! ```
//!
//! One validator at most is faulty at a time, unless a fault is of all of them (power, partition, latency): what is tried is what
//! the protocol promises to survive. After each fault all must be back within a bound and all checks hold; at the end every
//! validator is asked again for everything that any of them had reported as final, and every home is executed again.

mod checks;
mod damage;
mod draw;
mod error;
mod follow;
mod governor;
mod inject;
mod load;
mod nodes;
mod observations;
mod plan;
mod report;
mod run;
mod runner;

pub use draw::Draw;
pub use error::ChaosError;
pub use plan::Fault;
pub use plan::Step;
pub use plan::parse_plan;
pub use report::Check;
pub use report::Report;
pub use run::ChaosOptions;
pub use run::Source;
pub use run::run;
pub use run::temporary_home;
