//! What the authority may do.

use heddle_num::Ppm;
use heddle_oracle::Feed;
use heddle_oracle::FeedCreated;
use heddle_oracle::FeedId;
use heddle_oracle::Oracle;
use heddle_oracle::OracleCall;
use heddle_oracle::OracleError;
use heddle_oracle::OracleEvent;
use heddle_oracle::OracleGenesis;
use heddle_oracle::Publisher;
use heddle_oracle::PublishersChanged;
use heddle_oracle::limits::FEEDS_MAX;
use heddle_oracle::limits::PUBLISHERS_MAX;
use heddle_sdk::Programs;
use heddle_sdk::SectionError;
use heddle_sdk::genesis_state;
use heddle_types::Address;
use heddle_types::Call;
use heddle_types::Genesis;
use heddle_types::GenesisSection;
use heddle_types::Millis;
use heddle_types::ProgramId;

use crate::world::AUTHORITY;
use crate::world::BTC;
use crate::world::chain;
use crate::world::feed;
use crate::world::genesis;
use crate::world::publishers;
use crate::world::run_ok;
use crate::world::run_refused;
use crate::world::section;
use crate::world::who;

fn create(feed: u16, definition: Feed) -> Call {
    OracleCall::CreateFeed { feed: FeedId::new(feed), definition }.to_call()
}

fn set(feed: FeedId, publishers: Vec<Publisher>) -> Call {
    OracleCall::SetPublishers { feed, publishers }.to_call()
}

#[test]
fn feeds_are_created_in_order_of_their_numbers() {
    let mut chain = chain();
    run_refused(&mut chain, AUTHORITY, create(0, feed("A")), OracleError::NotNextFeed);
    run_refused(&mut chain, AUTHORITY, create(2, feed("A")), OracleError::NotNextFeed);
    let event = FeedCreated { feed: FeedId::new(1), name: "A".to_owned(), exponent: -2 };
    assert_eq!(
        run_ok(&mut chain, AUTHORITY, create(1, feed("A"))),
        [OracleEvent::FeedCreated(event)]
    );
    run_ok(&mut chain, AUTHORITY, create(2, feed("B")));
}

#[test]
fn there_are_so_many_feeds_and_no_more() {
    let mut chain = chain();
    for n in 1..FEEDS_MAX {
        run_ok(&mut chain, AUTHORITY, create(n, feed("A")));
    }
    run_refused(&mut chain, AUTHORITY, create(FEEDS_MAX, feed("A")), OracleError::TooManyFeeds);
}

#[test]
fn only_the_authority_governs() {
    let mut chain = chain();
    run_refused(&mut chain, 1, create(1, feed("A")), OracleError::NotAuthority);
    run_refused(&mut chain, 1, set(BTC, publishers(&[(1, 1)])), OracleError::NotAuthority);
    let hand_over = |n| OracleCall::SetAuthority { authority: who(n) }.to_call();
    run_refused(&mut chain, 1, hand_over(1), OracleError::NotAuthority);
    let events = run_ok(&mut chain, AUTHORITY, hand_over(1));
    assert_eq!(events, [OracleEvent::AuthorityChanged(who(1))]);
    run_refused(&mut chain, AUTHORITY, create(1, feed("A")), OracleError::NotAuthority);
    run_ok(&mut chain, 1, create(1, feed("A")));
}

#[test]
fn without_a_genesis_nobody_governs() {
    let mut chain = chain();
    chain.state.0.remove(&heddle_oracle::config_key());
    run_refused(&mut chain, AUTHORITY, create(1, feed("A")), OracleError::NotAuthority);
}

#[test]
fn publishers_are_named_and_reported() {
    let mut chain = chain();
    let named = publishers(&[(1, 5), (5, 7)]);
    let event = PublishersChanged { feed: BTC, publishers: named.clone() };
    let events = run_ok(&mut chain, AUTHORITY, set(BTC, named.clone()));
    assert_eq!(events, [OracleEvent::PublishersChanged(event)]);
    let unknown = FeedId::new(1);
    run_refused(&mut chain, AUTHORITY, set(unknown, named), OracleError::UnknownFeed);
}

