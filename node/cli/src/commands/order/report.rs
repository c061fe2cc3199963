//! What became of an order, as a person wants to know it.

use heddle_rpc_api::AccountName;
use heddle_rpc_api::GetOrder;
use heddle_rpc_api::MarketName;
use heddle_rpc_api::OrderState;
use heddle_rpc_api::OrderStatus;
use heddle_rpc_api::TransactionInfo;
use serde_json::json;

use super::send::Desk;
use crate::amount;
use crate::error::CliError;
use crate::output::Output;

/// An order that was placed.
#[derive(Clone, Copy)]
pub(super) struct Placed<'a> {
    /// Its number.
    pub(super) number: u32,
    /// What it wanted, in words.
    pub(super) wanted: &'a str,
}

/// Asks what became of an order that was placed, and says so. One that was closed without any trade is a failure.
pub(super) fn order(
    desk: &Desk,
    info: &TransactionInfo,
    placed: Placed<'_>,
    output: Output,
) -> Result<(), CliError> {
    let status = desk.rpc.call(&GetOrder {
        account: AccountName::Number { account: desk.trader.account.account },
        market: MarketName::Number(desk.market.market),
        number: placed.number,
    })?;
    let is_vain = status.state == OrderState::Closed && status.filled.is_zero();
    if is_vain && output == Output::Text {
        return Err(CliError::refused(words(&status, placed.wanted)));
    }
    let value = json!({ "transaction": info, "order": status });
    output.result(&value, |_| text(&status, placed.wanted, info))?;
    if is_vain { Err(CliError::refused(words(&status, placed.wanted)).printed()) } else { Ok(()) }
}

fn text(status: &OrderStatus, wanted: &str, info: &TransactionInfo) -> String {
    let height = info.height.map(|height| format!("height {height}")).unwrap_or_default();
    let fee = info.receipt.as_ref().map(|receipt| {
        format!(", fee {} HDL", amount::format_ui(receipt.fee_paid, amount::HDL_DECIMALS))
    });
    format!("{}\n{height}{}", words(status, wanted), fee.unwrap_or_default())
}

/// Which order, what it wanted, and where it stands.
fn words(status: &OrderStatus, wanted: &str) -> String {
    let filled = status.average_price_ui.as_ref().map(|price| {
        let trades = match status.fills.len() {
            1 => "1 trade".to_owned(),
            count => format!("{count} trades"),
        };
        format!("filled {} at {price} in {trades}", status.filled_ui)
    });
    let rest = match status.state {
        OrderState::Filled => None,
        OrderState::Resting => Some(format!("{} rests at {}", status.left_ui, status.price_ui)),
        OrderState::Waiting => Some(format!("{} waits for its trigger", status.left_ui)),
        OrderState::Closed => {
            let reason = status.reason.as_deref().unwrap_or("closed");
            Some(format!("{} closed: {}", status.left_ui, explain(reason)))
        }
        OrderState::Gone => Some("it is not open any more".to_owned()),
    };
    let parts: Vec<String> = filled.into_iter().chain(rest).collect();
    format!("order {}, {wanted}: {}", status.number, parts.join(", "))
}

/// A reason of the API for a person.
fn explain(reason: &str) -> &str {
    match reason {
        "unfilled" => "nothing more to trade with within its price",
        "killed" => "it could not trade in full",
        "wouldTake" => "it would have traded at once, and was post-only",
        "expired" => "its time was over",
        "selfTrade" => "it met an order of its own account",
        "nothingToReduce" => "there is no position that it could make smaller",
        "openInterestCap" => "the market's open interest may not grow further",
        "matchLimit" => "it met as many orders as one may in a block",
        "cancelAfter" => "the time of cancel-after was over",
        "outsideBand" => "it would have traded outside of the market's band",
        "marketClosed" => "the market takes no such orders now, see `heddle market`",
        "marketFrozen" => "the market broke and is frozen",
        "bookFull" => "the book is full",
        other => other,
    }
}
