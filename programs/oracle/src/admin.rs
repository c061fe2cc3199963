//! What the authority may do.

use heddle_sdk::CallError;
use heddle_sdk::Workspace;
use heddle_types::Address;

use crate::error::OracleError;
use crate::event::FeedCreated;
use crate::event::OracleEvent;
use crate::event::PublishersChanged;
use crate::feed::Config;
use crate::feed::Feed;
use crate::feed::FeedId;
use crate::feed::Publisher;
use crate::keys;
use crate::limits::FEEDS_MAX;
use crate::state::read;
use crate::state::write;

pub(crate) fn create_feed(
    state: &mut Workspace<'_>,
    signer: &Address,
    feed: FeedId,
    definition: &Feed,
) -> Result<(), CallError> {
    let config = authorised(state, signer)?;
    definition.check()?;
    if config.feeds >= FEEDS_MAX {
        return Err(OracleError::TooManyFeeds.into());
    }
    if feed.get() != config.feeds {
        return Err(OracleError::NotNextFeed.into());
    }
    let feeds = config.feeds.saturating_add(1);
    write(state, &keys::config_key(), &Config { feeds, ..config })?;
    write(state, &keys::feed_key(feed), definition)?;
    let Feed { name, exponent, .. } = definition.clone();
    Ok(OracleEvent::FeedCreated(FeedCreated { feed, name, exponent }).emit(state)?)
}

pub(crate) fn set_publishers(
    state: &mut Workspace<'_>,
    signer: &Address,
    feed: FeedId,
    publishers: Vec<Publisher>,
) -> Result<(), CallError> {
    authorised(state, signer)?;
    let key = keys::feed_key(feed);
    let before: Feed = read(state, &key)?.ok_or(OracleError::UnknownFeed)?;
    let after = Feed { publishers, ..before };
    after.check()?;
    write(state, &key, &after)?;
    let event = PublishersChanged { feed, publishers: after.publishers };
    Ok(OracleEvent::PublishersChanged(event).emit(state)?)
}

pub(crate) fn set_authority(
    state: &mut Workspace<'_>,
    signer: &Address,
    authority: Address,
) -> Result<(), CallError> {
    let config = authorised(state, signer)?;
    write(state, &keys::config_key(), &Config { authority, ..config })?;
    Ok(OracleEvent::AuthorityChanged(authority).emit(state)?)
}

/// The configuration, if `signer` may change it. Without one nobody may.
fn authorised(state: &mut Workspace<'_>, signer: &Address) -> Result<Config, CallError> {
    let config: Option<Config> = read(state, &keys::config_key())?;
    let config = config.filter(|config| config.authority == *signer);
    Ok(config.ok_or(OracleError::NotAuthority)?)
}
