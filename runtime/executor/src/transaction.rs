//! One transaction: fee, calls, deposits.

use heddle_sdk::BlockInfo;
use heddle_sdk::CallContext;
use heddle_sdk::CallError;
use heddle_sdk::CallInfo;
use heddle_sdk::Change;
use heddle_sdk::Effects;
use heddle_sdk::Permission;
use heddle_sdk::Programs;
use heddle_sdk::UNKNOWN_PROGRAM;
use heddle_sdk::Workspace;
use heddle_sdk::fees;
use heddle_sdk::native;
use heddle_types::AccessTrace;
use heddle_types::Amount;
use heddle_types::Call;
use heddle_types::Deposit;
use heddle_types::Entry;
use heddle_types::Nonce;
use heddle_types::StateKey;
use heddle_types::StateView;
use heddle_types::TransactionBody;
use heddle_types::TxFailure;
use heddle_types::Value;

use crate::block_state::BlockState;
use crate::declare::program_error;
use crate::panics;
use crate::plan::Planned;

/// A transaction that has run, before any of it is applied.
pub(crate) struct Ran {
    pub(crate) fee_paid: Amount,
    pub(crate) trace: AccessTrace,
    pub(crate) result: Result<Success, Failure>,
}

/// What a transaction whose calls all succeeded does; the payer's balance after fee and deposits is among the changes.
pub(crate) struct Success {
    pub(crate) effects: Effects,
    /// For each of the changes, what the payer puts down or reserves.
    pub(crate) deposits: Vec<Option<Deposit>>,
}

/// What a failed transaction leaves.
pub(crate) struct Failure {
    pub(crate) failure: TxFailure,
    /// The payer's balance after the fee; none when it is as before.
    pub(crate) payer_balance: Option<Amount>,
}

/// Runs a planned transaction on `state`.
pub(crate) fn run(
    programs: &Programs,
    state: &BlockState<'_>,
    block: BlockInfo,
    planned: &Planned<'_>,
) -> Ran {
    let body = planned.body;
    let payer_key = native::native_balance_key(&body.payer());
    let payer_entry = state.entry(&payer_key);
    let balance = native_balance(payer_entry.as_ref());
    let keys = planned.declared.as_ref().map_or(0, |declared| declared.set.len());
    let fee = fees::required_fee(body, keys);
    let failed = |failure, fee_paid: Amount, trace| {
        let left = balance.checked_sub(fee_paid).filter(|_| fee_paid != Amount::ZERO);
        Ran { fee_paid, trace, result: Err(Failure { failure, payer_balance: left }) }
    };

    let (Some(after_max_fee), Some(unused)) =
        (balance.checked_sub(body.max_fee), body.max_fee.checked_sub(fee))
    else {
        let taken = fee.min(body.max_fee).min(balance);
        return failed(TxFailure::InsufficientFee, taken, envelope_trace(body, &payer_key));
    };
    let permission = match &planned.declared {
        None => Permission::Open,
        Some(declared) => match &declared.failure {
            None => Permission::Declared(&declared.set),
            Some(failure) => {
                return failed(failure.clone(), fee, envelope_trace(body, &payer_key));
            }
        },
    };
    let mut work = Workspace::new(state, permission, work_bought(body));
    work.put(&payer_key, payer_entry, Value::new(&native::encode_amount(after_max_fee)));
    let called = run_calls(programs, &mut work, block, body);
    let trace = with_nonce(work.trace(), body);
    if let Err(failure) = called {
        return failed(failure, fee, trace);
    }
    match settle(state, work.into_effects(), body, unused) {
        Ok(success) => Ran { fee_paid: fee, trace, result: Ok(success) },
        Err(failure) => failed(failure, fee, trace),
    }
}

/// The work that a transaction's calls may use together.
pub(crate) fn work_bought(body: &TransactionBody) -> u64 {
    let calls = u64::try_from(body.calls.len()).unwrap_or(u64::MAX);
    fees::WORK_PER_CALL.saturating_mul(calls)
}

