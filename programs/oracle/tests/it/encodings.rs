//! What clients and other nodes rely on byte for byte.

use proptest::prelude::*;

use heddle_num::Ppm;
use heddle_oracle::Feed;
use heddle_oracle::FeedCreated;
use heddle_oracle::FeedId;
use heddle_oracle::FeedPost;
use heddle_oracle::Oracle;
use heddle_oracle::OracleCall;
use heddle_oracle::OracleError;
use heddle_oracle::OracleEvent;
use heddle_oracle::OracleGenesis;
use heddle_oracle::Post;
use heddle_oracle::PriceHistory;
use heddle_oracle::PriceSnapshot;
use heddle_oracle::Publisher;
use heddle_oracle::PublishersChanged;
use heddle_oracle::Snapshot;
use heddle_oracle::limits::FEEDS_MAX;
use heddle_oracle::limits::POSTS_MAX;
use heddle_oracle::limits::PUBLISHERS_MAX;
use heddle_sdk::Program;
use heddle_types::Address;
use heddle_types::Canonical;
use heddle_types::Millis;
use heddle_types::ProgramId;
use heddle_types::UnixMillis;
use heddle_types::decode_exact;
use heddle_types::encode;

const A: Address = Address([0xaa; 32]);
const FEED: FeedId = FeedId::new(258);

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn post() -> Post {
    Post { price: -2, confidence: 3, time: UnixMillis::new(4) }
}

fn publishers(count: usize) -> Vec<Publisher> {
    vec![Publisher { address: A, weight: 7 }; count]
}

/// The longest that there is.
fn feed(publishers_count: usize) -> Feed {
    Feed {
        name: "A".repeat(24),
        exponent: -8,
        age_max: Millis::new(1),
        confidence_max: Ppm::new(2),
        twap_window: Millis::new(3),
        publishers: publishers(publishers_count),
    }
}

fn snapshot() -> Snapshot {
    let time = UnixMillis::new(4);
    Snapshot { price: -2, confidence: 3, exponent: -8, time, publishers: 5, twap: 6 }
}

#[test]
fn keys_have_their_bytes() {
    let aa = "aa".repeat(32);
    assert_eq!(hex(heddle_oracle::config_key().bytes()), "63");
    assert_eq!(hex(heddle_oracle::feed_key(FEED).bytes()), "660102");
    assert_eq!(hex(heddle_oracle::post_key(FEED, &A).bytes()), format!("700102{aa}"));
    assert_eq!(hex(heddle_oracle::snapshot_key(FEED).bytes()), "730102");
    assert_eq!(hex(heddle_oracle::history_key(FEED).bytes()), "680102");
    assert_eq!(heddle_oracle::snapshot_key(FEED).program(), ProgramId::ORACLE);
}

#[test]
fn calls_have_their_bytes() {
    let aa = "aa".repeat(32);
    let post_hex = "feffffffffffffff03000000000000000400000000000000";
    let publish = heddle_oracle::publish_call(vec![FeedPost { feed: FEED, post: post() }]);
    assert_eq!(publish.program, ProgramId::ORACLE);
    assert_eq!(hex(&publish.data), format!("00010000000201{post_hex}"));
    let set = OracleCall::SetPublishers { feed: FEED, publishers: publishers(1) };
    assert_eq!(hex(&encode(&set)), format!("02020101000000{aa}07000000"));
    let authority = OracleCall::SetAuthority { authority: A };
    assert_eq!(hex(&encode(&authority)), format!("03{aa}"));
    assert_eq!(hex(&encode(&OracleCall::Forget { feed: FEED })), "040201");
    let create =
        OracleCall::CreateFeed { feed: FEED, definition: Feed { name: "A".into(), ..feed(1) } };
    let numbers = "f801000000000000000200000003000000000000000100";
    assert_eq!(hex(&encode(&create)), format!("0102010100000041{numbers}0000{aa}07000000"));
}

