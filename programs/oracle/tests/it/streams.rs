//! Random streams of posts and of changes of publishers, against the rules written down once more.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;

use heddle_executor::testing::TestChain;
use heddle_executor::testing::key;
use heddle_oracle::Aggregate;
use heddle_oracle::OracleCall;
use heddle_oracle::OracleEvent;
use heddle_oracle::Post;
use heddle_oracle::PriceSnapshot;
use heddle_oracle::Vote;
use heddle_oracle::aggregate;
use heddle_oracle::publish_call;
use heddle_types::Call;
use heddle_types::Outcome;
use heddle_types::UnixMillis;

use crate::world::AUTHORITY;
use crate::world::BTC;
use crate::world::chain;
use crate::world::now;
use crate::world::now_and;
use crate::world::post;
use crate::world::publishers;
use crate::world::snapshot;

/// Who does what in a block, at most one thing each.
type Block = BTreeMap<u8, Doing>;

#[derive(Clone, Debug)]
enum Doing {
    /// A price, a confidence, and how much later than the block.
    Post(i64, u64, i64),
    /// Keys and their weights.
    SetPublishers(BTreeMap<u8, u32>),
}

fn posting() -> impl Strategy<Value = Doing> {
    let late = prop_oneof![6 => Just(0), 1 => Just(501), 3 => -4_500..500_i64];
    let confidence = prop_oneof![6 => 0..50_u64, 1 => Just(1_011)];
    (99_900..100_100_i64, confidence, late)
        .prop_map(|(price, confidence, late)| Doing::Post(price, confidence, late))
}

fn block() -> impl Strategy<Value = Block> {
    let posts = proptest::collection::btree_map(1..=5_u8, posting(), 0..=5);
    let weights = proptest::collection::btree_map(1..=5_u8, 1..4_u32, 1..=4);
    let change = proptest::option::weighted(0.05, weights.prop_map(Doing::SetPublishers));
    (posts, change).prop_map(|(mut block, change)| {
        block.extend(change.map(|change| (AUTHORITY, change)));
        block
    })
}

/// What the rules say that there is.
struct Model {
    weights: BTreeMap<u8, u32>,
    posts: BTreeMap<u8, Post>,
    last: Option<Aggregate>,
}

impl Model {
    /// What a block of this time begins with.
    fn begin(&mut self, now: UnixMillis) {
        let age = |time: UnixMillis| now.get().saturating_sub(time.get());
        let counts = |post: &Post| {
            age(post.time) <= 3_000
                && post.time.get() <= now.get() + 500
                && post.confidence * 100 <= post.price.unsigned_abs()
        };
        let posts = self.posts.iter().filter(|(_, post)| counts(post));
        let vote =
            |(n, post): (&u8, &Post)| Some(Vote { post: *post, weight: *self.weights.get(n)? });
        let votes: Vec<_> = posts.filter_map(vote).collect();
        let total: u32 = self.weights.values().sum();
        if votes.iter().map(|vote| vote.weight).sum::<u32>() * 3 > total * 2 {
            self.last = aggregate(&votes);
        }
    }

    /// Does what it says, if it may be done.
    fn take(&mut self, n: u8, doing: &Doing, now: UnixMillis) -> bool {
        match doing {
            Doing::SetPublishers(weights) => {
                self.weights.clone_from(weights);
                true
            }
            Doing::Post(price, confidence, late) => {
                let time = UnixMillis::new(now.get().checked_add_signed(*late).unwrap());
                let last = self.posts.get(&n).map(|post| post.time);
                let may = self.weights.contains_key(&n)
                    && *late <= 500
                    && last.is_none_or(|last| last < time);
                if may {
                    self.posts.insert(n, Post { price: *price, confidence: *confidence, time });
                }
                may
            }
        }
    }
}

fn call(chain: &TestChain, doing: &Doing) -> Call {
    match doing {
        Doing::Post(price, confidence, late) => {
            publish_call(vec![post(*price, *confidence, now_and(chain, *late))])
        }
        Doing::SetPublishers(weights) => {
            let weights: Vec<_> = weights.iter().map(|(n, weight)| (*n, *weight)).collect();
            OracleCall::SetPublishers { feed: BTC, publishers: publishers(&weights) }.to_call()
        }
    }
}

fn said(chain: &TestChain) -> Option<Aggregate> {
    let of = snapshot(chain, BTC)?;
    Some(Aggregate { price: of.price, confidence: of.confidence, time: of.time })
}

/// Runs a block, and checks all that it did.
fn check(chain: &mut TestChain, model: &mut Model, block: &Block) {
    let (before, at) = (said(chain), now(chain));
    model.begin(at);
    let may: Vec<_> = block.iter().map(|(n, doing)| model.take(*n, doing, at)).collect();
    let transaction =
        |(n, doing): (&u8, &Doing)| chain.transaction(&key(*n), vec![call(chain, doing)]);
    let outcome = chain.run(&block.iter().map(transaction).collect::<Vec<_>>());
    let done: Vec<_> = outcome.receipts.iter().map(|one| one.outcome == Outcome::Ok).collect();
    assert_eq!(done, may);
    assert_eq!(said(chain), model.last);
    let events = outcome
        .phase_events
        .iter()
        .map(|event| OracleEvent::decode(event.kind, &event.data).unwrap());
    let changed = snapshot(chain, BTC).filter(|_| said(chain) != before);
    let event = |snapshot| OracleEvent::PriceSnapshot(PriceSnapshot { feed: BTC, snapshot });
    assert!(events.eq(changed.map(event)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn every_block_follows_the_rules(blocks in vec(block(), 60)) {
        let mut chain = chain();
        chain.height = heddle_types::Height::new(5);
        let weights = [1, 2, 3, 4].map(|n| (n, 1)).into();
        let mut model = Model { weights, posts: BTreeMap::new(), last: None };
        for block in &blocks {
            check(&mut chain, &mut model, block);
        }
        prop_assert!(model.last.is_some());
    }
}