#[test]
fn the_most_publishers_fit_an_event() {
    let address = |n: usize| Address([u8::try_from(n).unwrap(); 32]);
    let all =
        |count| (0..count).map(|n| Publisher { address: address(n), weight: 1_000_000 }).collect();
    let mut chain = chain();
    run_ok(&mut chain, AUTHORITY, set(BTC, all(PUBLISHERS_MAX)));
    let too_many = set(BTC, all(PUBLISHERS_MAX + 1));
    run_refused(&mut chain, AUTHORITY, too_many, OracleError::InvalidPublishers);
}

#[test]
fn publishers_must_make_sense() {
    let mut chain = chain();
    let one = publishers(&[(1, 1)])[0];
    let mut backwards = publishers(&[(1, 1), (2, 1)]);
    backwards.reverse();
    let heavy = Publisher { weight: 1_000_001, ..one };
    let light = Publisher { weight: 0, ..one };
    for bad in [vec![], vec![one, one], backwards, vec![heavy], vec![light]] {
        run_refused(&mut chain, AUTHORITY, set(BTC, bad.clone()), OracleError::InvalidPublishers);
        let bad = Feed { publishers: bad, ..feed("A") };
        run_refused(&mut chain, AUTHORITY, create(1, bad), OracleError::InvalidPublishers);
    }
}

#[test]
fn a_feed_must_make_sense() {
    let mut chain = chain();
    let long = "A".repeat(25);
    let millis = Millis::new;
    for bad in [
        feed(""),
        feed(&long),
        feed("BTC USD"),
        feed("BTC€"),
        Feed { exponent: 19, ..feed("A") },
        Feed { exponent: i8::MIN, ..feed("A") },
        Feed { age_max: millis(0), ..feed("A") },
        Feed { age_max: millis(3_600_001), ..feed("A") },
        Feed { confidence_max: Ppm::ZERO, ..feed("A") },
        Feed { confidence_max: Ppm::new(1_000_001), ..feed("A") },
        Feed { twap_window: millis(0), ..feed("A") },
        Feed { twap_window: millis(u64::MAX), ..feed("A") },
    ] {
        run_refused(&mut chain, AUTHORITY, create(1, bad.clone()), OracleError::InvalidFeed);
        let section = OracleGenesis { feeds: vec![bad], ..section() }.to_section();
        assert_eq!(begin(section), Err(OracleError::InvalidFeed));
    }
}

/// How many entries a chain with this section begins with, or why there is none.
fn begin(section: GenesisSection) -> Result<usize, OracleError> {
    let programs = Programs::new(vec![Box::new(Oracle)]);
    let entries = |sections| genesis_state(&programs, &Genesis { sections, ..genesis() });
    let without = entries(vec![]).unwrap().len();
    let refused = |error| match error {
        SectionError::Refused { id: ProgramId::ORACLE, text, .. } => {
            OracleError::ALL.into_iter().find(|error| error.text() == text).unwrap()
        }
        other => panic!("{other}"),
    };
    entries(vec![section]).map(|entries| entries.len() - without).map_err(refused)
}

#[test]
fn a_genesis_has_no_more_feeds_than_a_chain() {
    let of = |count: u16| {
        let feeds = vec![feed("A"); usize::from(count)];
        begin(OracleGenesis { feeds, ..section() }.to_section())
    };
    assert_eq!(of(0), Ok(1));
    assert_eq!(of(FEEDS_MAX), Ok(usize::from(FEEDS_MAX) + 1));
    assert_eq!(of(FEEDS_MAX + 1), Err(OracleError::TooManyFeeds));
}

#[test]
fn a_section_that_is_none_is_refused() {
    let mut trailing = section().to_section();
    trailing.data.0.push(0);
    assert_eq!(begin(trailing), Err(OracleError::MalformedSection));
}
