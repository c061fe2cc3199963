//! The index price while a recording is replayed: the recorded middle, posted here with a publisher's key, or whatever the chain's own
//! publishers post.

use std::time::Duration;
use std::time::Instant;
use std::time::SystemTime;
use std::time::UNIX_EPOCH;

use heddle_num::Ticks;
use heddle_oracle::FeedPost;
use heddle_oracle::Post;
use heddle_oracle::publish_call;
use heddle_rpc_api::Market;
use heddle_types::Access;
use heddle_types::UnixMillis;
use heddle_validator::home::KeyFile;
use tokio::time::sleep;

use super::signer;
use super::signer::Signer;
use super::venue::Venue;
use crate::error::BenchError;
use crate::limits;
use crate::network::Network;
use crate::output;
use crate::wallet::Signed;

/// The publisher's number among the signers: the owner is the first.
const NUMBER: usize = 1;
/// How often a price is posted at most.
const EVERY: Duration = Duration::from_millis(500);

/// Who posts prices.
#[derive(Debug)]
pub(super) enum Prices {
    /// This replay.
    Ours { publisher: Box<Signer>, posted: Option<Instant> },
    /// The chain's publishers.
    Theirs,
}

impl Prices {
    /// With the key of a publisher, or without one.
    pub(super) async fn new(
        network: &Network,
        venue: &Venue,
        publisher: Option<KeyFile>,
    ) -> Result<Self, BenchError> {
        let Some(key) = publisher else { return Ok(Self::Theirs) };
        venue.check_publisher(&key.address())?;
        let publisher = Signer::new(network, key.secret().clone(), NUMBER).await?;
        Ok(Self::Ours { publisher: Box::new(publisher), posted: None })
    }

    /// How many ticks the recorded prices have to move so that `first` is the index: none where it will be.
    pub(super) fn distance(&self, market: &Market, first: Ticks) -> i32 {
        let index = match self {
            Self::Ours { .. } => None,
            Self::Theirs => market.index,
        };
        let distance = index.map(|index| i64::from(index.get()) - i64::from(first.get()));
        distance.and_then(|distance| i32::try_from(distance).ok()).unwrap_or(0)
    }

    /// The price that is due, if one is.
    pub(super) fn due(
        &mut self,
        network: &Network,
        venue: &Venue,
        middle: Ticks,
    ) -> Result<Option<Signed>, BenchError> {
        let Self::Ours { publisher, posted } = self else { return Ok(None) };
        if posted.is_some_and(|posted| posted.elapsed() < EVERY) {
            return Ok(None);
        }
        let Some(price) = venue.feed_price(middle) else {
            return Err(BenchError::failed(format!(
                "{}: found a middle of {middle} ticks, expected one that {} can say; replay it in another market",
                venue.market.name, venue.feed.name
            )));
        };
        *posted = Some(Instant::now());
        let time = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let time = UnixMillis::new(u64::try_from(time.as_millis()).unwrap_or_default());
        let post = Post { price, confidence: 1, time };
        let posts = vec![FeedPost { feed: venue.params.feed, post }];
        Ok(Some(publisher.sign(network, Access::DERIVED, vec![publish_call(posts)])))
    }

    /// Waits until the market trades, posting prices if that is done here.
    pub(super) async fn wait_open(
        &mut self,
        network: &Network,
        venue: &Venue,
        middle: Ticks,
    ) -> Result<Market, BenchError> {
        let end = Instant::now() + limits::PATIENCE;
        let mut said = String::new();
        loop {
            let market = venue.look(network).await?;
            if market.mode == "continuous" && market.price_use.increase && self.is_fresh() {
                return Ok(market);
            }
            if said != market.mode {
                output::progress(format_args!("{}: {}", market.name, market.mode));
                said.clone_from(&market.mode);
            }
            if Instant::now() >= end {
                return Err(self.closed(&market));
            }
            if let Some(post) = self.due(network, venue, middle)? {
                signer::send_all(network, "posting a price", vec![post]).await?;
            }
            sleep(EVERY / 10).await;
        }
    }

    /// Whether the price that the market has is the one of this replay.
    const fn is_fresh(&self) -> bool {
        matches!(self, Self::Theirs | Self::Ours { posted: Some(_), .. })
    }

    fn closed(&self, market: &Market) -> BenchError {
        let remedy = match self {
            Self::Ours { .. } => "see why with `heddle market`, and resume it",
            Self::Theirs => {
                "start the localnet's price feed, or have prices posted here with --home DIR or --publisher KEYFILE"
            }
        };
        BenchError::failed(format!(
            "{}: found it {} after {} s, expected it to trade continuously; {remedy}",
            market.name,
            market.mode,
            limits::PATIENCE.as_secs()
        ))
    }
}
