//! The loss waterfall, in the order of accounts: insurance pays what it can of what each owes, and the rest is cut into parts for the markets in which
//! the account holds positions, by their notional.

use heddle_num::Quote;
use heddle_sdk::CallError;
use heddle_sdk::PhaseContext;
use heddle_sdk::Workspace;
use heddle_types::Canonical;
use heddle_types::StateKey;
use heddle_types::UnixMillis;
use heddle_types::decode_exact;

use crate::error::ClearingError;
use crate::keys::Lane;
use crate::limits::DEFICITS_PAGES;
use crate::limits::DEFICITS_PER_PAGE;
use crate::limits::QUEUE_PAGES;
use crate::limits::QUEUE_PER_PAGE;
use crate::liquidation::keys::deficits_key;
use crate::liquidation::keys::queue_key;
use crate::liquidation::phases::write_page;
use crate::liquidation::records::Deficit;
use crate::liquidation::records::Deficits;
use crate::liquidation::records::Intent;
use crate::liquidation::records::OwedMarket;
use crate::liquidation::records::Owes;
use crate::liquidation::records::Queue;
use crate::liquidation::records::QueueEntry;
use crate::loss::share_loss;
use crate::margin::difference;
use crate::state::read_lane;

pub(super) fn run(ctx: &mut PhaseContext<'_, '_>) -> Result<(), CallError> {
    let decided_at = ctx.block().time;
    let intents = ctx.inbox().iter().map(|entry| decode_exact::<Intent>(&entry.data));
    let intents: Result<Vec<_>, _> = intents.collect();
    let intents = intents.map_err(|_| ClearingError::CorruptState)?;
    let insurance = read_lane(ctx, Lane::Insurance)?;
    let decided = decide(intents, Quote::new(insurance))?;
    write_queue(ctx, &decided.queue, decided_at)?;
    write_deficits(ctx, decided.deficits)
}

/// What is done in the next block.
#[derive(Debug, Default)]
struct Decided {
    queue: Vec<QueueEntry>,
    deficits: Vec<Deficit>,
}

/// Those who owe come first, because the indices do not find again who owes without a position. What there is no room for is found again.
fn decide(intents: Vec<Intent>, insurance: Quote) -> Result<Decided, ClearingError> {
    let mut decided = Decided::default();
    let mut left = insurance.max(Quote::ZERO);
    let mut acts = Vec::new();
    for intent in intents {
        match intent {
            Intent::Act(account) => acts.push(QueueEntry { account, insurance: Quote::ZERO }),
            Intent::Owes(owes) => {
                if decided.deficits.len() >= usize::from(DEFICITS_PAGES) * DEFICITS_PER_PAGE {
                    continue;
                }
                let paid = owes.debt.min(left);
                left = difference(left, paid)?;
                let account = owes.account;
                decided.queue.push(QueueEntry { account, insurance: paid });
                decided.deficits.push(deficit(owes, paid)?);
            }
        }
    }
    decided.queue.append(&mut acts);
    decided.queue.truncate(usize::from(QUEUE_PAGES) * QUEUE_PER_PAGE);
    Ok(decided)
}

/// What is owed after insurance, by market.
fn deficit(owes: Owes, paid: Quote) -> Result<Deficit, ClearingError> {
    let left = difference(owes.debt, paid)?;
    let weights: Vec<_> = owes.positions.iter().map(|position| position.amount).collect();
    let shares = share_loss(left, &weights).unwrap_or_default();
    let parts = owes.positions.into_iter().zip(shares);
    let parts = parts.map(|(position, amount)| OwedMarket { amount, ..position }).collect();
    Ok(Deficit { account: owes.account, parts })
}

fn write_queue(
    work: &mut Workspace<'_>,
    queue: &[QueueEntry],
    decided_at: UnixMillis,
) -> Result<(), CallError> {
    let pages = queue.chunks(QUEUE_PER_PAGE);
    let pages = pages.map(|page| Queue { decided_at, entries: page.to_vec() }).collect();
    write_pages(work, (0..QUEUE_PAGES).map(queue_key), pages)
}

fn write_deficits(work: &mut Workspace<'_>, deficits: Vec<Deficit>) -> Result<(), CallError> {
    let pages = deficits.chunks(DEFICITS_PER_PAGE).map(|page| Deficits(page.to_vec())).collect();
    write_pages(work, (0..DEFICITS_PAGES).map(deficits_key), pages)
}

/// Puts pages one after the other; those after the last are taken away.
pub(super) fn write_pages<T: Canonical>(
    work: &mut Workspace<'_>,
    keys: impl IntoIterator<Item = StateKey>,
    pages: Vec<T>,
) -> Result<(), CallError> {
    let mut pages = pages.iter();
    for key in keys {
        write_page(work, &key, pages.next())?;
    }
    Ok(())
}
