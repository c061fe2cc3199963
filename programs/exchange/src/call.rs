//! What the exchange can be asked to do.

use borsh::BorshDeserialize;
use borsh::BorshSerialize;

use heddle_clearing::AccountId;
use heddle_clearing::MarketId;
use heddle_clearing::MarketParams;
use heddle_clearing::NewOrder;
use heddle_clearing::OrderRef;
use heddle_clearing::Role;
use heddle_clearing::TimeInForce;
use heddle_clearing::TriggerWhen;
use heddle_num::Quote;
use heddle_num::UnitValue;
use heddle_sdk::BlockSpace;
use heddle_sdk::Described;
use heddle_types::Call;
use heddle_types::Canonical;
use heddle_types::ProgramId;
use heddle_types::UnixMillis;
use heddle_types::encode;

use crate::limits::ACTIONS_MAX;
use crate::listing::Market;
use crate::market::ModeChange;

/// A call of the exchange.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum ExchangeCall {
    /// Orders, cancels and amendments of one account in one market.
    Orders(Batch),
    /// A new market, numbered by the order of creation. The authority only.
    CreateMarket(Box<NewMarket>),
    /// Another mode for a market. The authority only.
    SetMode(MarketId, ModeChange),
}

/// Actions of one account in one market, done in this order.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Batch {
    /// Whose.
    pub account: AccountId,
    /// As what the signer acts.
    pub role: Role,
    /// Where.
    pub market: MarketId,
    /// What becomes of the others when one is refused.
    pub mode: BatchMode,
    /// What to do; at most [`ACTIONS_MAX`].
    pub actions: Vec<Action>,
}

/// What becomes of a batch of which an action is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
#[borsh(use_discriminant = true)]
#[repr(u8)]
pub enum BatchMode {
    /// The others are done. The event says what became of each.
    EachAlone = 0,
    /// The transaction fails.
    AllOrNothing = 1,
}

/// Something to do with orders.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum Action {
    /// A new order.
    Place(NewOrder),
    /// An open order away.
    Cancel(OrderRef),
    /// Every open order away that the account has in this market.
    CancelAll,
    /// An open order replaced. Less at the same price keeps its number, its place and its conditions; anything else cancels it and
    /// places the other, or leaves it as it is when that one is refused.
    Amend(OrderRef, NewOrder),
    /// All orders of the account in this market away once the chain's time is this or later; none takes that back. A client that
    /// renews it in time need not fear to lose its connection.
    CancelAfter(Option<UnixMillis>),
}

/// A market to create.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct NewMarket {
    /// How it trades.
    pub market: Market,
    /// What positions in it need. Its number is given when it is created.
    pub params: MarketParams,
}

impl ExchangeCall {
    /// As a transaction's call.
    pub fn to_call(&self) -> Call {
        Call { program: ProgramId::EXCHANGE, data: encode(self).into() }
    }

    /// Cancels have their own share of every block: whoever needs out gets out, whatever the load.
    pub(crate) fn space(&self) -> BlockSpace {
        match self {
            Self::Orders(batch) if batch.actions.iter().all(Action::only_cancels) => {
                BlockSpace::Reserved
            }
            Self::Orders(_) | Self::CreateMarket(_) | Self::SetMode(..) => BlockSpace::Ordinary,
        }
    }

    pub(crate) fn describe(&self) -> Described {
        match self {
            Self::Orders(batch) => Described {
                name: "Orders",
                fields: vec![
                    ("account", batch.account.to_string()),
                    ("market", batch.market.to_string()),
                    ("actions", batch.describe_actions()),
                ],
            },
            Self::CreateMarket(new) => Described {
                name: "CreateMarket",
                fields: vec![("name", new.market.name.to_string())],
            },
            Self::SetMode(market, change) => Described {
                name: "SetMode",
                fields: vec![("market", market.to_string()), ("mode", format!("{change:?}"))],
            },
        }
    }
}

impl Batch {
    /// The notional of all new orders in it, which an agent's budget must cover.
    pub(crate) fn notional(&self, unit: UnitValue) -> Quote {
        let of = |action: &Action| match action {
            Action::Place(order) | Action::Amend(_, order) => {
                order.price.notional(order.lots, unit).get()
            }
            Action::Cancel(_) | Action::CancelAll | Action::CancelAfter(_) => 0,
        };
        // Sums of what is far too much saturate, and no budget covers them.
        Quote::new(self.actions.iter().map(of).fold(0, i128::saturating_add))
    }

    /// In the words of a trader: `buy 5 @ 600000 GTC; cancel #7`.
    fn describe_actions(&self) -> String {
        let words: Vec<String> = self.actions.iter().map(Action::describe).collect();
        words.join("; ")
    }
}

impl Action {
    const fn only_cancels(&self) -> bool {
        match self {
            Self::Cancel(_) | Self::CancelAll => true,
            Self::Place(_) | Self::Amend(..) | Self::CancelAfter(_) => false,
        }
    }

    fn describe(&self) -> String {
        match self {
            Self::Place(order) => words_of(order),
            Self::Cancel(which) => format!("cancel {}", name_of(which)),
            Self::CancelAll => "cancel all".to_owned(),
            Self::Amend(which, order) => format!("amend {} to {}", name_of(which), words_of(order)),
            Self::CancelAfter(Some(time)) => format!("cancel all at {}", time.get()),
            Self::CancelAfter(None) => "cancel at no time".to_owned(),
        }
    }
}

/// Such as `buy 5 @ 600000`, with what is special about it behind.
fn words_of(order: &NewOrder) -> String {
    let mut words = format!("{} {} @ {}", order.side, order.lots, order.price);
    match order.time_in_force {
        TimeInForce::GoodTillCancelled => {}
        TimeInForce::GoodTillTime(time) => words.push_str(&format!(" until {}", time.get())),
        TimeInForce::ImmediateOrCancel => words.push_str(" immediate-or-cancel"),
        TimeInForce::FillOrKill => words.push_str(" fill-or-kill"),
        TimeInForce::PostOnly => words.push_str(" post-only"),
    }
    if order.reduce_only {
        words.push_str(" reduce-only");
    }
    if let Some(trigger) = order.trigger {
        let side = match trigger.when {
            TriggerWhen::AtOrAbove => "at or above",
            TriggerWhen::AtOrBelow => "at or below",
        };
        words.push_str(&format!(" when the mark is {side} {}", trigger.price));
    }
    if let Some(display) = order.display {
        words.push_str(&format!(" showing {display}"));
    }
    words
}

fn name_of(which: &OrderRef) -> String {
    match which {
        OrderRef::Number(number) => format!("#{number}"),
        OrderRef::Client(client) => format!("client {client}"),
    }
}

impl Canonical for ExchangeCall {
    const NAME: &'static str = "exchange call";
    // The longest action, a new order with everything, has fewer than 80 bytes.
    const BYTES_MAX: usize = 1024 + ACTIONS_MAX * 80;
}
