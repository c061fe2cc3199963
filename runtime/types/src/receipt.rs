//! What became of a transaction.

use borsh::BorshDeserialize;
use borsh::BorshSerialize;

use crate::canonical::canonical;
use crate::codec::Canonical;
use crate::event_data::EventData;
use crate::events::Events;
use crate::hash::Domain;
use crate::hash::Hash32;
use crate::hash::TxId;
use crate::limits;
use crate::quantity::Amount;
use crate::state_key::ProgramId;
use crate::state_key::StateKey;

canonical! {
    /// What became of an executed transaction. Its index is its position among its block's transaction ids.
    pub struct Receipt {
        /// Which.
        pub id: TxId,
        /// Whether its calls took effect.
        pub outcome: Outcome,
        /// What the payer was charged in fees, in the native asset.
        pub fee_paid: Amount,
        /// What the payer put down for keys that the transaction created; it is returned when they are deleted.
        pub deposit_paid: Amount,
        /// What it reported, in order; nothing when it failed.
        pub events: Events => limits::EVENTS_MAX,
    }

    /// Something that a program reports.
    pub struct Event {
        /// The program.
        pub program: ProgramId,
        /// The program's own number for this kind of event.
        pub kind: u16,
        /// The program's own encoding.
        pub data: EventData => limits::EVENT_BYTES_MAX,
    }
}

/// Whether a transaction's calls took effect.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum Outcome {
    /// All of them did.
    Ok,
    /// None did; the nonce is used and the fee paid.
    Failed(TxFailure),
}

/// Why a transaction's calls had no effect.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum TxFailure {
    /// A program refused.
    Program(ProgramError),
    /// The payer could not pay the maximum fee, or the deposits; what remained was taken, up to the fee.
    InsufficientFee,
    /// A key was touched that was not declared, or more strongly than declared. Elsewhere, because every receipt has room for its
    /// outcome and hardly any is this one.
    UndeclaredAccess(Box<StateKey>),
    /// A program panicked: a bug in it, or arithmetic that overflowed.
    ProgramPanic,
    /// It used more work than its fee allows, or emitted more than the limits.
    OutOfMeter,
}

/// A program's own error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct ProgramError {
    /// The program.
    pub program: ProgramId,
    /// The call, by its position.
    pub call: u8,
    /// The program's own number; stable.
    pub code: u16,
}

/// The hash of a block's receipts, in order.
pub fn receipts_root(receipts: &[Receipt]) -> Hash32 {
    receipts_root_of(&receipt_hashes(receipts))
}

/// The hash of each of some receipts: whoever has threads hashes parts of a block's at the same time.
///
/// # Panics
/// Never: writing to a `Vec` cannot fail, and the lengths of a receipt's parts fit `u32`.
pub fn receipt_hashes(receipts: &[Receipt]) -> Vec<Hash32> {
    let mut bytes = Vec::with_capacity(512);
    let hash = |receipt: &Receipt| {
        bytes.clear();
        bytes.extend(Domain::RECEIPTS.0);
        receipt.serialize(&mut bytes).expect("writing to a Vec cannot fail");
        // What `Hash32::of` gives for the same bytes in parts.
        Hash32(*blake3::hash(&bytes).as_bytes())
    };
    receipts.iter().map(hash).collect()
}

/// The hash of a block's receipts from the hash of each, in order.
pub fn receipts_root_of(hashes: &[Hash32]) -> Hash32 {
    let bytes: Vec<_> = hashes.iter().map(|hash| hash.0).collect();
    Hash32::of(Domain::RECEIPTS, &[bytes.as_flattened()])
}

impl Canonical for Receipt {
    const NAME: &'static str = "receipt";
    const BYTES_MAX: usize = limits::EVENTS_MAX * (limits::EVENT_BYTES_MAX + 16) + 256;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receipt_with_a_transfers_event_has_192_bytes_and_nothing_elsewhere() {
        assert_eq!(size_of::<Receipt>(), 192);
    }

    #[test]
    fn a_receipts_hash_is_that_of_its_bytes_in_its_domain() {
        let receipt = Receipt {
            id: TxId::ZERO,
            outcome: Outcome::Ok,
            fee_paid: Amount::from_units(7),
            deposit_paid: Amount::ZERO,
            events: Events::default(),
        };
        let bytes = crate::codec::encode(&receipt);
        let hash = Hash32::of(Domain::RECEIPTS, &[&bytes]);
        let both = [receipt.clone(), receipt];
        assert_eq!(receipt_hashes(&both), [hash, hash]);
        let root = Hash32::of(Domain::RECEIPTS, &[hash.as_bytes(), hash.as_bytes()]);
        assert_eq!(receipts_root(&both), root);
    }
}
