//! `heddle order list`.

use clap::Args;
use heddle_rpc_api::GetOpenOrders;
use heddle_rpc_api::MarketName;
use heddle_rpc_api::OpenOrder;
use heddle_rpc_api::decimal;
use heddle_types::Address;

use crate::commands::market;
use crate::error::CliError;
use crate::figures;
use crate::output::Output;
use crate::table::Lean;
use crate::table::Table;
use crate::trader::TraderArgs;

/// Whose orders.
#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// The owner, unless --as or --from says who
    #[arg(value_name = "ADDRESS")]
    owner: Option<Address>,
    /// In this market only
    #[arg(long, value_name = "NAME")]
    market: Option<String>,
    #[command(flatten)]
    trader: TraderArgs,
}

pub(super) fn run(args: &ListArgs, output: Output) -> Result<(), CliError> {
    let rpc = args.trader.rpc()?;
    let account = args.trader.account_name(args.owner)?;
    let market = args.market.as_deref().map(|name| market::find(&rpc, name)).transpose()?;
    let market = market.map(|market| MarketName::Number(market.market));
    let orders = rpc.call(&GetOpenOrders { account, market })?;
    output.result(&orders, |orders| text(orders, market::now_ms()))
}

fn text(orders: &[OpenOrder], now_ms: u64) -> String {
    if orders.is_empty() {
        return "no open orders".to_owned();
    }
    let mut table = Table::new(&[
        (Lean::Right, "order"),
        (Lean::Left, "market"),
        (Lean::Left, "side"),
        (Lean::Right, "size"),
        (Lean::Right, "price"),
        (Lean::Left, "conditions"),
    ]);
    for order in orders {
        table.row(vec![
            order.number.to_string(),
            order.name.clone(),
            order.side.clone(),
            order.size_ui.clone(),
            order.price_ui.clone(),
            conditions(order, now_ms),
        ]);
    }
    table.text()
}

fn conditions(order: &OpenOrder, now_ms: u64) -> String {
    let mut found = Vec::new();
    if let Some(trigger) = &order.trigger {
        let when = if trigger.when == "atOrAbove" { ">=" } else { "<=" };
        found.push(format!("waits for mark {when} {}", trigger.price_ui));
    }
    if order.reduce_only {
        found.push("reduce-only".to_owned());
    }
    if order.time_in_force == "postOnly" {
        found.push("post-only".to_owned());
    }
    if let Some(until) = order.until_ms {
        found.push(format!("expires in {}", figures::until(until, now_ms)));
    }
    if let Some(display) = order.display {
        let decimals = order.size_ui.split_once('.').map_or(0, |(_, fraction)| fraction.len());
        let decimals = u8::try_from(decimals).unwrap_or_default();
        found.push(format!("shows {}", decimal(display.get().into(), decimals)));
    }
    if let Some(client) = &order.client {
        found.push(format!("client id {client}"));
    }
    found.join(", ")
}
