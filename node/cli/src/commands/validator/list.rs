//! `heddle validator list`.

use clap::Args;
use heddle_rpc_api::CandidateInfo;
use heddle_rpc_api::GetCommittee;
use heddle_rpc_api::ValidatorSet;

use crate::error::CliError;
use crate::output::Output;
use crate::rpc::Rpc;
use crate::table::Lean;
use crate::table::Table;
use crate::target::Target;

/// Who decides.
#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    #[command(flatten)]
    target: Target,
}

pub(crate) fn run(args: &ListArgs, output: Output) -> Result<(), CliError> {
    let set = Rpc::new(&args.target)?.call(&GetCommittee {})?;
    output.result(&set, text)
}

fn text(set: &ValidatorSet) -> String {
    let mut table = Table::new(&[(Lean::Right, "#"), (Lean::Left, "key"), (Lean::Right, "power")]);
    for one in &set.validators {
        table.row(vec![one.index.to_string(), one.public_key.to_string(), one.power.to_string()]);
    }
    let mut lines = vec![format!("epoch {}", set.epoch), table.text(), String::new()];
    if set.validators.iter().any(|one| one.vote_key.is_some()) {
        lines.extend(["they vote with BLS keys; --json shows them".to_owned(), String::new()]);
    }
    match set.authority {
        None => lines.push("these stay: nobody may change them on this chain".to_owned()),
        Some(authority) => {
            lines.push(if is_next(set) {
                "to decide from the next epoch on:".to_owned()
            } else {
                "the same decide next:".to_owned()
            });
            lines.push(candidates(&set.candidates));
            lines.extend([String::new(), format!("authority {authority}")]);
        }
    }
    lines.join("\n")
}

/// Whether the next committee is another than the present one.
fn is_next(set: &ValidatorSet) -> bool {
    let present = set.validators.iter().map(|one| (one.public_key, one.vote_key, one.power));
    !set.candidates.iter().map(|one| (one.public_key, one.vote_key, one.power)).eq(present)
}

fn candidates(all: &[CandidateInfo]) -> String {
    let mut table = Table::new(&[
        (Lean::Right, "#"),
        (Lean::Left, "key"),
        (Lean::Right, "power"),
        (Lean::Left, "quic"),
        (Lean::Left, "operator"),
    ]);
    for (number, one) in all.iter().enumerate() {
        let (quic, operator) = (one.quic.to_string(), one.operator.to_string());
        let (key, power) = (one.public_key.to_string(), one.power.to_string());
        table.row(vec![number.to_string(), key, power, quic, operator]);
    }
    table.text()
}
