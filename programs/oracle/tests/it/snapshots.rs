//! What blocks begin with.

use heddle_executor::testing::TestChain;
use heddle_num::Ppm;
use heddle_num::Ticks;
use heddle_oracle::Oracle;
use heddle_oracle::OracleCall;
use heddle_oracle::OracleEvent;
use heddle_oracle::PriceLimit;
use heddle_oracle::PriceSnapshot;
use heddle_oracle::Quality;
use heddle_oracle::QualityLimits;
use heddle_oracle::Snapshot;
use heddle_oracle::TickScale;
use heddle_oracle::history_key;
use heddle_oracle::quality;
use heddle_oracle::read_snapshot;
use heddle_oracle::snapshot_key;
use heddle_sdk::CallContext;
use heddle_sdk::CallError;
use heddle_sdk::Declaration;
use heddle_sdk::Described;
use heddle_sdk::ErrorText;
use heddle_sdk::Phase;
use heddle_sdk::PhaseContext;
use heddle_sdk::PhaseView;
use heddle_sdk::Program;
use heddle_sdk::Programs;
use heddle_sdk::WorkItem;
use heddle_types::AccessMode;
use heddle_types::Address;
use heddle_types::Millis;
use heddle_types::ProgramId;
use heddle_types::StateKey;
use heddle_types::UnixMillis;
use heddle_types::Value;
use heddle_types::encode;

use crate::world::AUTHORITY;
use crate::world::BTC;
use crate::world::block;
use crate::world::block_of;
use crate::world::chain;
use crate::world::genesis;
use crate::world::now;
use crate::world::now_and;
use crate::world::post;
use crate::world::publishers;
use crate::world::run_ok;
use crate::world::snapshot;

const LIMITS: QualityLimits = QualityLimits {
    liquidate: PriceLimit { age_max: Millis::new(2_000), confidence_max: Ppm::new(1_000) },
    increase: PriceLimit { age_max: Millis::new(5_000), confidence_max: Ppm::new(5_000) },
    reduce: PriceLimit { age_max: Millis::new(20_000), confidence_max: Ppm::new(50_000) },
};

#[test]
fn posts_become_the_snapshot_of_the_next_block() {
    let mut chain = chain();
    let time = now(&chain);
    assert_eq!(
        block(&mut chain, &[(1, 6_500_000), (2, 6_500_100), (3, 6_500_300), (4, 6_500_400)]),
        []
    );
    assert_eq!(snapshot(&chain, BTC), None);
    let events = block(&mut chain, &[]);
    let expected = Snapshot {
        price: 6_500_200,
        confidence: 201,
        exponent: -2,
        time,
        publishers: 4,
        twap: 6_500_200,
    };
    assert_eq!(snapshot(&chain, BTC), Some(expected));
    let event = PriceSnapshot { feed: BTC, snapshot: expected };
    assert_eq!(events, [OracleEvent::PriceSnapshot(event)]);
    let dimes = TickScale { tick: 1, exponent: -1 };
    assert_eq!(expected.in_ticks(&dimes), Some(Ticks::new(650_020)));
    assert_eq!(expected.twap_in_ticks(&dimes), Some(Ticks::new(650_020)));
}

#[test]
fn what_did_not_change_is_not_reported() {
    let mut chain = chain();
    block(&mut chain, &[(1, 500), (2, 500), (3, 500)]);
    block(&mut chain, &[]);
    let before = snapshot(&chain, BTC);
    assert_eq!(block(&mut chain, &[]), []);
    assert_eq!(snapshot(&chain, BTC), before);
}

#[test]
fn a_stale_feed_keeps_its_price_and_its_time_and_loses_its_quality() {
    let mut chain = chain();
    let time = now(&chain);
    block(&mut chain, &[(1, 50_000), (2, 50_000), (3, 50_000), (4, 50_000)]);
    let mut found = Vec::new();
    for _ in 0..24 {
        let at = now(&chain);
        block(&mut chain, &[]);
        let snapshot = snapshot(&chain, BTC).unwrap();
        assert_eq!((snapshot.price, snapshot.time), (50_000, time));
        found.push(quality(&snapshot, at, &LIMITS).bits());
    }
    // Two blocks fresh, five good for orders, twenty to get out.
    assert_eq!(found[..8], [7, 7, 6, 6, 6, 4, 4, 4]);
    assert_eq!(found[18..], [4, 4, 0, 0, 0, 0]);
}

