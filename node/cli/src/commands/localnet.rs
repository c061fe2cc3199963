//! `heddle localnet`: a local cluster of validators.

mod add;
mod chaos;
mod fault;
mod feed;
mod init;
mod links;
mod options;
mod reset;
mod start;
mod status;
mod status_line;
mod stop;
mod stop_flag;

use clap::Subcommand;

use crate::error::CliError;
use crate::output::Output;

/// A local cluster of validators, and perhaps followers.
#[derive(Debug, Subcommand)]
#[command(after_help = "Example:\n  heddle localnet start --validators 4")]
pub(crate) enum LocalnetCommand {
    /// Start a localnet, making it first if there is none
    Start(start::StartArgs),
    /// Write homes and genesis, start nothing
    Init(init::InitArgs),
    /// What every validator does
    Status(status::StatusArgs),
    /// End every validator
    Stop(stop::StopArgs),
    /// Throw the chain and its keys away and make new ones with the same settings
    Reset(reset::ResetArgs),
    /// Post prices of its markets, and make them on request
    Feed(feed::FeedArgs),
    /// End validator I with SIGKILL
    #[command(after_help = "Example:\n  heddle localnet kill 2")]
    Kill(fault::FaultArgs),
    /// Start validator I, which is down, and wait until it answers
    #[command(after_help = "Example:\n  heddle localnet start-one 2")]
    StartOne(fault::FaultArgs),
    /// Make validator I stand still (SIGSTOP)
    #[command(after_help = "Example:\n  heddle localnet pause 2")]
    Pause(fault::FaultArgs),
    /// Let validator I go on (SIGCONT)
    #[command(after_help = "Example:\n  heddle localnet resume 2")]
    Resume(fault::FaultArgs),
    /// Add a follower: a new node without a vote
    Add(add::AddArgs),
    /// Cut validators off from each other
    Partition(links::PartitionArgs),
    /// End all faults of links
    Heal(links::HealArgs),
    /// Make the links between validators slow and lossy
    Latency(links::LatencyArgs),
    /// Harm validators under load, and check all that they say
    Chaos(Box<chaos::ChaosArgs>),
}

pub(crate) fn run(command: LocalnetCommand, output: Output) -> Result<(), CliError> {
    match command {
        LocalnetCommand::Start(args) => start::run(&args, output),
        LocalnetCommand::Init(args) => init::run(&args, output),
        LocalnetCommand::Status(args) => status::run(&args, output),
        LocalnetCommand::Stop(args) => stop::run(&args, output),
        LocalnetCommand::Reset(args) => reset::run(&args, output),
        LocalnetCommand::Feed(args) => feed::run(&args, output),
        LocalnetCommand::Kill(args) => fault::kill(&args, output),
        LocalnetCommand::StartOne(args) => fault::start_one(&args, output),
        LocalnetCommand::Pause(args) => fault::pause(&args, output),
        LocalnetCommand::Resume(args) => fault::resume(&args, output),
        LocalnetCommand::Add(args) => add::run(&args, output),
        LocalnetCommand::Partition(args) => links::partition(&args, output),
        LocalnetCommand::Heal(args) => links::heal(&args, output),
        LocalnetCommand::Latency(args) => links::latency(&args, output),
        LocalnetCommand::Chaos(args) => chaos::run(&args, output),
    }
}
