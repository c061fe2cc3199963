//! What a transaction declares, and what it therefore costs.

use std::sync::Arc;

use heddle_sdk::CallError;
use heddle_sdk::Declaration;
use heddle_sdk::Program;
use heddle_sdk::Programs;
use heddle_sdk::UNKNOWN_PROGRAM;
use heddle_sdk::fees;
use heddle_sdk::native;
use heddle_types::Access;
use heddle_types::AccessMode;
use heddle_types::AccessSet;
use heddle_types::Amount;
use heddle_types::BlockSpace;
use heddle_types::Call;
use heddle_types::CheckedTransaction;
use heddle_types::Declared;
use heddle_types::Nonce;
use heddle_types::ProgramError;
use heddle_types::StateKey;
use heddle_types::TransactionBody;
use heddle_types::TxFailure;
use heddle_types::limits;

use crate::panics;

/// What a transaction takes besides its calls, in about nanoseconds.
const ENVELOPE_NANOS: u64 = 100;

/// The fee of a transaction, known before it runs: for `getFee`. A `max_fee` below it is too low.
pub fn required_fee(programs: &Programs, body: &TransactionBody) -> Amount {
    declare(programs, body).fee
}

/// What `transaction` declares: derived when it is asked for first, such as at admission, and kept with it.
pub fn declared_by<'t>(
    programs: &Programs,
    transaction: &'t CheckedTransaction,
) -> &'t Arc<Declared> {
    transaction.declared(|body| declare(programs, body))
}

/// Which room of a block a transaction may take: reserved room if it is small, declares what it touches and nothing extra, and its
/// programs say so of every call. A transaction whose declaration fails takes ordinary room all the same, see
/// [`Declared::space`].
pub fn block_space(programs: &Programs, body: &TransactionBody) -> BlockSpace {
    let bytes: usize = body.calls.iter().map(|call| call.data.len()).sum();
    let is_small = body.calls.len() <= limits::RESERVED_CALLS_MAX
        && bytes <= limits::RESERVED_DATA_BYTES_MAX
        && body.access == Access::DERIVED;
    let is_reserved = |call: &Call| {
        let space = |program: &dyn Program| panics::catch(|| program.space(&call.data));
        programs.get(call.program).map(space) == Some(Ok(BlockSpace::Reserved))
    };
    if is_small && !body.calls.is_empty() && body.calls.iter().all(is_reserved) {
        BlockSpace::Reserved
    } else {
        BlockSpace::Ordinary
    }
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
    let mut deriving = Deriving::new(body);
    deriving.all(programs, body)?;
    Ok(deriving.set)
}

pub(crate) fn declare(programs: &Programs, body: &TransactionBody) -> Declared {
    let mut deriving = Deriving::new(body);
    let (failure, keys) = match body.access {
        Access::Declared { .. } => {
            let failure = deriving.all(programs, body).err();
            (failure, deriving.set.len())
        }
        Access::Open => {
            // What it would declare is asked for its cost, and for what its calls count, alone.
            let mut hint = Deriving::new(body);
            let _declares = hint.all(programs, body);
            (deriving.cost, deriving.more_calls) = (hint.cost, hint.more_calls);
            (None, 0)
        }
    };
    let Deriving { set, cost, more_calls, payer_key, nonce_key } = deriving;
    let space = match failure {
        None => block_space(programs, body),
        Some(_) => BlockSpace::Ordinary,
    };
    Declared {
        space,
        fee: fees::required_fee(body, keys, more_calls),
        more_calls,
        failure,
        cost,
        system_keys: set.system_keys(),
        payer_slot: set.slot(&payer_key).expect("it is declared first of all"),
        nonce_slot: nonce_key.and_then(|key| set.slot(&key)),
        set,
    }
}

/// The failure of a call whose program refuses it.
#[cold]
pub(crate) fn program_error(call: &Call, position: usize, code: u16) -> TxFailure {
    // A transaction has at most 32 calls.
    let position = u8::try_from(position).unwrap_or(u8::MAX);
    TxFailure::Program(ProgramError { program: call.program, call: position, code })
}

/// A declaration as it is put together.
struct Deriving {
    set: AccessSet,
    cost: u64,
    more_calls: u32,
    payer_key: StateKey,
    nonce_key: Option<StateKey>,
}

impl Deriving {
    /// The sender's nonce lane and the payer's native balance, which every transaction writes.
    fn new(body: &TransactionBody) -> Self {
        let mut set = AccessSet::default();
        let payer_key = native::native_balance_key(&body.payer());
        let nonce_key = match body.nonce {
            Nonce::Lane { lane, sequence: _ } => Some(native::nonce_key(&body.sender, lane)),
            Nonce::Window { millis: _ } => None,
        };
        for key in nonce_key.into_iter().chain([payer_key]) {
            let _fits = set.declare(key, AccessMode::Write);
        }
        Self { set, cost: ENVELOPE_NANOS, more_calls: 0, payer_key, nonce_key }
    }

    /// The extra keys and those that programs derive, up to the first failure.
    fn all(&mut self, programs: &Programs, body: &TransactionBody) -> Result<(), TxFailure> {
        match &body.access {
            Access::Declared { extra } => {
                for (key, mode) in extra {
                    if !self.set.declare(*key, *mode) {
                        return Err(TxFailure::OutOfMeter);
                    }
                }
            }
            Access::Open => {}
        }
        let mut calls = body.calls.iter().enumerate();
        calls.try_for_each(|(position, call)| self.call(programs, body, position, call))
    }

    fn call(
        &mut self,
        programs: &Programs,
        body: &TransactionBody,
        position: usize,
        call: &Call,
    ) -> Result<(), TxFailure> {
        let unknown = || program_error(call, position, UNKNOWN_PROGRAM);
        let program = programs.get(call.program).ok_or_else(unknown)?;
        let mut declaration = Declaration::new(&mut self.set);
        let result = panics::catch(|| program.access(&call.data, &body.sender, &mut declaration));
        self.cost = self.cost.saturating_add(declaration.declared_cost());
        self.more_calls = self.more_calls.saturating_add(declaration.more_calls());
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
}
