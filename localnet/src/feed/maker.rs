//! Market-maker flow: a ladder of quotes around the price on both sides of each market, and now and then somebody who takes.

use heddle_clearing::AccountId;
use heddle_clearing::MarketId;
use heddle_clearing::NewOrder;
use heddle_clearing::Role;
use heddle_clearing::SelfTrade;
use heddle_clearing::Side;
use heddle_clearing::TimeInForce;
use heddle_client::ClientError;
use heddle_exchange::Action;
use heddle_exchange::Batch;
use heddle_exchange::BatchMode;
use heddle_exchange::ExchangeCall;
use heddle_num::Lots;
use heddle_num::Ticks;
use heddle_rpc_api::AccountName;
use heddle_rpc_api::MarginAccount;
use heddle_rpc_api::Market;

use super::link::Link;
use super::robot::Robot;
use super::walk::Walk;
use crate::simulator::Dice;

/// Price levels of each side.
const LEVELS: u64 = 8;
/// How far the first level is from the price, in millionths.
const FIRST_PPM: u64 = 100;
/// How far each level is from the one before.
const STEP_PPM: u64 = 150;
/// What one level is worth, about, in thousandths of what the largest order is.
const LEVEL_PERMILLE: u64 = 5;
/// Times out of a thousand that somebody takes when quotes are renewed.
const TAKE_PERMILLE: u64 = 350;

/// A maker and a taker.
pub(super) struct Desk {
    maker: Robot,
    taker: Robot,
}

impl Desk {
    pub(super) const fn new(maker: Robot, taker: Robot) -> Self {
        Self { maker, taker }
    }

    /// Renews the quotes of every market that takes orders; then perhaps somebody takes.
    pub(super) async fn act(
        &mut self,
        link: &mut Link,
        walks: &[Walk],
        dice: &mut Dice,
    ) -> Result<(), ClientError> {
        let markets = link.markets().await?;
        let open =
            |market: &&Market| matches!(market.mode.as_str(), "opening" | "continuous" | "auction");
        if !markets.iter().any(|market| open(&market)) {
            return Ok(());
        }
        let makes = account_of(link, &self.maker).await?;
        for (market, walk) in markets.iter().zip(walks).filter(|(market, _)| open(market)) {
            let quotes = quotes(market, mid(market, walk), position(&makes, market), dice);
            self.maker.send(link, orders(&makes, market, quotes)).await?;
        }
        if !dice.chance(TAKE_PERMILLE) {
            return Ok(());
        }
        let Some(place) = usize::try_from(dice.below(markets.len() as u64)).ok() else {
            return Ok(());
        };
        let Some((market, walk)) = markets.iter().zip(walks).nth(place).filter(|(m, _)| open(m))
        else {
            return Ok(());
        };
        let takes = account_of(link, &self.taker).await?;
        let take = take(market, mid(market, walk), position(&takes, market), dice);
        self.taker.send(link, orders(&takes, market, vec![take])).await
    }
}

async fn account_of(link: &mut Link, robot: &Robot) -> Result<MarginAccount, ClientError> {
    link.margin_account(AccountName::Owner { address: robot.address(), sub: 0 }).await
}

fn orders(account: &MarginAccount, market: &Market, actions: Vec<Action>) -> heddle_types::Call {
    let batch = Batch {
        account: AccountId::new(account.account),
        role: Role::Owner,
        market: MarketId::new(market.market),
        mode: BatchMode::EachAlone,
        actions,
    };
    ExchangeCall::Orders(batch).to_call()
}

/// The walk's price in the market's ticks.
fn mid(market: &Market, walk: &Walk) -> u64 {
    let price = walk.price().unsigned_abs();
    // The feed counts hundredths; markets have one or two decimals.
    let ticks = match market.price_decimals {
        0 => price / 100,
        1 => price / 10,
        _ => price,
    };
    ticks.max(1)
}

fn position(account: &MarginAccount, market: &Market) -> i64 {
    let found = account.positions.iter().find(|position| position.market == market.market);
    found.map_or(0, |position| position.lots.get())
}

/// Everything away and a ladder of new quotes, leaning against the position: what would make it larger stands further away.
fn quotes(market: &Market, mid: u64, position: i64, dice: &mut Dice) -> Vec<Action> {
    let largest = market.lots_max.get();
    let size = (largest * LEVEL_PERMILLE / 1000).max(1);
    // One level's distance for every five levels' worth of position.
    let lean = i64::try_from(STEP_PPM).unwrap_or_default() * position
        / i64::try_from(5 * size).unwrap_or(1);
    let lean = lean.clamp(-2_000, 2_000);
    let mut actions = vec![Action::CancelAll];
    for level in 0..LEVELS {
        let away = FIRST_PPM + STEP_PPM * level;
        let lots = Lots::new(dice.between(size / 2, size + size / 2).max(1));
        let at = |ppm: i64| {
            i64::try_from(mid).unwrap_or(i64::MAX).saturating_mul(1_000_000 + ppm) / 1_000_000
        };
        let away = i64::try_from(away).unwrap_or_default();
        for (side, price) in [(Side::Buy, at(-away - lean)), (Side::Sell, at(away - lean) + 1)] {
            let Some(price) = ticks(price) else { continue };
            actions.push(Action::Place(order(side, price, lots, TimeInForce::PostOnly)));
        }
    }
    actions
}

/// A small order that takes what the best quotes have, rather against the position than with it.
fn take(market: &Market, mid: u64, position: i64, dice: &mut Dice) -> Action {
    let buys = if position > 0 { 300 } else { 700 };
    let side = if dice.chance(buys) { Side::Buy } else { Side::Sell };
    let largest = (market.lots_max.get() / 500).max(2);
    let lots = Lots::new(dice.between(1, largest));
    let mid = i64::try_from(mid).unwrap_or(i64::MAX);
    let limit = match side {
        Side::Buy => mid.saturating_mul(1_002) / 1_000,
        Side::Sell => mid.saturating_mul(998) / 1_000,
    };
    let price = ticks(limit).unwrap_or(Ticks::new(1));
    Action::Place(order(side, price, lots, TimeInForce::ImmediateOrCancel))
}

fn ticks(price: i64) -> Option<Ticks> {
    u32::try_from(price).ok().filter(|price| *price > 0).map(Ticks::new)
}

const fn order(side: Side, price: Ticks, lots: Lots, time_in_force: TimeInForce) -> NewOrder {
    NewOrder {
        client: 0,
        side,
        price,
        lots,
        time_in_force,
        reduce_only: false,
        self_trade: SelfTrade::CancelProvide,
        trigger: None,
        display: None,
    }
}