#[test]
fn snapshots_and_events_have_their_bytes() {
    let bytes = "feffffffffffffff0300000000000000f80400000000000000050600000000000000";
    assert_eq!(hex(&encode(&snapshot())), bytes);
    let event = PriceSnapshot { feed: FEED, snapshot: snapshot() };
    assert_eq!(hex(&encode(&event)), format!("0201{bytes}"));
    let decoded = OracleEvent::decode(1, &encode(&event));
    assert_eq!(decoded, Some(OracleEvent::PriceSnapshot(event)));
    assert_eq!(OracleEvent::decode(4, A.as_bytes()), Some(OracleEvent::AuthorityChanged(A)));
    assert_eq!(OracleEvent::decode(5, &encode(&event)), None);
}

/// Bytes of the longest value, and what is allowed for it.
fn check_longest<T: Canonical + PartialEq + std::fmt::Debug>(longest: &T) {
    let bytes = encode(longest);
    assert_eq!(bytes.len(), T::BYTES_MAX);
    assert_eq!(decode_exact::<T>(&bytes).as_ref(), Ok(longest));
}

#[test]
fn the_longest_values_are_as_long_as_allowed() {
    check_longest(&post());
    check_longest(&snapshot());
    check_longest(&feed(PUBLISHERS_MAX));
    check_longest(&OracleGenesis {
        authority: A,
        feeds: vec![feed(PUBLISHERS_MAX); FEEDS_MAX.into()],
    });
    check_longest(&OracleCall::Publish {
        posts: vec![FeedPost { feed: FEED, post: post() }; POSTS_MAX],
    });
    check_longest(&PriceSnapshot { feed: FEED, snapshot: snapshot() });
    check_longest(&PublishersChanged { feed: FEED, publishers: publishers(PUBLISHERS_MAX) });
    check_longest(&FeedCreated { feed: FEED, name: "A".repeat(24), exponent: 1 });
    check_longest(&heddle_oracle::Config { authority: A, feeds: 3 });
}

#[test]
fn error_codes_and_names_are_fixed() {
    let listed: Vec<_> = OracleError::ALL.iter().map(|e| (e.code(), e.text().name)).collect();
    let expected = [
        (1, "MalformedCall"),
        (2, "UnknownFeed"),
        (3, "NotPublisher"),
        (4, "TimeNotLater"),
        (5, "TimeInFuture"),
        (6, "NotAuthority"),
        (7, "NotNextFeed"),
        (8, "TooManyFeeds"),
        (9, "InvalidFeed"),
        (10, "InvalidPublishers"),
        (11, "MalformedSection"),
        (12, "CorruptState"),
        (13, "StillPublisher"),
    ];
    assert_eq!(listed, expected);
    assert_eq!(Oracle.error(3).unwrap().name, "NotPublisher");
    assert_eq!(Oracle.error(14), None);
}

#[test]
fn calls_and_events_are_described_for_people() {
    let publish = heddle_oracle::publish_call(vec![FeedPost { feed: FEED, post: post() }; 2]);
    let described = Oracle.describe_call(&publish.data).unwrap();
    assert_eq!(described.name, "Publish");
    assert_eq!(described.fields, [("posts", "258:-2+-3@4,258:-2+-3@4".to_owned())]);
    let set = OracleCall::SetPublishers { feed: FEED, publishers: publishers(1) };
    let described = Oracle.describe_call(&encode(&set)).unwrap();
    assert_eq!(described.fields[1], ("publishers", format!("{A}:7")));
    let event = encode(&PriceSnapshot { feed: FEED, snapshot: snapshot() });
    let described = Oracle.describe_event(1, &event).unwrap();
    let names: Vec<_> = described.fields.iter().map(|field| field.0).collect();
    assert_eq!(names, ["feed", "price", "confidence", "exponent", "time", "publishers", "twap"]);
    assert_eq!(described.fields[6].1, "6");
    assert_eq!(Oracle.describe_call(b"nonsense"), None);
    assert_eq!(Oracle.describe_event(1, b"nonsense"), None);
}

proptest! {
    #[test]
    fn decoders_take_any_bytes(kind in 0..6_u16, bytes in proptest::collection::vec(any::<u8>(), 0..120)) {
        if let Ok(call) = decode_exact::<OracleCall>(&bytes) {
            prop_assert_eq!(encode(&call), bytes.clone());
        }
        let _history = decode_exact::<PriceHistory>(&bytes);
        let _event = OracleEvent::decode(kind, &bytes);
    }
}
