//! `heddle order cancel|cancel-all|cancel-after`.

use clap::Args;
use heddle_clearing::OrderRef;
use heddle_exchange::Action;
use heddle_exchange::ActionResult;
use heddle_rpc_api::Sent;
use heddle_types::Millis;
use heddle_types::UnixMillis;
use heddle_validator::home;
use serde_json::json;

use super::send::Desk;
use super::send::Done;
use super::send::SendArgs;
use crate::commands::market;
use crate::error::CliError;
use crate::output::Output;
use crate::trader::TraderArgs;

/// One order.
#[derive(Debug, Args)]
pub(crate) struct CancelArgs {
    /// The market's name or number
    #[arg(value_name = "MARKET")]
    market: String,
    #[command(flatten)]
    which: WhichArgs,
    #[command(flatten)]
    trader: TraderArgs,
    #[command(flatten)]
    send: SendArgs,
}

/// Which order.
#[derive(Clone, Copy, Debug, Args)]
#[group(required = true, multiple = false)]
pub(super) struct WhichArgs {
    /// The order's number
    #[arg(value_name = "NUMBER")]
    number: Option<u32>,
    /// Your own number for it
    #[arg(long, value_name = "N")]
    client_id: Option<u64>,
}

impl WhichArgs {
    pub(super) fn order_ref(self) -> OrderRef {
        match (self.number, self.client_id) {
            (Some(number), _) => OrderRef::Number(number),
            (None, client) => OrderRef::Client(client.unwrap_or_default()),
        }
    }
}

/// All orders in a market.
#[derive(Debug, Args)]
pub(crate) struct CancelAllArgs {
    /// The market's name or number
    #[arg(value_name = "MARKET")]
    market: String,
    #[command(flatten)]
    trader: TraderArgs,
    #[command(flatten)]
    send: SendArgs,
}

/// All orders in a market, later.
#[derive(Debug, Args)]
pub(crate) struct CancelAfterArgs {
    /// The market's name or number
    #[arg(value_name = "MARKET")]
    market: String,
    /// After how long, such as 30s, or `never`
    #[arg(value_name = "TIME|never", value_parser = parse_when)]
    when: When,
    #[command(flatten)]
    trader: TraderArgs,
    #[command(flatten)]
    send: SendArgs,
}

#[derive(Clone, Copy, Debug)]
enum When {
    After(Millis),
    Never,
}

fn parse_when(text: &str) -> Result<When, String> {
    if text == "never" {
        return Ok(When::Never);
    }
    let span = home::parse_span(text);
    span.map(When::After).map_err(|error| format!("{error}, or never"))
}

pub(super) fn run(args: &CancelArgs, output: Output) -> Result<(), CliError> {
    let desk = Desk::open(&args.trader, &args.market)?;
    let action = Action::Cancel(args.which.order_ref());
    tell(&desk, desk.send(action, &args.send, output)?, output)
}

pub(super) fn run_all(args: &CancelAllArgs, output: Output) -> Result<(), CliError> {
    let desk = Desk::open(&args.trader, &args.market)?;
    tell(&desk, desk.send(Action::CancelAll, &args.send, output)?, output)
}

pub(super) fn run_after(args: &CancelAfterArgs, output: Output) -> Result<(), CliError> {
    let desk = Desk::open(&args.trader, &args.market)?;
    let time = match args.when {
        When::Never => None,
        When::After(span) => Some(UnixMillis::new(market::now_ms()).after(span)),
    };
    let done = desk.send(Action::CancelAfter(time), &args.send, output)?;
    let words = match args.when {
        When::Never => format!("orders in {} stay until they are cancelled", desk.market.name),
        When::After(span) => {
            let span = home::format_span(span);
            format!("all orders in {} go in {span} unless that is put off", desk.market.name)
        }
    };
    match done {
        Done::Sent(sent) => output.result(&sent, |Sent { id }| format!("sent {id}")),
        Done::Final(info, _) => {
            let at = time.map(UnixMillis::get);
            output.result(&json!({ "transaction": info, "cancelAtMs": at }), |_| words)
        }
    }
}

/// Says what a cancel did. A cancel is first in its block: what it names does not trade in it.
fn tell(desk: &Desk, done: Done, output: Output) -> Result<(), CliError> {
    match done {
        Done::Sent(sent) => output.result(&sent, |Sent { id }| format!("sent {id}")),
        Done::Final(info, result) => {
            let words = match result {
                ActionResult::Order(number) => format!("cancelled order {number}"),
                ActionResult::Cancelled(0) => format!("no orders in {}", desk.market.name),
                ActionResult::Cancelled(1) => format!("cancelled 1 order in {}", desk.market.name),
                ActionResult::Cancelled(count) => {
                    format!("cancelled {count} orders in {}", desk.market.name)
                }
                ActionResult::Refused(code) => format!("refused with code {code}"),
            };
            let cancelled = match result {
                ActionResult::Order(_) => 1,
                ActionResult::Cancelled(count) => count,
                ActionResult::Refused(_) => 0,
            };
            output.result(&json!({ "transaction": info, "cancelled": cancelled }), |_| words)
        }
    }
}
