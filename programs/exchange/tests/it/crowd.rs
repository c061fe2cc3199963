//! Ten thousand accounts that bought with borrowed money from others that sold short, everything through the programs: payments, accounts,
//! orders, trades.
//!
//! The specification executes every block, and so does an executor on two threads that keeps books and indices in memory; what they give is
//! compared, and everything is counted after each block. The five executors of [`TestChain::run`] would take five times as long.

use std::collections::BTreeMap;
use std::sync::Arc;

use heddle_clearing::AccountId;
use heddle_clearing::ClearingCall;
use heddle_clearing::MarketId;
use heddle_clearing::Role;
use heddle_clearing::Side;
use heddle_clearing::TimeInForce;
use heddle_exchange::Action;
use heddle_exchange::Batch;
use heddle_exchange::BatchMode;
use heddle_exchange::ExchangeCall;
use heddle_exchange::MarketRules;
use heddle_executor::BlockInput;
use heddle_executor::BlockOutcome;
use heddle_executor::Choice;
use heddle_executor::Config;
use heddle_executor::Executor;
use heddle_executor::Parallel;
use heddle_executor::Reason;
use heddle_executor::Sequential;
use heddle_executor::testing::address;
use heddle_executor::testing::first_difference;
use heddle_executor::testing::header;
use heddle_executor::testing::sign;
use heddle_ledger::supply;
use heddle_ledger::transfer_call;
use heddle_types::Access;
use heddle_types::AccessMode;
use heddle_types::Amount;
use heddle_types::AssetId;
use heddle_types::Call;
use heddle_types::CheckedTransaction;
use heddle_types::Nonce;
use heddle_types::Outcome;
use heddle_types::SecretKey;
use heddle_types::limits::CALLS_MAX;

use crate::check;
use crate::venue::PRICE;
use crate::venue::PUBLISHERS;
use crate::venue::Setup;
use crate::venue::USD;
use crate::venue::Venue;
use crate::venue::buy;
use crate::venue::limit;
use crate::venue::sell;
use crate::venue::trader;
use crate::venue::usd;

/// Accounts that buy with borrowed money.
pub(crate) const LONGS: u32 = 10_000;
/// Accounts that sell to them.
const SHORTS: u32 = 100;
/// Traders of the genesis: one pays for everybody's collateral, the others make the market.
const TREASURER: u8 = 0;
pub(crate) const MAKERS: std::ops::RangeInclusive<u8> = 1..=4;
const TRADERS: u8 = 5;
pub(crate) const MARKETS: u16 = 2;
/// Transactions of one block while the crowd comes in.
const PER_BLOCK: usize = 5_000;

/// What a crowd is made of besides those who buy and sell.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Surroundings {
    /// Accounts that volunteer to take positions over, and the collateral of each in dollars.
    pub(crate) volunteers: (u32, u64),
    /// In dollars.
    pub(crate) insurance: u128,
    /// By market.
    pub(crate) rules: fn(u16) -> MarketRules,
}

/// An account of the crowd.
struct Member {
    key: SecretKey,
    account: AccountId,
    /// In dollars.
    collateral: u64,
    /// Whether it takes positions of others over.
    is_volunteer: bool,
    /// What it buys or, below zero, sells in each market.
    lots: [i64; MARKETS as usize],
}

/// A venue full of people.
pub(crate) struct Crowd {
    pub(crate) venue: Venue,
    members: Vec<Member>,
    parallel: Parallel,
    supply: BTreeMap<AssetId, Amount>,
    pub(crate) prices: [u32; MARKETS as usize],
}

impl Crowd {
    /// One in which everybody holds what they wanted.
    pub(crate) fn gather(surroundings: Surroundings) -> Self {
        let setup = Setup {
            traders: TRADERS,
            markets: MARKETS,
            collateral: 100_000_000,
            wallet: 200_000_000,
            insurance: surroundings.insurance,
            rules: surroundings.rules,
            ..Setup::default()
        };
        let mut venue = Venue::new(setup);
        let members = members(surroundings);
        for member in &members {
            venue.chain.fund(&member.key, 1_000_000_000_000);
        }
        let supply = supply(&venue.chain.state.0).unwrap();
        let config = Config { choice: Choice::Planned, clock: Some(clock), ..Config::threads(2) };
        let parallel = Parallel::new(config);
        let mut crowd = Self { venue, members, parallel, supply, prices: [PRICE; 2] };
        crowd.come_in();
        crowd.trade();
        crowd
    }

