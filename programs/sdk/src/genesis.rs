//! The state with which a chain begins: the genesis' native balances, and what each program makes of its section.

use std::collections::BTreeMap;

use thiserror::Error;

use heddle_types::ChangeSet;
use heddle_types::Entry;
use heddle_types::Genesis;
use heddle_types::GenesisSection;
use heddle_types::ProgramId;
use heddle_types::StateKey;
use heddle_types::UnixMillis;
use heddle_types::Validator;
use heddle_types::Value;
use heddle_types::limits;

use crate::native;
use crate::program::CallError;
use crate::program::ErrorText;
use crate::program::Program;
use crate::registry::Programs;
use crate::resident::RESIDENT_TAG;

/// The code with which a program refuses a section because it takes none; no program uses it otherwise.
pub const NO_SECTION: u16 = u16::MAX - 1;

/// What a program may look at when it makes its part of the first state.
#[derive(Clone, Copy, Debug)]
pub struct GenesisView<'a> {
    time: UnixMillis,
    validators: &'a [Validator],
    entries: &'a BTreeMap<StateKey, Value>,
}

impl<'a> GenesisView<'a> {
    /// When the chain begins.
    pub const fn time(&self) -> UnixMillis {
        self.time
    }

    /// The genesis' validators, in its order. Whether they form a committee is checked elsewhere.
    pub const fn validators(&self) -> &'a [Validator] {
        self.validators
    }

    /// What stands at `key` so far: native balances, and what programs of lower numbers put there.
    pub fn read(&self, key: &StateKey) -> Option<&Value> {
        self.entries.get(key)
    }
}

/// Why a genesis is none for these programs.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SectionError {
    /// A section of a program that there is not.
    #[error("sections[{position}].program: no program has the number {}", program.0)]
    UnknownProgram {
        /// Which section.
        position: usize,
        /// The number that it names.
        program: ProgramId,
    },
    /// The program does not take its section, or cannot begin without one.
    #[error("the section of program {} ({program}): {}: {}", id.0, text.name, text.message)]
    Refused {
        /// The program's number.
        id: ProgramId,
        /// Its name.
        program: &'static str,
        /// Why, in its words.
        text: ErrorText,
    },
    /// The program made an entry that it may not: at a key of another program or of a resident object, at one that is taken, or too
    /// large. A bug in the program.
    #[error("the section of program {}: {key}: {fault}", id.0)]
    Entry {
        /// The program's number.
        id: ProgramId,
        /// Where the entry is.
        key: StateKey,
        /// What is wrong with it.
        fault: EntryFault,
    },
}

/// What is wrong with an entry that a program made of its section.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum EntryFault {
    /// Its key is another program's.
    #[error("the key is another program's")]
    OtherProgram,
    /// Its key belongs to a resident object; those are empty when a chain begins.
    #[error("the key is a resident object's")]
    Resident,
    /// Something stands there already.
    #[error("the key stands twice")]
    Twice,
    /// Its value has too many bytes.
    #[error("the value has more than {} bytes", limits::VALUE_BYTES_MAX)]
    TooLarge,
}

/// The state at height 0, a function of the genesis and the programs: the native balances, and what each program makes of its
/// section. Nobody paid deposits for it, so none are recorded.
///
/// Programs are asked in the order of their numbers, each once, those without a section with no bytes. A program makes entries at
/// its own keys only. What it needs elsewhere the sections of the others say: a program's account holds an asset at first because
/// the ledger's section gives it some.
///
/// # Errors
/// [`SectionError`], for the first program that refuses or goes wrong.
pub fn genesis_state(programs: &Programs, genesis: &Genesis) -> Result<ChangeSet, SectionError> {
    for (position, GenesisSection { program, data: _ }) in genesis.sections.iter().enumerate() {
        if programs.get(*program).is_none() {
            return Err(SectionError::UnknownProgram { position, program: *program });
        }
    }
    let mut entries: BTreeMap<StateKey, Value> = genesis
        .accounts
        .iter()
        .map(|account| {
            let amount = native::encode_amount(account.amount);
            (native::native_balance_key(&account.address), Value::new(&amount))
        })
        .collect();
    for program in programs.iter() {
        let view =
            GenesisView { time: genesis.time, validators: &genesis.validators, entries: &entries };
        let made = program
            .genesis(genesis.section(program.id()), &view)
            .map_err(|error| refused(program, error))?;
        for (key, value) in made {
            check_entry(program.id(), &key, &value, &entries)?;
            entries.insert(key, value);
        }
    }
    let changes =
        entries.into_iter().map(|(key, value)| (key, Some(Entry { deposit: None, value })));
    Ok(ChangeSet::from_ascending(changes.collect()))
}

fn check_entry(
    id: ProgramId,
    key: &StateKey,
    value: &Value,
    entries: &BTreeMap<StateKey, Value>,
) -> Result<(), SectionError> {
    let fault = if key.program() != id {
        EntryFault::OtherProgram
    } else if key.bytes().first() == Some(&RESIDENT_TAG) {
        EntryFault::Resident
    } else if entries.contains_key(key) {
        EntryFault::Twice
    } else if value.as_bytes().len() > limits::VALUE_BYTES_MAX {
        EntryFault::TooLarge
    } else {
        return Ok(());
    };
    Err(SectionError::Entry { id, key: *key, fault })
}

fn refused(program: &dyn Program, error: CallError) -> SectionError {
    const NONE: ErrorText =
        ErrorText { name: "NoSection", message: "the program takes no section" };
    const ABORTED: ErrorText =
        ErrorText { name: "Aborted", message: "the program gave up on its section" };
    const UNNAMED: ErrorText =
        ErrorText { name: "Unknown", message: "the program has no text for this code" };
    let text = match error {
        CallError::Refused(NO_SECTION) => NONE,
        CallError::Refused(code) => program.error(code).unwrap_or(UNNAMED),
        CallError::Aborted(_) => ABORTED,
    };
    SectionError::Refused { id: program.id(), program: program.name(), text }
}
