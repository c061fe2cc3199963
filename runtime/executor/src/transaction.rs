//! One transaction: fee, calls, deposits.

use std::sync::Arc;

use heddle_sdk::Abort;
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
use heddle_types::Declared;
use heddle_types::Deposit;
use heddle_types::Entry;
use heddle_types::Events;
use heddle_types::Outcome;
use heddle_types::Receipt;
use heddle_types::SlotTouches;
use heddle_types::StateKey;
use heddle_types::Touch;
use heddle_types::TransactionBody;
use heddle_types::TxFailure;
use heddle_types::TxTrace;
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

/// A transaction that has run. What it does is in its scratch.
#[derive(Debug)]
pub(crate) struct Ran {
    /// Lacks what the transaction's adds keep of the deposits that they reserved.
    pub(crate) receipt: Receipt,
    pub(crate) trace: TxTrace,
}

/// Runs a planned transaction. What it does is in `scratch` afterwards.
///
/// # Errors
/// [`Blocked`] when it met something that is not known yet: nothing happened.
pub(crate) fn run(
    runner: Runner<'_>,
    base: &dyn Base,
    planned: &Planned<'_>,
    scratch: &mut Scratch,
) -> Result<Ran, Blocked> {
    let Scratch { work: memory, effects } = scratch;
    effects.clear();
    let work = Workspace::new(
        base,
        planned.permission(),
        work_bought(planned.body, planned.declared),
        memory,
    );
    let mut run = Run { runner, planned, work, effects, trace: None, fee_paid: Amount::ZERO };
    let result = run.all();
    let Run { work, effects, trace, fee_paid, .. } = run;
    let (memory, stopped) = work.finish();
    let (outcome, deposit_paid, events) = match (result, stopped) {
        (_, Some(Stopped::Blocked(blocked))) => {
            effects.clear();
            return Err(blocked);
        }
        (_, Some(Stopped::Failed(failure))) => {
            (Outcome::Failed(failure), Amount::ZERO, Events::default())
        }
        (Err(Halted), None) => unreachable!("whoever halts says why"),
        (Ok(deposit_paid), None) => {
            std::mem::swap(&mut effects.appends, memory.appends());
            (Outcome::Ok, deposit_paid, Events::take(memory.events()))
        }
    };
    let receipt = Receipt { id: planned.id, outcome, fee_paid, deposit_paid, events };
    Ok(Ran { receipt, trace: trace.expect("whatever does not block is traced") })
}

/// The work that a transaction's calls may use together.
pub(crate) fn work_bought(body: &TransactionBody, declared: &Declared) -> u64 {
    let calls = u64::try_from(body.calls.len()).unwrap_or(u64::MAX);
    fees::WORK_PER_CALL.saturating_mul(calls.saturating_add(declared.more_calls.into()))
}

/// The transaction goes no further; why is said in its workspace.
#[derive(Debug)]
pub(crate) struct Halted;

impl From<Abort> for Halted {
    fn from(_: Abort) -> Self {
        Self
    }
}

/// Runs the calls in order until one fails.
pub(crate) fn run_calls(
    runner: Runner<'_>,
    work: &mut Workspace<'_>,
    body: &TransactionBody,
) -> Result<(), Halted> {
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
) -> Result<(), Halted> {
    let Some(program) = runner.programs.get(call.program) else {
        return Err(work.fail(program_error(call, position, UNKNOWN_PROGRAM)).into());
    };
    let number = u8::try_from(position).unwrap_or(u8::MAX);
    work.enter(call.program, number);
    let result = panics::catch(|| {
        let (signer, payer) = (body.sender, body.payer());
        let info = CallInfo { block: runner.block, signer, payer, call: number };
        program.execute(&mut CallContext::new(info, work), &call.data)
    });
    match result {
        // Sticky: the program may have swallowed it.
        Ok(_) if work.stopped().is_some() => Err(Halted),
        Ok(Ok(())) => Ok(()),
        Ok(Err(CallError::Refused(code))) => {
            Err(work.fail(program_error(call, position, code)).into())
        }
        Ok(Err(CallError::Aborted(_))) => Err(work.fail(TxFailure::OutOfMeter).into()),
        // Whatever it met before.
        Err(panics::Panicked) => Err(work.fail(TxFailure::ProgramPanic).into()),
    }
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
    trace: Option<TxTrace>,
    fee_paid: Amount,
}

