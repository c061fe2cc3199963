//! Which node a command talks to.

use std::path::Path;
use std::path::PathBuf;

use clap::Args;
use heddle_localnet::cluster::Cluster;
use heddle_validator::home::Config;

use crate::error::CliError;

/// Where a node listens when nothing else is said.
const DEFAULT: &str = "http://127.0.0.1:26000";

/// Which node a command talks to.
#[derive(Clone, Debug, Args)]
pub(crate) struct Target {
    /// The node's URL
    #[arg(long, value_name = "URL", env = "HEDDLE_RPC", hide_env_values = true)]
    rpc: Option<String>,
    /// A localnet, whose first validator is meant, or one validator's home
    #[arg(long, value_name = "DIR")]
    home: Option<PathBuf>,
}

impl Target {
    /// The node's URL. A home that is named counts more than a URL, which may come from the environment.
    pub(crate) fn url(&self) -> Result<String, CliError> {
        match (&self.home, &self.rpc) {
            (Some(home), _) => url_of(home),
            (None, Some(url)) => Ok(url.clone()),
            (None, None) => Ok(DEFAULT.to_owned()),
        }
    }
}

impl Target {
    /// A localnet, or one validator's home.
    pub(crate) fn of_home(home: &Path) -> Self {
        Self { rpc: None, home: Some(home.to_owned()) }
    }

    /// Whether nothing was said.
    pub(crate) const fn is_default(&self) -> bool {
        self.rpc.is_none() && self.home.is_none()
    }

    /// The home that was named.
    pub(crate) fn home(&self) -> Option<&Path> {
        self.home.as_deref()
    }
}

fn url_of(home: &Path) -> Result<String, CliError> {
    if Cluster::exists(home) {
        return Ok(Cluster::open(home)?.rpc_url(0)?);
    }
    let config = Config::read(&home.join("config.toml"))?;
    Ok(format!("http://{}", config.rpc))
}
