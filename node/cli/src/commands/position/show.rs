//! `heddle position`.

use heddle_num::Quote;
use heddle_rpc_api::MarginAccount;
use heddle_types::Address;

use crate::error::CliError;
use crate::figures;
use crate::output::Output;
use crate::table::Lean;
use crate::table::Table;
use crate::trader::TraderArgs;

pub(super) fn run(
    owner: Option<Address>,
    trader: &TraderArgs,
    output: Output,
) -> Result<(), CliError> {
    let account = trader.margin_account(&trader.rpc()?, owner)?;
    output.result(&account, text)
}

fn text(account: &MarginAccount) -> String {
    let kind = match (account.status.as_str(), account.isolated) {
        ("active", None) => "cross margin".to_owned(),
        ("active", Some(market)) => format!("isolated margin for market {market}"),
        (status, _) => status.to_owned(),
    };
    let parts = [head(account, &kind), sums(account), positions(account)];
    parts.join("\n\n")
}

fn head(account: &MarginAccount, kind: &str) -> String {
    let MarginAccount { account: number, owner, sub, fee_tier, .. } = account;
    format!("margin account {number}, {kind}, fee tier {fee_tier}\nsub-account {sub} of {owner}")
}

fn sums(account: &MarginAccount) -> String {
    let mut table = Table::new(&[
        (Lean::Left, ""),
        (Lean::Right, account.quote_asset.symbol()),
        (Lean::Left, ""),
    ]);
    let mut row = |name: &str, amount: Quote, about: &str| {
        let amount = figures::money(amount, account.quote_decimals);
        table.row(vec![name.to_owned(), amount, about.to_owned()]);
    };
    row("cash", account.cash, "");
    row("equity", account.equity, "cash and what the positions are worth at the marks");
    row("required", account.required, "by positions and open orders");
    row("free", account.free, "for new orders");
    row("withdrawable", account.withdrawable, "");
    row("maintenance", account.maintenance, "below so much equity positions are liquidated");
    let leverage = account.leverage_ui.as_ref().map_or_else(|| "-".to_owned(), |x| format!("{x}x"));
    table.row(vec!["leverage".to_owned(), leverage]);
    table.text()
}

fn positions(account: &MarginAccount) -> String {
    if account.positions.is_empty() {
        return "no positions".to_owned();
    }
    let mut table = Table::new(&[
        (Lean::Left, "market"),
        (Lean::Right, "size"),
        (Lean::Right, "entry"),
        (Lean::Right, "mark"),
        (Lean::Right, "value"),
        (Lean::Right, "unrealised"),
        (Lean::Right, "funding due"),
        (Lean::Right, "liquidation at"),
    ]);
    let money = |amount| figures::money(amount, account.quote_decimals);
    for position in &account.positions {
        let liquidation = position.liquidation_price_ui.clone();
        table.row(vec![
            position.name.clone(),
            position.size_ui.clone(),
            position.entry_price_ui.clone(),
            position.mark_ui.clone(),
            money(position.notional),
            figures::gain(position.unrealised, account.quote_decimals),
            money(position.funding_due),
            liquidation.unwrap_or_else(|| "never".to_owned()),
        ]);
    }
    table.text()
}
