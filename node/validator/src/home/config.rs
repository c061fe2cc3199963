//! `config.toml`: how a node runs. Nothing in it is part of the chain.

use std::fmt::Write;
use std::net::SocketAddr;
use std::num::NonZeroU16;
use std::path::Path;
use std::str::FromStr;

use heddle_storage::SafetyMode;
use heddle_types::Hash32;
use heddle_types::Millis;
use heddle_types::PublicKey;
use heddle_types::limits;

use crate::home::FieldError;
use crate::home::HomeError;
use crate::home::HomeFile;
use crate::home::Keeping;
use crate::home::fields::Field;
use crate::home::fields::Fields;
use crate::home::file;
use crate::home::span;

/// Threads that a node may be told to use.
pub const THREADS_MAX: u16 = 1024;
/// The shortest idle interval, in milliseconds.
pub const IDLE_MS_MIN: u64 = 10;
/// The longest idle interval, in milliseconds.
pub const IDLE_MS_MAX: u64 = 3_600_000;
/// Names that `rpc_hosts` may list.
pub const RPC_HOSTS_MAX: usize = 64;

const KNOWN: [&str; 14] = [
    "rpc",
    "quic",
    "peers",
    "follow",
    "idle_interval",
    "threads",
    "execution",
    "durability",
    "block_transactions",
    "log_level",
    "rpc_hosts",
    Keeping::KNOWN[0],
    Keeping::KNOWN[1],
    Keeping::KNOWN[2],
];

/// How a node runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Where JSON-RPC listens.
    pub rpc: SocketAddr,
    /// Where QUIC listens.
    pub quic: SocketAddr,
    /// The other validators.
    pub peers: Vec<Peer>,
    /// Whom a follower asks, validators or other followers; the validators unless any is given.
    pub follow: Vec<Peer>,
    /// How often an idle chain makes a block; 1 s unless it is given.
    pub idle_interval: Millis,
    /// Threads for signatures, hashing and execution; as many as there are cores unless it is given.
    pub threads: Option<NonZeroU16>,
    /// How blocks are executed; `auto` unless it is given. The outcome is the same.
    pub execution: ExecutionChoice,
    /// What must be on the disk before this validator signs; `strict` unless it is given.
    pub durability: DurabilityChoice,
    /// The most transactions that this node puts into a block, a quarter of them kept for reserved ones; 4,000 unless it is given.
    pub block_transactions: Option<NonZeroU16>,
    /// What goes into the log; `info` unless it is given.
    pub log_level: LogLevel,
    /// Names other than loopback ones that a request's `Host` may have.
    pub rpc_hosts: Vec<String>,
    /// What of the past is kept.
    pub keeping: Keeping,
}

/// Another node, and where it listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer {
    /// Its key.
    pub public_key: PublicKey,
    /// Its QUIC address.
    pub quic: SocketAddr,
}

/// How blocks are executed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ExecutionChoice {
    /// On several threads where that pays.
    #[default]
    Auto,
    /// One transaction after the other.
    Sequential,
    /// On several threads, whether that pays or not.
    Declared,
}

/// What must be on the disk before a validator signs. `docs/guide/durability.md` says what each mode loses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DurabilityChoice {
    /// Everything that it must not forget.
    #[default]
    Strict,
    /// How far it may sign; after the power was lost it waits until the others are past that.
    Lease,
}

/// The least severe message that is logged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogLevel {
    /// A person must act.
    Error,
    /// A peer misbehaved.
    Warn,
    /// Once per block at most.
    #[default]
    Info,
    /// For debugging.
    Debug,
    /// Everything.
    Trace,
}

impl ExecutionChoice {
    /// As it stands in the file.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Sequential => "sequential",
            Self::Declared => "declared",
        }
    }
}

impl FromStr for ExecutionChoice {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let all = [Self::Auto, Self::Sequential, Self::Declared];
        all.into_iter().find(|choice| choice.as_str() == text).ok_or(())
    }
}

