//! The first state, joined from what programs make of their sections.

use heddle_sdk::CallContext;
use heddle_sdk::CallError;
use heddle_sdk::Declaration;
use heddle_sdk::Described;
use heddle_sdk::EntryFault;
use heddle_sdk::ErrorText;
use heddle_sdk::GenesisView;
use heddle_sdk::Program;
use heddle_sdk::Programs;
use heddle_sdk::RESIDENT_TAG;
use heddle_sdk::SectionError;
use heddle_sdk::genesis_state;
use heddle_sdk::native;
use heddle_types::Address;
use heddle_types::Amount;
use heddle_types::ChangeSet;
use heddle_types::Genesis;
use heddle_types::GenesisAccount;
use heddle_types::GenesisSection;
use heddle_types::ProgramId;
use heddle_types::StateKey;
use heddle_types::UnixMillis;
use heddle_types::Value;
use heddle_types::limits::VALUE_BYTES_MAX;

type Make = fn(&[u8], &GenesisView<'_>) -> Result<Vec<(StateKey, Value)>, CallError>;

/// Makes the first state with a function.
struct Maker(u32, Make);

impl Program for Maker {
    fn id(&self) -> ProgramId {
        ProgramId(self.0)
    }

    fn name(&self) -> &'static str {
        "maker"
    }

    fn access(&self, _: &[u8], _: &Address, _: &mut Declaration<'_>) -> Result<(), CallError> {
        Ok(())
    }

    fn execute(&self, _: &mut CallContext<'_, '_>, _: &[u8]) -> Result<(), CallError> {
        Ok(())
    }

    fn error(&self, code: u16) -> Option<ErrorText> {
        (code == 7).then_some(ErrorText { name: "Seven", message: "of no use" })
    }

    fn describe_event(&self, _: u16, _: &[u8]) -> Option<Described> {
        None
    }

    fn describe_call(&self, _: &[u8]) -> Option<Described> {
        None
    }

    fn genesis(
        &self,
        data: &[u8],
        view: &GenesisView<'_>,
    ) -> Result<Vec<(StateKey, Value)>, CallError> {
        (self.1)(data, view)
    }
}

/// A program that says nothing of sections.
struct Silent;

impl Program for Silent {
    fn id(&self) -> ProgramId {
        ProgramId(9)
    }

    fn name(&self) -> &'static str {
        "silent"
    }

    fn access(&self, _: &[u8], _: &Address, _: &mut Declaration<'_>) -> Result<(), CallError> {
        Ok(())
    }

    fn execute(&self, _: &mut CallContext<'_, '_>, _: &[u8]) -> Result<(), CallError> {
        Ok(())
    }

    fn error(&self, _: u16) -> Option<ErrorText> {
        None
    }

    fn describe_event(&self, _: u16, _: &[u8]) -> Option<Described> {
        None
    }

    fn describe_call(&self, _: &[u8]) -> Option<Described> {
        None
    }
}

fn key(program: u32, bytes: &[u8]) -> StateKey {
    StateKey::new(ProgramId(program), &[bytes]).unwrap()
}

fn section(program: u32, data: &[u8]) -> GenesisSection {
    GenesisSection { program: ProgramId(program), data: data.to_vec().into() }
}

fn genesis(sections: Vec<GenesisSection>) -> Genesis {
    let account = GenesisAccount { address: Address([1; 32]), amount: Amount::from_units(5) };
    Genesis {
        version: Genesis::VERSION,
        time: UnixMillis::new(77),
        dev: false,
        validators: Vec::new(),
        possessions: Vec::new(),
        accounts: vec![account],
        faucet: None,
        sections,
    }
}

fn state(make: Make, sections: Vec<GenesisSection>) -> Result<ChangeSet, SectionError> {
    let programs = Programs::new(vec![Box::new(Maker(3, make)), Box::new(Silent)]);
    genesis_state(&programs, &genesis(sections))
}

fn check_fault(make: Make, key: StateKey, fault: EntryFault) {
    let id = ProgramId(3);
    assert_eq!(state(make, Vec::new()), Err(SectionError::Entry { id, key, fault }));
}