impl Run<'_, '_> {
    /// What is put down for good.
    fn all(&mut self) -> Result<Amount, Halted> {
        let payer = self.payer_balance()?;
        let result = self.attempt(payer);
        if result.is_err() {
            self.leave_fee_only(payer);
        }
        result
    }

    fn payer_balance(&mut self) -> Result<PayerBalance, Halted> {
        let Planned { declared, is_open, .. } = self.planned;
        let slot = if *is_open {
            self.work.open_slot(declared.set.key(declared.payer_slot))
        } else {
            declared.payer_slot
        };
        let entry = self.work.beneath(slot)?;
        Ok(PayerBalance { slot, balance: native_balance(entry), deposit: effects::stood(entry) })
    }

    fn attempt(&mut self, payer: PayerBalance) -> Result<Amount, Halted> {
        let Planned { body, declared, .. } = self.planned;
        let after_max_fee = payer.balance.checked_sub(body.max_fee);
        self.work.put(payer.slot, amount_value(after_max_fee.unwrap_or_default()));
        let (Some(_), Some(unused)) = (after_max_fee, body.max_fee.checked_sub(declared.fee))
        else {
            self.fee_paid = declared.fee.min(body.max_fee).min(payer.balance);
            self.record_trace();
            return Err(self.work.fail(TxFailure::InsufficientFee).into());
        };
        self.fee_paid = declared.fee;
        let called = match &declared.failure {
            None => run_calls(self.runner, &mut self.work, body),
            Some(failure) => Err(self.work.fail(failure.clone()).into()),
        };
        self.record_trace();
        called.and_then(|()| self.settle(payer, unused))
    }

    /// Takes the deposits and returns the unused part of the maximum fee.
    fn settle(&mut self, payer: PayerBalance, unused: Amount) -> Result<Amount, Halted> {
        let mut bill = Bill::new(self.planned.body.payer());
        let mut left = None;
        let effects = &mut *self.effects;
        let settled = self.work.take_changes(|slot, key, change| {
            let change = if slot == payer.slot { payer_change(change, &mut left) } else { change };
            effects.settle(slot, key, change, &mut bill);
        });
        settled?;
        let left = left.unwrap_or_default().checked_add(unused);
        let left = left.zip(bill.total()).and_then(|(balance, bill)| balance.checked_sub(bill));
        let Some(left) = left else {
            return Err(self.work.fail(TxFailure::InsufficientFee).into());
        };
        let mut writes = self.effects.writes.iter_mut();
        let write = writes.find(|(slot, _)| *slot == payer.slot).map(|(_, write)| write);
        let Some(Write::Put(entry)) = write else {
            unreachable!("the maximum fee was debited, so the payer's balance is put");
        };
        entry.value = amount_value(left);
        Ok(bill.paid)
    }

    fn leave_fee_only(&mut self, payer: PayerBalance) {
        self.effects.clear();
        if self.fee_paid == Amount::ZERO {
            return;
        }
        let left =
            payer.balance.checked_sub(self.fee_paid).expect("no more is taken than there is");
        let entry = Entry { deposit: payer.deposit, value: amount_value(left) };
        self.effects.writes.push((payer.slot, Write::Put(entry)));
    }

    /// Records what was touched so far, the nonce included.
    fn record_trace(&mut self) {
        let Planned { declared, is_open, .. } = self.planned;
        let has_room = self.work.len() <= SlotTouches::SLOTS_MAX && self.work.appends().is_empty();
        self.trace = Some(if *is_open || !has_room {
            self.list_touched()
        } else {
            let mut touches = SlotTouches::default();
            for slot in 0..self.work.len() {
                touches.note(slot, self.work.touch_of(slot));
            }
            declared.nonce_slot.into_iter().for_each(|slot| touches.note(slot, Touch::WRITE));
            TxTrace::of_slots(Arc::clone(declared), touches)
        });
    }

    fn list_touched(&self) -> TxTrace {
        let set = &self.planned.declared.set;
        let nonce = self.planned.declared.nonce_slot.map(|slot| (*set.key(slot), Touch::WRITE));
        let slots = 0..self.work.len();
        let touched = slots.map(|slot| (*self.work.key(slot), self.work.touch_of(slot)));
        let appended = self.work.appends().iter().map(|entry| (entry.key, Touch::APPEND));
        let all = nonce.into_iter().chain(touched).chain(appended);
        TxTrace::of_keys(all.filter(|(_, touch)| *touch != Touch::NONE).collect())
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

fn amount_value(amount: Amount) -> Value {
    Value::new(&native::encode_amount(amount))
}

#[cfg(test)]
mod tests;
