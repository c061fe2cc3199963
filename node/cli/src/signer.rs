//! Who signs a command's transaction.

use std::path::Path;
use std::path::PathBuf;

use clap::Args;
use heddle_localnet::cluster::Account;
use heddle_localnet::cluster::Cluster;
use heddle_types::Address;
use heddle_validator::home::KeyFile;

use crate::error::CliError;
use crate::rpc::Rpc;
use crate::target::Target;

/// Where a localnet lives unless it is said.
const LOCALNET: &str = "./.heddle/localnet";

/// Who signs, and which node is sent to.
#[derive(Clone, Debug, Args)]
pub(crate) struct SignerArgs {
    /// A localnet's account, such as alice, whose key signs
    #[arg(long = "as", value_name = "NAME", conflicts_with = "from")]
    name: Option<String>,
    /// The key file that signs
    #[arg(long, value_name = "KEYFILE")]
    from: Option<PathBuf>,
    #[command(flatten)]
    target: Target,
}

impl SignerArgs {
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

    fn find(&self, name: &str) -> Result<Account, CliError> {
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
