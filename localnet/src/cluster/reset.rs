//! Beginning anew.

use std::fs;
use std::io;
use std::path::Path;

use super::Cluster;
use super::ClusterError;
use super::Settings;
use super::added;
use super::links;
use super::robots;
use super::settings;

impl Cluster {
    /// Removes the cluster in `dir` with its chain and keys, and makes another one with `settings`, or with those that it
    /// had. Only what was made here is removed.
    ///
    /// # Errors
    /// [`ClusterError::Running`], [`ClusterError::ValidatorRunning`] while any of it runs, and what the system says.
    pub fn reset(dir: &Path, settings: Option<Settings>) -> Result<Self, ClusterError> {
        let old = Self::open(dir)?;
        if let Some(pid) = old.supervisor() {
            return Err(ClusterError::Running { path: old.dir, pid });
        }
        old.end_feed()?;
        let running = (0_u16..).zip(old.pids()).find_map(|(index, pid)| Some((index, pid?)));
        if let Some((index, pid)) = running {
            return Err(ClusterError::ValidatorRunning { index, pid });
        }
        // First, so that an interrupted removal leaves no cluster rather than half of one.
        let path = dir.join(settings::FILE);
        fs::remove_file(&path).map_err(|error| ClusterError::io(&path, error))?;
        Self::init(dir, &settings.unwrap_or(old.settings))
    }
}

/// Removes what an earlier cluster, or one whose making was interrupted, left in `dir`.
pub(super) fn remove_leftovers(dir: &Path) -> Result<(), ClusterError> {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(ClusterError::io(dir, error)),
    };
    for entry in entries {
        let entry = entry.map_err(|error| ClusterError::io(dir, error))?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let mut prefixes = ["validator-"].into_iter().chain(added::PREFIXES);
        let number = prefixes.find_map(|prefix| name.strip_prefix(prefix));
        let is_home = number.is_some_and(|number| number.parse::<u16>().is_ok());
        let path = entry.path();
        let removed = if is_home || name == "accounts" || name == robots::DIR {
            fs::remove_dir_all(&path)
        } else if name == "localnet.json" || name == links::FILE {
            fs::remove_file(&path)
        } else {
            Ok(())
        };
        removed.map_err(|error| ClusterError::io(&path, error))?;
    }
    Ok(())
}