/// Runs the calls in order until one fails.
pub(crate) fn run_calls(
    programs: &Programs,
    work: &mut Workspace<'_>,
    block: BlockInfo,
    body: &TransactionBody,
) -> Result<(), TxFailure> {
    for (position, call) in body.calls.iter().enumerate() {
        run_call(programs, work, block, body, (position, call))?;
    }
    Ok(())
}

fn run_call(
    programs: &Programs,
    work: &mut Workspace<'_>,
    block: BlockInfo,
    body: &TransactionBody,
    (position, call): (usize, &Call),
) -> Result<(), TxFailure> {
    let Some(program) = programs.get(call.program) else {
        return Err(program_error(call, position, UNKNOWN_PROGRAM));
    };
    let number = u8::try_from(position).unwrap_or(u8::MAX);
    work.enter(call.program, number);
    let result = panics::catch(|| {
        let info = CallInfo { block, signer: body.sender, payer: body.payer(), call: number };
        program.execute(&mut CallContext::new(info, work), &call.data)
    });
    match (result, work.failure()) {
        (Err(panics::Panicked), _) => Err(TxFailure::ProgramPanic),
        // Sticky: the program may have swallowed it.
        (Ok(_), Some(failure)) => Err(failure.clone()),
        (Ok(Ok(())), None) => Ok(()),
        (Ok(Err(CallError::Refused(code))), None) => Err(program_error(call, position, code)),
        (Ok(Err(CallError::Aborted(_))), None) => Err(TxFailure::OutOfMeter),
    }
}

/// Returns the unused part of the maximum fee and takes the deposits.
fn settle(
    state: &BlockState<'_>,
    mut effects: Effects,
    body: &TransactionBody,
    unused: Amount,
) -> Result<Success, TxFailure> {
    let payer = body.payer();
    let mut total = Amount::ZERO;
    let mut deposits = Vec::with_capacity(effects.changes.len());
    for (key, change) in &effects.changes {
        let due = state.deposit_due(key, change);
        total = total.checked_add(due.unwrap_or_default()).ok_or(TxFailure::InsufficientFee)?;
        deposits.push(due.map(|amount| Deposit { payer, amount }));
    }
    let payer_key = native::native_balance_key(&payer);
    let position = effects
        .changes
        .binary_search_by_key(&payer_key, |change| change.0)
        .expect("the maximum fee was debited, so the payer's balance is among the changes");
    let slot = &mut effects.changes[position].1;
    let (now, base) = match slot {
        Change::Put { base, value } => (native::decode_amount(value.as_bytes()), base.take()),
        // No ledger does this; a program that does gives away what was there.
        Change::Delete { base } => (None, base.take()),
        Change::Add(_) => unreachable!("the payer's balance was put before the calls"),
    };
    let left = now
        .unwrap_or_default()
        .checked_add(unused)
        .and_then(|balance| balance.checked_sub(total))
        .ok_or(TxFailure::InsufficientFee)?;
    let value = Value::new(&native::encode_amount(left));
    *slot = Change::Put { base, value };
    Ok(Success { effects, deposits })
}

/// The native balance that an entry is, zero if there is none.
pub(crate) fn native_balance(entry: Option<&Entry>) -> Amount {
    entry.and_then(|entry| native::decode_amount(entry.value.as_bytes())).unwrap_or_default()
}

fn envelope_trace(body: &TransactionBody, payer_key: &StateKey) -> AccessTrace {
    with_nonce(AccessTrace { writes: vec![*payer_key], ..AccessTrace::default() }, body)
}

fn with_nonce(mut trace: AccessTrace, body: &TransactionBody) -> AccessTrace {
    match body.nonce {
        // The system program's keys sort before all others.
        Nonce::Lane { lane, sequence: _ } => {
            trace.writes.insert(0, native::nonce_key(&body.sender, lane));
        }
        Nonce::Window { millis: _ } => {}
    }
    trace
}
