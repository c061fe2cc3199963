//! `heddle order amend`.

use clap::Args;
use heddle_clearing::NewOrder;
use heddle_clearing::OrderRef;
use heddle_clearing::Side;
use heddle_exchange::Action;
use heddle_exchange::ActionResult;
use heddle_rpc_api::AccountName;
use heddle_rpc_api::GetOpenOrders;
use heddle_rpc_api::MarketName;
use heddle_rpc_api::OpenOrder;
use heddle_rpc_api::Sent;
use heddle_types::UnixMillis;

use super::report;
use super::send::Desk;
use super::send::Done;
use super::send::SendArgs;
use super::spec;
use super::spec::SpecArgs;
use crate::commands::market;
use crate::error::CliError;
use crate::output::Output;
use crate::trader::TraderArgs;

/// An order, and what it shall be.
#[derive(Debug, Args)]
pub(crate) struct AmendArgs {
    /// The market's name or number
    #[arg(value_name = "MARKET")]
    market: String,
    /// The order's number
    #[arg(value_name = "NUMBER")]
    number: u32,
    #[command(flatten)]
    spec: SpecArgs,
    #[command(flatten)]
    trader: TraderArgs,
    #[command(flatten)]
    send: SendArgs,
}

pub(super) fn run(args: &AmendArgs, output: Output) -> Result<(), CliError> {
    let desk = Desk::open(&args.trader, &args.market)?;
    let side = side_of(&desk, args.number)?;
    let order = args.spec.order(side, &desk.market, UnixMillis::new(market::now_ms()))?;
    let words = spec::words(&order, &desk.market);
    match desk.send(amendment(args.number, order), &args.send, output)? {
        Done::Sent(sent) => output.result(&sent, |Sent { id }| format!("sent {id}: {words}")),
        Done::Final(info, ActionResult::Order(number)) => {
            report::order(&desk, &info, number, output)
        }
        Done::Final(info, ActionResult::Cancelled(_) | ActionResult::Refused(_)) => {
            output.result(&info, |info| format!("{words}: final in {}", info.id))
        }
    }
}

const fn amendment(number: u32, order: NewOrder) -> Action {
    Action::Amend(OrderRef::Number(number), order)
}

/// The side of the order as it is: an amendment does not turn it.
fn side_of(desk: &Desk, number: u32) -> Result<Side, CliError> {
    let orders = desk.rpc.call(&GetOpenOrders {
        account: AccountName::Number { account: desk.trader.account.account },
        market: Some(MarketName::Number(desk.market.market)),
    })?;
    let order: Option<&OpenOrder> = orders.iter().find(|order| order.number == number);
    match order.map(|order| order.side.as_str()) {
        Some("buy") => Ok(Side::Buy),
        Some(_) => Ok(Side::Sell),
        None => Err(CliError::refused(format!(
            "NUMBER: found {number}, expected one of your open orders in {}; see `heddle order list`",
            desk.market.name
        ))),
    }
}
