//! Who trades: a key, and the margin account that it trades for.

use std::path::Path;
use std::path::PathBuf;

use clap::Args;
use heddle_localnet::cluster::Cluster;
use heddle_rpc_api::AccountName;
use heddle_rpc_api::ErrorKind;
use heddle_rpc_api::GetMarginAccount;
use heddle_rpc_api::MarginAccount;
use heddle_types::Address;
use heddle_validator::home::KeyFile;

use crate::error::CliError;
use crate::rpc::CallError;
use crate::rpc::Rpc;
use crate::target::Target;

/// Where a localnet lives unless it is said.
const LOCALNET: &str = "./.heddle/localnet";

/// Who trades.
#[derive(Clone, Debug, Args)]
pub(crate) struct TraderArgs {
    /// A localnet's account, such as alice, whose key signs
    #[arg(long = "as", value_name = "NAME", conflicts_with = "from")]
    name: Option<String>,
    /// The key file that signs
    #[arg(long, value_name = "KEYFILE")]
    from: Option<PathBuf>,
    /// Which of the signer's margin accounts
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) sub: u8,
    /// The number of another owner's margin account, for which the signer is an agent
    #[arg(long, value_name = "N", conflicts_with = "sub")]
    account: Option<u32>,
    #[command(flatten)]
    pub(crate) target: Target,
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
    /// The node: of the localnet that the name is of, unless another is named.
    pub(crate) fn rpc(&self) -> Result<Rpc, CliError> {
        let default = Path::new(LOCALNET);
        if self.name.is_some() && self.target.is_default() && Cluster::exists(default) {
            return Rpc::new(&Target::of_home(default));
        }
        Rpc::new(&self.target)
    }

    /// The key that signs.
    pub(crate) fn key(&self) -> Result<KeyFile, CliError> {
        match (&self.name, &self.from) {
            (Some(name), _) => Ok(KeyFile::read(&self.find(name)?.key_file)?),
            (None, Some(path)) => Ok(KeyFile::read(path)?),
            (None, None) => Err(CliError::usage(
                "signer: found none, expected one; say --as NAME of a localnet's account, or --from KEYFILE",
            )),
        }
    }

    /// Whose account is meant, when no signature is needed.
    pub(crate) fn address(&self) -> Result<Address, CliError> {
        match &self.name {
            Some(name) => Ok(self.find(name)?.address),
            None => Ok(self.key()?.address()),
        }
    }

    /// Which margin account is meant, by whatever says so first: its number, the address given, or the signer.
    pub(crate) fn account_name(&self, owner: Option<Address>) -> Result<AccountName, CliError> {
        match (self.account, owner) {
            (Some(account), _) => Ok(AccountName::Number { account }),
            (None, Some(address)) => Ok(AccountName::Owner { address, sub: self.sub }),
            (None, None) => Ok(AccountName::Owner { address: self.address()?, sub: self.sub }),
        }
    }

    /// The key and its margin account.
    pub(crate) fn trader(&self, rpc: &Rpc) -> Result<Trader, CliError> {
        let key = self.key()?;
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

    fn find(&self, name: &str) -> Result<heddle_localnet::cluster::Account, CliError> {
        let home = self.target.home().unwrap_or_else(|| Path::new(LOCALNET));
        let cluster = Cluster::open(home)?;
        let found = cluster.accounts().iter().find(|account| account.name == name);
        found.cloned().ok_or_else(|| {
            let names: Vec<_> = cluster.accounts().iter().map(|one| one.name.as_str()).collect();
            CliError::usage(format!(
                "--as: found {name:?}, expected one of {}; use one of these names",
                names.join(", ")
            ))
        })
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
