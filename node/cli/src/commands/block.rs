//! `heddle block HEIGHT|latest`.

mod execution;

use clap::Args;
use heddle_rpc_api::Block;
use heddle_rpc_api::GetBlock;
use heddle_rpc_api::GetBlockExecution;
use heddle_rpc_api::GetStatus;
use heddle_types::Height;

use crate::error::CliError;
use crate::output::Output;
use crate::rpc::Rpc;
use crate::target::Target;

/// Heights that JSON carries exactly lie below this.
const HEIGHT_END: u64 = 1 << 53;

/// A final block.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  heddle block latest --json\n  heddle block 12 --execution")]
pub(crate) struct BlockArgs {
    /// Its height, or `latest` for the highest final one
    #[arg(value_name = "HEIGHT|latest", value_parser = parse)]
    block: Which,
    /// Show how the node executed it instead: counts, phase times, the keys waited for; of the last 1024 blocks only
    #[arg(long)]
    execution: bool,
    #[command(flatten)]
    target: Target,
}

#[derive(Clone, Copy, Debug)]
enum Which {
    Latest,
    At(Height),
}

fn parse(text: &str) -> Result<Which, String> {
    if text == "latest" {
        return Ok(Which::Latest);
    }
    let height = text.parse().ok().filter(|height| *height < HEIGHT_END);
    let height = height.filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()));
    height
        .map(|height| Which::At(Height::new(height)))
        .ok_or_else(|| "expected a height below 2^53, or latest".to_owned())
}

pub(crate) fn run(args: &BlockArgs, output: Output) -> Result<(), CliError> {
    let rpc = Rpc::new(&args.target)?;
    let height = match args.block {
        Which::At(height) => height,
        Which::Latest => rpc.call(&GetStatus {})?.final_height,
    };
    if args.execution {
        let execution = rpc.call(&GetBlockExecution { height })?;
        return output.result(&execution, execution::text);
    }
    let block = rpc.call(&GetBlock::Height { height })?;
    output.result(&block, text)
}

fn text(block: &Block) -> String {
    let root = |root: Option<String>| root.unwrap_or_else(|| "not executed here yet".to_owned());
    let mut lines = vec![
        format!("height        {}", block.height),
        format!("hash          {}", block.hash),
        format!("parent        {}", block.parent_hash),
        format!("view          {} of epoch {}", block.view, block.epoch),
        format!("proposer      {}", block.proposer),
        format!("time          {} ms since 1970", block.time_ms),
        format!("state root    {}", root(block.state_root.map(|root| root.to_string()))),
        format!("receipts root {}", root(block.receipts_root.map(|root| root.to_string()))),
        format!("transactions  {}, {} skipped", block.transaction_ids.len(), block.skipped),
    ];
    lines.extend(block.transaction_ids.iter().map(|id| format!("  {id}")));
    lines.join("\n")
}
