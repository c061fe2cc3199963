//! The pool's bounds.

use heddle_types::ChainId;
use heddle_types::Millis;
use heddle_types::limits;

/// The bounds of one pool. [`Config::new`] gives the defaults.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// The only chain whose transactions are admitted.
    pub chain: ChainId,
    /// Encoded bytes of all transactions together.
    pub bytes_max: usize,
    /// Transactions.
    pub txs_max: usize,
    /// Transactions of one sender, all lanes together. Also how far above the expected sequence a forwarded one may be.
    pub sender_txs_max: usize,
    /// Encoded bytes of one sender's transactions.
    pub sender_bytes_max: usize,
    /// Transactions that wait for an earlier one of their lane, all senders together.
    pub gapped_max: usize,
    /// Executed heights after which a transaction that still waits for an earlier one is dropped.
    pub gap_heights_max: u64,
    /// The time between the first and the second forwarding of a transaction; it doubles from then on.
    pub forward_interval: Millis,
    /// Where the doubling ends.
    pub forward_interval_max: Millis,
}

impl Config {
    /// The defaults for `chain`: 64 MiB, 200,000 transactions, 1,024 of them or 4 MiB from one sender.
    pub const fn new(chain: ChainId) -> Self {
        Self {
            chain,
            bytes_max: 64 * 1024 * 1024,
            txs_max: 200_000,
            sender_txs_max: 1024,
            sender_bytes_max: 4 * 1024 * 1024,
            gapped_max: 50_000,
            gap_heights_max: 256,
            forward_interval: Millis::new(1000),
            forward_interval_max: Millis::new(16_000),
        }
    }
}

/// What a payload may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PayloadLimits {
    /// Transactions.
    pub txs: usize,
    /// Their encoded bytes. Below [`limits::TRANSACTION_BYTES_MAX`] a large transaction would hold up all behind it.
    pub bytes: usize,
}

impl PayloadLimits {
    /// As much as a block may hold.
    pub const BLOCK: Self = Self { txs: limits::BLOCK_TXS_MAX, bytes: limits::PAYLOAD_BYTES_MAX };
}
