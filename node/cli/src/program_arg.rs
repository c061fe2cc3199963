//! Programs on the command line.

use heddle_types::ProgramId;

/// Reads a program's number or name.
pub(crate) fn parse_program(text: &str) -> Result<ProgramId, String> {
    match text {
        "system" => Ok(ProgramId::SYSTEM),
        "ledger" => Ok(ProgramId::LEDGER),
        _ if text.bytes().all(|byte| byte.is_ascii_digit()) => {
            text.parse().map(ProgramId).map_err(|_| "expected a number below 2^32".to_owned())
        }
        _ => Err("expected a program's number, or its name: system, ledger".to_owned()),
    }
}
