//! Who sends the stream: a localnet's named accounts and its publisher.

use std::collections::VecDeque;
use std::time::Duration;
use std::time::Instant;
use std::time::SystemTime;
use std::time::UNIX_EPOCH;

use heddle_clearing::AccountId;
use heddle_clearing::ClearingCall;
use heddle_clearing::MarketId;
use heddle_clearing::NewOrder;
use heddle_clearing::OrderRef;
use heddle_clearing::Role;
use heddle_clearing::SelfTrade;
use heddle_clearing::Side;
use heddle_clearing::TimeInForce;
use heddle_client::RpcClient;
use heddle_exchange::Action;
use heddle_exchange::Batch;
use heddle_exchange::BatchMode;
use heddle_exchange::ExchangeCall;
use heddle_exchange::limits::ACTIONS_MAX;
use heddle_localnet::cluster::Cluster;
use heddle_localnet::cluster::FAUCET;
use heddle_num::Lots;
use heddle_num::Ticks;
use heddle_oracle::FeedId;
use heddle_oracle::FeedPost;
use heddle_oracle::Post;
use heddle_oracle::publish_call;
use heddle_rpc_api::AccountName;
use heddle_rpc_api::Market;
use heddle_types::Access;
use heddle_types::Amount;
use heddle_types::AssetId;
use heddle_types::Call;
use heddle_types::ChainId;
use heddle_types::Height;
use heddle_types::Nonce;
use heddle_types::Transaction;
use heddle_types::TransactionBody;
use heddle_types::UnixMillis;
use heddle_validator::home::KeyFile;
use tokio::time::sleep;

use crate::error::BenchError;
use crate::limits;
use crate::load::reserved::Kind;
use crate::load::reserved::WAIT;
use crate::network;
use crate::network::Network;

/// Each sender's lanes, used in turn, so that none waits for one that its node has not read yet; people use lower ones, and funding higher ones.
const LANES: std::ops::Range<u8> = 8..16;
/// The most that one may cost in fees: 0.01 HDL. What is not used goes back.
const MAX_FEE: Amount = Amount::from_units(10_000_000);
/// Prices of BTC and ETH in cents, where the chain has none yet.
const PRICES: [i64; 2] = [6_000_000, 300_000];
/// How uncertain they are, in millionths.
const CONFIDENCE_PPM: i64 = 200;
/// Orders rest this far below the mark, so that nobody trades with them.
const BELOW_PERCENT: u32 = 5;
const POLL: Duration = Duration::from_millis(200);

/// A key that sends to one node.
#[derive(Debug)]
struct Actor {
    key: KeyFile,
    node: usize,
    /// Lanes and their next sequences; the first was used last.
    lanes: VecDeque<(u8, u64)>,
}

/// An account that trades.
#[derive(Debug)]
struct Trader {
    actor: Actor,
    account: AccountId,
    /// Its resting orders, by the client's number.
    resting: VecDeque<u64>,
    placed: u64,
}

/// All that send.
#[derive(Debug)]
pub(super) struct Cast {
    chain: ChainId,
    traders: Vec<Trader>,
    publisher: Actor,
    collateral: AssetId,
    /// In cents, by feed.
    prices: [i64; 2],
}

impl Actor {
    async fn new(network: &Network, key: KeyFile, node: usize) -> Result<Self, BenchError> {
        let account = network.accounts(&[key.address()]).await?.remove(0);
        let lanes = LANES.map(|lane| (lane, network::next_sequence(&account, lane)));
        Ok(Self { key, node, lanes: lanes.collect() })
    }

    fn sign(&mut self, chain: ChainId, call: Call) -> Transaction {
        self.lanes.rotate_left(1);
        let (lane, next) = &mut self.lanes[0];
        let nonce = Nonce::Lane { lane: *lane, sequence: *next };
        *next += 1;
        let body = TransactionBody {
            version: TransactionBody::VERSION,
            chain,
            sender: self.key.address(),
            payer: None,
            nonce,
            valid_until: Height::new(u64::MAX),
            max_fee: MAX_FEE,
            access: Access::DERIVED,
            calls: vec![call],
        };
        Transaction::sign(body, self.key.secret())
    }
}

impl Cast {
    pub(super) async fn of(network: &Network, cluster: &Cluster) -> Result<Self, BenchError> {
        let nodes = network.nodes();
        let named = cluster.accounts().iter().filter(|account| account.name != FAUCET);
        let mut traders = Vec::new();
        let mut collateral = AssetId::HDL;
        for (number, account) in named.enumerate() {
            let node = number % nodes.len();
            let actor = Actor::new(network, KeyFile::read(&account.key_file)?, node).await?;
            let name = AccountName::Owner { address: account.address, sub: 0 };
            let margin = nodes[node].margin_account(name).await?;
            collateral = margin.quote_asset;
            let account = AccountId::new(margin.account);
            // Client numbers of another run may still be in use.
            let placed = unix_millis().get();
            traders.push(Trader { actor, account, resting: VecDeque::new(), placed });
        }
        let publisher = KeyFile::read(&cluster.dir().join("feed").join("publisher.json"))?;
        let publisher = Actor::new(network, publisher, 0).await?;
        let mut prices = PRICES;
        for (price, market) in prices.iter_mut().zip(nodes[0].markets().await?) {
            *price = index_cents(&market).unwrap_or(*price);
        }
        Ok(Self { chain: network.chain(), traders, publisher, collateral, prices })
    }

