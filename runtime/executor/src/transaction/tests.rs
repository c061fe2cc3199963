//! A transaction on a base that does not know everything yet, or answers differently each time.

use std::cell::Cell;

use heddle_sdk::Declaration;
use heddle_sdk::Described;
use heddle_sdk::ErrorText;
use heddle_sdk::Program;
use heddle_types::Address;
use heddle_types::ProgramId;
use heddle_types::TxIndex;

use super::*;
use crate::declare;
use crate::testing::TestChain;
use crate::testing::key;

/// Reads one key and makes of it what the call says.
struct Reader;

fn place() -> StateKey {
    StateKey::new(ProgramId(5), &[b"place"]).unwrap()
}

impl Program for Reader {
    fn id(&self) -> ProgramId {
        ProgramId(5)
    }

    fn name(&self) -> &'static str {
        "reader"
    }

    fn access(
        &self,
        _call: &[u8],
        _signer: &Address,
        _declaration: &mut Declaration<'_>,
    ) -> Result<(), CallError> {
        Ok(())
    }

    fn execute(&self, ctx: &mut CallContext<'_, '_>, call: &[u8]) -> Result<(), CallError> {
        if call == b"delete" {
            return Ok(ctx.delete(&place())?);
        }
        let read = ctx.read(&place());
        match call {
            b"pass on" => read.map(drop).map_err(CallError::from),
            b"swallow" => Ok(()),
            b"panic" => panic!("{read:?}"),
            b"refuse" => Err(CallError::Refused(1)),
            b"twice" => {
                let same = read? == ctx.read(&place())?;
                if same { Ok(()) } else { Err(CallError::Refused(2)) }
            }
            _ => Err(CallError::Refused(3)),
        }
    }

    fn error(&self, _code: u16) -> Option<ErrorText> {
        None
    }

    fn describe_event(&self, _kind: u16, _data: &[u8]) -> Option<Described> {
        None
    }

    fn describe_call(&self, _call: &[u8]) -> Option<Described> {
        None
    }
}

/// Every account has much; [`place`] is blocked, or there only when it is asked again.
struct Unsettled {
    blocks: bool,
    asked: Cell<u32>,
}

impl Base for Unsettled {
    fn entry<'s>(
        &'s self,
        key: &StateKey,
        _slot: Option<usize>,
        copy: &'s mut Option<Entry>,
    ) -> Result<Option<&'s Entry>, Blocked> {
        let is_place = *key == place();
        if is_place && self.blocks {
            return Err(Blocked(7));
        }
        let asked = self.asked.replace(self.asked.get() + u32::from(is_place));
        let entry = Entry { deposit: None, value: amount_value(Amount::from_units(1 << 60)) };
        *copy = (!is_place || asked > 0).then_some(entry);
        Ok(copy.as_ref())
    }

    fn was_there(&self, _key: &StateKey, _slot: Option<usize>) -> bool {
        true
    }
}

/// Runs an open call.
fn run_one(blocks: bool, call: &[u8]) -> Result<Outcome, Blocked> {
    let chain = TestChain::new(Programs::new(vec![Box::new(Reader)]));
    let call = Call { program: ProgramId(5), data: call.to_vec().into() };
    let mut body = chain.body(&key(1), vec![call]);
    body.access = heddle_types::Access::Open;
    let declared = Arc::new(declare::declare(&chain.programs, &body));
    let id = heddle_types::TxId::ZERO;
    let planned =
        Planned { index: TxIndex::ZERO, id, body: &body, declared: &declared, is_open: true };
    let runner = Runner { programs: &chain.programs, block: chain.block_info() };
    let base = Unsettled { blocks, asked: Cell::new(0) };
    let mut scratch = Scratch::default();
    let ran = run(runner, &base, &planned, &mut scratch);
    assert_eq!(ran.is_err(), scratch.effects.writes.is_empty(), "a void run does nothing");
    ran.map(|ran| ran.receipt.outcome)
}

#[test]
fn a_run_that_met_what_is_not_known_is_void_whatever_its_program_makes_of_it() {
    for call in [b"pass on".as_slice(), b"swallow", b"panic", b"refuse", b"twice", b"delete"] {
        assert_eq!(run_one(true, call), Err(Blocked(7)), "{call:?}");
    }
}

#[test]
fn what_was_absent_stays_absent_for_the_transaction() {
    assert_eq!(run_one(false, b"twice"), Ok(Outcome::Ok));
}