#[test]
fn a_price_after_a_silence_counts_the_silence_for_the_one_before() {
    let mut chain = chain();
    block(&mut chain, &[(1, 1_000), (2, 1_000), (3, 1_000)]);
    for _ in 0..10 {
        block(&mut chain, &[]);
    }
    block(&mut chain, &[(1, 2_000), (2, 2_000), (3, 2_000)]);
    let events = block(&mut chain, &[]);
    assert_eq!(events.len(), 1);
    let found = snapshot(&chain, BTC).unwrap();
    assert_eq!((found.price, found.twap), (2_000, 1_000));
    block(&mut chain, &[]);
    // 11 s of the old price and 1 s of the new one.
    assert_eq!(snapshot(&chain, BTC).unwrap().twap, 1_083);
}

#[test]
fn a_quarter_lying_stays_within_the_others_prices() {
    for lie in [i64::MIN, -1, 0, 1, 10_000_000, i64::MAX] {
        let mut chain = chain();
        let posts = [(1, 100_000), (2, 100_100), (3, 100_200), (4, lie)];
        let posts = posts.map(|(n, price)| (n, post(price, 1, now(&chain))));
        block_of(&mut chain, &posts);
        block(&mut chain, &[]);
        let found = snapshot(&chain, BTC).unwrap();
        assert!((100_000..=100_200).contains(&found.price));
        // Of the honest, each is at most 200 away.
        assert!(found.confidence <= 201);
    }
}

#[test]
fn a_third_silent_stops_the_feed_and_less_does_not() {
    let mut chain = chain();
    let weights = publishers(&[(1, 1), (2, 1), (3, 1)]);
    run_ok(
        &mut chain,
        AUTHORITY,
        OracleCall::SetPublishers { feed: BTC, publishers: weights }.to_call(),
    );
    block(&mut chain, &[(1, 500), (2, 500)]);
    block(&mut chain, &[]);
    assert_eq!(snapshot(&chain, BTC), None);
    let weights = publishers(&[(1, 3), (2, 3), (3, 2)]);
    run_ok(
        &mut chain,
        AUTHORITY,
        OracleCall::SetPublishers { feed: BTC, publishers: weights }.to_call(),
    );
    block(&mut chain, &[]);
    assert_eq!(snapshot(&chain, BTC).unwrap().publishers, 2);
}

#[test]
fn a_publisher_that_is_removed_no_longer_counts() {
    let mut chain = chain();
    block(&mut chain, &[(1, 500), (2, 500), (3, 900), (4, 900)]);
    let weights = publishers(&[(2, 1), (3, 1), (4, 1)]);
    let call = OracleCall::SetPublishers { feed: BTC, publishers: weights }.to_call();
    run_ok(&mut chain, AUTHORITY, call);
    assert_eq!(snapshot(&chain, BTC).unwrap().price, 700);
    block(&mut chain, &[]);
    let found = snapshot(&chain, BTC).unwrap();
    assert_eq!((found.price, found.publishers), (900, 3));
}

#[test]
fn a_wide_post_does_not_count_and_a_wide_snapshot_is_good_for_less() {
    let mut chain = chain();
    let time = now(&chain);
    // A confidence of more than 1 % does not count.
    let posts = [(1, 1_000), (2, 1_001), (3, 999), (4, 1_001)];
    block_of(&mut chain, &posts.map(|(n, confidence)| (n, post(100_000, confidence, time))));
    block(&mut chain, &[]);
    assert_eq!(snapshot(&chain, BTC), None);
    let time = now(&chain);
    block_of(&mut chain, &[(2, post(100_000, 300, time)), (4, post(100_000, 300, time))]);
    let at = now(&chain);
    block(&mut chain, &[]);
    let found = snapshot(&chain, BTC).unwrap();
    assert_eq!((found.confidence, found.publishers), (999, 4));
    assert_eq!(quality(&found, at, &LIMITS), Quality::REDUCE);
}

