//! A program that does what its calls tell it to, and keeps the rules or not, as they say.

use std::hash::BuildHasher;
use std::hash::RandomState;
use std::sync::Arc;

use borsh::BorshDeserialize;
use borsh::BorshSerialize;

use heddle_executor::testing::TestChain;
use heddle_executor::testing::address;
use heddle_executor::testing::key;
use heddle_executor::testing::sign;
use heddle_ledger::Ledger;
use heddle_sdk::BlockSpace;
use heddle_sdk::CallContext;
use heddle_sdk::CallError;
use heddle_sdk::Declaration;
use heddle_sdk::Described;
use heddle_sdk::ErrorText;
use heddle_sdk::Phase;
use heddle_sdk::PhaseContext;
use heddle_sdk::PhaseView;
use heddle_sdk::Program;
use heddle_sdk::Programs;
use heddle_sdk::WorkItem;
use heddle_sdk::native;
use heddle_types::AccessMode;
use heddle_types::Address;
use heddle_types::Amount;
use heddle_types::AssetId;
use heddle_types::Call;
use heddle_types::CheckedTransaction;
use heddle_types::Entry;
use heddle_types::ProgramId;
use heddle_types::StateKey;
use heddle_types::TransactionBody;
use heddle_types::Value;
use heddle_types::encode;

pub(crate) const RIG: ProgramId = ProgramId(77);
/// What a rig call refuses with when its bytes are wrong.
pub(crate) const MALFORMED: u16 = 99;

/// One thing to do.
#[derive(Clone, Debug, BorshSerialize, BorshDeserialize)]
pub(crate) enum Op {
    Read(u8),
    Write(u8, Vec<u8>),
    Delete(u8),
    Add(u8, i64),
    Append(u8, Vec<u8>),
    /// Appends to the inbox that the match phase fills for settle; only an open transaction may.
    AppendEarly(Vec<u8>),
    Emit(u16),
    /// Emits the value of a key as event 1000, empty if there is none.
    Show(u8),
    /// Emits the payer's native balance as event 1001; needs no declaration beyond the envelope's.
    ShowPayer,
    /// Reads a key and goes on as if nothing had happened.
    Swallow(u8),
    ReadNonce,
    Work(u64),
    Refuse(u16),
    Panic,
}

/// A call: what it declares, then what it does.
#[derive(Clone, Debug, Default, BorshSerialize, BorshDeserialize)]
pub(crate) struct Script {
    pub(crate) declared: Vec<(u8, AccessMode)>,
    pub(crate) ops: Vec<Op>,
}

#[derive(Debug)]
pub(crate) struct Rig;

impl Program for Rig {
    fn id(&self) -> ProgramId {
        RIG
    }

