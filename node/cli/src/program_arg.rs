//! Programs on the command line.

use heddle_types::ProgramId;

/// Reads a program's number or name.
pub(crate) fn parse_program(text: &str) -> Result<ProgramId, String> {
    heddle_rpc_api::parse_program(text).ok_or_else(|| {
        "expected a program's number below 2^32, or its name: system, ledger, oracle, clearing, exchange".to_owned()
    })
}
