//! What a transaction declares, derived once.

use crate::access::AccessSet;
use crate::quantity::Amount;
use crate::receipt::TxFailure;

/// Which room of a block, and of what leads there, a transaction may take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BlockSpace {
    /// The room that everything may take.
    #[default]
    Ordinary,
    /// Besides it, the room that is kept for what must get through whatever the load.
    Reserved,
}

/// What a transaction declares, and what follows from it: a function of its bytes and of the chain's programs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declared {
    /// Everything up to the first failure: the envelope's keys, the extra ones, and what programs derive from the calls. Of an
    /// open transaction the envelope's alone.
    pub set: AccessSet,
    /// Why it cannot run: a call that its program does not understand, or too many keys.
    pub failure: Option<TxFailure>,
    /// What it costs.
    pub fee: Amount,
    /// For how many calls more than they are its calls count, in what they cost and in the work that they may do.
    pub more_calls: u32,
    /// Which room of a block it may take.
    pub space: BlockSpace,
    /// How long it may take to run, in about nanoseconds. A hint for scheduling; no result depends on it.
    pub cost: u64,
    /// How many of the keys are the system program's; they come first, and no program may touch them.
    pub system_keys: usize,
    /// The slot of the payer's native balance.
    pub payer_slot: usize,
    /// The slot of the sender's nonce lane; none for other kinds of nonces.
    pub nonce_slot: Option<usize>,
}