    fn name(&self) -> &'static str {
        "rig"
    }

    fn access(
        &self,
        call: &[u8],
        _signer: &Address,
        declaration: &mut Declaration<'_>,
    ) -> Result<(), CallError> {
        if call == b"panic in access" {
            panic!("as told");
        }
        let script = Script::try_from_slice(call).map_err(|_| CallError::Refused(MALFORMED))?;
        for (n, mode) in script.declared {
            declaration.declare(cell(n), mode)?;
        }
        Ok(())
    }

    /// Scripts that do nothing but read.
    fn space(&self, call: &[u8]) -> BlockSpace {
        assert!(call != b"panic in space", "as told");
        match Script::try_from_slice(call) {
            Ok(script) if script.ops.iter().all(|op| matches!(op, Op::Read(_))) => {
                BlockSpace::Reserved
            }
            Ok(_) | Err(_) => BlockSpace::Ordinary,
        }
    }

    fn execute(&self, ctx: &mut CallContext<'_, '_>, call: &[u8]) -> Result<(), CallError> {
        let script = Script::try_from_slice(call).map_err(|_| CallError::Refused(MALFORMED))?;
        script.ops.into_iter().try_for_each(|op| {
            linger();
            perform(ctx, op)
        })
    }

    fn error(&self, code: u16) -> Option<ErrorText> {
        (code == MALFORMED).then_some(ErrorText { name: "Malformed", message: "no script" })
    }

    fn describe_event(&self, _kind: u16, _data: &[u8]) -> Option<Described> {
        None
    }

    fn describe_call(&self, _call: &[u8]) -> Option<Described> {
        None
    }

    fn phases(&self) -> &'static [Phase] {
        &[Phase::Begin, Phase::Match, Phase::Settle]
    }

    /// Begin: one item, which writes the height. Match and settle: an item for each inbox.
    fn plan_phase(&self, phase: Phase, view: &PhaseView<'_>) -> Vec<WorkItem> {
        if phase == Phase::Begin {
            return vec![WorkItem::new(vec![]).with(named(b"height"), AccessMode::Write)];
        }
        let items = view.inboxes().map(|(inbox, entries)| {
            let tells_to_panic = entries.iter().any(|entry| entry.data.0 == b"panic in plan");
            assert!(!tells_to_panic, "as told");
            WorkItem::new(inbox.bytes().to_vec())
                .with(log_of(inbox.bytes()), AccessMode::Write)
                .with(len_of(inbox.bytes()), AccessMode::Write)
                .with(named(b"settle"), AccessMode::Append)
                .with(named(b"frozen"), AccessMode::Add)
                .with_inbox(*inbox)
        });
        items.collect()
    }

    /// Begin writes the height. Match and settle append each entry to a log; match then appends to settle's inbox what it
    /// was for.
    fn run_item(&self, ctx: &mut PhaseContext<'_, '_>) -> Result<(), CallError> {
        if ctx.phase() == Phase::Begin {
            let height = ctx.block().height.get();
            ctx.write(&named(b"height"), Value::new(&height.to_le_bytes()))?;
            return Ok(());
        }
        let log = log_of(ctx.item());
        let mut bytes = ctx.read(&log)?.map(|v| v.as_bytes().to_vec()).unwrap_or_default();
        for entry in ctx.inbox() {
            bytes.extend(&entry.data.0);
        }
        ctx.write(&log, Value::from(bytes))?;
        let item = ctx.item();
        let len = ctx.inbox().len();
        ctx.write(&len_of(item), Value::new(&len.to_le_bytes()))?;
        ctx.emit(1, item)?;
        for entry in ctx.inbox() {
            match entry.data.0.as_slice() {
                b"panic" => panic!("as told"),
                b"refuse" => return Err(CallError::Refused(1)),
                b"stray" => {
                    // Undeclared, and swallowed.
                    let _aborted = ctx.write(&cell(200), Value::new(b"x"));
                    return Ok(());
                }
                _ => {}
            }
        }
        if ctx.phase() == Phase::Match {
            let breaks_settle = ctx.inbox().iter().any(|entry| entry.data.0 == b"no settling");
            let item = if breaks_settle { b"panic in plan".to_vec() } else { ctx.item().to_vec() };
            ctx.append(&named(b"settle"), item)?;
        }
        Ok(())
    }

    fn item_failed(&self, ctx: &mut PhaseContext<'_, '_>) -> Result<(), CallError> {
        ctx.add(&named(b"frozen"), 1);
        Ok(())
    }
}

/// Lets other threads go first, now and then: no result may depend on who is quick.
fn linger() {
    let random = RandomState::new().hash_one(());
    for _ in 0..(random % 64).saturating_sub(60) {
        std::thread::yield_now();
    }
}

fn perform(ctx: &mut CallContext<'_, '_>, op: Op) -> Result<(), CallError> {
    match op {
        Op::Read(n) => ctx.read(&cell(n)).map(drop)?,
        Op::Write(n, bytes) => ctx.write(&cell(n), Value::from(bytes))?,
        Op::Delete(n) => ctx.delete(&cell(n))?,
        Op::Add(n, delta) => ctx.add(&cell(n), i128::from(delta)),
        Op::Append(n, bytes) => ctx.append(&cell(n), bytes)?,
        Op::AppendEarly(bytes) => ctx.append(&named(b"settle"), bytes)?,
        Op::Emit(kind) => ctx.emit(kind, vec![])?,
        Op::Show(n) => {
            let value = ctx.read(&cell(n))?;
            ctx.emit(1000, value.map(|v| v.as_bytes().to_vec()).unwrap_or_default())?;
        }
        Op::ShowPayer => {
            let balance = native::native_balance_key(ctx.payer());
            let value = ctx.read(&balance)?.unwrap();
            ctx.emit(1001, value.as_bytes())?;
        }
        Op::Swallow(n) => drop(ctx.read(&cell(n))),
        Op::ReadNonce => {
            let nonce = native::nonce_key(ctx.signer(), 0);
            ctx.read(&nonce).map(drop)?;
        }
        Op::Work(units) => ctx.charge(units)?,
        Op::Refuse(code) => return Err(CallError::Refused(code)),
        Op::Panic => panic!("as told"),
    }
    Ok(())
}