    /// Everybody gets the collateral, and opens an account with it.
    fn come_in(&mut self) {
        let wallets = self.members.iter().map(|member| {
            let amount = dollars(member.collateral);
            transfer_call(address(&member.key), usd(), amount)
        });
        let calls: Vec<_> = wallets.collect();
        let sent = self.in_turn(&trader(TREASURER), calls.chunks(CALLS_MAX).map(<[Call]>::to_vec));
        self.all_succeed(&sent);
        let opened: Vec<_> = self.members.iter().map(|member| self.open(member)).collect();
        self.all_succeed(&opened);
        let volunteers = self.members.iter().filter(|member| member.is_volunteer);
        let sent: Vec<_> = volunteers.map(|member| self.volunteer(member)).collect();
        self.all_succeed(&sent);
    }

    /// The shorts offer, and the longs take.
    fn trade(&mut self) {
        for side in [-1, 1] {
            let on_side = |member: &&Member| member.lots.iter().sum::<i64>().signum() == side;
            let traders = self.members.iter().filter(on_side);
            let sent: Vec<_> = traders.flat_map(|member| self.orders(member)).collect();
            self.all_succeed(&sent);
        }
        let held = check::accounts(&self.venue);
        for member in &self.members {
            let account = &held[&member.account];
            for (market, lots) in (0..).map(MarketId::new).zip(member.lots) {
                let has = account.exposure(market).map_or(0, |exposure| exposure.lots.get());
                assert_eq!(has, lots, "everybody got what they wanted");
            }
        }
    }

    /// Runs `sent` in as many blocks as that takes.
    fn all_succeed(&mut self, sent: &[Arc<CheckedTransaction>]) {
        for part in sent.chunks(PER_BLOCK) {
            let outcome = self.block(part);
            let failed = outcome.receipts.iter().find(|receipt| receipt.outcome != Outcome::Ok);
            assert_eq!((outcome.skipped.len(), failed), (0, None));
        }
    }

    /// A block with prices and these transactions, after which everything is counted.
    pub(crate) fn block(&mut self, sent: &[Arc<CheckedTransaction>]) -> BlockOutcome {
        let posts = PUBLISHERS.map(|publisher| self.venue.posts(publisher, &self.prices));
        let transactions: Vec<_> = posts.chain(sent.iter().cloned()).collect();
        let chain = &mut self.venue.chain;
        let header = header(chain.height);
        let block = BlockInput { header: &header, transactions: &transactions };
        let outcome = Sequential::default().execute(&chain.programs, &chain.state, &block);
        let again = self.parallel.execute(&chain.programs, &chain.state, &block);
        assert_ne!(self.parallel.last_execution().reason, Reason::Broken);
        assert_eq!(first_difference(&again, &outcome), None);
        chain.state.apply(&outcome.changes);
        chain.height = chain.height.next();
        check::all(&self.venue, &outcome);
        assert_eq!(supply(&self.venue.chain.state.0).unwrap(), self.supply);
        outcome
    }

    /// What the last block took on two threads.
    pub(crate) fn nanos(&self) -> u64 {
        self.parallel.last_execution().stages.iter().map(|stage| stage.nanos).sum()
    }

    /// What is kept in memory is what state says.
    pub(crate) fn check_residents(&self) {
        assert_eq!(self.parallel.check_residents(&self.venue.chain.state), None);
    }

    /// Transactions of one sender, one after the other.
    fn in_turn(
        &self,
        sender: &SecretKey,
        calls: impl Iterator<Item = Vec<Call>>,
    ) -> Vec<Arc<CheckedTransaction>> {
        let first = self.venue.chain.next_sequence(&address(sender), 0);
        let numbered = (first..).zip(calls);
        numbered
            .map(|(sequence, calls)| {
                let mut body = self.venue.chain.body(sender, calls);
                body.nonce = Nonce::Lane { lane: 0, sequence };
                sign(body, sender)
            })
            .collect()
    }

    /// Accounts are numbered in the order in which they are opened, so that each can say which it writes.
    fn open(&self, member: &Member) -> Arc<CheckedTransaction> {
        let amount = dollars(member.collateral);
        let call = ClearingCall::Open { sub: 0, isolated: None, asset: usd(), amount };
        let mut body = self.venue.chain.body(&member.key, vec![call.to_call()]);
        let key = heddle_clearing::account_key(member.account);
        body.access = Access::Declared { extra: vec![(key, AccessMode::Write)] };
        sign(body, &member.key)
    }

