//! The programs of a node.

use std::fmt;
use std::sync::Arc;

use heddle_types::Call;
use heddle_types::Event;
use heddle_types::ProgramId;
use heddle_types::TxFailure;

use crate::program::Described;
use crate::program::ErrorText;
use crate::program::Program;

/// The code with which a call of a number that no program has fails; no program uses it.
pub const UNKNOWN_PROGRAM: u16 = u16::MAX;

/// All programs, by number. The same on every node of a chain. Clones share them.
#[derive(Clone)]
pub struct Programs(Arc<[(ProgramId, Box<dyn Program>)]>);

/// A failure in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailureText {
    /// The program's name; `system` for what the runtime decides.
    pub program: &'static str,
    /// The program's own code, or the runtime's.
    pub code: u16,
    /// What scripts compare, such as `InsufficientBalance`.
    pub name: &'static str,
    /// What people read.
    pub message: String,
}

const UNNAMED: ErrorText =
    ErrorText { name: "Unknown", message: "the program has no text for this code" };

impl Programs {
    /// These programs.
    ///
    /// # Panics
    /// When two have the same number, one has the runtime's, or one has work during the transactions: errors of whoever builds
    /// the node.
    pub fn new(mut programs: Vec<Box<dyn Program>>) -> Self {
        programs.sort_by_key(|program| program.id());
        assert!(
            programs.windows(2).all(|pair| pair[0].id() != pair[1].id()),
            "one number, one program"
        );
        for program in &programs {
            assert!(
                program.id() != ProgramId::SYSTEM,
                "{}: has the runtime's number",
                program.name()
            );
            let plans_transactions = program.phases().contains(&crate::Phase::Transactions);
            assert!(!plans_transactions, "{}: plans work for the transactions", program.name());
        }
        Self(programs.into_iter().map(|program| (program.id(), program)).collect())
    }

    /// Whether these are clones of the same.
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// The program with this number.
    #[inline]
    pub fn get(&self, id: ProgramId) -> Option<&dyn Program> {
        self.0.iter().find(|(other, _)| *other == id).map(|(_, program)| program.as_ref())
    }

    /// The program with this name.
    pub fn by_name(&self, name: &str) -> Option<&dyn Program> {
        self.iter().find(|program| program.name() == name)
    }

    /// All of them, by number.
    pub fn iter(&self) -> impl Iterator<Item = &dyn Program> {
        self.0.iter().map(|(_, program)| program.as_ref())
    }

    /// A failure in words.
    pub fn explain(&self, failure: &TxFailure) -> FailureText {
        let system = |code, name, message: &str| FailureText {
            program: "system",
            code,
            name,
            message: message.to_owned(),
        };
        match failure {
            TxFailure::Program(error) => {
                let Some(program) = self.get(error.program) else {
                    let message = format!("call {}: no program {}", error.call, error.program.0);
                    return system(error.code, "UnknownProgram", &message);
                };
                let text = program.error(error.code).unwrap_or(UNNAMED);
                FailureText {
                    program: program.name(),
                    code: error.code,
                    name: text.name,
                    message: format!("call {}: {}", error.call, text.message),
                }
            }
            TxFailure::InsufficientFee => system(
                1,
                "InsufficientFee",
                "the maximum fee is too low, or the payer cannot pay it or the deposits",
            ),
            TxFailure::UndeclaredAccess(key) => system(
                2,
                "UndeclaredAccess",
                &format!("key {key} was touched but not declared, or declared for less"),
            ),
            TxFailure::ProgramPanic => system(3, "ProgramPanic", "a program panicked"),
            TxFailure::OutOfMeter => system(
                4,
                "OutOfMeter",
                "more work, keys, events or bytes than a transaction may use",
            ),
        }
    }

    /// A call in words; none when no program understands it.
    pub fn describe_call(&self, call: &Call) -> Option<Described> {
        self.get(call.program)?.describe_call(&call.data)
    }

    /// An event in words; none when no program understands it.
    pub fn describe_event(&self, event: &Event) -> Option<Described> {
        self.get(event.program)?.describe_event(event.kind, &event.data)
    }
}

impl fmt::Debug for Programs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter().map(Program::name)).finish()
    }
}
