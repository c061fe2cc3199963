//! Everything about one market.

use heddle_clearing::BookSummary;
use heddle_clearing::MarketId;
use heddle_clearing::MarketParams;
use heddle_clearing::RiskRow;
use heddle_types::UnixMillis;

use super::Query;
use crate::book::Band;
use crate::keys;
use crate::listing::Market;
use crate::market::Session;

/// Everything about one market.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MarketView {
    /// Its number.
    pub id: MarketId,
    /// Its name, its decimals and its rules.
    pub listing: Market,
    /// Its mode.
    pub session: Session,
    /// Its risk parameters.
    pub params: MarketParams,
    /// Its prices, as they were for the last block.
    pub row: RiskRow,
    /// Its book after the last block; none before the first.
    pub summary: Option<BookSummary>,
    /// Its funding.
    pub funding: FundingView,
    /// The time for which it was asked.
    pub now: UnixMillis,
}

/// What positions pay one another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FundingView {
    /// The rate for eight hours, in millionths, that would be paid if the period ended now.
    pub rate: i64,
    /// The rate that was last paid.
    pub last_rate: i64,
    /// When it is paid next; none before the first price.
    pub next: Option<UnixMillis>,
}

impl MarketView {
    pub(super) fn read(query: &Query<'_>, id: MarketId, now: UnixMillis) -> Option<Self> {
        let params: MarketParams = query.decode(&heddle_clearing::params_key(id))?;
        let clearing: Option<heddle_clearing::MarketState> =
            query.decode(&heddle_clearing::market_state_key(id));
        let funding = clearing.map(|state| FundingView::new(&state, &params, now));
        Some(Self {
            id,
            listing: query.listing(id)?,
            session: query.decode(&keys::session_key(id))?,
            row: query.risk_table()?.row(id)?,
            summary: query.decode(&heddle_clearing::book_summary_key(id)),
            funding: funding.unwrap_or_default(),
            params,
            now,
        })
    }

    /// Where trades may happen now; none without a mark price.
    pub fn band(&self) -> Option<Band> {
        let mark = self.row.mark;
        (!mark.is_zero()).then(|| self.session.band(&self.listing.rules, self.now, mark))
    }
}

impl FundingView {
    fn new(state: &heddle_clearing::MarketState, params: &MarketParams, now: UnixMillis) -> Self {
        let since = state.premiums.since;
        let elapsed = now.get().saturating_sub(since.get());
        let every = params.funding.sample_every.get();
        let expected = u32::try_from(elapsed.checked_div(every).unwrap_or(0)).unwrap_or(u32::MAX);
        let [tier, ..] = &params.tiers;
        Self {
            rate: heddle_clearing::funding_rate(
                state.premiums.mean(expected),
                &params.funding,
                tier,
            ),
            last_rate: state.funding_rate,
            next: (since.get() > 0).then(|| since.after(params.funding.pay_every)),
        }
    }
}
