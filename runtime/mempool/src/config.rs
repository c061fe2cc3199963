//! The pool's bounds.

use heddle_types::BlockSpace;
use heddle_types::ChainId;
use heddle_types::Millis;
use heddle_types::limits;

/// The bounds of one pool. [`Config::new`] gives the defaults.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// The only chain whose transactions are admitted.
    pub chain: ChainId,
    /// What ordinary transactions may take.
    pub ordinary: Room,
    /// What those of reserved block space may take. Neither kind can take the other's room.
    pub reserved: Room,
    /// Executed heights after which a transaction that still waits for an earlier one is dropped.
    pub gap_heights_max: u64,
    /// The time between the first and the second forwarding of a transaction; it doubles from then on.
    pub forward_interval: Millis,
    /// Where the doubling ends.
    pub forward_interval_max: Millis,
}

/// How much of one kind a pool may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// Encoded bytes of all transactions together.
    pub bytes_max: usize,
    /// Transactions.
    pub txs_max: usize,
    /// Transactions of one sender, all lanes together. The sum over both kinds is how far above the expected sequence a forwarded
    /// one may be.
    pub sender_txs_max: usize,
    /// Encoded bytes of one sender's transactions.
    pub sender_bytes_max: usize,
    /// Transactions that wait for an earlier one of their lane, all senders together.
    pub gapped_max: usize,
}

impl Config {
    /// The defaults for `chain`: 64 MiB, 200,000 ordinary transactions, 1,024 of them or 4 MiB from one sender; and 16 MiB, 50,000
    /// reserved ones, 256 of them or 512 KiB from one sender.
    pub const fn new(chain: ChainId) -> Self {
        Self {
            chain,
            ordinary: Room {
                bytes_max: 64 * 1024 * 1024,
                txs_max: 200_000,
                sender_txs_max: 1024,
                sender_bytes_max: 4 * 1024 * 1024,
                gapped_max: 50_000,
            },
            reserved: Room {
                bytes_max: 16 * 1024 * 1024,
                txs_max: 50_000,
                sender_txs_max: 256,
                sender_bytes_max: 512 * 1024,
                gapped_max: 12_500,
            },
            gap_heights_max: 256,
            forward_interval: Millis::new(1000),
            forward_interval_max: Millis::new(16_000),
        }
    }

    /// The room of one kind.
    pub const fn room(&self, space: BlockSpace) -> &Room {
        match space {
            BlockSpace::Ordinary => &self.ordinary,
            BlockSpace::Reserved => &self.reserved,
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
    /// What of that is filled with transactions of reserved space before anything else.
    pub reserved: Share,
}

/// The part of a payload that is kept for transactions of reserved space, as far as there are any.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// Transactions.
    pub txs: usize,
    /// Their encoded bytes.
    pub bytes: usize,
    /// Transactions of one sender in the share; it may have more in the rest.
    pub sender_txs: usize,
}

impl PayloadLimits {
    /// As much as a block may hold.
    pub const BLOCK: Self = Self::new(limits::BLOCK_TXS_MAX, limits::PAYLOAD_BYTES_MAX);

    /// These limits with a quarter of them reserved; a sender may take a sixteenth of the reserved share.
    pub const fn new(txs: usize, bytes: usize) -> Self {
        let share = txs / 4;
        let sender_txs = if share < 16 { 1 } else { share / 16 };
        Self { txs, bytes, reserved: Share { txs: share, bytes: bytes / 4, sender_txs } }
    }
}