pub(crate) fn cell(n: u8) -> StateKey {
    StateKey::new(RIG, &[&[b'c', n]]).unwrap()
}

pub(crate) fn named(name: &[u8]) -> StateKey {
    StateKey::new(RIG, &[name]).unwrap()
}

/// Where a phase logs what came to the inbox with these key bytes.
pub(crate) fn log_of(inbox: &[u8]) -> StateKey {
    StateKey::new(RIG, &[b"log", inbox]).unwrap()
}

/// Where a phase says how many entries came to the inbox with these key bytes.
pub(crate) fn len_of(inbox: &[u8]) -> StateKey {
    StateKey::new(RIG, &[b"len", inbox]).unwrap()
}

pub(crate) fn script(declared: &[(u8, AccessMode)], ops: &[Op]) -> Call {
    let script = Script { declared: declared.to_vec(), ops: ops.to_vec() };
    Call { program: RIG, data: encode(&script).into() }
}

/// A script that declares `Write` of every cell that its operations name.
pub(crate) fn honest(ops: &[Op]) -> Call {
    let declared: Vec<_> = ops
        .iter()
        .filter_map(|op| match op {
            Op::Read(n) | Op::Write(n, _) | Op::Delete(n) | Op::Show(n) | Op::Swallow(n) => {
                Some((*n, AccessMode::Write))
            }
            Op::Add(n, _) => Some((*n, AccessMode::Add)),
            Op::Append(n, _) => Some((*n, AccessMode::Append)),
            Op::AppendEarly(_)
            | Op::Emit(_)
            | Op::ShowPayer
            | Op::ReadNonce
            | Op::Work(_)
            | Op::Refuse(_)
            | Op::Panic => None,
        })
        .collect();
    script(&declared, ops)
}

pub(crate) const HDL: u64 = 1_000_000_000;

/// A chain with the ledger and the rig, on which keys 1 to 4 hold 100 HDL each.
pub(crate) fn chain() -> TestChain {
    let mut chain = TestChain::new(Programs::new(vec![Box::new(Rig), Box::new(Ledger)]));
    for n in 1..=4 {
        chain.fund(&key(n), 100 * HDL);
    }
    chain
}

/// Signs a rig transaction of key `n` after the changes that `change` makes to it.
pub(crate) fn tx(
    chain: &TestChain,
    n: u8,
    call: Call,
    change: impl FnOnce(&mut TransactionBody),
) -> Arc<CheckedTransaction> {
    let mut body = chain.body(&key(n), vec![call]);
    change(&mut body);
    sign(body, &key(n))
}

pub(crate) fn native(chain: &TestChain, n: u8) -> u128 {
    chain.balance(&address(&key(n)), &AssetId::HDL).get()
}

pub(crate) fn entry(chain: &TestChain, key: &StateKey) -> Option<Entry> {
    chain.state.0.get(key).cloned()
}

pub(crate) fn value(chain: &TestChain, key: &StateKey) -> Option<Vec<u8>> {
    entry(chain, key).map(|entry| entry.value.as_bytes().to_vec())
}

/// Everything that must hold of any state: the native supply is as it was, and the deposit holder has exactly the deposits that
/// entries record.
pub(crate) fn assert_conserved(chain: &TestChain, supply: u128) {
    let sums = heddle_ledger::supply(&chain.state.0).unwrap();
    assert_eq!(sums[&AssetId::HDL].get(), supply, "the native supply");
    let recorded = chain.state.0.values().filter_map(|entry| entry.deposit);
    let recorded: u128 = recorded.map(|deposit| deposit.amount.get()).sum();
    let held = chain.balance(&native::deposit_holder(), &AssetId::HDL);
    assert_eq!(held, Amount::new(recorded).unwrap(), "deposits held against deposits recorded");
}
