//! `replay --orderflow --market`: a recording through running validators, its best prices against the recorded ones.

mod course;
mod crowd;
mod desks;
mod findings;
mod follow;
mod packing;
mod prices;
mod result;
mod signer;
mod venue;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;
use std::time::Instant;

use heddle_localnet::cluster::Cluster;
use heddle_num::Ticks;
use heddle_rpc_api::limits::BOOK_LEVELS_MAX;
use heddle_types::SecretKey;
use heddle_validator::home::KeyFile;

use crate::error::BenchError;
use crate::machine::Machine;
use crate::network::Network;
use crate::network::Roots;
use crate::orderflow::Event;
use crate::orderflow::Recording;
use crate::orderflow::Tally;
use crate::output;
use crate::replay::lines::Lines;
use crate::target::Target;
use course::Course;
use crowd::Crowd;
use crowd::Purse;
use prices::Prices;
use result::ChainResult;
use result::Compared;
use signer::Signer;
use venue::Venue;

/// What is replayed, where, and by whom.
#[derive(Clone, Debug)]
pub(crate) struct Plan<'a> {
    /// The recording.
    pub(crate) file: &'a Path,
    /// The market's name.
    pub(crate) market: &'a str,
    pub(crate) target: &'a Target,
    /// The key file of a publisher of the market's feed.
    pub(crate) publisher: Option<&'a Path>,
    /// Updates of a round; at least one.
    pub(crate) round: usize,
    /// Whether the chain's book is compared after each round.
    pub(crate) check: bool,
}

/// How often a person is told how far it is.
const SAY_EVERY: Duration = Duration::from_secs(5);
/// The owner's number among the signers.
const OWNER: usize = 0;

pub(crate) async fn run(plan: &Plan<'_>, json: bool) -> Result<bool, BenchError> {
    let nodes = plan.target.nodes()?;
    let faucet = plan.target.faucet(nodes.cluster.as_ref())?;
    let purse = faucet.map_or(Purse::Airdrop, |key| Purse::Key(Box::new(key)));
    let network = Network::connect(&nodes.urls).await?;
    let venue = Venue::find(&network, plan.market).await?;
    let recording = Recording::read_for(plan.file, venue.scale());
    let recording = recording.map_err(|e| BenchError::failed(e.to_string()))?;
    let publisher = plan.publisher_key(nodes.cluster.as_ref())?;
    let result = replay(plan, (&network, &venue), (recording, &purse, publisher)).await?;
    output::result(json, &result, ChainResult::text)?;
    Ok(result.is_good())
}

impl Plan<'_> {
    /// The key that posts prices; none where the chain's own publishers do.
    fn publisher_key(&self, cluster: Option<&Cluster>) -> Result<Option<KeyFile>, BenchError> {
        let own = || {
            let silent = cluster.filter(|cluster| cluster.feed().is_none());
            silent.map(Cluster::publisher_key_file)
        };
        let path = self.publisher.map(Path::to_owned).or_else(own);
        Ok(path.map(|path| KeyFile::read(&path)).transpose()?)
    }
}

async fn replay(
    plan: &Plan<'_>,
    (network, venue): (&Network, &Venue),
    (mut recording, purse, publisher): (Recording, &Purse, Option<KeyFile>),
) -> Result<ChainResult, BenchError> {
    let Some(first) = recording.first_middle() else {
        return Err(BenchError::failed(format!(
            "{}: found no moment with a price on both sides, expected one; give another recording",
            plan.file.display()
        )));
    };
    let mut prices = Prices::new(network, venue, publisher).await?;
    let market = prices.wait_open(network, venue, first).await?;
    let moved = prices.distance(&market, first);
    recording.move_by(moved);
    let middle = Ticks::new(first.get().saturating_add_signed(moved));
    let owner = Signer::new(network, fresh_key(), OWNER).await?;
    output::progress(format_args!("opening margin accounts"));
    let crowd = Crowd::open(network, purse, (owner, venue.market.quote_asset)).await?;
    prices.wait_open(network, venue, middle).await?;
    let supplies = network.supplies().await?;

    let height = network.executed_height().await?;
    let parties = (crowd, prices);
    let mut course = Course::new((network, venue), parties, (height, middle), plan.check);
    check_empty(&course).await?;
    let start = Instant::now();
    let (mut said, mut done) = (start, 0);
    let events: Vec<Event<'_>> = recording.events().collect();
    for round in rounds(&events, plan.round) {
        course.round(round).await?;
        done += round.iter().filter(|event| matches!(event, Event::Update(..))).count();
        if said.elapsed() >= SAY_EVERY {
            output::progress(format_args!("{done} of {} updates", recording.updates.len()));
            said = Instant::now();
        }
    }
    let seconds = start.elapsed().as_secs_f64();
    let last = last_look(&mut course).await?;
    let roots = network.settle(course.height).await?;
    let after = network.supplies().await?;
    let supply_constant = supplies.iter().chain(&after).all(|supply| *supply == supplies[0]);
    Ok(ChainResult {
        supply_before: supplies[0].clone(),
        supply_after: after[0].clone(),
        supply_constant,
        seconds,
        orders_per_second: operations(course.shadow.tally()) as f64 / seconds,
        compared: Compared::new(&course.found, plan.check.then_some(last)),
        checked: plan.check,
        moved_ticks: moved,
        ..summary(&recording, &course, &roots)
    })
}

