//! Why a cluster does not do what it was asked to.

use std::io;
use std::path::Path;
use std::path::PathBuf;

use heddle_validator::exit::ExitCode;
use heddle_validator::exit::Fatal;
use heddle_validator::home::HomeError;
use thiserror::Error;

/// Why a cluster does not do what it was asked to. Each message says what to do.
#[derive(Debug, Error)]
pub enum ClusterError {
    /// A file of the cluster or of a validator's home.
    #[error("{}", without_prefix(.0))]
    Home(#[from] HomeError),
    /// A new home's database or safety record.
    #[error("{}: found {}, expected {}; {}", .0.path.display(), .0.found, .0.expected, .0.remedy)]
    Initialise(#[from] Fatal),
    /// There is no cluster.
    #[error("{}: found no localnet, expected one made by init or start; run `heddle localnet start --home {}`", .path.display(), .path.display())]
    NoCluster {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// A cluster is there already.
    #[error("{}: found a localnet, expected none; use start to continue it, or `heddle localnet reset --home {}` to begin anew", .path.display(), .path.display())]
    Exists {
        /// Where it stands.
        path: PathBuf,
    },
    /// A setting that no cluster can have.
    #[error("--{name}: found {found}, expected {expected}; give another value")]
    Setting {
        /// The setting.
        name: &'static str,
        /// Its value.
        found: String,
        /// What it may be.
        expected: String,
    },
    /// The cluster was made with another value.
    #[error(
        "--{name}: found {wanted}, expected {made}, which the localnet was made with; leave the option out, or begin anew with --reset"
    )]
    OtherSetting {
        /// The setting.
        name: &'static str,
        /// What it was made with.
        made: String,
        /// What was asked for.
        wanted: String,
    },
    /// A port that another program has.
    #[error(
        "port {port} ({protocol} of validator {index}): found it in use, expected it to be free; end the program that has it, or make another localnet with --port-base"
    )]
    PortInUse {
        /// The port.
        port: u16,
        /// Whose.
        index: u16,
        /// RPC or QUIC.
        protocol: &'static str,
    },
    /// No free ports were found.
    #[error(
        "ports: found none free from 20000 to 32000, expected {needed}; name a range with --port-base"
    )]
    NoFreePorts {
        /// How many are needed.
        needed: u16,
    },
    /// The cluster runs.
    #[error("{}: found the localnet running as process {pid}, expected it stopped; run `heddle localnet stop --home {}`", .path.display(), .path.display())]
    Running {
        /// The cluster.
        path: PathBuf,
        /// The process in whose foreground it runs.
        pid: u32,
    },
    /// A validator runs.
    #[error(
        "validator {index}: found it running as process {pid}, expected it stopped; run `heddle localnet kill {index}` or `heddle localnet stop` first"
    )]
    ValidatorRunning {
        /// Which.
        index: u16,
        /// Its process.
        pid: u32,
    },
    /// The price feed runs.
    #[error(
        "price feed: found it running as process {pid}, expected it stopped; end that process first"
    )]
    FeedRunning {
        /// Its process.
        pid: u32,
    },
    /// The price feed ended instead of beginning.
    #[error("price feed: found it ended at once, expected it to run; see {}", .log.display())]
    FeedEnded {
        /// Its log.
        log: PathBuf,
    },
    /// Nothing of the cluster runs.
    #[error("{}: found no node running, expected some; run `heddle localnet start --home {}` first", .path.display(), .path.display())]
    NothingRuns {
        /// The cluster.
        path: PathBuf,
    },
    /// There is no room for more followers.
    #[error(
        "followers: found {max}, expected fewer; make a follower that follows one of these, see docs/guide/followers.md"
    )]
    TooManyFollowers {
        /// How many there may be.
        max: u16,
    },
    /// A validator does not run.
    #[error(
        "validator {index}: found no process, expected it running; run `heddle localnet start-one {index}` first"
    )]
    NotRunning {
        /// Which.
        index: u16,
    },
    /// There are not so many validators.
    #[error("validator {index}: found no such one, expected 0 to {}; see `heddle localnet status`", .validators.saturating_sub(1))]
    NoSuchValidator {
        /// The one asked for.
        index: u16,
        /// How many there are.
        validators: u16,
    },
    /// A validator ended instead of answering.
    #[error("validator {index}: found it ended with exit code {code} ({last_line}), expected it to answer; see {}", .log.display())]
    Ended {
        /// Which.
        index: u16,
        /// Its exit code; 1 when a signal ended it.
        code: u8,
        /// The last thing it said.
        last_line: String,
        /// Its log.
        log: PathBuf,
    },
    /// Validators run and do not answer, or no block is final.
    #[error(
        "validators {silent:?}: found no answer with a final block within {seconds} s, expected one; see their node.log"
    )]
    NotReady {
        /// Which do not.
        silent: Vec<u16>,
        /// How long they had.
        seconds: u64,
    },
    /// A partition that is none.
    #[error("partition {found}: expected {expected}; see `heddle localnet partition --help`")]
    Partition {
        /// What was written.
        found: String,
        /// What may be.
        expected: String,
    },
    /// Validators run and did not take faults of their links.
    #[error(
        "validators {silent:?}: found no answer within 3 s, expected them to take the faults of their links; run the command again"
    )]
    LinksNotSet {
        /// Which.
        silent: Vec<u16>,
    },
    /// A process that did not end.
    #[error(
        "process {pid}: found it alive after SIGKILL, expected it to end; look at it with `ps`"
    )]
    Immortal {
        /// Which.
        pid: u32,
    },
    /// The system has no random bytes.
    #[error(
        "random numbers: found none ({error}), expected 32 bytes for a key; check the system's random device"
    )]
    Random {
        /// What it said.
        error: getrandom::Error,
    },
    /// The system refused, or the disk failed.
    #[error("{}: found {error}, expected to use it; check the path, its rights and the disk", .path.display())]
    Io {
        /// What was being used.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
}

impl ClusterError {
    /// What the system said about `path`.
    pub fn io(path: &Path, error: io::Error) -> Self {
        Self::Io { path: path.to_owned(), error }
    }

    /// The number that a command ends with: 1 refused or failed, 2 bad usage, 3 no answer; or the node's own.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Home(error) if error.code() == ExitCode::Usage => 2,
            Self::NoCluster { .. }
            | Self::Setting { .. }
            | Self::OtherSetting { .. }
            | Self::PortInUse { .. }
            | Self::Partition { .. }
            | Self::NoSuchValidator { .. } => 2,
            Self::Home(_)
            | Self::Initialise(_)
            | Self::Exists { .. }
            | Self::NoFreePorts { .. }
            | Self::NothingRuns { .. }
            | Self::TooManyFollowers { .. }
            | Self::Running { .. }
            | Self::ValidatorRunning { .. }
            | Self::FeedRunning { .. }
            | Self::FeedEnded { .. }
            | Self::NotRunning { .. }
            | Self::Immortal { .. }
            | Self::Random { .. }
            | Self::Io { .. } => 1,
            Self::Ended { code, .. } => *code,
            Self::NotReady { .. } | Self::LinksNotSet { .. } => 3,
        }
    }
}

/// A home's error without `error: CODE `, which is for a node's last line.
fn without_prefix(error: &HomeError) -> String {
    let fatal = error.to_fatal();
    format!(
        "{}: found {}, expected {}; {}",
        fatal.path.display(),
        fatal.found,
        fatal.expected,
        fatal.remedy
    )
}