    /// The next of the stream: what, for which node, and the transaction.
    pub(super) fn next(&mut self, number: u64) -> (Kind, usize, Transaction) {
        let turn = usize::try_from(number / 3).unwrap_or_default() % self.traders.len();
        let trader = &mut self.traders[turn];
        let (kind, call) = match number % 3 {
            0 => (Kind::Cancel, trader.cancel()),
            1 => (Kind::Deposit, trader.deposit(self.collateral)),
            _ => (Kind::Prices, posts(self.prices)),
        };
        let actor = if kind == Kind::Prices { &mut self.publisher } else { &mut trader.actor };
        (kind, actor.node, actor.sign(self.chain, call))
    }

    /// Posts prices until the first market takes orders.
    pub(super) async fn open_market(&mut self, nodes: &[RpcClient]) -> Result<(), BenchError> {
        let end = Instant::now() + limits::PATIENCE;
        loop {
            let transaction = self.publisher.sign(self.chain, posts(self.prices));
            nodes[self.publisher.node].send_and_wait(&transaction, WAIT).await?;
            let market = first_market(nodes).await?;
            if ["opening", "continuous"].contains(&market.mode.as_str()) {
                return Ok(());
            }
            if Instant::now() >= end {
                let mode = market.mode;
                return Err(BenchError::failed(format!(
                    "{}: found it {mode}, expected it to take orders; see the nodes' logs",
                    market.name
                )));
            }
            sleep(POLL).await;
        }
    }

    /// Has at least as many orders rest as `count` of the stream cancel.
    pub(super) async fn place(
        &mut self,
        nodes: &[RpcClient],
        count: u64,
    ) -> Result<(), BenchError> {
        let mark = first_market(nodes).await?.mark.unwrap_or_default().get();
        let price = Ticks::new(mark - mark / 100 * BELOW_PERCENT);
        let each = usize::try_from(count / 3).unwrap_or(usize::MAX) / self.traders.len() + 1;
        if each > ACTIONS_MAX {
            let most = 3 * (ACTIONS_MAX - 1) * self.traders.len();
            return Err(BenchError::usage(format!(
                "--reserved: found {count} transactions in all, expected at most {most}; give a lower rate or less time"
            )));
        }
        for trader in &mut self.traders {
            let missing = each.saturating_sub(trader.resting.len());
            if missing == 0 {
                continue;
            }
            let call = trader.orders(price, missing);
            let transaction = trader.actor.sign(self.chain, call);
            let info = nodes[trader.actor.node].send_and_wait(&transaction, WAIT).await?;
            if !info.receipt.as_ref().is_some_and(|receipt| receipt.ok) {
                let why = info.receipt.and_then(|receipt| receipt.error);
                return Err(BenchError::failed(format!(
                    "orders of account {}: {why:?}",
                    trader.account
                )));
            }
        }
        Ok(())
    }
}

impl Trader {
    fn batch(&self, actions: Vec<Action>) -> Call {
        let batch = Batch {
            account: self.account,
            role: Role::Owner,
            market: MarketId::new(0),
            mode: BatchMode::AllOrNothing,
            actions,
        };
        ExchangeCall::Orders(batch).to_call()
    }

    fn orders(&mut self, price: Ticks, count: usize) -> Call {
        let mut actions = Vec::with_capacity(count);
        for _ in 0..count {
            self.placed += 1;
            self.resting.push_back(self.placed);
            actions.push(Action::Place(NewOrder {
                client: self.placed,
                side: Side::Buy,
                price,
                lots: Lots::new(1),
                time_in_force: TimeInForce::PostOnly,
                reduce_only: false,
                self_trade: SelfTrade::Abort,
                trigger: None,
                display: None,
            }));
        }
        self.batch(actions)
    }

    /// A number that no order has is one too many; the chain refuses it.
    fn cancel(&mut self) -> Call {
        let client = self.resting.pop_front().unwrap_or(u64::MAX);
        self.batch(vec![Action::Cancel(OrderRef::Client(client))])
    }

    fn deposit(&self, asset: AssetId) -> Call {
        let amount = Amount::from_units(1);
        ClearingCall::Deposit { account: self.account, asset, amount }.to_call()
    }
}

async fn first_market(nodes: &[RpcClient]) -> Result<Market, BenchError> {
    let first = nodes[0].markets().await?.into_iter().next();
    first.ok_or_else(|| BenchError::failed("markets: found none, expected those of a localnet"))
}

fn posts(prices: [i64; 2]) -> Call {
    let time = unix_millis();
    let post = |(feed, price): (u16, i64)| FeedPost {
        feed: FeedId::new(feed),
        post: Post {
            price,
            confidence: (price * CONFIDENCE_PPM / 1_000_000).unsigned_abs().max(1),
            time,
        },
    };
    publish_call((0..).zip(prices).map(post).collect())
}

fn index_cents(market: &Market) -> Option<i64> {
    let index = i64::from(market.index?.get());
    let shift = 2_u32.checked_sub(u32::from(market.price_decimals))?;
    index.checked_mul(10_i64.pow(shift))
}

fn unix_millis() -> UnixMillis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    UnixMillis::new(u64::try_from(since.as_millis()).unwrap_or_default())
}
