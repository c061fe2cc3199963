//! A chain with the oracle alone: one feed, four publishers of equal weight.

use heddle_executor::testing::TestChain;
use heddle_executor::testing::address;
use heddle_executor::testing::key;
use heddle_num::Ppm;
use heddle_oracle::Feed;
use heddle_oracle::FeedId;
use heddle_oracle::FeedPost;
use heddle_oracle::Oracle;
use heddle_oracle::OracleError;
use heddle_oracle::OracleEvent;
use heddle_oracle::OracleGenesis;
use heddle_oracle::Post;
use heddle_oracle::Publisher;
use heddle_oracle::Snapshot;
use heddle_oracle::publish_call;
use heddle_oracle::snapshot_key;
use heddle_sdk::Programs;
use heddle_types::Address;
use heddle_types::Amount;
use heddle_types::Call;
use heddle_types::Genesis;
use heddle_types::GenesisAccount;
use heddle_types::Millis;
use heddle_types::Outcome;
use heddle_types::ProgramError;
use heddle_types::ProgramId;
use heddle_types::Receipt;
use heddle_types::TxFailure;
use heddle_types::UnixMillis;
use heddle_types::decode_exact;

/// The key of the authority.
pub(crate) const AUTHORITY: u8 = 9;
pub(crate) const BTC: FeedId = FeedId::new(0);

pub(crate) fn who(n: u8) -> Address {
    address(&key(n))
}

/// These keys with a weight each, by address.
pub(crate) fn publishers(weights: &[(u8, u32)]) -> Vec<Publisher> {
    let publisher = |(n, weight): &(u8, u32)| Publisher { address: who(*n), weight: *weight };
    let mut all: Vec<_> = weights.iter().map(publisher).collect();
    all.sort_by_key(|one| one.address);
    all
}

/// Posts count for three blocks, and with a confidence of at most 1 %.
pub(crate) fn feed(name: &str) -> Feed {
    Feed {
        name: name.to_owned(),
        exponent: -2,
        age_max: Millis::new(3_000),
        confidence_max: Ppm::new(10_000),
        twap_window: Millis::new(16_000),
        publishers: publishers(&[(1, 1), (2, 1), (3, 1), (4, 1)]),
    }
}

pub(crate) fn section() -> OracleGenesis {
    OracleGenesis { authority: who(AUTHORITY), feeds: vec![feed("BTC/USD")] }
}

/// Keys 1 to 5 and 9 have money.
pub(crate) fn genesis() -> Genesis {
    let amount = Amount::from_units(100_000_000_000);
    let account = |n| GenesisAccount { address: who(n), amount };
    let mut accounts: Vec<_> = [1, 2, 3, 4, 5, AUTHORITY].into_iter().map(account).collect();
    accounts.sort_by_key(|account| account.address);
    Genesis {
        version: Genesis::VERSION,
        time: UnixMillis::new(0),
        dev: true,
        validators: Vec::new(),
        possessions: Vec::new(),
        accounts,
        faucet: None,
        sections: vec![section().to_section()],
    }
}

/// Keys 1 to 4 publish, key 9 governs.
pub(crate) fn chain() -> TestChain {
    TestChain::begin(Programs::new(vec![Box::new(Oracle)]), &genesis()).unwrap()
}

/// The time of the next block.
pub(crate) fn now(chain: &TestChain) -> UnixMillis {
    chain.block_info().time
}

/// The time of the next block, and so much later.
pub(crate) fn now_and(chain: &TestChain, millis: i64) -> UnixMillis {
    UnixMillis::new(now(chain).get().checked_add_signed(millis).unwrap())
}

pub(crate) fn post(price: i64, confidence: u64, time: UnixMillis) -> FeedPost {
    FeedPost { feed: BTC, post: Post { price, confidence, time } }
}

/// A block in which each of these keys posts a price, of now and with a confidence of 1; what was reported as it began.
pub(crate) fn block(chain: &mut TestChain, prices: &[(u8, i64)]) -> Vec<OracleEvent> {
    let posts = prices.iter().map(|(n, price)| (*n, post(*price, 1, now(chain))));
    block_of(chain, &posts.collect::<Vec<_>>())
}

/// A block with these posts.
pub(crate) fn block_of(chain: &mut TestChain, posts: &[(u8, FeedPost)]) -> Vec<OracleEvent> {
    let call = |(n, post): &(u8, FeedPost)| (*n, publish_call(vec![*post]));
    let transaction = |(n, call)| chain.transaction(&key(n), vec![call]);
    let transactions: Vec<_> = posts.iter().map(call).map(transaction).collect();
    let outcome = chain.run(&transactions);
    assert!(outcome.receipts.iter().all(|receipt| receipt.outcome == Outcome::Ok));
    let events = outcome.phase_events.iter();
    events.map(|event| OracleEvent::decode(event.kind, &event.data).unwrap()).collect()
}

/// The block's transactions: one with one call of key `n`.
pub(crate) fn run(chain: &mut TestChain, n: u8, call: Call) -> Receipt {
    let tx = chain.transaction(&key(n), vec![call]);
    chain.run(&[tx]).receipts.remove(0)
}

pub(crate) fn run_ok(chain: &mut TestChain, n: u8, call: Call) -> Vec<OracleEvent> {
    let receipt = run(chain, n, call);
    assert_eq!(receipt.outcome, Outcome::Ok);
    let events = receipt.events.iter();
    events.map(|event| OracleEvent::decode(event.kind, &event.data).unwrap()).collect()
}

pub(crate) fn run_refused(chain: &mut TestChain, n: u8, call: Call, error: OracleError) {
    let receipt = run(chain, n, call);
    let program = ProgramId::ORACLE;
    let failure = TxFailure::Program(ProgramError { program, call: 0, code: error.code() });
    assert_eq!(receipt.outcome, Outcome::Failed(failure));
}

pub(crate) fn snapshot(chain: &TestChain, feed: FeedId) -> Option<Snapshot> {
    let entry = chain.state.0.get(&snapshot_key(feed))?;
    Some(decode_exact(entry.value.as_bytes()).unwrap())
}
