//! Whole nodes on a simulated network, disk and clock, all from one seed.
//!
//! The machines are the ones that ship; what is simulated is what they ask for. Messages are delayed, lost, duplicated and
//! reordered, the network is partitioned, nodes crash at any point and restart with what their disk kept, which is any part of
//! what it had not synced. Some validators may be Byzantine, each with a behaviour of its own. An [`oracle`](self) watches every
//! message and every executed block:
//!
//! * agreement: one block a height, one root a height, over all nodes and all restarts;
//! * votes: whatever leaves an honest node is allowed by the rules of `heddle-hotstuff`, restated here independently, and is in
//!   its durable safety record; nothing is forgotten over a restart; nothing is final without a quorum;
//! * evidence: whoever contradicts himself within an honest node's hearing is accused by it, and nobody honest is;
//! * bounds: what a node keeps for agreement;
//! * progress: once the faults end, every submitted transaction becomes final everywhere, once, and a block within f+2 views.
//!
//! The same plan gives the same trace, to the last message.

mod accusations;
mod byzantine;
mod dice;
mod disk;
mod execution;
mod faults;
mod misbehaviour;
mod network;
mod node;
mod oracle;
mod pace;
mod perform;
mod plan;
mod rules;
mod scheme;
mod trace;
mod universe;
mod users;
mod world;

pub use byzantine::Behaviour;
pub use dice::Dice;
pub use oracle::Violation;
pub use plan::{Fault, NetworkConditions, Plan, Remains};
pub use world::{Report, run};
