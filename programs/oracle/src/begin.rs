//! The snapshots that a block begins with.

use heddle_sdk::CallError;
use heddle_sdk::WorkItem;
use heddle_sdk::Workspace;
use heddle_types::AccessMode;
use heddle_types::UnixMillis;

use crate::aggregate::Aggregate;
use crate::aggregate::Vote;
use crate::aggregate::aggregate;
use crate::error::OracleError;
use crate::event::OracleEvent;
use crate::event::PriceSnapshot;
use crate::feed::Feed;
use crate::feed::FeedId;
use crate::feed::Publisher;
use crate::keys;
use crate::post::Post;
use crate::snapshot::Snapshot;
use crate::snapshot::read_snapshot;
use crate::state::read;
use crate::state::write;
use crate::twap::PriceHistory;

/// The work of one feed as a block begins.
pub(crate) fn plan_feed(id: FeedId, feed: &Feed) -> WorkItem {
    let item = WorkItem::new(id.get().to_be_bytes().to_vec())
        .with(keys::feed_key(id), AccessMode::Read)
        .with(keys::snapshot_key(id), AccessMode::Write)
        .with(keys::history_key(id), AccessMode::Write);
    let posts = feed.publishers.iter().map(|one| keys::post_key(id, &one.address));
    posts.fold(item, |item, key| item.with(key, AccessMode::Read))
}

/// Makes the block's snapshot of a feed, if enough posts count. What did not change is not reported.
pub(crate) fn take_snapshot(
    state: &mut Workspace<'_>,
    id: FeedId,
    now: UnixMillis,
) -> Result<(), CallError> {
    let feed: Feed = read(state, &keys::feed_key(id))?.ok_or(OracleError::CorruptState)?;
    let votes = votes(state, id, &feed, now)?;
    let weight = votes.iter().fold(0_u64, |sum, vote| sum.saturating_add(u64::from(vote.weight)));
    // R2
    let Some(found) = aggregate(&votes).filter(|_| weight >= feed.quorum()) else {
        return Ok(());
    };
    let twap = advance_history(state, id, &feed, (now, found.price))?;
    let Aggregate { price, confidence, time } = found;
    let publishers = u8::try_from(votes.len()).map_err(|_| OracleError::CorruptState)?;
    let exponent = feed.exponent;
    let snapshot = Snapshot { price, confidence, exponent, time, publishers, twap };
    let before = read_snapshot(state, id)?;
    write(state, &keys::snapshot_key(id), &snapshot)?;
    let said = |snapshot: Snapshot| (snapshot.price, snapshot.confidence, snapshot.time);
    if before.map(said) != Some(said(snapshot)) {
        OracleEvent::PriceSnapshot(PriceSnapshot { feed: id, snapshot }).emit(state)?;
    }
    Ok(())
}

/// The posts that count, with their publishers' weights (R1).
fn votes(
    state: &mut Workspace<'_>,
    id: FeedId,
    feed: &Feed,
    now: UnixMillis,
) -> Result<Vec<Vote>, CallError> {
    let mut votes = Vec::with_capacity(feed.publishers.len());
    for Publisher { address, weight } in &feed.publishers {
        let post: Option<Post> = read(state, &keys::post_key(id, address))?;
        let post = post.filter(|post| post.counts(now, feed));
        votes.extend(post.map(|post| Vote { post, weight: *weight }));
    }
    Ok(votes)
}

/// The average with the price from now on. What can be told later from what is stored is not stored again.
fn advance_history(
    state: &mut Workspace<'_>,
    id: FeedId,
    feed: &Feed,
    (now, price): (UnixMillis, i64),
) -> Result<i64, CallError> {
    let key = keys::history_key(id);
    let before: Option<PriceHistory> = read(state, &key)?;
    let mut history = before.clone().unwrap_or_else(|| PriceHistory::new(now, price));
    history.advance(now, price, feed.twap_window);
    if before.is_none_or(|before| history.differs_from(&before)) {
        write(state, &key, &history)?;
    }
    Ok(history.average(feed.twap_window))
}
