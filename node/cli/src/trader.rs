//! Who trades: a key, and the margin account that it trades for.

use clap::Args;
use heddle_rpc_api::AccountName;
use heddle_rpc_api::ErrorKind;
use heddle_rpc_api::GetMarginAccount;
use heddle_rpc_api::MarginAccount;
use heddle_types::Address;
use heddle_validator::home::KeyFile;

use crate::error::CliError;
use crate::rpc::CallError;
use crate::rpc::Rpc;
use crate::signer::SignerArgs;

/// Who trades.
#[derive(Clone, Debug, Args)]
pub(crate) struct TraderArgs {
    #[command(flatten)]
    signer: SignerArgs,
    /// Which of the signer's margin accounts
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) sub: u8,
    /// The number of another owner's margin account, for which the signer is an agent
    #[arg(long, value_name = "N", conflicts_with = "sub")]
    account: Option<u32>,
}

/// A key, and the margin account that it trades for.
pub(crate) struct Trader {
    pub(crate) key: KeyFile,
    pub(crate) account: MarginAccount,
}

impl Trader {
    /// Whether the key is an agent's and not the owner's.
    pub(crate) fn is_agent(&self) -> bool {
        self.account.owner != self.key.address()
    }
}

impl TraderArgs {
    /// As [`SignerArgs::rpc`].
    pub(crate) fn rpc(&self) -> Result<Rpc, CliError> {
        self.signer.rpc()
    }

    /// As [`SignerArgs::key`].
    pub(crate) fn key(&self) -> Result<KeyFile, CliError> {
        self.signer.key()
    }

    /// Which margin account is meant, by whatever says so first: its number, the address given, or the signer.
    pub(crate) fn account_name(&self, owner: Option<Address>) -> Result<AccountName, CliError> {
        match (self.account, owner) {
            (Some(account), _) => Ok(AccountName::Number { account }),
            (None, Some(address)) => Ok(AccountName::Owner { address, sub: self.sub }),
            (None, None) => {
                Ok(AccountName::Owner { address: self.signer.address()?, sub: self.sub })
            }
        }
    }

    /// The key and its margin account.
    pub(crate) fn trader(&self, rpc: &Rpc) -> Result<Trader, CliError> {
        let key = self.signer.key()?;
        let account = self.margin_account(rpc, Some(key.address()))?;
        Ok(Trader { key, account })
    }

    /// The margin account that is meant.
    pub(crate) fn margin_account(
        &self,
        rpc: &Rpc,
        owner: Option<Address>,
    ) -> Result<MarginAccount, CliError> {
        let name = self.account_name(owner)?;
        match rpc.try_call(&GetMarginAccount(name)) {
            Err(CallError::Refused(refusal)) if refusal.data.kind == ErrorKind::NotFound => {
                Err(no_account(&name))
            }
            account => Ok(account?),
        }
    }
}

fn no_account(name: &AccountName) -> CliError {
    CliError::refused(match name {
        AccountName::Number { account } => format!(
            "margin account {account}: found none, expected one that was paid into; check its number"
        ),
        AccountName::Owner { address, sub } => format!(
            "margin account {sub} of {address}: found none, expected one that was paid into; \
             pay into it with `heddle position deposit AMOUNT`"
        ),
    })
}
