//! Markets and books as the API has them.

use heddle_clearing::MarketId;
use heddle_clearing::Side;
use heddle_exchange::Book;
use heddle_exchange::Level;
use heddle_exchange::Market;
use heddle_exchange::MarketMode;
use heddle_exchange::query::MarketView;
use heddle_num::Ppm;
use heddle_num::Quote;
use heddle_num::Ticks;
use heddle_oracle::Quality;
use heddle_rpc_api as api;
use heddle_types::Height;

use super::units::Grid;
use super::units::Money;

/// One item of `getMarkets`.
pub(super) fn market(view: &MarketView, money: &Money) -> api::Market {
    let MarketView { id, listing, params, row, .. } = view;
    let grid = Grid { id: *id, listing };
    let rules = &listing.rules;
    let priced = |price: Ticks| Some(price).filter(|price| !price.is_zero());
    let (mark, index) = (priced(row.mark), priced(row.index));
    let summary = view.summary.as_ref();
    let (bid, ask) =
        (summary.and_then(|summary| summary.bid), summary.and_then(|summary| summary.ask));
    let last = summary.and_then(|summary| summary.last);
    let open_interest = summary.map(|summary| summary.open_interest).unwrap_or_default();
    let ui = |price: Option<Ticks>| price.map(|price| grid.price(price));
    api::Market {
        market: id.get(),
        name: grid.name(),
        quote_asset: money.asset,
        quote_decimals: money.decimals,
        price_decimals: listing.price_decimals,
        size_decimals: listing.size_decimals,
        tick_ui: grid.price(Ticks::new(1)),
        lot_ui: grid.size(heddle_num::Lots::new(1)),
        unit_value: params.unit.get(),
        mode: view.session.mode().name().to_owned(),
        auction_ms: auction_ms(view.session.mode()),
        price_use: api::PriceUse {
            liquidate: row.quality.has(Quality::LIQUIDATE),
            increase: row.quality.has(Quality::INCREASE),
            reduce: row.quality.has(Quality::REDUCE),
        },
        mark,
        mark_ui: ui(mark),
        index,
        index_ui: ui(index),
        last,
        last_ui: ui(last),
        best_bid: bid,
        best_bid_ui: ui(bid),
        best_ask: ask,
        best_ask_ui: ui(ask),
        band: view.band().map(|band| api::PriceBand {
            low: band.low,
            low_ui: grid.price(band.low),
            high: band.high,
            high_ui: grid.price(band.high),
        }),
        band_ppm: rules.band.get(),
        breaker: rules.breaker.map(|breaker| api::Breaker {
            move_ppm: breaker.move_max.get(),
            window_ms: breaker.window.get(),
            auction_ms: breaker.auction.get(),
        }),
        open_interest,
        open_interest_ui: grid.size(open_interest),
        open_interest_max: row.open_interest_max,
        position_max: row.position_max,
        lots_min: rules.lots_min,
        lots_max: rules.lots_max,
        notional_min: rules.notional_min,
        funding: funding(view),
        tiers: tiers(view),
        fees: fees(view),
    }
}

const fn auction_ms(mode: MarketMode) -> Option<u64> {
    match mode {
        MarketMode::Opening(due) | MarketMode::Auction(due) | MarketMode::Batch(due) => {
            Some(due.get())
        }
        MarketMode::CancelOnly
        | MarketMode::Continuous
        | MarketMode::Halted
        | MarketMode::Frozen
        | MarketMode::Closed => None,
    }
}

fn funding(view: &MarketView) -> api::Funding {
    api::Funding {
        rate_ppm: rate(view.funding.rate),
        next_ms: view.funding.next.map(|next| next.get()),
        interval_ms: view.params.funding.pay_every.get(),
    }
}

/// A rate is clamped to a factor of a margin rate, far below what an integer of 32 bits holds.
fn rate(rate: i64) -> i32 {
    i32::try_from(rate).unwrap_or(if rate < 0 { i32::MIN } else { i32::MAX })
}

/// The tiers that are used: the others repeat the last.
fn tiers(view: &MarketView) -> Vec<api::MarginTier> {
    let all = &view.row.tiers;
    let ends = all.iter().position(|tier| tier.notional_max == Quote::MAX);
    let used = all.iter().take(ends.map_or(all.len(), |last| last + 1));
    used.map(|tier| api::MarginTier {
        notional_max: Some(tier.notional_max).filter(|max| *max != Quote::MAX),
        initial_ppm: tier.initial.get(),
        maintenance_ppm: tier.maintenance.get(),
    })
    .collect()
}

fn fees(view: &MarketView) -> Vec<api::Fees> {
    let ppm = Ppm::get;
    let fees = view.row.fees.iter();
    fees.map(|fees| api::Fees { taker_ppm: ppm(fees.taker), maker_ppm: ppm(fees.maker) }).collect()
}

/// `getOrderBook`.
pub(super) fn order_book(
    (id, listing): (MarketId, &Market),
    height: Height,
    book: &Book,
    depth: usize,
) -> api::OrderBook {
    let grid = Grid { id, listing };
    let level = |level: Level| api::BookLevel {
        price: level.price,
        price_ui: grid.price(level.price),
        lots: level.lots,
        size_ui: grid.size(level.lots),
        orders: level.orders,
    };
    let side = |side| book.depth(side, depth).into_iter().map(level).collect();
    api::OrderBook {
        market: id.get(),
        name: grid.name(),
        height,
        bids: side(Side::Buy),
        asks: side(Side::Sell),
    }
}
