//! One transaction: fee, calls, deposits.

use heddle_sdk::Base;
use heddle_sdk::BlockInfo;
use heddle_sdk::Blocked;
use heddle_sdk::CallContext;
use heddle_sdk::CallError;
use heddle_sdk::CallInfo;
use heddle_sdk::Change;
use heddle_sdk::Programs;
use heddle_sdk::Stopped;
use heddle_sdk::UNKNOWN_PROGRAM;
use heddle_sdk::Workspace;
use heddle_sdk::fees;
use heddle_sdk::native;
use heddle_types::Amount;
use heddle_types::Call;
use heddle_types::Deposit;
use heddle_types::Entry;
use heddle_types::Events;
use heddle_types::Outcome;
use heddle_types::Receipt;
use heddle_types::StateKey;
use heddle_types::Touch;
use heddle_types::TransactionBody;
use heddle_types::TxFailure;
use heddle_types::Value;

use crate::declare::program_error;
use crate::effects;
use crate::effects::Bill;
use crate::effects::Effects;
use crate::effects::Write;
use crate::panics;
use crate::plan::Planned;

/// What every transaction of a block is run with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Runner<'a> {
    pub(crate) programs: &'a Programs,
    pub(crate) block: BlockInfo,
}

/// What one worker keeps from transaction to transaction: memory, and what the last one did.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    pub(crate) work: heddle_sdk::Scratch,
    /// What the last transaction does.
    pub(crate) effects: Effects,
    /// What all of them touched, in key order each, one after the other.
    pub(crate) touched: Vec<(StateKey, Touch)>,
}

impl Scratch {
    /// The key of a slot of the transaction that ran last.
    pub(crate) fn key<'k>(&'k self, planned: &Planned<'k>, slot: usize) -> &'k StateKey {
        if planned.is_open {
            &self.work.opened_keys()[slot]
        } else {
            planned.declared.set.key(slot)
        }
    }
}

/// Runs a planned transaction. What it does is in `scratch` afterwards; its receipt lacks what its adds keep of the deposits
/// that they reserved.
///
/// # Errors
/// [`Blocked`] when it met something that is not known yet: nothing happened.
pub(crate) fn run(
    runner: Runner<'_>,
    base: &dyn Base,
    planned: &Planned<'_>,
    scratch: &mut Scratch,
) -> Result<Receipt, Blocked> {
    let Scratch { work: memory, effects, touched } = scratch;
    effects.clear();
    let work = Workspace::new(base, planned.permission(), work_bought(planned.body), memory);
    let touched_before = touched.len();
    let done = Run { runner, planned, work, effects, touched }.all();
    match done {
        Ok(Done { outcome, fee_paid, deposit_paid }) => {
            let events = match outcome {
                Outcome::Ok => {
                    std::mem::swap(&mut effects.appends, memory.appends());
                    Events::take(memory.events())
                }
                Outcome::Failed(_) => Events::default(),
            };
            Ok(Receipt { id: planned.id, outcome, fee_paid, deposit_paid, events })
        }
        Err(blocked) => {
            touched.truncate(touched_before);
            effects.clear();
            Err(blocked)
        }
    }
}

/// What became of a transaction.
struct Done {
    outcome: Outcome,
    fee_paid: Amount,
    deposit_paid: Amount,
}

/// The work that a transaction's calls may use together.
pub(crate) fn work_bought(body: &TransactionBody) -> u64 {
    let calls = u64::try_from(body.calls.len()).unwrap_or(u64::MAX);
    fees::WORK_PER_CALL.saturating_mul(calls)
}

/// Why calls have no effect.
pub(crate) enum Void {
    Failed(TxFailure),
    Blocked(Blocked),
}

impl From<Blocked> for Void {
    fn from(blocked: Blocked) -> Self {
        Self::Blocked(blocked)
    }
}

/// Runs the calls in order until one fails.
pub(crate) fn run_calls(
    runner: Runner<'_>,
    work: &mut Workspace<'_>,
    body: &TransactionBody,
) -> Result<(), Void> {
    for (position, call) in body.calls.iter().enumerate() {
        run_call(runner, work, body, (position, call))?;
    }
    Ok(())
}

