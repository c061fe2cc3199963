//! `heddle node run|verify|snapshot|restore|export-evidence`.

use std::num::NonZeroU16;
use std::path::PathBuf;

use clap::Subcommand;
use heddle_validator::EvidenceItem;
use heddle_validator::EvidenceReport;
use heddle_validator::RunOptions;
use heddle_validator::SnapshotReport;
use heddle_validator::VerifyOptions;
use heddle_validator::VerifyReport;
use heddle_validator::exit::ExitCode;
use heddle_validator::exit::Fatal;
use serde_json::json;

use crate::error::CliError;
use crate::output::Output;

/// One validator.
#[derive(Debug, Subcommand)]
#[command(after_help = "Example:\n  heddle node run --home .heddle/localnet/validator-0")]
pub(crate) enum NodeCommand {
    /// Run one validator, or a follower, until SIGINT or SIGTERM
    ///
    /// Exit codes: 0 asked to stop; 2 bad usage or configuration; 3 corrupt data; 4 disk; 5 home or key in use; 6 wrong
    /// version or chain; 11 divergence from a certified root. The last line on stderr and in node.log then says why.
    #[command(after_help = "Example:\n  heddle node run --home .heddle/localnet/validator-0")]
    Run {
        /// The node's home
        #[arg(long, value_name = "DIR")]
        home: PathBuf,
        /// Follow the chain without voting
        ///
        /// The nodes under [[follow]] in config.toml are asked for what is final, or the validators under [[peers]]; all that
        /// they say is verified. The key must not be a validator's. A follower whose key becomes a validator's is stopped and
        /// run without --follow.
        #[arg(long)]
        follow: bool,
    },
    /// Execute a home's chain again and compare every root
    ///
    /// From genesis, or from the oldest snapshot of a home that does not have all blocks. Exit codes: 0 all are equal; 11 one differs; 5 the home is in use; others as for run.
    #[command(
        after_help = "Example:\n  heddle node verify --home .heddle/localnet/validator-0 --json"
    )]
    Verify {
        /// The home, which must not be running
        #[arg(long, value_name = "DIR")]
        home: PathBuf,
        /// Threads to execute with; as many as there are cores unless it is given
        #[arg(long, value_name = "N")]
        threads: Option<NonZeroU16>,
        /// Execute with the specification of execution, one transaction after the other
        #[arg(long)]
        sequential: bool,
    },
    /// Write the newest certified state of a home into a folder, as chunks that are each verified alone
    ///
    /// Exit codes: 0 done; 1 there is something in the folder already, or nothing is certified yet; 5 the home is in use;
    /// others as for run.
    #[command(
        after_help = "Example:\n  heddle node snapshot --home .heddle/localnet/validator-0 --out snapshot --json"
    )]
    Snapshot {
        /// The home, which must not be running
        #[arg(long, value_name = "DIR")]
        home: PathBuf,
        /// The folder to make
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
    },
    /// Make the database of a home that has none of a snapshot
    ///
    /// Everything is verified against the home's genesis, and the node goes on from there. Exit codes: 0 done; 1 there is a database; 3 a file of the snapshot is missing, damaged
    /// or not certified; 5 the home is in use; others as for run.
    #[command(
        after_help = "Example:\n  heddle node restore --home .heddle/localnet/validator-0 --from snapshot --json"
    )]
    Restore {
        /// The home, whose database must be missing or empty
        #[arg(long, value_name = "DIR")]
        home: PathBuf,
        /// The folder that `heddle node snapshot` wrote
        #[arg(long, value_name = "DIR")]
        from: PathBuf,
    },
    /// Print the proofs of equivocation that a home holds, each verified
    ///
    /// Exit codes: 0 all prove what they say, or there is none; 3 one does not; 5 the home is in use; others as for run.
    #[command(
        after_help = "Example:\n  heddle node export-evidence --home .heddle/localnet/validator-0 --json"
    )]
    ExportEvidence {
        /// The home, which must not be running
        #[arg(long, value_name = "DIR")]
        home: PathBuf,
    },
}

/// The node says its last line itself, to its log too.
pub(crate) fn run(command: NodeCommand, output: Output) -> Result<u8, CliError> {
    match command {
        NodeCommand::Run { home, follow } => {
            let code = heddle_validator::run(&home, &RunOptions { follow });
            if output == Output::Json {
                crate::output::print_json(&json!({ "exitCode": code.number() }))?;
            }
            Ok(code.number())
        }
        NodeCommand::Verify { home, threads, sequential } => {
            let options = VerifyOptions { threads, sequential };
            let report = heddle_validator::verify(&home, &options, |_| {}).map_err(refused)?;
            output.result(&report, text)?;
            Ok(if report.ok { ExitCode::Ok } else { ExitCode::Diverged }.number())
        }
        NodeCommand::Snapshot { home, out } => {
            let report = heddle_validator::snapshot(&home, &out).map_err(refused)?;
            output.result(&report, snapshot_text)?;
            Ok(ExitCode::Ok.number())
        }
        NodeCommand::Restore { home, from } => {
            let report = heddle_validator::restore(&home, &from).map_err(refused)?;
            output.result(&report, snapshot_text)?;
            Ok(ExitCode::Ok.number())
        }
        NodeCommand::ExportEvidence { home } => {
            let report = heddle_validator::export_evidence(&home).map_err(refused)?;
            output.result(&report, evidence_text)?;
            let is_right = report.evidence.iter().all(|item| item.verified);
            Ok(if is_right { ExitCode::Ok } else { ExitCode::Corrupt }.number())
        }
    }
}

fn refused(fatal: Fatal) -> CliError {
    CliError::new(fatal.code.number(), fatal.to_string().trim_start_matches("error: "))
}

fn evidence_text(report: &EvidenceReport) -> String {
    if report.evidence.is_empty() {
        return "no evidence".to_owned();
    }
    let line = |item: &EvidenceItem| {
        let found = &item.evidence;
        let proof = if item.verified { "both signatures are right" } else { "IT PROVES NOTHING" };
        let (key, epoch, view) = (found.public_key, found.epoch, found.view);
        format!("{key}: two of kind {:?} in epoch {epoch}, view {view}; {proof}", found.kind)
    };
    report.evidence.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn snapshot_text(report: &SnapshotReport) -> String {
    let SnapshotReport { height, state_root, entries, chunks, bytes } = report;
    format!(
        "height {height}, state root {state_root}: {entries} entries in {chunks} chunks, {bytes} bytes"
    )
}

fn text(report: &VerifyReport) -> String {
    let VerifyReport { from_height, height, state_root, first_bad_height, .. } = report;
    match first_bad_height {
        None => format!("heights {from_height} to {height} are right, state root {state_root}"),
        Some(bad) => {
            format!("the root of height {bad} is wrong; {from_height} to {height} were compared")
        }
    }
}
