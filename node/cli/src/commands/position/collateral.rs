//! `heddle position deposit|withdraw`.

use clap::Args;
use heddle_clearing::AccountId;
use heddle_clearing::ClearingCall;
use heddle_clearing::MarketId;
use heddle_rpc_api::AccountName;
use heddle_rpc_api::ErrorKind;
use heddle_rpc_api::GetMarginAccount;
use heddle_rpc_api::GetMarkets;
use heddle_rpc_api::MarginAccount;
use heddle_rpc_api::Sent;
use heddle_types::Access;
use heddle_types::Amount;
use heddle_types::AssetId;

use crate::amount::UiAmount;
use crate::commands::market;
use crate::commands::order::SendArgs;
use crate::error::CliError;
use crate::output::Output;
use crate::rpc::CallError;
use crate::rpc::Rpc;
use crate::sending;
use crate::submission::Submission;
use crate::submission::Submitted;
use crate::trader::TraderArgs;

/// Collateral on its way in.
#[derive(Debug, Args)]
pub(super) struct DepositArgs {
    /// How much, in whole dollars or whatever the collateral asset is
    #[arg(value_name = "AMOUNT", value_parser = UiAmount::parse)]
    amount: UiAmount,
    /// For a new sub-account: the only market that it may hold
    #[arg(long, value_name = "NAME")]
    isolated: Option<String>,
    #[command(flatten)]
    trader: TraderArgs,
    #[command(flatten)]
    send: SendArgs,
}

/// Collateral on its way out.
#[derive(Debug, Args)]
pub(super) struct WithdrawArgs {
    /// How much, in whole dollars or whatever the collateral asset is
    #[arg(value_name = "AMOUNT", value_parser = UiAmount::parse)]
    amount: UiAmount,
    #[command(flatten)]
    trader: TraderArgs,
    #[command(flatten)]
    send: SendArgs,
}

/// What collateral is.
struct Asset {
    id: AssetId,
    decimals: u8,
}

impl Asset {
    fn of(rpc: &Rpc) -> Result<Self, CliError> {
        let markets = rpc.call(&GetMarkets {})?;
        let first = markets.first().ok_or_else(|| {
            CliError::refused("markets: found none, expected one; this chain has no exchange")
        })?;
        Ok(Self { id: first.quote_asset, decimals: first.quote_decimals })
    }

    fn units(&self, amount: &UiAmount) -> Result<Amount, CliError> {
        let units = amount.to_units(self.decimals).filter(|units| *units != Amount::ZERO);
        units.ok_or_else(|| {
            CliError::usage(format!(
                "AMOUNT: found nothing, or more than {} decimals, expected an amount of {}; correct it",
                self.decimals, self.id
            ))
        })
    }
}

pub(super) fn deposit(args: &DepositArgs, output: Output) -> Result<(), CliError> {
    let rpc = args.trader.rpc()?;
    let asset = Asset::of(&rpc)?;
    let amount = asset.units(&args.amount)?;
    let (call, access) = match existing(&args.trader, &rpc)? {
        Some(_) if args.isolated.is_some() => {
            return Err(CliError::usage(
                "--isolated: found a margin account that exists, expected a new one; name another with --sub",
            ));
        }
        Some(account) => {
            let account = AccountId::new(account.account);
            (ClearingCall::Deposit { account, asset: asset.id, amount }, Access::DERIVED)
        }
        None => {
            let isolated = args.isolated.as_deref().map(|name| market::find(&rpc, name));
            let isolated = isolated.transpose()?.map(|market| MarketId::new(market.market));
            let sub = args.trader.sub;
            // Its number is not known before, so that nothing can be declared.
            (ClearingCall::Open { sub, isolated, asset: asset.id, amount }, Access::Open)
        }
    };
    let transfer = Transfer { call, access, send: &args.send };
    transfer.run(&args.trader, &rpc, output)
}

pub(super) fn withdraw(args: &WithdrawArgs, output: Output) -> Result<(), CliError> {
    let rpc = args.trader.rpc()?;
    let asset = Asset::of(&rpc)?;
    let amount = asset.units(&args.amount)?;
    let account = args.trader.trader(&rpc)?.account.account;
    let call = ClearingCall::Withdraw { account: AccountId::new(account), asset: asset.id, amount };
    let transfer = Transfer { call, access: Access::DERIVED, send: &args.send };
    transfer.run(&args.trader, &rpc, output)
}

/// The margin account that is meant, if there is one.
fn existing(trader: &TraderArgs, rpc: &Rpc) -> Result<Option<MarginAccount>, CliError> {
    let name = trader.account_name(Some(trader.key()?.address()))?;
    match rpc.try_call(&GetMarginAccount(name)) {
        Err(CallError::Refused(refusal))
            if refusal.data.kind == ErrorKind::NotFound
                && matches!(name, AccountName::Owner { .. }) =>
        {
            Ok(None)
        }
        account => Ok(Some(account?)),
    }
}

/// A call that changes what an account holds.
pub(super) struct Transfer<'a> {
    pub(super) call: ClearingCall,
    pub(super) access: Access,
    pub(super) send: &'a SendArgs,
}

impl Transfer<'_> {
    /// Sends it, and says what the account has then.
    pub(super) fn run(
        self,
        trader: &TraderArgs,
        rpc: &Rpc,
        output: Output,
    ) -> Result<(), CliError> {
        let key = trader.key()?;
        let submission = Submission {
            key: &key,
            calls: vec![self.call.to_call()],
            access: self.access,
            nonce: None,
            max_fee: self.send.max_fee(),
            wait: self.send.wait(),
        };
        let info = match submission.submit(rpc)? {
            Submitted::Sent(sent) => {
                return output.result(&sent, |Sent { id }| format!("sent {id}"));
            }
            Submitted::Settled(info) => info,
        };
        let checked = sending::check(&info);
        let account = trader.margin_account(rpc, Some(key.address()));
        match (checked, account) {
            (Ok(()), Ok(account)) if output == Output::Text => output.result(&account, |account| {
                format!(
                    "margin account {} has {} {} of cash, {} withdrawable",
                    account.account,
                    crate::figures::money(account.cash, account.quote_decimals),
                    account.quote_asset,
                    crate::figures::money(account.withdrawable, account.quote_decimals)
                )
            }),
            (checked, _) => {
                if output == Output::Json {
                    output.result(&info, |_| String::new())?;
                }
                checked.map_err(
                    |error| {
                        if output == Output::Json { error.printed() } else { error }
                    },
                )
            }
        }
    }
}
