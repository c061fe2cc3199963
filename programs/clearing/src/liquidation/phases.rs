//! Liquidation as work of block phases.
//!
//! ```text
//! begin   Act(account)     cancels, a slice to the book, or the position to a volunteer; insurance pays      \ what the block
//!         Close(market)    positions closed against others; what nobody pays is put down to be shared       / before decided
//!         Find(market)     after the marks: accounts that crossed a threshold are touched
//! risk    Look(accounts)   each touched account: its thresholds, and what is to be done about it
//! fold    Waterfall        who is acted on next; what insurance pays of what is owed
//!         Watch(market)    thresholds; who closes against whom; the loss index
//! ```
//!
//! Whoever is acted on is touched, and so looked at again in the same block, until it has its margin, or neither positions nor debts.

use borsh::BorshDeserialize;
use borsh::BorshSerialize;

use heddle_sdk::Abort;
use heddle_sdk::CallError;
use heddle_sdk::PhaseContext;
use heddle_sdk::PhaseView;
use heddle_sdk::Resident;
use heddle_sdk::WorkItem;
use heddle_sdk::Workspace;
use heddle_types::Canonical;
use heddle_types::StateKey;
use heddle_types::Value;
use heddle_types::decode_exact;
use heddle_types::encode;

use crate::error::ClearingError;
use crate::ids::MarketId;
use crate::index::LiquidationIndex;
use crate::limits::TOUCHED_PER_ENTRY;
use crate::liquidation::keys::touched_inbox;
use crate::liquidation::records::Look;
use crate::liquidation::records::Touched;
use crate::liquidation::records::TouchedEntry;
use crate::state;

mod act;
mod begin;
mod close;
mod find;
mod fold;
mod look;
mod money;
mod watch;
mod waterfall;

pub use begin::plan_begin;
pub use find::plan_find;
pub use fold::plan_fold;
pub use look::complete_risk;
pub use look::plan_risk;

/// The first byte of the items' encodings, by which a program knows them.
const TAG: u8 = b'L';

/// Most items have fewer.
const ITEM_BYTES: usize = 64;

/// A piece of work.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
enum Item {
    Act(act::Act),
    Close(MarketId, u8),
    Find(MarketId),
    Look(Vec<Look>),
    Waterfall,
    Watch(MarketId),
}

impl Item {
    fn work(&self) -> WorkItem {
        let mut bytes = Vec::with_capacity(ITEM_BYTES);
        bytes.push(TAG);
        // Writing into memory fails only where there is none.
        let _written = self.serialize(&mut bytes);
        WorkItem::new(bytes)
    }

    fn of(bytes: &[u8]) -> Option<Self> {
        borsh::from_slice(bytes.strip_prefix(&[TAG])?).ok()
    }
}

/// Does the item, if it is one of liquidation's.
///
/// # Errors
/// When state is not what this program writes, or a limit is reached. The item has no effect then; what it was about is found again.
pub fn run(ctx: &mut PhaseContext<'_, '_>) -> Option<Result<(), CallError>> {
    let item = Item::of(ctx.item())?;
    Some(match item {
        Item::Act(act) => act::run(ctx, &act),
        Item::Close(market, page) => close::run(ctx, market, page),
        Item::Find(market) => find::run(ctx, market),
        Item::Look(looks) => look::run(ctx, &looks),
        Item::Waterfall => waterfall::run(ctx),
        Item::Watch(market) => watch::run(ctx, market),
    })
}

/// The liquidation index of a market, from its parts.
///
/// # Errors
/// [`ClearingError::UnknownMarket`] for another name, [`ClearingError::CorruptState`].
pub(crate) fn load(
    name: &[u8],
    read: &mut dyn FnMut(&[u8]) -> Option<Value>,
) -> Result<Box<dyn Resident>, CallError> {
    let [b'L', _, _] = *name else {
        return Err(ClearingError::UnknownMarket.into());
    };
    let index = LiquidationIndex::load(read).map_err(|_| ClearingError::CorruptState)?;
    Ok(Box::new(index))
}

/// An account that cannot be looked at is frozen. Everything else is found again.
///
/// # Errors
/// What the workspace aborts for.
pub(crate) fn failed(ctx: &mut PhaseContext<'_, '_>) -> Result<(), CallError> {
    match Item::of(ctx.item()) {
        Some(Item::Look(looks)) => look::failed(ctx, &looks),
        Some(Item::Act(_) | Item::Close(..) | Item::Find(_) | Item::Waterfall | Item::Watch(_))
        | None => Ok(()),
    }
}

/// Has these accounts looked at in this block's risk phase, in a [`TouchedEntry`]'s bytes. Whoever changes an account's cash or positions calls it, and declares
/// [`touched_inbox`] as `Append`.
///
/// # Errors
/// When that is not declared, or a limit is reached.
pub fn touch(work: &mut Workspace<'_>, touched: &[Touched]) -> Result<(), Abort> {
    for entry in touched.chunks(TOUCHED_PER_ENTRY) {
        work.append(&touched_inbox(), encode(&entry))?;
    }
    Ok(())
}

/// The accounts touched so far in this block, and the markets because of which; ordered, each once.
fn touched(view: &PhaseView<'_>) -> Vec<Touched> {
    let inbox = touched_inbox();
    let entries = view.inboxes().filter(|(key, _)| **key == inbox);
    let mut all = Vec::new();
    for entry in entries.flat_map(|(_, entries)| entries) {
        let TouchedEntry(mut touched) = decode_exact(&entry.data).unwrap_or_default();
        all.append(&mut touched);
    }
    all.sort_unstable();
    all.dedup();
    all
}

/// Puts a page, or takes it away if there is nothing on it.
fn write_page<T: Canonical>(
    work: &mut Workspace<'_>,
    key: &StateKey,
    page: Option<&T>,
) -> Result<(), Abort> {
    match page {
        Some(page) => state::write(work, key, page),
        None => work.delete(key),
    }
}

/// What a plan finds at `key`, if it is what this program writes.
fn view_of<T: Canonical>(view: &PhaseView<'_>, key: &StateKey) -> Option<T> {
    state::decode(&view.read(key)?).ok()
}
