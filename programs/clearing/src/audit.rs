//! Whether all money and all lots are accounted for, exactly.
//!
//! ```text
//! accounts + insurance + fees + dust + suspense + sum of funding and shared-loss pools = vault
//! ```
//!
//! where `accounts` is the sum of cash less entries. After every block the sums that are kept are compared, which costs a few reads; tests
//! count everything.

use std::collections::BTreeMap;

use heddle_num::Quote;
use heddle_sdk::CallError;
use heddle_sdk::PhaseContext;
use heddle_sdk::PhaseView;
use heddle_sdk::WorkItem;
use heddle_sdk::Workspace;
use heddle_sdk::decode_number;
use heddle_types::AccessMode;
use heddle_types::Entry;
use heddle_types::ProgramId;
use heddle_types::StateKey;

use crate::account::Account;
use crate::error::ClearingError;
use crate::event::ClearingEvent;
use crate::event::Imbalance;
use crate::ids::MarketId;
use crate::keys;
use crate::keys::Lane;
use crate::state;
use crate::venue::Venue;

const OWED: [Lane; 5] = [Lane::Accounts, Lane::Insurance, Lane::Fees, Lane::Dust, Lane::Suspense];

/// One item that compares the sums, once there are accounts.
pub(crate) fn plan(view: &PhaseView<'_>) -> Vec<WorkItem> {
    let venue = view.read(&keys::venue_key());
    let venue: Option<Venue> = venue.and_then(|value| state::decode(&value).ok());
    let Some(venue) = venue else {
        return Vec::new();
    };
    let item = lanes(venue.markets)
        .fold(WorkItem::new(Vec::new()), |item, lane| item.with(lane.key(), AccessMode::Read));
    vec![item.with(keys::venue_key(), AccessMode::Read)]
}

fn lanes(markets: u16) -> impl Iterator<Item = Lane> {
    let of_markets = (0..markets)
        .map(MarketId::new)
        .flat_map(|market| [Lane::Funding(market), Lane::SharedLoss(market), Lane::Lots(market)]);
    OWED.into_iter().chain([Lane::Vault]).chain(of_markets)
}

/// Compares the sums, and reports when they do not meet.
pub(crate) fn run(ctx: &mut PhaseContext<'_, '_>) -> Result<(), CallError> {
    let venue = state::read_venue(ctx)?;
    let (money, markets) = compare(ctx, venue.markets)?;
    if money == 0 && markets == 0 {
        return Ok(());
    }
    let event = Imbalance { money: Quote::new(money), markets };
    Ok(ClearingEvent::from(event).emit(ctx)?)
}

/// Money that is owed without being there, and markets whose lots do not sum to zero.
fn compare(work: &mut Workspace<'_>, markets: u16) -> Result<(i128, u16), CallError> {
    let (mut owed, mut unequal) = (0_i128, 0_u16);
    for lane in lanes(markets) {
        let held = state::read_lane(work, lane)?;
        match lane {
            Lane::Vault => owed = owed.wrapping_sub(held),
            Lane::Lots(_) => unequal = unequal.saturating_add(u16::from(held != 0)),
            Lane::Accounts
            | Lane::Insurance
            | Lane::Fees
            | Lane::Dust
            | Lane::Suspense
            | Lane::Funding(_)
            | Lane::SharedLoss(_) => owed = owed.wrapping_add(held),
        }
    }
    Ok((owed, unequal))
}

/// Everything counted, from all entries of a state.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Cash less entries over all accounts.
    pub accounts: i128,
    /// Lots by market, those of suspended outcomes not counted.
    pub lots: BTreeMap<MarketId, i64>,
    /// What the lanes hold, by key.
    pub lanes: BTreeMap<StateKey, i128>,
}

impl Count {
    /// Counts all accounts and lanes.
    ///
    /// # Errors
    /// [`ClearingError::CorruptState`], [`ClearingError::Overflow`].
    pub fn of<'a>(
        entries: impl IntoIterator<Item = (&'a StateKey, &'a Entry)>,
    ) -> Result<Self, ClearingError> {
        let mut count = Self::default();
        let own = entries.into_iter().filter(|(key, _)| key.program() == ProgramId::CLEARING);
        for (key, entry) in own {
            match key.first_byte() {
                b'a' => count.add(&state::decode(&entry.value)?)?,
                b'l' | b'f' | b'p' | b'z' => {
                    let number = decode_number(entry.value.as_bytes());
                    count.lanes.insert(*key, number.ok_or(ClearingError::CorruptState)?);
                }
                _ => {}
            }
        }
        Ok(count)
    }

    fn add(&mut self, account: &Account) -> Result<(), ClearingError> {
        let sum = self.accounts.checked_add(account.net()?.get());
        self.accounts = sum.ok_or(ClearingError::Overflow)?;
        for exposure in &account.exposures {
            let lots = self.lots.entry(exposure.market).or_default();
            let sum = lots.checked_add(exposure.lots.get());
            *lots = sum.ok_or(ClearingError::Overflow)?;
        }
        Ok(())
    }

    /// What a lane holds.
    pub fn lane(&self, lane: Lane) -> i128 {
        self.lanes.get(&lane.key()).copied().unwrap_or_default()
    }

    /// Money owed less what came into the vault: exactly zero, in any state that a block left.
    pub fn imbalance(&self) -> i128 {
        let pools: i128 = self.lanes.iter().filter(|(key, _)| is_pool(key)).map(|(_, n)| n).sum();
        let owed = [Lane::Insurance, Lane::Fees, Lane::Dust, Lane::Suspense];
        let owed: i128 = owed.into_iter().map(|lane| self.lane(lane)).sum();
        let all = self.accounts.wrapping_add(pools).wrapping_add(owed);
        all.wrapping_sub(self.lane(Lane::Vault))
    }
}

fn is_pool(key: &StateKey) -> bool {
    matches!(key.first_byte(), b'f' | b'p')
}
