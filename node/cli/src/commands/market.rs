//! `heddle market`: what is traded, at what prices.

mod book;
mod detail;
mod history;
mod list;

use std::time::SystemTime;
use std::time::UNIX_EPOCH;

use clap::Args;
use heddle_rpc_api::GetMarkets;
use heddle_rpc_api::GetOrderBook;
use heddle_rpc_api::Market;
use heddle_rpc_api::MarketName;
use heddle_rpc_api::limits::BOOK_LEVELS_MAX;
use serde_json::json;

use crate::error::CliError;
use crate::output::Output;
use crate::rpc::Rpc;
use crate::target::Target;

/// Markets: all of them, or one with its book.
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "Example:\n  heddle market\n  heddle market BTC-PERP --depth 5\n  heddle market trades BTC-PERP"
)]
pub(crate) struct MarketArgs {
    /// A market's name or number; without one, all are listed
    #[arg(value_name = "NAME")]
    name: Option<String>,
    /// Price levels of each side
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=BOOK_LEVELS_MAX))]
    depth: u64,
    #[command(flatten)]
    target: Target,
    #[command(subcommand)]
    history: Option<history::HistoryCommand>,
}

pub(crate) fn run(args: &MarketArgs, output: Output) -> Result<(), CliError> {
    if let Some(command) = &args.history {
        return history::run(command, output);
    }
    let rpc = Rpc::new(&args.target)?;
    let Some(name) = &args.name else {
        return output.result(&rpc.call(&GetMarkets {})?, |markets| list::text(markets, now_ms()));
    };
    let market = find(&rpc, name)?;
    let request = GetOrderBook { market: MarketName::Number(market.market), depth: args.depth };
    let book = rpc.call(&request)?;
    let value = json!({ "market": market, "book": book });
    output
        .result(&value, |_| format!("{}\n\n{}", detail::text(&market, now_ms()), book::text(&book)))
}

/// The market of this name or number.
pub(crate) fn find(rpc: &Rpc, name: &str) -> Result<Market, CliError> {
    let markets = rpc.call(&GetMarkets {})?;
    let is_meant = |market: &&Market| {
        market.name.eq_ignore_ascii_case(name) || market.market.to_string() == name
    };
    let found = markets.iter().find(is_meant).cloned();
    found.ok_or_else(|| {
        let names: Vec<&str> = markets.iter().map(|market| market.name.as_str()).collect();
        let names = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        CliError::usage(format!(
            "MARKET: found {name:?}, expected one of {names}; use one of these"
        ))
    })
}

/// This machine's clock, in milliseconds since 1970.
pub(crate) fn now_ms() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(now.as_millis()).unwrap_or(u64::MAX)
}
