//! What a cluster is made with.

use std::fmt;
use std::fs;
use std::num::NonZeroU16;
use std::path::Path;

use heddle_types::Millis;
use heddle_types::limits::VALIDATORS_MAX;
use heddle_validator::home;
use heddle_validator::home::FieldError;
use heddle_validator::home::Fields;
use heddle_validator::home::HomeError;
use heddle_validator::home::HomeFile;
use heddle_validator::home::IDLE_MS_MAX;
use heddle_validator::home::IDLE_MS_MIN;
use heddle_validator::home::THREADS_MAX;
use serde_json::json;

use super::ClusterError;
use super::VoteScheme;
use super::ports;

pub(super) const FILE: &str = "settings.json";
/// Named accounts that a cluster may have, the faucet apart.
const ACCOUNTS_MAX: u16 = 1000;
/// The file is written here and smaller; whatever is larger was not.
const BYTES_MAX: u64 = 4096;

/// What a cluster is made with. It is kept, and cannot be changed afterwards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// How many validators; 1 to 50.
    pub validators: u16,
    /// The first port; 0 for whichever are free when the cluster is made.
    pub port_base: u16,
    /// How many named accounts besides the faucet.
    pub accounts: u16,
    /// Threads of each validator; as many as there are cores unless it is given.
    pub threads: Option<NonZeroU16>,
    /// How often an idle chain makes a block.
    pub idle_interval: Millis,
    /// With which keys the validators vote.
    pub vote_scheme: VoteScheme,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            validators: 4,
            port_base: 26_000,
            accounts: 10,
            threads: None,
            idle_interval: home::Config::IDLE_DEFAULT,
            vote_scheme: VoteScheme::default(),
        }
    }
}

/// Settings that somebody asked for by name; the others are as the cluster has them, or the defaults for a new one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// See [`Settings::validators`].
    pub validators: Option<u16>,
    /// See [`Settings::port_base`].
    pub port_base: Option<u16>,
    /// See [`Settings::accounts`].
    pub accounts: Option<u16>,
    /// See [`Settings::threads`].
    pub threads: Option<NonZeroU16>,
    /// See [`Settings::idle_interval`].
    pub idle_interval: Option<Millis>,
    /// See [`Settings::vote_scheme`].
    pub vote_scheme: Option<VoteScheme>,
}

impl Wanted {
    /// The settings of a new cluster.
    ///
    /// # Errors
    /// [`ClusterError::Setting`] for one that no cluster can have.
    pub fn for_new(&self) -> Result<Settings, ClusterError> {
        self.over(&Settings::default())
    }

    /// These settings, and those of `others` for what was not asked for.
    ///
    /// # Errors
    /// [`ClusterError::Setting`] for one that no cluster can have.
    pub fn over(&self, others: &Settings) -> Result<Settings, ClusterError> {
        let settings = Settings {
            validators: self.validators.unwrap_or(others.validators),
            port_base: self.port_base.unwrap_or(others.port_base),
            accounts: self.accounts.unwrap_or(others.accounts),
            threads: self.threads.or(others.threads),
            idle_interval: self.idle_interval.unwrap_or(others.idle_interval),
            vote_scheme: self.vote_scheme.unwrap_or(others.vote_scheme),
        };
        settings.check().map(|()| settings)
    }

    /// Whether a cluster made with `made` is what was asked for.
    ///
    /// # Errors
    /// [`ClusterError::OtherSetting`] for the first that differs.
    pub fn check_against(&self, made: &Settings) -> Result<(), ClusterError> {
        same("validators", self.validators.as_ref(), &made.validators, u16::to_string)?;
        same("port-base", self.port_base.as_ref(), &made.port_base, u16::to_string)?;
        same("accounts", self.accounts.as_ref(), &made.accounts, u16::to_string)?;
        let wanted = self.threads.map(Some);
        same("threads", wanted.as_ref(), &made.threads, |threads| {
            threads.map_or_else(|| "none".to_owned(), |number| number.to_string())
        })?;
        same("idle-interval", self.idle_interval.as_ref(), &made.idle_interval, |interval| {
            home::format_span(*interval)
        })?;
        let (wanted, made) = (self.vote_scheme.as_ref(), &made.vote_scheme);
        same("vote-scheme", wanted, made, VoteScheme::to_string)
    }
}

