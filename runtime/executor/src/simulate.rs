//! What a transaction would do, on its own, now.

use heddle_sdk::BlockInfo;
use heddle_sdk::Permission;
use heddle_sdk::Programs;
use heddle_sdk::Workspace;
use heddle_sdk::native;
use heddle_types::Access;
use heddle_types::AccessMode;
use heddle_types::AccessSet;
use heddle_types::AccessTrace;
use heddle_types::Amount;
use heddle_types::Receipt;
use heddle_types::StateKey;
use heddle_types::StateView;
use heddle_types::Transaction;
use heddle_types::TransactionBody;
use heddle_types::TxIndex;
use heddle_types::Value;

use crate::declare;
use crate::plan::Planned;
use crate::sequential::BlockRun;
use crate::transaction;

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
    let declared = match body.access {
        Access::Declared { .. } => Some(declare::declare(programs, body)),
        Access::Open => None,
    };
    let planned = Planned { index: TxIndex::ZERO, id: transaction.id(), body, declared };
    let mut run = BlockRun::new(state);
    let ran = transaction::run(programs, &run.state, block, &planned);
    let (receipt, trace) = run.retire(&planned, ran);
    let needed = needed_access(programs, state, block, body);
    let derived = TransactionBody { access: Access::DERIVED, ..body.clone() };
    let extra = missing(&needed, &declare::declare(programs, &derived).set);
    Simulation { receipt, trace, needed, extra }
}

fn needed_access(
    programs: &Programs,
    state: &dyn StateView,
    block: BlockInfo,
    body: &TransactionBody,
) -> AccessSet {
    let mut work = Workspace::new(state, Permission::Open, transaction::work_bought(body));
    let payer_key = native::native_balance_key(&body.payer());
    let payer_entry = state.entry(&payer_key);
    let balance = transaction::native_balance(payer_entry.as_ref());
    let after_fee = balance.checked_sub(body.max_fee).unwrap_or(Amount::ZERO);
    work.put(&payer_key, payer_entry, Value::new(&native::encode_amount(after_fee)));
    // However the calls end, what they touched until then is the answer.
    let _outcome = transaction::run_calls(programs, &mut work, block, body);
    let AccessTrace { reads, writes, adds, appends } = work.trace();
    let mut needed = AccessSet::default();
    let touched: [(Vec<StateKey>, AccessMode); 4] = [
        (reads, AccessMode::Read),
        (writes, AccessMode::Write),
        (adds, AccessMode::Add),
        (appends, AccessMode::Append),
    ];
    for (keys, mode) in touched {
        for key in keys {
            // A transaction that touches more than fits has failed with `OutOfMeter` anyway.
            let _fits = needed.declare(key, mode);
        }
    }
    needed
}

fn missing(needed: &AccessSet, declared: &AccessSet) -> AccessSet {
    let mut extra = AccessSet::default();
    for (key, mode) in needed.iter() {
        let is_declared =
            declared.mode(key).is_some_and(|have| have == mode || have == AccessMode::Write);
        if !is_declared {
            let _fits = extra.declare(*key, mode);
        }
    }
    extra
}
