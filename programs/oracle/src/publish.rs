//! What publishers may do.

use heddle_sdk::CallError;
use heddle_sdk::Workspace;
use heddle_types::Address;
use heddle_types::UnixMillis;

use crate::error::OracleError;
use crate::feed::Feed;
use crate::feed::FeedId;
use crate::keys;
use crate::post::FeedPost;
use crate::post::Post;
use crate::state::read;
use crate::state::write;

/// Takes one post (R4).
pub(crate) fn publish(
    state: &mut Workspace<'_>,
    signer: &Address,
    now: UnixMillis,
    FeedPost { feed, post }: &FeedPost,
) -> Result<(), CallError> {
    let definition: Feed = read(state, &keys::feed_key(*feed))?.ok_or(OracleError::UnknownFeed)?;
    definition.weight_of(signer).ok_or(OracleError::NotPublisher)?;
    if !post.is_of_the_past(now) {
        return Err(OracleError::TimeInFuture.into());
    }
    let key = keys::post_key(*feed, signer);
    let last: Option<Post> = read(state, &key)?;
    if last.is_some_and(|last| last.time >= post.time) {
        return Err(OracleError::TimeNotLater.into());
    }
    Ok(write(state, &key, post)?)
}

/// Deletes what a publisher that is none any more last posted.
pub(crate) fn forget(
    state: &mut Workspace<'_>,
    signer: &Address,
    feed: FeedId,
) -> Result<(), CallError> {
    let definition: Feed = read(state, &keys::feed_key(feed))?.ok_or(OracleError::UnknownFeed)?;
    if definition.weight_of(signer).is_some() {
        return Err(OracleError::StillPublisher.into());
    }
    Ok(state.delete(&keys::post_key(feed, signer))?)
}