    fn volunteer(&self, member: &Member) -> Arc<CheckedTransaction> {
        let call = ClearingCall::SetBackstop { account: member.account, volunteers: true };
        self.venue.chain.transaction(&member.key, vec![call.to_call()])
    }

    /// An order in each market in which it wants something, at the price of the market.
    fn orders(&self, member: &Member) -> Option<Arc<CheckedTransaction>> {
        let wanted = (0..MARKETS).zip(member.lots).filter(|(_, lots)| *lots != 0);
        let calls: Vec<_> = wanted
            .map(|(market, lots)| {
                let place = if lots > 0 { buy } else { sell };
                ExchangeCall::Orders(Batch {
                    account: member.account,
                    role: Role::Owner,
                    market: MarketId::new(market),
                    mode: BatchMode::AllOrNothing,
                    actions: vec![place(PRICE, lots.unsigned_abs())],
                })
                .to_call()
            })
            .collect();
        let has_any = !calls.is_empty();
        has_any.then(|| self.venue.chain.transaction(&member.key, calls))
    }

    /// The makers take back what they offered, and bid this many lots in all in each market, from the price of the feed down by a dollar each.
    pub(crate) fn quote(&self, lots: u64) -> Vec<Arc<CheckedTransaction>> {
        let each = lots / u64::try_from(MAKERS.count()).unwrap();
        let quotes = |n: u8| {
            let calls = (0..MARKETS).zip(self.prices).map(|(market, price)| {
                let mut bid = limit(Side::Buy, price - u32::from(n - MAKERS.start()), each);
                bid.time_in_force = TimeInForce::PostOnly;
                let actions = vec![Action::CancelAll, Action::Place(bid)];
                self.venue.batch_call(n, market, actions)
            });
            self.venue.chain.transaction(&trader(n), calls.collect())
        };
        MAKERS.map(quotes).collect()
    }
}

/// Longs, shorts, volunteers. One long in ten holds as much in the second market as in the first, and longs hold from a half to a tenth of what they
/// bought.
fn members(surroundings: Surroundings) -> Vec<Member> {
    let longs = (0..LONGS).map(|n| {
        let size = 1 + i64::from(n % 13);
        let lots = if n % 10 == 0 { [size, size] } else { [size, 0] };
        let leverage_percent = 200 + u64::from(n.wrapping_mul(2_654_435_761) >> 7) % 801;
        (lots, leverage_percent)
    });
    let longs: Vec<_> = longs.collect();
    let bought = |market: usize| longs.iter().map(|(lots, _)| lots[market]).sum::<i64>();
    let bought = [bought(0), bought(1)];
    let longs = longs.iter().map(|(lots, leverage_percent)| {
        let notional = lots.iter().sum::<i64>().unsigned_abs() * u64::from(PRICE);
        // And what the fees may be.
        (*lots, notional * 100 / leverage_percent + notional / 1_000 + 1, false)
    });
    let shorts = (0..i64::from(SHORTS)).map(|n| {
        let parts = i64::from(SHORTS);
        let lots = bought.map(|lots| lots * n / parts - lots * (n + 1) / parts);
        let notional = lots.iter().sum::<i64>().unsigned_abs() * u64::from(PRICE);
        (lots, notional, false)
    });
    let (count, collateral) = surroundings.volunteers;
    let volunteers = (0..count).map(|_| ([0, 0], collateral, true));
    let all = longs.chain(shorts).chain(volunteers);
    let first = u32::from(TRADERS);
    (first..)
        .zip(all)
        .map(|(number, (lots, collateral, is_volunteer))| {
            let account = AccountId::new(number);
            Member { key: key(number), account, collateral, is_volunteer, lots }
        })
        .collect()
}

fn key(number: u32) -> SecretKey {
    let mut seed = [0xc0; 32];
    seed[..4].copy_from_slice(&number.to_le_bytes());
    SecretKey::from_seed(seed)
}

fn dollars(whole: u64) -> Amount {
    Amount::new(u128::from(whole) * USD).unwrap()
}

/// Nanoseconds since the first call.
#[expect(clippy::disallowed_types, reason = "blocks are timed for people, nothing depends on it")]
fn clock() -> u64 {
    static START: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
    let elapsed = START.get_or_init(std::time::Instant::now).elapsed();
    u64::try_from(elapsed.as_nanos()).unwrap()
}
