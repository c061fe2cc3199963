//! The live line below a localnet in the foreground: height, transactions a second, commit latency, validators up.

use std::io;
use std::io::IsTerminal;
use std::io::Write;
use std::time::Duration;
use std::time::Instant;

use heddle_localnet::cluster::Cluster;
use heddle_localnet::cluster::Figures;
use heddle_localnet::cluster::Observer;

use crate::error::CliError;

/// How often the line is written anew.
const EVERY: Duration = Duration::from_millis(500);

/// The line; it exists on a terminal only.
pub(super) struct StatusLine {
    observer: Option<Observer>,
    last: Option<Instant>,
}

impl StatusLine {
    pub(super) fn new() -> Result<Self, CliError> {
        let observer = io::stderr().is_terminal().then(Observer::new).transpose()?;
        Ok(Self { observer, last: None })
    }

    /// Writes the line, if it is time to.
    pub(super) fn update(&mut self, cluster: &Cluster) -> Result<(), CliError> {
        let Some(observer) = &mut self.observer else {
            return Ok(());
        };
        if self.last.is_some_and(|last| last.elapsed() < EVERY) {
            return Ok(());
        }
        self.last = Some(Instant::now());
        let figures = observer.observe(cluster);
        // A terminal that went away takes the line with it and nothing else.
        // Cut at the terminal's edge: a line that went on below it could not be written over.
        let _ = write!(io::stderr(), "\r\u{1b}[2K\u{1b}[?7l{}\u{1b}[?7h", text(&figures));
        let _ = io::stderr().flush();
        Ok(())
    }

    /// Takes the line away.
    pub(super) fn clear(&self) {
        if self.observer.is_some() {
            let _ = write!(io::stderr(), "\r\u{1b}[2K");
        }
    }
}

fn text(figures: &Figures) -> String {
    let millis = |value: Option<u64>| value.map_or_else(|| "-".to_owned(), |ms| format!("{ms} ms"));
    let height = figures.height.map_or_else(|| "-".to_owned(), |height| height.to_string());
    format!(
        "height {height}   {} tx/s   commit p50 {} p99 {}   {}/{} validators up",
        figures.txs_per_second.unwrap_or(0),
        millis(figures.commit_p50_ms),
        millis(figures.commit_p99_ms),
        figures.up,
        figures.validators
    )
}
