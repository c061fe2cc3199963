//! `heddle order`: placing, changing and cancelling orders.

mod amend;
mod cancel;
mod list;
mod place;
mod report;
mod send;
mod spec;

use clap::Subcommand;

use crate::error::CliError;
use crate::output::Output;

pub(crate) use send::SendArgs;

/// Orders.
#[derive(Debug, Subcommand)]
#[command(
    after_help = "Example:\n  heddle order buy BTC-PERP 0.1 @60000 --as alice\n  heddle order sell BTC-PERP 0.1 market --as alice\n  \
    heddle order list --as alice"
)]
pub(crate) enum OrderCommand {
    /// Buy, at a limit or at the market
    #[command(after_help = "Example:\n  heddle order buy BTC-PERP 0.1 @60000 --as alice\n  \
        heddle order buy BTC-PERP 0.1 market --as alice\n  heddle order buy BTC-PERP 0.1 @61000 --stop 60900 --as alice")]
    Buy(place::PlaceArgs),
    /// Sell, at a limit or at the market
    #[command(
        after_help = "Example:\n  heddle order sell BTC-PERP 0.1 @60000 --post-only --as alice\n  \
        heddle order sell BTC-PERP 0.1 market --stop 58000 --reduce-only --as alice"
    )]
    Sell(place::PlaceArgs),
    /// Open orders
    #[command(after_help = "Example:\n  heddle order list --as alice")]
    List(list::ListArgs),
    /// Take an order away
    #[command(after_help = "Example:\n  heddle order cancel BTC-PERP 3 --as alice")]
    Cancel(cancel::CancelArgs),
    /// Take all orders in a market away
    #[command(after_help = "Example:\n  heddle order cancel-all BTC-PERP --as alice")]
    CancelAll(cancel::CancelAllArgs),
    /// Take all orders in a market away at a time that is not put off: a dead man's switch
    #[command(after_help = "Example:\n  heddle order cancel-after BTC-PERP 30s --as alice\n  \
        heddle order cancel-after BTC-PERP never --as alice")]
    CancelAfter(cancel::CancelAfterArgs),
    /// Change an order: less at the same price keeps its place, anything else is a new order
    #[command(after_help = "Example:\n  heddle order amend BTC-PERP 3 0.05 @60000 --as alice")]
    Amend(amend::AmendArgs),
}

pub(crate) fn run(command: OrderCommand, output: Output) -> Result<(), CliError> {
    use heddle_clearing::Side;
    match command {
        OrderCommand::Buy(args) => place::run(Side::Buy, &args, output),
        OrderCommand::Sell(args) => place::run(Side::Sell, &args, output),
        OrderCommand::List(args) => list::run(&args, output),
        OrderCommand::Cancel(args) => cancel::run(&args, output),
        OrderCommand::CancelAll(args) => cancel::run_all(&args, output),
        OrderCommand::CancelAfter(args) => cancel::run_after(&args, output),
        OrderCommand::Amend(args) => amend::run(&args, output),
    }
}
