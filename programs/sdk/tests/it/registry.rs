//! Failures in words.

use heddle_sdk::Programs;
use heddle_sdk::UNKNOWN_PROGRAM;
use heddle_types::ProgramError;
use heddle_types::ProgramId;
use heddle_types::StateKey;
use heddle_types::TxFailure;

fn check(failure: &TxFailure, code: u16, name: &str, part: &str) {
    let text = Programs::new(Vec::new()).explain(failure);
    assert_eq!((text.program, text.code, text.name), ("system", code, name));
    assert!(text.message.contains(part), "{}", text.message);
}

#[test]
fn the_runtimes_failures_have_codes_and_names() {
    let key = StateKey::new(ProgramId(3), &[&[0xab, 0xcd]]).unwrap();
    let program = ProgramId(5);
    let unknown = ProgramError { program, call: 2, code: UNKNOWN_PROGRAM };
    check(&TxFailure::InsufficientFee, 1, "InsufficientFee", "maximum fee");
    check(&TxFailure::UndeclaredAccess(key.into()), 2, "UndeclaredAccess", "3/abcd");
    check(&TxFailure::ProgramPanic, 3, "ProgramPanic", "panicked");
    check(&TxFailure::OutOfMeter, 4, "OutOfMeter", "work");
    check(&TxFailure::Program(unknown), UNKNOWN_PROGRAM, "UnknownProgram", "call 2");
}