fn same<T: PartialEq>(
    name: &'static str,
    wanted: Option<&T>,
    made: &T,
    text: fn(&T) -> String,
) -> Result<(), ClusterError> {
    match wanted {
        Some(wanted) if wanted != made => {
            Err(ClusterError::OtherSetting { name, made: text(made), wanted: text(wanted) })
        }
        Some(_) | None => Ok(()),
    }
}

impl Settings {
    /// Whether a cluster can have these.
    ///
    /// # Errors
    /// [`ClusterError::Setting`] for the first that it cannot.
    pub fn check(&self) -> Result<(), ClusterError> {
        let within = |name, found: u64, min: u64, max: u64| {
            if (min..=max).contains(&found) {
                return Ok(());
            }
            Err(wrong(name, found, format!("{min} to {max}")))
        };
        within("validators", self.validators.into(), 1, VALIDATORS_MAX as u64)?;
        within("accounts", self.accounts.into(), 1, ACCOUNTS_MAX.into())?;
        within("threads", self.threads.map_or(1, NonZeroU16::get).into(), 1, THREADS_MAX.into())?;
        if !(IDLE_MS_MIN..=IDLE_MS_MAX).contains(&self.idle_interval.get()) {
            let found = home::format_span(self.idle_interval);
            return Err(wrong("idle-interval", found, "10ms to 1h".to_owned()));
        }
        if self.port_base != 0 && ports::of(self.port_base, self.validators).is_none() {
            let expected =
                format!("0, or room for {} ports below 65536", 10 * u32::from(self.validators));
            return Err(wrong("port-base", self.port_base, expected));
        }
        Ok(())
    }

    pub(super) fn read(dir: &Path) -> Result<Self, ClusterError> {
        let path = dir.join(FILE);
        let len = fs::metadata(&path).map_err(|error| ClusterError::io(&path, error))?.len();
        if len > BYTES_MAX {
            return Err(wrong(
                "home",
                path.display(),
                "a settings.json of at most 4096 bytes".into(),
            ));
        }
        let bytes = fs::read(&path).map_err(|error| ClusterError::io(&path, error))?;
        let settings = Self::parse(&bytes)
            .map_err(|error| HomeError::field(HomeFile::Config, &path, error))?;
        settings.check().map(|()| settings)
    }

    pub(super) fn write(&self, dir: &Path) -> Result<(), ClusterError> {
        let value = json!({
            "validators": self.validators,
            "portBase": self.port_base,
            "accounts": self.accounts,
            "threads": self.threads,
            "idleInterval": home::format_span(self.idle_interval),
            "voteScheme": self.vote_scheme.as_str(),
        });
        Ok(home::replace_file(&dir.join(FILE), format!("{value:#}\n").as_bytes(), 0o644)?)
    }

    fn parse(bytes: &[u8]) -> Result<Self, FieldError> {
        const KNOWN: [&str; 6] =
            ["validators", "portBase", "accounts", "threads", "idleInterval", "voteScheme"];
        let mut fields = Fields::document(home::parse_json(bytes)?, &KNOWN)?;
        let mut number = |name| {
            let field = fields.take(name)?;
            let number = field.integer(0, u16::MAX.into())?;
            u16::try_from(number).map_err(|_| field.wrong("a number below 65536"))
        };
        let (validators, port_base, accounts) =
            (number("validators")?, number("portBase")?, number("accounts")?);
        let threads = fields.optional("threads").filter(|field| !field.is_null());
        let threads = threads.map(|field| {
            let number = field.integer(1, THREADS_MAX.into())?;
            let number = u16::try_from(number).ok().and_then(NonZeroU16::new);
            number.ok_or_else(|| field.wrong("1 to 1024"))
        });
        let idle = fields.take("idleInterval")?;
        let idle_interval =
            home::parse_span(idle.text()?).map_err(|_| idle.wrong("a length of time"))?;
        let threads = threads.transpose()?;
        let vote_scheme = fields.take("voteScheme")?.parsed("ed25519 or bls")?;
        Ok(Self { validators, port_base, accounts, threads, idle_interval, vote_scheme })
    }
}

fn wrong(name: &'static str, found: impl fmt::Display, expected: String) -> ClusterError {
    ClusterError::Setting { name, found: found.to_string(), expected }
}