fn operations(tally: &Tally) -> u64 {
    tally.orders + tally.takers + tally.cancels + tally.reductions
}

/// A key of this run alone: an owner's sub-accounts can be opened once.
fn fresh_key() -> SecretKey {
    let mut hasher = blake3::Hasher::new();
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    hasher.update(b"heddle-orderflow-v1").update(&std::process::id().to_le_bytes());
    hasher.update(&now.unwrap_or_default().as_nanos().to_le_bytes());
    SecretKey::from_seed(*hasher.finalize().as_bytes())
}

/// Rounds of so many updates, each of which ends with one.
fn rounds<'e, 'r>(events: &'e [Event<'r>], len: usize) -> impl Iterator<Item = &'e [Event<'r>]> {
    let mut updates = 0;
    let is_last = move |event: &Event<'_>| {
        updates += usize::from(matches!(event, Event::Update(..)));
        let is_last = updates == len;
        updates %= len;
        is_last
    };
    events.split_inclusive(is_last)
}

/// What others have in the book would be taken for ours.
async fn check_empty(course: &Course<'_>) -> Result<(), BenchError> {
    let book = course.chain_book(1).await?;
    if book.bids.is_empty() && book.asks.is_empty() {
        return Ok(());
    }
    Err(BenchError::failed(format!(
        "{}: found orders of others in its book, expected none; cancel them, or start a localnet without --market-maker",
        book.name
    )))
}

/// Whether the whole book is right, and empty after all orders were cancelled.
async fn last_look(course: &mut Course<'_>) -> Result<(bool, bool), BenchError> {
    let book = course.chain_book(BOOK_LEVELS_MAX).await?;
    let equal = course.is_same(&book, BOOK_LEVELS_MAX);
    course.clear().await?;
    let book = course.chain_book(1).await?;
    Ok((equal, book.bids.is_empty() && book.asks.is_empty()))
}

fn summary(recording: &Recording, course: &Course<'_>, roots: &Roots) -> ChainResult {
    let found = &course.found;
    let tally = *course.shadow.tally();
    ChainResult {
        machine: Machine::this(),
        symbol: recording.symbol.clone(),
        market: course.venue.market.name.clone(),
        price_decimals: recording.scale.price_decimals,
        size_decimals: recording.scale.size_decimals,
        lines: Lines::of(recording),
        prices_posted: matches!(course.prices, Prices::Ours { .. }),
        moved_ticks: 0,
        sent: found.sent,
        finals: found.sent,
        failed: found.failed,
        rounds: found.rounds,
        interruptions: found.interruptions,
        blocks: found.blocks,
        tally,
        traded: tally.lots.to_string(),
        taken_share: tally.lots as f64 / tally.lots_wanted.max(1) as f64,
        corrections: found.corrections,
        refused: found.refused.clone(),
        seconds: 0.0,
        orders_per_second: 0.0,
        checked: false,
        compared: Compared::new(found, None),
        height: roots.height.get(),
        roots: roots.roots.iter().map(ToString::to_string).collect(),
        equal: roots.are_equal(),
        supply_before: BTreeMap::new(),
        supply_after: BTreeMap::new(),
        supply_constant: false,
    }
}

#[cfg(test)]
mod tests {
    use crate::orderflow::Take;
    use crate::orderflow::Update;

    use super::*;

    #[test]
    fn a_round_ends_with_an_update_and_the_last_one_may_be_short() {
        let take = Take {
            time: 0,
            side: heddle_clearing::Side::Buy,
            price: Ticks::new(1),
            lots: heddle_num::Lots::new(1),
        };
        let (bids, asks) = (Vec::new(), Vec::new());
        let update = Update { id: 1, prior: None, time: 0, is_snapshot: false, bids, asks };
        let (take, update) = (Event::Take(&take), Event::Update(&update, None));
        let events = [take, update, update, take, take, update];
        let lens = |len| rounds(&events, len).map(<[_]>::len).collect::<Vec<_>>();
        assert_eq!(lens(1), [2, 1, 3]);
        assert_eq!(lens(2), [3, 3]);
        assert_eq!(lens(4), [6]);
    }
}
