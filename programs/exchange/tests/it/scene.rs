//! A venue with its prices, block by block, everything checked after each.

use std::sync::Arc;

use heddle_clearing::Account;
use heddle_clearing::ClearingCall;
use heddle_clearing::ClearingEvent;
use heddle_clearing::MarketId;
use heddle_clearing::MarketParams;
use heddle_clearing::NewOrder;
use heddle_clearing::RiskRow;
use heddle_clearing::Trade;
use heddle_exchange::Action;
use heddle_exchange::ActionResult;
use heddle_exchange::ExchangeCall;
use heddle_exchange::ExchangeEvent;
use heddle_exchange::MarketMode;
use heddle_exchange::ModeChange;
use heddle_executor::BlockOutcome;
use heddle_types::Amount;
use heddle_types::CheckedTransaction;
use heddle_types::Outcome;
use heddle_types::ProgramId;
use heddle_types::Receipt;
use heddle_types::TxFailure;

use crate::check;
use crate::venue::PRICE;
use crate::venue::Setup;
use crate::venue::USD;
use crate::venue::Venue;
use crate::venue::exchange_events;
use crate::venue::trader;
use crate::venue::usd;

/// A venue, and the prices that its publishers post in every block.
pub(crate) struct Scene {
    pub(crate) venue: Venue,
    pub(crate) prices: Vec<u32>,
}

pub(crate) type Sent = Arc<CheckedTransaction>;

impl Scene {
    /// With open markets.
    pub(crate) fn open(setup: Setup) -> Self {
        Self { venue: Venue::open(setup), prices: vec![PRICE; usize::from(setup.markets)] }
    }

    /// A block with prices.
    pub(crate) fn block(&mut self, sent: &[Sent]) -> BlockOutcome {
        let outcome = self.venue.run_at(&self.prices.clone(), sent);
        check::all(&self.venue, &outcome);
        outcome
    }

    /// So many blocks with prices and nothing else; all their outcomes.
    pub(crate) fn blocks(&mut self, count: usize) -> Vec<BlockOutcome> {
        (0..count).map(|_| self.block(&[])).collect()
    }

    /// A block in which the publishers are silent.
    pub(crate) fn silent(&mut self, sent: &[Sent]) -> BlockOutcome {
        let outcome = self.venue.run(sent);
        check::all(&self.venue, &outcome);
        outcome
    }

    /// Trader `buyer` buys from trader `seller` in market 0, in two blocks.
    pub(crate) fn meet(&mut self, (buyer, seller): (u8, u8), price: u32, lots: u64) {
        let before = self.position(buyer);
        self.block(&[self.send(seller, &[crate::venue::sell(price, lots)])]);
        self.block(&[self.send(buyer, &[crate::venue::buy(price, lots)])]);
        assert_eq!(self.position(buyer) - before, i64::try_from(lots).unwrap());
    }

    /// A batch of market 0.
    pub(crate) fn send(&self, n: u8, actions: &[Action]) -> Sent {
        self.venue.batch(n, 0, actions.to_vec())
    }

    pub(crate) fn place(&self, n: u8, order: NewOrder) -> Sent {
        self.send(n, &[Action::Place(order)])
    }

    pub(crate) fn call(&self, n: u8, call: &ClearingCall) -> Sent {
        self.venue.chain.transaction(&trader(n), vec![call.to_call()])
    }

    pub(crate) fn withdraw(&self, n: u8, units: u128) -> Sent {
        let amount = Amount::new(units).unwrap();
        let account = self.venue.account(n);
        self.call(n, &ClearingCall::Withdraw { account, asset: usd(), amount })
    }

    /// In dollars.
    pub(crate) fn deposit(&self, n: u8, dollars: u128) -> Sent {
        let amount = Amount::new(dollars * USD).unwrap();
        let account = self.venue.account(n);
        self.call(n, &ClearingCall::Deposit { account, asset: usd(), amount })
    }

    pub(crate) fn set_mode(&self, change: ModeChange) -> Sent {
        self.venue.govern(ExchangeCall::SetMode(MarketId::new(0), change).to_call())
    }

    pub(crate) fn set_params(&self, params: MarketParams) -> Sent {
        self.venue.govern(ClearingCall::SetParams { params: Box::new(params) }.to_call())
    }

    /// The position in market 0.
    pub(crate) fn position(&self, n: u8) -> i64 {
        check::position(&self.venue, self.venue.account(n), 0)
    }

    pub(crate) fn account(&self, n: u8) -> Account {
        check::accounts(&self.venue)[&self.venue.account(n)].clone()
    }

    /// What an account may withdraw, in base units.
    pub(crate) fn withdrawable(&self, n: u8) -> i128 {
        self.account(n).withdrawable(&check::risk(&self.venue)).unwrap().get()
    }

    /// Equity, in base units.
    pub(crate) fn equity(&self, n: u8) -> i128 {
        self.account(n).margin(&check::risk(&self.venue)).unwrap().equity.get()
    }

    /// Market 0, as the last block saw it.
    pub(crate) fn row(&self) -> RiskRow {
        check::risk(&self.venue).row(MarketId::new(0)).unwrap()
    }

    /// Of market 0.
    pub(crate) fn mode(&self) -> MarketMode {
        check::session(&self.venue, 0).mode()
    }
}

/// What became of the actions of a block's batches, in order.
pub(crate) fn results(outcome: &BlockOutcome) -> Vec<ActionResult> {
    let batches = exchange_events(outcome).into_iter().filter_map(|event| match event {
        ExchangeEvent::Batch(batch) => Some(batch.results),
        _ => None,
    });
    batches.flatten().collect()
}

/// All trades.
pub(crate) fn trades(outcome: &BlockOutcome) -> Vec<Trade> {
    let trades = exchange_events(outcome).into_iter().filter_map(|event| match event {
        ExchangeEvent::Trades(trades) => Some(trades.trades),
        _ => None,
    });
    trades.flatten().collect()
}

/// The codes that the last `count` transactions of a block failed with, or zero.
pub(crate) fn codes(outcome: &BlockOutcome, count: usize) -> Vec<u16> {
    let code = |receipt: &Receipt| match &receipt.outcome {
        Outcome::Ok => 0,
        Outcome::Failed(TxFailure::Program(error)) => error.code,
        Outcome::Failed(other) => panic!("{other:?}"),
    };
    let receipts = &outcome.receipts;
    receipts[receipts.len() - count..].iter().map(code).collect()
}

/// Clearing's events of the block's phases.
pub(crate) fn clearing_events(outcome: &BlockOutcome) -> Vec<ClearingEvent> {
    let own = outcome.phase_events.iter().filter(|event| event.program == ProgramId::CLEARING);
    own.filter_map(|event| ClearingEvent::decode(event.kind, event.data.as_ref())).collect()
}

/// How many orders of liquidation went to books.
pub(crate) fn liquidations(outcome: &BlockOutcome) -> usize {
    let all = clearing_events(outcome);
    all.iter().filter(|event| matches!(event, ClearingEvent::LiquidationOrdered(_))).count()
}
