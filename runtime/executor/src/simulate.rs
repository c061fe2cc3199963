//! What a transaction would do, on its own, now.

use std::sync::Arc;

use heddle_sdk::BlockInfo;
use heddle_sdk::BlockStart;
use heddle_sdk::Permission;
use heddle_sdk::Programs;
use heddle_sdk::Scratch;
use heddle_sdk::Workspace;
use heddle_sdk::native;
use heddle_types::Access;
use heddle_types::AccessMode;
use heddle_types::AccessSet;
use heddle_types::AccessTrace;
use heddle_types::Amount;
use heddle_types::Declared;
use heddle_types::Receipt;
use heddle_types::StateKey;
use heddle_types::StateView;
use heddle_types::Touch;
use heddle_types::Transaction;
use heddle_types::TransactionBody;
use heddle_types::TxIndex;
use heddle_types::Value;

use crate::declare;
use crate::plan::Planned;
use crate::sequential::BlockRun;
use crate::transaction;
use crate::transaction::Ran;
use crate::transaction::Runner;

/// What a transaction would do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Simulation {
    /// The receipt that it would have as the only one of a block.
    pub receipt: Receipt,
    /// What it touched as it is; up to the failure, if it failed.
    pub trace: AccessTrace,
    /// Every key that its calls touch when they may touch anything, with the modes that a declaration needs. Up to the
    /// failure, if they fail even so.
    pub needed: AccessSet,
    /// Those of `needed` that its programs do not declare by themselves: what the sender adds as extra keys.
    pub extra: AccessSet,
}

/// Runs `transaction` alone on `state`. Its signatures, chain, nonce and height are not looked at; nothing is changed.
pub fn simulate(
    programs: &Programs,
    state: &dyn StateView,
    block: BlockInfo,
    transaction: &Transaction,
) -> Simulation {
    let body = &transaction.body;
    let runner = Runner { programs, block };
    let declared = &Arc::new(declare::declare(programs, body));
    let is_open = body.access == Access::Open;
    let (index, id) = (TxIndex::ZERO, transaction.id());
    let planned = Planned { index, id, body, declared, is_open };
    let Ran { receipt, trace } = BlockRun::new(runner, state).transaction(&planned);
    let trace = AccessTrace::from(&trace);
    let needed = needed_access(runner, state, (body, declared));
    let derived = TransactionBody { access: Access::DERIVED, ..body.clone() };
    let extra = missing(&needed, &declare::declare(programs, &derived).set);
    Simulation { receipt, trace, needed, extra }
}

fn needed_access(
    runner: Runner<'_>,
    state: &dyn StateView,
    (body, declared): (&TransactionBody, &Declared),
) -> AccessSet {
    let base = BlockStart(state);
    let bought = transaction::work_bought(body, declared);
    let mut memory = Scratch::default();
    let mut work = Workspace::new(&base, Permission::Open, bought, &mut memory);
    let payer_slot = work.open_slot(&native::native_balance_key(&body.payer()));
    let payer_entry = work.beneath(payer_slot).unwrap_or_default();
    let balance = transaction::native_balance(payer_entry);
    let after_fee = balance.checked_sub(body.max_fee).unwrap_or(Amount::ZERO);
    work.put(payer_slot, Value::new(&native::encode_amount(after_fee)));
    // However the calls end, what they touched until then is the answer.
    let _outcome = transaction::run_calls(runner, &mut work, body);
    let mut needed = AccessSet::default();
    let mut need = |key: &StateKey, touch: Touch| {
        for (kind, mode) in MODES {
            if touch.has(kind) {
                // A transaction that touches more than fits has failed with `OutOfMeter` anyway.
                let _fits = needed.declare(*key, mode);
            }
        }
    };
    (0..work.len()).for_each(|slot| need(work.key(slot), work.touch_of(slot)));
    work.appends().iter().for_each(|entry| need(&entry.key, Touch::APPEND));
    needed
}

/// The mode that each kind of touch needs.
const MODES: [(Touch, AccessMode); 4] = [
    (Touch::READ, AccessMode::Read),
    (Touch::WRITE, AccessMode::Write),
    (Touch::ADD, AccessMode::Add),
    (Touch::APPEND, AccessMode::Append),
];

fn missing(needed: &AccessSet, declared: &AccessSet) -> AccessSet {
    let mut extra = AccessSet::default();
    for (key, mode) in needed.iter() {
        let is_declared = declared.mode(key).is_some_and(|have| have.allows(mode));
        if !is_declared {
            let _fits = extra.declare(*key, mode);
        }
    }
    extra
}