fn run_call(
    runner: Runner<'_>,
    work: &mut Workspace<'_>,
    body: &TransactionBody,
    (position, call): (usize, &Call),
) -> Result<(), Void> {
    let Some(program) = runner.programs.get(call.program) else {
        return Err(Void::Failed(program_error(call, position, UNKNOWN_PROGRAM)));
    };
    let number = u8::try_from(position).unwrap_or(u8::MAX);
    work.enter(call.program, number);
    let result = panics::catch(|| {
        let (signer, payer) = (body.sender, body.payer());
        let info = CallInfo { block: runner.block, signer, payer, call: number };
        program.execute(&mut CallContext::new(info, work), &call.data)
    });
    // Sticky, the program may have swallowed it; and void, even if the program panicked over it.
    let failure = match (work.stopped(), result) {
        (Some(Stopped::Blocked(blocked)), _) => return Err(Void::Blocked(*blocked)),
        (_, Err(panics::Panicked)) => TxFailure::ProgramPanic,
        (Some(Stopped::Failed(failure)), Ok(_)) => failure.clone(),
        (None, Ok(Ok(()))) => return Ok(()),
        (None, Ok(Err(CallError::Refused(code)))) => program_error(call, position, code),
        (None, Ok(Err(CallError::Aborted(_)))) => TxFailure::OutOfMeter,
    };
    Err(Void::Failed(failure))
}

/// The native balance that an entry is, zero if there is none.
pub(crate) fn native_balance(entry: Option<&Entry>) -> Amount {
    entry.and_then(|entry| native::decode_amount(entry.value.as_bytes())).unwrap_or_default()
}

/// The payer's native balance before the transaction.
#[derive(Clone, Copy)]
struct PayerBalance {
    slot: usize,
    balance: Amount,
    deposit: Option<Deposit>,
}

/// A transaction as it runs.
struct Run<'r, 'w> {
    runner: Runner<'r>,
    planned: &'r Planned<'r>,
    work: Workspace<'w>,
    effects: &'w mut Effects,
    touched: &'w mut Vec<(StateKey, Touch)>,
}

impl Run<'_, '_> {
    fn all(mut self) -> Result<Done, Blocked> {
        let payer = self.payer_balance()?;
        let (fee_paid, result) = self.attempt(payer);
        let (outcome, deposit_paid) = match result {
            Ok(deposit_paid) => (Outcome::Ok, deposit_paid),
            Err(Void::Failed(failure)) => {
                self.leave_fee_only(payer, fee_paid);
                (Outcome::Failed(failure), Amount::ZERO)
            }
            Err(Void::Blocked(blocked)) => return Err(blocked),
        };
        Ok(Done { outcome, fee_paid, deposit_paid })
    }

    fn payer_balance(&mut self) -> Result<PayerBalance, Blocked> {
        let Planned { declared, is_open, .. } = self.planned;
        let slot = if *is_open {
            self.work.open_slot(declared.set.key(declared.payer_slot))
        } else {
            declared.payer_slot
        };
        let entry = self.work.beneath(slot)?;
        Ok(PayerBalance { slot, balance: native_balance(entry), deposit: effects::stood(entry) })
    }

    /// The fee that is paid whatever becomes of the calls, and what is put down for keys if they succeed.
    fn attempt(&mut self, payer: PayerBalance) -> (Amount, Result<Amount, Void>) {
        let Planned { body, declared, .. } = self.planned;
        let after_max_fee = payer.balance.checked_sub(body.max_fee);
        let unused = body.max_fee.checked_sub(declared.fee);
        self.work.put(payer.slot, amount_value(after_max_fee.unwrap_or_default()));
        let result = match (after_max_fee, unused, &declared.failure) {
            (None, _, _) | (_, None, _) => Err(Void::Failed(TxFailure::InsufficientFee)),
            (Some(_), Some(_), Some(failure)) => Err(Void::Failed(failure.clone())),
            (Some(_), Some(unused), None) => {
                let called = run_calls(self.runner, &mut self.work, body);
                self.record_touched();
                return (declared.fee, called.and_then(|()| self.settle(payer, unused)));
            }
        };
        self.record_touched();
        (declared.fee.min(body.max_fee).min(payer.balance), result)
    }

