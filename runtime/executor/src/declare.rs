//! What a transaction declares, and what it therefore costs.

use heddle_sdk::CallError;
use heddle_sdk::Declaration;
use heddle_sdk::Programs;
use heddle_sdk::UNKNOWN_PROGRAM;
use heddle_sdk::fees;
use heddle_sdk::native;
use heddle_types::Access;
use heddle_types::AccessMode;
use heddle_types::AccessSet;
use heddle_types::Amount;
use heddle_types::Call;
use heddle_types::Nonce;
use heddle_types::ProgramError;
use heddle_types::StateKey;
use heddle_types::TransactionBody;
use heddle_types::TxFailure;

use crate::panics;

/// What a transaction declares.
#[derive(Clone, Debug)]
pub(crate) struct Declared {
    /// Everything up to the first failure: the envelope's keys, the extra ones, and what programs derive from the calls.
    pub(crate) set: AccessSet,
    /// Why it cannot run: a call that its program does not understand, or too many keys.
    pub(crate) failure: Option<TxFailure>,
}

/// The fee of a transaction, known before it runs: for `getFee` and admission. A `max_fee` below it is too low.
pub fn required_fee(programs: &Programs, body: &TransactionBody) -> Amount {
    let keys = match body.access {
        Access::Declared { .. } => declare(programs, body).set.len(),
        Access::Open => 0,
    };
    fees::required_fee(body, keys)
}

/// Every key that a declared transaction may touch, the envelope's two included. `body.access` decides about extra keys
/// only: for an open transaction this is what it would declare without any.
///
/// # Errors
/// The failure that the transaction's receipt would have.
pub fn declared_access(
    programs: &Programs,
    body: &TransactionBody,
) -> Result<AccessSet, TxFailure> {
    let declared = declare(programs, body);
    declared.failure.map_or(Ok(declared.set), Err)
}

pub(crate) fn declare(programs: &Programs, body: &TransactionBody) -> Declared {
    let mut set = AccessSet::default();
    let envelope = envelope_keys(body).into_iter().map(|key| (key, AccessMode::Write));
    let extra = match &body.access {
        Access::Declared { extra } => extra.as_slice(),
        Access::Open => &[],
    };
    for (key, mode) in envelope.chain(extra.iter().copied()) {
        if !set.declare(key, mode) {
            return Declared { set, failure: Some(TxFailure::OutOfMeter) };
        }
    }
    for (position, call) in body.calls.iter().enumerate() {
        if let Err(failure) = declare_call(programs, body, position, call, &mut set) {
            return Declared { set, failure: Some(failure) };
        }
    }
    Declared { set, failure: None }
}

/// The sender's nonce lane and the payer's native balance, which every transaction writes.
fn envelope_keys(body: &TransactionBody) -> Vec<StateKey> {
    let mut keys = vec![native::native_balance_key(&body.payer())];
    match body.nonce {
        Nonce::Lane { lane, sequence: _ } => keys.push(native::nonce_key(&body.sender, lane)),
        Nonce::Window { millis: _ } => {}
    }
    keys
}

fn declare_call(
    programs: &Programs,
    body: &TransactionBody,
    position: usize,
    call: &Call,
    set: &mut AccessSet,
) -> Result<(), TxFailure> {
    let program =
        programs.get(call.program).ok_or_else(|| program_error(call, position, UNKNOWN_PROGRAM))?;
    let mut declaration = Declaration::new(set);
    let result = panics::catch(|| program.access(&call.data, &body.sender, &mut declaration));
    if declaration.is_full() {
        return Err(TxFailure::OutOfMeter);
    }
    match result {
        Err(panics::Panicked) => Err(TxFailure::ProgramPanic),
        Ok(Err(CallError::Refused(code))) => Err(program_error(call, position, code)),
        // Nothing can abort a declaration but its bound, so the program made this up.
        Ok(Err(CallError::Aborted(_))) => Err(TxFailure::OutOfMeter),
        Ok(Ok(())) => Ok(()),
    }
}

/// The failure of a call whose program refuses it.
pub(crate) fn program_error(call: &Call, position: usize, code: u16) -> TxFailure {
    // A transaction has at most 32 calls.
    let position = u8::try_from(position).unwrap_or(u8::MAX);
    TxFailure::Program(ProgramError { program: call.program, call: position, code })
}