#[test]
fn a_snapshot_is_as_old_as_the_posts_in_its_middle() {
    let mut chain = chain();
    let time = |chain: &_, n: i64| now_and(chain, -100 * n);
    let posts = [1, 2, 3, 4].map(|n| (n, post(100, 0, time(&chain, i64::from(n)))));
    let expected = time(&chain, 3);
    block_of(&mut chain, &posts);
    block(&mut chain, &[]);
    assert_eq!(snapshot(&chain, BTC).unwrap().time, expected);
}

#[test]
fn a_block_of_an_earlier_time_sees_no_posts_of_the_future_and_keeps_the_price() {
    let mut chain = chain();
    block(&mut chain, &[(1, 5_000), (2, 5_000), (3, 5_000)]);
    block(&mut chain, &[]);
    let before = snapshot(&chain, BTC).unwrap();
    for _ in 0..8 {
        block(&mut chain, &[]);
    }
    block(&mut chain, &[(1, 900), (2, 900), (3, 900)]);
    chain.height = heddle_types::Height::new(5);
    assert_eq!(block(&mut chain, &[]), []);
    let found = snapshot(&chain, BTC).unwrap();
    assert_eq!((found.price, found.time), (before.price, before.time));
    assert!(quality(&found, UnixMillis::new(0), &LIMITS).has(Quality::LIQUIDATE));
}

#[test]
fn the_average_follows_the_price_over_its_window() {
    let mut chain = chain();
    let mut last = 0;
    for n in 0..40 {
        let price = if n < 20 { 1_000 } else { 2_000 };
        block(&mut chain, &[(1, price), (2, price), (3, price)]);
        let twap = snapshot(&chain, BTC).map_or(1_000, |snapshot| snapshot.twap);
        assert!(twap >= last);
        last = twap;
        // The snapshot of block n is of the posts of block n - 1; the window has 16 blocks.
        let blocks: i64 = (n - 21).clamp(0, 16);
        assert_eq!(twap, 1_000 + (blocks * 125 + 1) / 2);
    }
    assert!(chain.state.0.contains_key(&history_key(BTC)));
}

/// Copies the snapshot as a block begins.
struct Reader;

impl Reader {
    const ID: ProgramId = ProgramId(9);

    fn copy_key() -> StateKey {
        StateKey::new(Self::ID, &[b"copy"]).unwrap()
    }
}

impl Program for Reader {
    fn id(&self) -> ProgramId {
        Self::ID
    }

    fn name(&self) -> &'static str {
        "reader"
    }

    fn access(&self, _: &[u8], _: &Address, _: &mut Declaration<'_>) -> Result<(), CallError> {
        Ok(())
    }

    fn execute(&self, _: &mut CallContext<'_, '_>, _: &[u8]) -> Result<(), CallError> {
        Ok(())
    }

    fn error(&self, _: u16) -> Option<ErrorText> {
        None
    }

    fn describe_event(&self, _: u16, _: &[u8]) -> Option<Described> {
        None
    }

    fn describe_call(&self, _: &[u8]) -> Option<Described> {
        None
    }

    fn phases(&self) -> &'static [Phase] {
        &[Phase::Begin]
    }

    fn plan_phase(&self, _: Phase, _: &PhaseView<'_>) -> Vec<WorkItem> {
        let item = WorkItem::new(vec![]).with(snapshot_key(BTC), AccessMode::Read);
        vec![item.with(Self::copy_key(), AccessMode::Write)]
    }

    fn run_item(&self, ctx: &mut PhaseContext<'_, '_>) -> Result<(), CallError> {
        let snapshot = read_snapshot(ctx, BTC)?;
        Ok(ctx.write(&Self::copy_key(), Value::from(encode(&snapshot)))?)
    }
}

#[test]
fn programs_that_begin_later_read_the_snapshot_of_the_same_block() {
    let programs = Programs::new(vec![Box::new(Reader), Box::new(Oracle)]);
    let mut chain = TestChain::begin(programs, &genesis()).unwrap();
    block(&mut chain, &[(1, 500), (2, 500), (3, 500)]);
    block(&mut chain, &[]);
    let found = snapshot(&chain, BTC);
    assert!(found.is_some());
    assert_eq!(chain.state.0[&Reader::copy_key()].value.as_bytes(), encode(&found));
}