impl DurabilityChoice {
    /// As it stands in the file.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Strict => "strict",
            Self::Lease => "lease",
        }
    }

    /// As the store knows it.
    pub const fn mode(self) -> SafetyMode {
        match self {
            Self::Strict => SafetyMode::Strict,
            Self::Lease => SafetyMode::Lease,
        }
    }
}

impl FromStr for DurabilityChoice {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        [Self::Strict, Self::Lease].into_iter().find(|choice| choice.as_str() == text).ok_or(())
    }
}

impl LogLevel {
    /// As it stands in the file, and as `tracing` has it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
        }
    }
}

impl FromStr for LogLevel {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let all = [Self::Error, Self::Warn, Self::Info, Self::Debug, Self::Trace];
        all.into_iter().find(|level| level.as_str() == text).ok_or(())
    }
}

impl Config {
    /// What `idle_interval` is when it is left out.
    pub const IDLE_DEFAULT: Millis = Millis::new(1000);

    /// Reads the file.
    ///
    /// # Errors
    /// See [`HomeError`].
    pub fn read(path: &Path) -> Result<Self, HomeError> {
        let contents = file::read(HomeFile::Config, path)?;
        Self::parse(&contents.bytes)
            .map_err(|error| HomeError::field(HomeFile::Config, path, error))
    }

    /// Reads the file's contents.
    ///
    /// # Errors
    /// The first field that is wrong.
    pub fn parse(bytes: &[u8]) -> Result<Self, FieldError> {
        let document = |found: String| FieldError {
            field: String::new(),
            found,
            expected: "TOML in UTF-8".to_owned(),
        };
        let text = std::str::from_utf8(bytes).map_err(|error| document(error.to_string()))?;
        let table: toml::Table = toml::from_str(text).map_err(|error| {
            let line = error.span().map_or(1, |span| {
                let before = text.as_bytes().iter().take(span.start);
                before.filter(|byte| **byte == b'\n').count() + 1
            });
            document(format!("line {line}: {}", error.message()))
        })?;
        let value = serde_json::to_value(table).map_err(|error| document(error.to_string()))?;
        Self::from_fields(Fields::document(value, &KNOWN)?)
    }

    /// Writes the file, replacing what is there.
    ///
    /// # Errors
    /// [`HomeError::Io`].
    pub fn write(&self, path: &Path) -> Result<(), HomeError> {
        file::replace_file(path, self.to_toml().as_bytes(), 0o644)
    }

    /// As the file's contents.
    pub fn to_toml(&self) -> String {
        let mut text = format!(
            "rpc = \"{}\"\nquic = \"{}\"\nidle_interval = \"{}\"\nlog_level = \"{}\"\n",
            self.rpc,
            self.quic,
            span::format_span(self.idle_interval),
            self.log_level.as_str(),
        );
        // Writing to a String cannot fail.
        if let Some(threads) = self.threads {
            let _ = writeln!(text, "threads = {threads}");
        }
        if let Some(most) = self.block_transactions {
            let _ = writeln!(text, "block_transactions = {most}");
        }
        if self.execution != ExecutionChoice::default() {
            let _ = writeln!(text, "execution = \"{}\"", self.execution.as_str());
        }
        if self.durability != DurabilityChoice::default() {
            let _ = writeln!(text, "durability = \"{}\"", self.durability.as_str());
        }
        if !self.rpc_hosts.is_empty() {
            let _ = writeln!(text, "rpc_hosts = {:?}", self.rpc_hosts);
        }
        text += &self.keeping.to_toml();
        for (list, nodes) in [("peers", &self.peers), ("follow", &self.follow)] {
            for Peer { public_key, quic } in nodes {
                let _ = write!(
                    text,
                    "\n[[{list}]]\npublic_key = \"{public_key}\"\nquic = \"{quic}\"\n"
                );
            }
        }
        text
    }

