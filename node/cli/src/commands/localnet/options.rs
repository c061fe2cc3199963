//! Options that several localnet commands share.

use std::env;
use std::num::NonZeroU16;
use std::path::PathBuf;

use clap::Args;
use heddle_localnet::cluster::Cluster;
use heddle_localnet::cluster::VoteScheme;
use heddle_localnet::cluster::Wanted;
use heddle_types::Millis;
use heddle_validator::home;

use crate::error::CliError;

/// Where a localnet lives.
#[derive(Clone, Debug, Args)]
pub(super) struct HomeArgs {
    /// The localnet's directory
    #[arg(long, value_name = "DIR", default_value = "./.heddle/localnet")]
    pub(super) home: PathBuf,
}

impl HomeArgs {
    pub(super) fn open(&self) -> Result<Cluster, CliError> {
        Ok(Cluster::open(&self.home)?)
    }
}

/// What a localnet is made with. Of an existing one, each must be as it was made or be left out.
#[derive(Clone, Debug, Args)]
pub(super) struct SettingsArgs {
    /// How many validators, 1 to 50 [default: 4]
    #[arg(long, value_name = "N")]
    validators: Option<u16>,
    /// Validator I has RPC on this port + 10 I, and QUIC on the next; 0 for free ports [default: 26000]
    #[arg(long, value_name = "PORT")]
    port_base: Option<u16>,
    /// How many funded accounts besides the faucet [default: 10]
    #[arg(long, value_name = "N")]
    accounts: Option<u16>,
    /// Threads of each validator [default: as many as there are cores]
    #[arg(long, value_name = "N")]
    threads: Option<NonZeroU16>,
    /// How often an idle chain makes a block [default: 1s]
    #[arg(long, value_name = "TIME", value_parser = home::parse_span)]
    idle_interval: Option<Millis>,
    /// With which keys the validators vote, ed25519 or bls [default: ed25519]
    #[arg(long, value_name = "SCHEME")]
    vote_scheme: Option<VoteScheme>,
}

impl SettingsArgs {
    pub(super) const fn wanted(&self) -> Wanted {
        Wanted {
            validators: self.validators,
            port_base: self.port_base,
            accounts: self.accounts,
            threads: self.threads,
            idle_interval: self.idle_interval,
            vote_scheme: self.vote_scheme,
        }
    }
}

/// This program, which is also what each validator runs.
pub(super) fn program() -> Result<PathBuf, CliError> {
    env::current_exe().map_err(|error| {
        CliError::refused(format!(
            "heddle: found no path to itself ({error}), expected one; start it by its full path"
        ))
    })
}
