//! Sending a batch of one action, and reading what became of it.

use std::time::Duration;

use clap::Args;
use heddle_clearing::AccountId;
use heddle_clearing::MarketId;
use heddle_clearing::Role;
use heddle_exchange::Action;
use heddle_exchange::ActionResult;
use heddle_exchange::Batch;
use heddle_exchange::BatchMode;
use heddle_exchange::ExchangeCall;
use heddle_exchange::ExchangeEvent;
use heddle_rpc_api::Market;
use heddle_rpc_api::Sent;
use heddle_rpc_api::TransactionInfo;
use heddle_types::Access;
use heddle_types::Amount;
use heddle_types::Millis;
use heddle_types::ProgramId;
use heddle_validator::home;

use crate::amount;
use crate::commands::market;
use crate::commands::tx::build::MAX_FEE_DEFAULT;
use crate::error::CliError;
use crate::output::Output;
use crate::rpc::Rpc;
use crate::sending;
use crate::submission::Submission;
use crate::submission::Submitted;
use crate::trader::Trader;
use crate::trader::TraderArgs;

/// How an order command is sent.
#[derive(Clone, Debug, Args)]
pub(crate) struct SendArgs {
    /// Return once a node has it, without waiting until it is final
    #[arg(long, conflicts_with = "wait")]
    no_wait: bool,
    /// Wait until it is final, which is what happens anyway
    #[arg(long)]
    wait: bool,
    /// How long to wait
    #[arg(long, value_name = "TIME", value_parser = home::parse_span, default_value = "60s")]
    timeout: Millis,
    /// The most that it may cost in fees, in base units of HDL
    #[arg(long, value_name = "N", value_parser = amount::parse_units, default_value = MAX_FEE_DEFAULT)]
    max_fee: Amount,
}

impl SendArgs {
    /// How long to wait, if at all.
    pub(crate) fn wait(&self) -> Option<Duration> {
        (!self.no_wait).then(|| Duration::from_millis(self.timeout.get()))
    }

    /// The most that it may cost.
    pub(crate) const fn max_fee(&self) -> Amount {
        self.max_fee
    }
}

/// Someone at a market.
pub(super) struct Desk {
    pub(super) rpc: Rpc,
    pub(super) trader: Trader,
    pub(super) market: Market,
}

/// What became of an action.
pub(super) enum Done {
    /// A node has it.
    Sent(Sent),
    /// It is final, and this is what the exchange did.
    Final(TransactionInfo, ActionResult),
}

impl Desk {
    pub(super) fn open(args: &TraderArgs, name: &str) -> Result<Self, CliError> {
        let rpc = args.rpc()?;
        let market = market::find(&rpc, name)?;
        let trader = args.trader(&rpc)?;
        Ok(Self { rpc, trader, market })
    }

    /// Sends one action. A refusal is an error that says why; with `--json` the transaction is printed before.
    pub(super) fn send(
        &self,
        action: Action,
        args: &SendArgs,
        output: Output,
    ) -> Result<Done, CliError> {
        let batch = Batch {
            account: AccountId::new(self.trader.account.account),
            role: if self.trader.is_agent() { Role::Agent } else { Role::Owner },
            market: MarketId::new(self.market.market),
            mode: BatchMode::AllOrNothing,
            actions: vec![action],
        };
        let submission = Submission {
            key: &self.trader.key,
            calls: vec![ExchangeCall::Orders(batch).to_call()],
            access: Access::DERIVED,
            nonce: None,
            max_fee: args.max_fee(),
            wait: args.wait(),
        };
        let info = match submission.submit(&self.rpc)? {
            Submitted::Sent(sent) => return Ok(Done::Sent(sent)),
            Submitted::Settled(info) => info,
        };
        if let Err(error) = check(&info) {
            if output == Output::Json {
                output.result(&info, |_| String::new())?;
                return Err(error.printed());
            }
            return Err(error);
        }
        let result = result_of(&info).ok_or_else(|| {
            CliError::unknown(format!(
                "transaction {}: found no event of the exchange, expected one; check that the node's version is this one",
                info.id
            ))
        })?;
        Ok(Done::Final(info, result))
    }
}

/// Whether it did what it should; a refusal of the exchange in the exchange's words.
fn check(info: &TransactionInfo) -> Result<(), CliError> {
    let error = info.receipt.as_ref().and_then(|receipt| receipt.error.as_ref());
    match error {
        Some(error) if error.program == ProgramId::EXCHANGE.0 => {
            Err(CliError::refused(format!("refused: {} ({})", error.message, error.name)))
        }
        Some(_) | None => sending::check(info),
    }
}

fn result_of(info: &TransactionInfo) -> Option<ActionResult> {
    let receipt = info.receipt.as_ref()?;
    receipt.events.iter().find_map(|event| {
        let is_ours = event.program == ProgramId::EXCHANGE.0;
        match ExchangeEvent::decode(event.kind, &event.data).filter(|_| is_ours) {
            Some(ExchangeEvent::Batch(batch)) => batch.results.first().copied(),
            Some(_) | None => None,
        }
    })
}