    fn from_fields(mut fields: Fields) -> Result<Self, FieldError> {
        let idle_interval = fields.optional("idle_interval").map_or(Ok(Self::IDLE_DEFAULT), idle);
        let threads = fields.optional("threads").map(|field| threads(&field)).transpose()?;
        let execution =
            fields.optional("execution").map_or(Ok(ExecutionChoice::default()), |field| {
                field.parsed("auto, sequential or declared")
            });
        let durability = fields
            .optional("durability")
            .map_or(Ok(DurabilityChoice::default()), |field| field.parsed("strict or lease"));
        let block_transactions = fields.optional("block_transactions");
        let block_transactions = block_transactions.map(|field| block(&field)).transpose()?;
        let log_level = fields.optional("log_level").map_or(Ok(LogLevel::default()), |field| {
            field.parsed("error, warn, info, debug or trace")
        });
        Ok(Self {
            rpc: address(&fields.take("rpc")?)?,
            quic: address(&fields.take("quic")?)?,
            peers: fields.optional("peers").map_or(Ok(Vec::new()), peers)?,
            follow: fields.optional("follow").map_or(Ok(Vec::new()), peers)?,
            idle_interval: idle_interval?,
            threads,
            execution: execution?,
            durability: durability?,
            block_transactions,
            log_level: log_level?,
            rpc_hosts: fields.optional("rpc_hosts").map_or(Ok(Vec::new()), hosts)?,
            keeping: Keeping::from_fields(&mut fields)?,
        })
    }
}

fn address(field: &Field) -> Result<SocketAddr, FieldError> {
    const EXPECTED: &str = "an address and a port from 1 to 65535, such as 127.0.0.1:26000";
    let address: SocketAddr = field.parsed(EXPECTED)?;
    if address.port() == 0 { Err(field.wrong(EXPECTED)) } else { Ok(address) }
}

fn idle(field: Field) -> Result<Millis, FieldError> {
    const EXPECTED: &str = "a length of time from 10ms to 1h, such as 1s";
    let interval = span::parse_span(field.text()?).map_err(|_| field.wrong(EXPECTED))?;
    let good = (IDLE_MS_MIN..=IDLE_MS_MAX).contains(&interval.get());
    if good { Ok(interval) } else { Err(field.wrong(EXPECTED)) }
}

fn threads(field: &Field) -> Result<NonZeroU16, FieldError> {
    let number = field.integer(1, u64::from(THREADS_MAX))?;
    let number = u16::try_from(number).ok().and_then(NonZeroU16::new);
    number.ok_or_else(|| field.wrong("a whole number from 1 to 1024"))
}

fn block(field: &Field) -> Result<NonZeroU16, FieldError> {
    let number = field.integer(1, limits::BLOCK_TXS_MAX as u64)?;
    let number = u16::try_from(number).ok().and_then(NonZeroU16::new);
    number.ok_or_else(|| field.wrong("a whole number from 1 to 10000"))
}

fn peers(field: Field) -> Result<Vec<Peer>, FieldError> {
    let mut peers: Vec<Peer> = Vec::new();
    for item in field.list(limits::VALIDATORS_MAX)? {
        let mut fields = item.table(&["public_key", "quic"])?;
        let key = fields.take("public_key")?;
        let Hash32(bytes) = key.parsed("a public key of 64 hex digits")?;
        let public_key = PublicKey(bytes);
        if peers.iter().any(|peer| peer.public_key == public_key) {
            return Err(key.wrong("each key once"));
        }
        peers.push(Peer { public_key, quic: address(&fields.take("quic")?)? });
    }
    Ok(peers)
}

fn hosts(field: Field) -> Result<Vec<String>, FieldError> {
    const EXPECTED: &str = "a host name of 1 to 253 letters, digits, dots and hyphens";
    let host = |field: Field| {
        let text = field.text()?;
        let good = |c: u8| c.is_ascii_alphanumeric() || c == b'.' || c == b'-';
        if text.is_empty() || text.len() > 253 || !text.bytes().all(good) {
            return Err(field.wrong(EXPECTED));
        }
        Ok(text.to_owned())
    };
    field.list(RPC_HOSTS_MAX)?.into_iter().map(host).collect()
}
