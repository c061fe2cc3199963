//! Which nodes a command talks to, and whose key pays.

use std::path::PathBuf;

use clap::Args;
use heddle_localnet::cluster::Cluster;
use heddle_localnet::cluster::FAUCET;
use heddle_validator::home::KeyFile;

use crate::error::BenchError;

/// Which nodes a command talks to.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct Target {
    /// A localnet: all its validators are used
    #[arg(long, value_name = "DIR", conflicts_with = "rpc")]
    pub(crate) home: Option<PathBuf>,
    /// The nodes' URLs, with commas between them
    #[arg(long, value_name = "URL", value_delimiter = ',', num_args = 1)]
    pub(crate) rpc: Vec<String>,
    /// The key file of the account that funds the senders; a localnet has its own
    #[arg(long, value_name = "KEYFILE")]
    pub(crate) faucet: Option<PathBuf>,
}

/// A target that was looked up.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) urls: Vec<String>,
    pub(crate) faucet: KeyFile,
    /// The localnet, whose processes can be measured.
    pub(crate) cluster: Option<Cluster>,
}

/// The nodes of a target.
#[derive(Debug)]
pub(crate) struct Nodes {
    pub(crate) urls: Vec<String>,
    /// The localnet that they are of.
    pub(crate) cluster: Option<Cluster>,
}

impl Target {
    /// Looks it up. Nothing is asked of any node yet.
    pub(crate) fn find(&self) -> Result<Found, BenchError> {
        let Nodes { urls, cluster } = self.nodes()?;
        let Some(faucet) = self.faucet(cluster.as_ref())? else {
            return Err(BenchError::usage(
                "--faucet: found none, expected the key file of a funded account; give --faucet KEYFILE",
            ));
        };
        Ok(Found { urls, faucet, cluster })
    }

    /// The nodes alone.
    pub(crate) fn nodes(&self) -> Result<Nodes, BenchError> {
        let cluster = self.home.as_deref().map(Cluster::open).transpose()?;
        let urls = match &cluster {
            Some(cluster) => {
                let validators = 0..cluster.settings().validators;
                validators.map(|index| cluster.rpc_url(index)).collect::<Result<_, _>>()?
            }
            None => self.rpc.clone(),
        };
        if urls.is_empty() {
            return Err(BenchError::usage(
                "target: found none, expected nodes to talk to; give --home DIR or --rpc URL[,URL]",
            ));
        }
        Ok(Nodes { urls, cluster })
    }

    /// The key that pays: the one that is given, or the localnet's; none when there is neither.
    pub(crate) fn faucet(&self, cluster: Option<&Cluster>) -> Result<Option<KeyFile>, BenchError> {
        let own = || {
            let accounts = cluster.into_iter().flat_map(Cluster::accounts);
            let faucet = accounts.into_iter().find(|account| account.name == FAUCET);
            faucet.map(|faucet| faucet.key_file.clone())
        };
        let path = self.faucet.clone().or_else(own);
        Ok(path.map(|path| KeyFile::read(&path)).transpose()?)
    }
}
