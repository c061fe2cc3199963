//! `heddle market trades|funding|liquidations NAME`.

use clap::Args;
use clap::Subcommand;
use heddle_rpc_api::FundingPayment;
use heddle_rpc_api::GetFundingHistory;
use heddle_rpc_api::GetLiquidations;
use heddle_rpc_api::GetTrades;
use heddle_rpc_api::Liquidation;
use heddle_rpc_api::Market;
use heddle_rpc_api::MarketName;
use heddle_rpc_api::Trade;
use heddle_rpc_api::limits::HISTORY_ITEMS_MAX;

use crate::error::CliError;
use crate::figures;
use crate::output::Output;
use crate::rpc::Rpc;
use crate::table::Lean;
use crate::table::Table;
use crate::target::Target;

/// What happened in a market.
#[derive(Debug, Subcommand)]
pub(super) enum HistoryCommand {
    /// The newest trades, newest first
    #[command(after_help = "Example:\n  heddle market trades BTC-PERP --limit 10")]
    Trades(HistoryArgs),
    /// The newest funding payments, newest first
    #[command(after_help = "Example:\n  heddle market funding BTC-PERP")]
    Funding(HistoryArgs),
    /// The newest liquidations, newest first
    #[command(after_help = "Example:\n  heddle market liquidations BTC-PERP")]
    Liquidations(HistoryArgs),
}

/// Of which market, and how much.
#[derive(Debug, Args)]
pub(super) struct HistoryArgs {
    /// The market's name or number
    #[arg(value_name = "NAME")]
    name: String,
    /// How many
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..=HISTORY_ITEMS_MAX))]
    limit: u64,
    #[command(flatten)]
    target: Target,
}

pub(super) fn run(command: &HistoryCommand, output: Output) -> Result<(), CliError> {
    match command {
        HistoryCommand::Trades(args) => {
            let (rpc, market) = args.open()?;
            let trades = rpc.call(&GetTrades { market: number(&market), limit: args.limit })?;
            output.result(&trades, |trades| trades_text(trades))
        }
        HistoryCommand::Funding(args) => {
            let (rpc, market) = args.open()?;
            let request = GetFundingHistory { market: number(&market), limit: args.limit };
            output.result(&rpc.call(&request)?, |payments| funding_text(payments))
        }
        HistoryCommand::Liquidations(args) => {
            let (rpc, market) = args.open()?;
            let request = GetLiquidations { market: number(&market), limit: args.limit };
            output.result(&rpc.call(&request)?, |found| liquidations_text(found, &market))
        }
    }
}

impl HistoryArgs {
    fn open(&self) -> Result<(Rpc, Market), CliError> {
        let rpc = Rpc::new(&self.target)?;
        let market = super::find(&rpc, &self.name)?;
        Ok((rpc, market))
    }
}

const fn number(market: &Market) -> MarketName {
    MarketName::Number(market.market)
}

fn trades_text(trades: &[Trade]) -> String {
    if trades.is_empty() {
        return "no trades".to_owned();
    }
    let mut table = Table::new(&[
        (Lean::Left, "time (UTC)"),
        (Lean::Right, "height"),
        (Lean::Left, "taker"),
        (Lean::Right, "size"),
        (Lean::Right, "price"),
        (Lean::Left, "kind"),
    ]);
    for trade in trades {
        table.row(vec![
            figures::clock(trade.time_ms),
            trade.height.to_string(),
            trade.side.clone(),
            trade.size_ui.clone(),
            trade.price_ui.clone(),
            trade.kind.clone(),
        ]);
    }
    table.text()
}

fn funding_text(payments: &[FundingPayment]) -> String {
    if payments.is_empty() {
        return "no funding was paid yet".to_owned();
    }
    let mut table = Table::new(&[
        (Lean::Left, "time (UTC)"),
        (Lean::Right, "height"),
        (Lean::Right, "rate 8h"),
        (Lean::Right, "index price"),
    ]);
    for payment in payments {
        table.row(vec![
            figures::clock(payment.time_ms),
            payment.height.to_string(),
            figures::percent(payment.rate_ppm),
            payment.price_ui.clone(),
        ]);
    }
    table.text()
}

fn liquidations_text(liquidations: &[Liquidation], market: &Market) -> String {
    if liquidations.is_empty() {
        return "no liquidations".to_owned();
    }
    let mut table = Table::new(&[
        (Lean::Left, "time (UTC)"),
        (Lean::Right, "height"),
        (Lean::Left, "what"),
        (Lean::Right, "account"),
        (Lean::Right, "size"),
        (Lean::Right, "amount"),
    ]);
    for found in liquidations {
        let amount = found.amount.map(|amount| figures::money(amount, market.quote_decimals));
        table.row(vec![
            figures::clock(found.time_ms),
            found.height.to_string(),
            found.kind.clone(),
            found.account.to_string(),
            found.size_ui.clone().unwrap_or_else(|| "-".to_owned()),
            amount.unwrap_or_else(|| "-".to_owned()),
        ]);
    }
    table.text()
}
