//! `heddle order buy|sell`.

use clap::Args;
use heddle_clearing::Side;
use heddle_exchange::Action;
use heddle_exchange::ActionResult;
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

/// An order.
#[derive(Debug, Args)]
pub(crate) struct PlaceArgs {
    /// The market's name or number
    #[arg(value_name = "MARKET")]
    market: String,
    #[command(flatten)]
    spec: SpecArgs,
    #[command(flatten)]
    trader: TraderArgs,
    #[command(flatten)]
    send: SendArgs,
}

pub(super) fn run(side: Side, args: &PlaceArgs, output: Output) -> Result<(), CliError> {
    let desk = Desk::open(&args.trader, &args.market)?;
    let order = args.spec.order(side, &desk.market, UnixMillis::new(market::now_ms()))?;
    let words = spec::words(&order, &desk.market);
    match desk.send(Action::Place(order), &args.send, output)? {
        Done::Sent(sent) => output.result(&sent, |Sent { id }| format!("sent {id}: {words}")),
        Done::Final(info, ActionResult::Order(number)) => {
            report::order(&desk, &info, number, output)
        }
        Done::Final(info, ActionResult::Cancelled(_) | ActionResult::Refused(_)) => {
            output.result(&info, |info| format!("{words}: final in {}", info.id))
        }
    }
}