#[test]
fn each_program_makes_its_entries_of_its_own_section() {
    let make: Make = |data, view| {
        let time = view.time().get().to_le_bytes();
        Ok(vec![(key(3, b"data"), Value::new(data)), (key(3, b"time"), Value::new(&time))])
    };
    let changes = state(make, vec![section(3, b"abc")]).unwrap();
    let found: Vec<_> =
        changes.as_slice().iter().map(|(key, entry)| (*key, entry.as_ref().unwrap())).collect();
    assert!(found.iter().all(|(_, entry)| entry.deposit.is_none()));
    let found: Vec<_> = found.iter().map(|(key, e)| (*key, e.value.as_bytes().to_vec())).collect();
    let balance = native::native_balance_key(&Address([1; 32]));
    let expected = vec![
        (balance, native::encode_amount(Amount::from_units(5)).to_vec()),
        (key(3, b"data"), b"abc".to_vec()),
        (key(3, b"time"), 77_u64.to_le_bytes().to_vec()),
    ];
    assert_eq!(found, expected);
}

#[test]
fn a_program_sees_what_those_of_lower_numbers_made_and_native_balances() {
    let first: Make = |_, view| {
        assert_eq!(view.read(&key(4, b"b")), None);
        Ok(vec![(key(3, b"a"), Value::new(&[1]))])
    };
    let second: Make = |_, view| {
        assert_eq!(view.read(&key(3, b"a")), Some(&Value::new(&[1])));
        assert!(view.read(&native::native_balance_key(&Address([1; 32]))).is_some());
        Ok(vec![(key(4, b"b"), Value::new(&[2]))])
    };
    let programs = Programs::new(vec![Box::new(Maker(4, second)), Box::new(Maker(3, first))]);
    assert_eq!(genesis_state(&programs, &genesis(Vec::new())).unwrap().len(), 3);
}

#[test]
fn a_section_needs_a_program_that_takes_it() {
    let nothing: Make = |_, _| Ok(Vec::new());
    assert!(state(nothing, Vec::new()).is_ok());
    let unknown = state(nothing, vec![section(3, &[1]), section(8, &[1])]);
    let expected = "sections[1].program: no program has the number 8";
    assert_eq!(unknown.unwrap_err().to_string(), expected);
    let refused = state(nothing, vec![section(9, &[1])]);
    let expected = "the section of program 9 (silent): NoSection: the program takes no section";
    assert_eq!(refused.unwrap_err().to_string(), expected);
    let refused = state(|_, _| Err(CallError::Refused(7)), Vec::new());
    let expected = "the section of program 3 (maker): Seven: of no use";
    assert_eq!(refused.unwrap_err().to_string(), expected);
}

#[test]
fn a_program_makes_entries_at_its_own_keys_alone() {
    let other: Make = |_, _| Ok(vec![(key(1, b"a"), Value::new(&[]))]);
    check_fault(other, key(1, b"a"), EntryFault::OtherProgram);
    let resident: Make = |_, _| Ok(vec![(key(3, &[RESIDENT_TAG, 0]), Value::new(&[]))]);
    check_fault(resident, key(3, &[RESIDENT_TAG, 0]), EntryFault::Resident);
    let twice: Make = |_, _| Ok(vec![(key(3, b"a"), Value::new(&[])); 2]);
    check_fault(twice, key(3, b"a"), EntryFault::Twice);
    let large: Make = |_, _| Ok(vec![(key(3, b"a"), Value::new(&[0; VALUE_BYTES_MAX + 1]))]);
    check_fault(large, key(3, b"a"), EntryFault::TooLarge);
}

#[test]
fn the_ledgers_native_balances_are_no_programs_to_make() {
    let taken: Make =
        |_, _| Ok(vec![(native::native_balance_key(&Address([1; 32])), Value::new(&[]))]);
    let programs = Programs::new(vec![Box::new(Maker(1, taken))]);
    let fault = EntryFault::Twice;
    let key = native::native_balance_key(&Address([1; 32]));
    let expected = SectionError::Entry { id: ProgramId::LEDGER, key, fault };
    assert_eq!(genesis_state(&programs, &genesis(Vec::new())), Err(expected));
}
