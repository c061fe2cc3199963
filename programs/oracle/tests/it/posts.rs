//! What publishers may post.

use heddle_executor::testing::TestChain;
use heddle_executor::testing::key;
use heddle_oracle::FeedId;
use heddle_oracle::FeedPost;
use heddle_oracle::OracleCall;
use heddle_oracle::OracleError;
use heddle_oracle::Post;
use heddle_oracle::limits::POSTS_MAX;
use heddle_oracle::post_key;
use heddle_oracle::publish_call;
use heddle_types::AssetId;
use heddle_types::Call;
use heddle_types::ProgramId;
use heddle_types::UnixMillis;
use heddle_types::decode_exact;

use crate::world::AUTHORITY;
use crate::world::BTC;
use crate::world::block;
use crate::world::chain;
use crate::world::feed;
use crate::world::now;
use crate::world::now_and;
use crate::world::post;
use crate::world::publishers;
use crate::world::run;
use crate::world::run_ok;
use crate::world::run_refused;
use crate::world::snapshot;
use crate::world::who;

#[test]
fn a_post_is_kept_until_the_publisher_has_a_newer_one() {
    let mut chain = chain();
    let stored = |chain: &TestChain| -> Post {
        decode_exact(chain.state.0[&post_key(BTC, &who(1))].value.as_bytes()).unwrap()
    };
    let first = post(500, 1, now(&chain));
    assert_eq!(run_ok(&mut chain, 1, publish_call(vec![first])), []);
    assert_eq!(stored(&chain), first.post);
    let second = post(-7, 0, now(&chain));
    run_ok(&mut chain, 1, publish_call(vec![second]));
    assert_eq!(stored(&chain), second.post);
}

#[test]
fn a_publishers_time_only_goes_forward() {
    let mut chain = chain();
    let time = now(&chain);
    run_ok(&mut chain, 1, publish_call(vec![post(500, 1, time)]));
    for time in [time, UnixMillis::new(0)] {
        let call = publish_call(vec![post(501, 1, time)]);
        run_refused(&mut chain, 1, call, OracleError::TimeNotLater);
    }
    // Another publisher's is its own.
    run_ok(&mut chain, 2, publish_call(vec![post(501, 1, time)]));
}

#[test]
fn a_post_may_be_half_a_second_ahead_of_its_block() {
    let mut chain = chain();
    let call = publish_call(vec![post(500, 1, now_and(&chain, 501))]);
    run_refused(&mut chain, 1, call, OracleError::TimeInFuture);
    let call = publish_call(vec![post(500, 1, now_and(&chain, 500))]);
    run_ok(&mut chain, 1, call);
}

#[test]
fn only_publishers_of_a_feed_that_exists_post() {
    let mut chain = chain();
    let time = now(&chain);
    for n in [5, AUTHORITY] {
        let call = publish_call(vec![post(500, 1, time)]);
        run_refused(&mut chain, n, call, OracleError::NotPublisher);
    }
    let unknown = FeedPost { feed: FeedId::new(1), ..post(500, 1, time) };
    run_refused(&mut chain, 1, publish_call(vec![unknown]), OracleError::UnknownFeed);
}

#[test]
fn a_removed_publisher_may_not_post() {
    let mut chain = chain();
    let rest = publishers(&[(2, 1), (3, 1), (4, 1)]);
    let call = OracleCall::SetPublishers { feed: BTC, publishers: rest }.to_call();
    run_ok(&mut chain, AUTHORITY, call);
    let call = publish_call(vec![post(500, 1, now(&chain))]);
    run_refused(&mut chain, 1, call, OracleError::NotPublisher);
}

#[test]
fn a_removed_publishers_post_can_be_deleted_and_its_deposit_returns() {
    let mut chain = chain();
    let hdl = |chain: &TestChain| chain.balance(&who(1), &AssetId::HDL).get();
    let call = publish_call(vec![post(500, 1, now(&chain))]);
    run_ok(&mut chain, 1, call);
    let forget = |feed| OracleCall::Forget { feed }.to_call();
    run_refused(&mut chain, 1, forget(BTC), OracleError::StillPublisher);
    run_refused(&mut chain, 1, forget(FeedId::new(1)), OracleError::UnknownFeed);
    let rest = publishers(&[(2, 1), (3, 1), (4, 1)]);
    let call = OracleCall::SetPublishers { feed: BTC, publishers: rest }.to_call();
    run_ok(&mut chain, AUTHORITY, call);
    let key = post_key(BTC, &who(1));
    let deposit = chain.state.0[&key].deposit.unwrap().amount.get();
    let before = hdl(&chain);
    let fee = run(&mut chain, 1, forget(BTC)).fee_paid.get();
    assert!(!chain.state.0.contains_key(&key));
    assert_eq!(hdl(&chain), before + deposit - fee);
}

#[test]
fn a_call_posts_all_its_prices_or_none() {
    let mut chain = chain();
    let eth = FeedId::new(1);
    let call = OracleCall::CreateFeed { feed: eth, definition: feed("ETH/USD") };
    run_ok(&mut chain, AUTHORITY, call.to_call());
    for n in 1..=3 {
        let both = [BTC, eth].map(|feed| FeedPost { feed, ..post(100, 0, now(&chain)) });
        run_ok(&mut chain, n, publish_call(both.to_vec()));
    }
    block(&mut chain, &[]);
    assert_eq!([BTC, eth].map(|feed| snapshot(&chain, feed).unwrap().price), [100, 100]);
    let good = FeedPost { feed: eth, ..post(900, 0, now(&chain)) };
    let bad = post(900, 0, now_and(&chain, 9_999));
    let before = chain.state.0[&post_key(eth, &who(1))].clone();
    run_refused(&mut chain, 1, publish_call(vec![good, bad]), OracleError::TimeInFuture);
    assert_eq!(chain.state.0[&post_key(eth, &who(1))], before);
}

#[test]
fn publishers_never_wait_for_each_other() {
    let mut chain = chain();
    block(&mut chain, &[(1, 1), (2, 2), (3, 3), (4, 4)]);
    let calls = [1, 2, 3, 4].map(|n| (n, publish_call(vec![post(7, 0, now(&chain))])));
    let transactions = calls.map(|(n, call)| chain.transaction(&key(n), vec![call]));
    let advice = chain.advice(&transactions);
    assert!(advice.contains(": 0 waited for another"), "{advice}");
    assert!(advice.contains("25 % of the work"), "{advice}");
}

#[test]
fn garbage_is_refused_as_malformed() {
    let mut chain = chain();
    let time = now(&chain);
    let call = publish_call(vec![post(500, 1, time)]);
    let mut trailing = call.data.0;
    trailing.push(0);
    let none = publish_call(vec![]).data.0;
    let too_many = publish_call(vec![post(500, 1, time); POSTS_MAX + 1]).data.0;
    for data in [vec![], vec![5], vec![0; 9], trailing, none, too_many] {
        let call = Call { program: ProgramId::ORACLE, data: data.into() };
        run_refused(&mut chain, 1, call, OracleError::MalformedCall);
    }
}
