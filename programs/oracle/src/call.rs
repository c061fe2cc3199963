//! What the oracle can be asked to do.

use borsh::BorshDeserialize;
use borsh::BorshSerialize;

use heddle_sdk::Described;
use heddle_types::Address;
use heddle_types::Call;
use heddle_types::Canonical;
use heddle_types::ProgramId;
use heddle_types::encode;

use crate::feed::Feed;
use crate::feed::FeedId;
use crate::feed::Publisher;
use crate::limits::POSTS_MAX;
use crate::post::FeedPost;

/// A call of the oracle.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum OracleCall {
    /// Posts prices: all of them or, if one is refused, none. The signer publishes each of the feeds.
    Publish {
        /// One to [`POSTS_MAX`].
        posts: Vec<FeedPost>,
    },
    /// Creates a feed. The authority only.
    CreateFeed {
        /// The number of the next feed.
        feed: FeedId,
        /// What it is.
        definition: Feed,
    },
    /// Names who publishes a feed from the next block on. The authority only.
    SetPublishers {
        /// Which.
        feed: FeedId,
        /// All of them, by address.
        publishers: Vec<Publisher>,
    },
    /// Hands authority over. The authority only.
    SetAuthority {
        /// To whom.
        authority: Address,
    },
    /// Deletes the signer's last post, whose deposit returns. Only of a feed that the signer does not publish any more: a publisher
    /// must not make its time go back.
    Forget {
        /// Of which feed.
        feed: FeedId,
    },
}

impl OracleCall {
    /// As a transaction's call.
    pub fn to_call(&self) -> Call {
        Call { program: ProgramId::ORACLE, data: encode(self).into() }
    }

    pub(crate) fn describe(&self) -> Described {
        match self {
            Self::Publish { posts } => {
                Described { name: "Publish", fields: vec![("posts", words(posts, describe_post))] }
            }
            Self::CreateFeed { feed, definition } => Described {
                name: "CreateFeed",
                fields: vec![
                    ("feed", feed.to_string()),
                    ("name", definition.name.clone()),
                    ("exponent", definition.exponent.to_string()),
                    ("ageMaxMs", definition.age_max.get().to_string()),
                    ("confidenceMaxPpm", definition.confidence_max.to_string()),
                    ("twapWindowMs", definition.twap_window.get().to_string()),
                    ("publishers", describe_publishers(&definition.publishers)),
                ],
            },
            Self::SetPublishers { feed, publishers } => Described {
                name: "SetPublishers",
                fields: vec![
                    ("feed", feed.to_string()),
                    ("publishers", describe_publishers(publishers)),
                ],
            },
            Self::SetAuthority { authority } => Described {
                name: "SetAuthority",
                fields: vec![("authority", authority.to_string())],
            },
            Self::Forget { feed } => {
                Described { name: "Forget", fields: vec![("feed", feed.to_string())] }
            }
        }
    }
}

/// Publishers and their weights: `address:weight`, with commas.
pub(crate) fn describe_publishers(publishers: &[Publisher]) -> String {
    words(publishers, |one| format!("{}:{}", one.address, one.weight))
}

fn describe_post(FeedPost { feed, post }: &FeedPost) -> String {
    format!("{feed}:{}+-{}@{}", post.price, post.confidence, post.time.get())
}

fn words<T>(items: &[T], describe: impl Fn(&T) -> String) -> String {
    items.iter().map(describe).collect::<Vec<_>>().join(",")
}

impl Canonical for OracleCall {
    const NAME: &'static str = "oracle call";
    const BYTES_MAX: usize = 5 + 26 * POSTS_MAX;
}

const _: () = assert!(OracleCall::BYTES_MAX >= 3 + Feed::BYTES_MAX);

/// Posts of prices, for clients.
pub fn publish_call(posts: Vec<FeedPost>) -> Call {
    OracleCall::Publish { posts }.to_call()
}
