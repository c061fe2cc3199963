//! A localnet of the generator's own.

use std::fs;
use std::num::NonZeroU16;
use std::path::Path;
use std::path::PathBuf;

use heddle_localnet::cluster::Cluster;
use heddle_localnet::cluster::Running;
use heddle_localnet::cluster::Wanted;
use heddle_validator::home::Config;

use crate::error::BenchError;
use crate::target::Target;

/// A localnet in a temporary directory, which is removed with it.
#[derive(Debug)]
pub(crate) struct OwnLocalnet {
    running: Running,
    dir: PathBuf,
}

impl OwnLocalnet {
    /// Makes and starts one of `validators` validators, whose blocks hold at most so many transactions, if that is said; the `heddle` binary
    /// beside this one is run.
    pub(crate) fn start(
        validators: u16,
        block_transactions: Option<NonZeroU16>,
    ) -> Result<Self, BenchError> {
        let program = program()?;
        let dir = std::env::temp_dir().join(format!("heddle-bench-{}", std::process::id()));
        let wanted =
            Wanted { validators: Some(validators), port_base: Some(0), ..Wanted::default() };
        let settings = wanted.for_new()?;
        let started =
            Cluster::init(&dir, &settings).map_err(BenchError::from).and_then(|cluster| {
                limit_blocks(&dir, validators, block_transactions)?;
                Ok(cluster.start(&program, || false)?)
            });
        match started {
            Ok(running) => Ok(Self { running, dir }),
            Err(error) => {
                // The reason is what matters; what is left is in the system's temporary directory.
                let _ = fs::remove_dir_all(&dir);
                Err(error)
            }
        }
    }

    /// Where it is.
    pub(crate) fn target(&self) -> Target {
        Target { home: Some(self.dir.clone()), ..Target::default() }
    }

    /// Ends it and removes its directory.
    pub(crate) fn end(self) -> Result<(), BenchError> {
        self.running.end()?;
        fs::remove_dir_all(&self.dir)
            .map_err(|e| BenchError::failed(format!("{}: {e}", self.dir.display())))
    }
}

/// The `heddle` binary beside this one.
pub(crate) fn program() -> Result<PathBuf, BenchError> {
    let this =
        std::env::current_exe().map_err(|e| BenchError::failed(format!("heddle-bench: {e}")))?;
    let program = this.with_file_name("heddle");
    if program.is_file() {
        return Ok(program);
    }
    Err(BenchError::failed(format!(
        "{}: found none, expected the heddle binary beside heddle-bench; build it, or use --home",
        program.display()
    )))
}

fn limit_blocks(dir: &Path, validators: u16, most: Option<NonZeroU16>) -> Result<(), BenchError> {
    let Some(most) = most else { return Ok(()) };
    for index in 0..validators {
        let path = dir.join(format!("validator-{index}")).join("config.toml");
        let config = Config { block_transactions: Some(most), ..Config::read(&path)? };
        config.write(&path)?;
    }
    Ok(())
}