    /// Takes the deposits and returns the unused part of the maximum fee. Says what is put down for good.
    fn settle(&mut self, payer: PayerBalance, unused: Amount) -> Result<Amount, Void> {
        let mut bill = Bill::new(self.planned.body.payer());
        let mut left = None;
        let effects = &mut *self.effects;
        self.work.take_changes(|slot, key, change| {
            let change = if slot == payer.slot { payer_change(change, &mut left) } else { change };
            effects
                .settle(slot, key, change, &mut bill)
                .map_err(|_| Void::Failed(TxFailure::InsufficientFee))
        })?;
        let left = left
            .unwrap_or_default()
            .checked_add(unused)
            .and_then(|balance| balance.checked_sub(bill.total))
            .ok_or(Void::Failed(TxFailure::InsufficientFee))?;
        let mut writes = self.effects.writes.iter_mut();
        let write = writes.find(|(slot, _)| *slot == payer.slot).map(|(_, write)| write);
        let Some(Write::Put(entry)) = write else {
            unreachable!("the maximum fee was debited, so the payer's balance is put");
        };
        entry.value = amount_value(left);
        Ok(bill.paid)
    }

    fn leave_fee_only(&mut self, payer: PayerBalance, fee_paid: Amount) {
        self.effects.clear();
        if fee_paid == Amount::ZERO {
            return;
        }
        let left = payer.balance.checked_sub(fee_paid).expect("no more is taken than there is");
        let entry = Entry { deposit: payer.deposit, value: amount_value(left) };
        self.effects.writes.push((payer.slot, Write::Put(entry)));
    }

    /// Records what was touched so far, in key order, the nonce included.
    fn record_touched(&mut self) {
        let Planned { declared, is_open, .. } = self.planned;
        let start = self.touched.len();
        if *is_open {
            let nonce = declared.nonce_slot.map(|slot| declared.set.key(slot));
            self.touched.extend(nonce.map(|key| (*key, Touch::WRITE)));
        }
        let nonce = declared.nonce_slot.filter(|_| !*is_open);
        self.touched.extend((0..self.work.len()).filter_map(|slot| {
            let touch = if nonce == Some(slot) { Touch::WRITE } else { self.work.touch_of(slot) };
            (touch != Touch::NONE).then(|| (*self.work.key(slot), touch))
        }));
        let appends = self.work.appends();
        if *is_open || !appends.is_empty() {
            self.touched.extend(appends.iter().map(|entry| (entry.key, Touch::APPEND)));
            join_touches(self.touched, start);
        }
    }
}

/// Notes what the calls left of the payer's balance, if that is an amount. A deleted balance becomes one that is put.
#[inline]
fn payer_change<'c>(change: Change<'c>, left: &mut Option<Amount>) -> Change<'c> {
    match change {
        Change::Put { base, value } => {
            *left = native::decode_amount(value.as_bytes());
            Change::Put { base, value }
        }
        // No ledger does this; a program that does gives away what was there.
        Change::Delete { base } => Change::Put { base, value: amount_value(Amount::ZERO) },
        Change::Add { .. } => unreachable!("the payer's balance was put before the calls"),
    }
}

/// Sorts what was touched from `start` on by key, and joins what is there twice.
fn join_touches(touched: &mut Vec<(StateKey, Touch)>, start: usize) {
    touched[start..].sort_unstable_by_key(|(key, _)| *key);
    let mut last = start;
    for next in start + 1..touched.len() {
        let (key, touch) = touched[next];
        if touched[last].0 == key {
            touched[last].1 = touched[last].1.with(touch);
        } else {
            last += 1;
            touched[last] = (key, touch);
        }
    }
    touched.truncate(last + 1);
}

fn amount_value(amount: Amount) -> Value {
    Value::new(&native::encode_amount(amount))
}
