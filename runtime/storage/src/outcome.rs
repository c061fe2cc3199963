//! What executing a final block gave.

use std::sync::Arc;

use borsh::BorshDeserialize;
use borsh::BorshSerialize;
use heddle_types::BlockHash;
use heddle_types::ChangeSet;
use heddle_types::CommitCert;
use heddle_types::Event;
use heddle_types::Hash32;
use heddle_types::Height;
use heddle_types::Receipt;
use heddle_types::StateRoot;
use heddle_types::TxIndex;
use heddle_types::TxTrace;
use heddle_types::Validator;
use heddle_types::ValidatorIndex;
use heddle_types::View;
use heddle_types::limits;
use heddle_types::receipts_root;

/// All that is stored about a final block once it is executed. The block itself is stored already.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The block's height.
    pub height: Height,
    /// The block.
    pub hash: BlockHash,
    /// Its view.
    pub view: View,
    /// Who led it.
    pub proposer: ValidatorIndex,
    /// The certificate that made it final: its own, or the descendant's by which it became final.
    pub cert: CommitCert,
    /// One for each of the block's transaction ids, in that order.
    pub receipts: Vec<Receipt>,
    /// What the transactions touched, in the same order; may be empty when nobody recorded it.
    pub traces: Vec<TxTrace>,
    /// What its phases reported.
    pub phase_events: PhaseEvents,
    /// How many transactions of the block were skipped.
    pub skipped: u32,
    /// What it did to state.
    pub changes: ChangeSet,
    /// The root after it.
    pub root: StateRoot,
    /// Who should decide, by the state after it. Noted where it changes.
    pub candidates: Arc<[Validator]>,
}

/// What the phases of a block reported, in the order in which they ran, up to [`limits::PHASE_EVENTS_MAX`] events and
/// [`limits::PHASE_EVENT_BYTES_MAX`] bytes of data.
#[derive(Clone, Debug, Default, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct PhaseEvents {
    /// The first ones.
    pub events: Vec<Event>,
    /// How many more there were.
    pub left_out: u64,
}

impl PhaseEvents {
    /// As many of `events` as are kept.
    pub fn kept_of(mut events: Vec<Event>) -> Self {
        let all = events.len();
        let mut bytes = 0_usize;
        let fits = |event: &Event| {
            bytes = bytes.saturating_add(event.data.len());
            bytes <= limits::PHASE_EVENT_BYTES_MAX
        };
        let fitting = events.iter().take(limits::PHASE_EVENTS_MAX).map(fits);
        let kept = fitting.take_while(|fits| *fits).count();
        events.truncate(kept);
        Self { events, left_out: (all - kept) as u64 }
    }
}

/// What is known of a final, executed height without reading its block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct FinalRecord {
    /// The block.
    pub hash: BlockHash,
    /// Its view.
    pub view: View,
    /// Who led it.
    pub proposer: ValidatorIndex,
    /// The state's root after it.
    pub root: StateRoot,
    /// The hash of its receipts.
    pub receipts_root: Hash32,
    /// How many receipts it has.
    pub receipts: u32,
    /// How many of its transactions were skipped.
    pub skipped: u32,
}

/// Where an executed transaction stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct TxLocation {
    /// The height.
    pub height: Height,
    /// Its position among the block's transaction ids, and so among its receipts.
    pub index: TxIndex,
}

impl Outcome {
    /// Its short form.
    ///
    /// # Panics
    /// If it has more than 2^32 receipts; a block has at most 10,000 transactions.
    pub fn record(&self) -> FinalRecord {
        FinalRecord {
            hash: self.hash,
            view: self.view,
            proposer: self.proposer,
            root: self.root,
            receipts_root: receipts_root(&self.receipts),
            receipts: u32::try_from(self.receipts.len())
                .expect("bounded by a block's transactions"),
            skipped: self.skipped,
        }
    }
}
