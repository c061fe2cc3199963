//! The plan pass: what of a block is executed, in which of its two parts, and what is skipped.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;

use heddle_sdk::Permission;
use heddle_sdk::Programs;
use heddle_sdk::native;
use heddle_types::Access;
use heddle_types::Address;
use heddle_types::CheckedTransaction;
use heddle_types::Declared;
use heddle_types::Entry;
use heddle_types::Nonce;
use heddle_types::StateKey;
use heddle_types::StateView;
use heddle_types::TransactionBody;
use heddle_types::TxId;
use heddle_types::TxIndex;
use heddle_types::Value;

use crate::block::BlockInput;
use crate::block::SkipReason;
use crate::declare;

/// A transaction that will have a receipt.
#[derive(Debug)]
pub(crate) struct Planned<'a> {
    pub(crate) index: TxIndex,
    pub(crate) id: TxId,
    pub(crate) body: &'a TransactionBody,
    pub(crate) declared: &'a Arc<Declared>,
    /// Whether it may touch what it has not declared.
    pub(crate) is_open: bool,
}

impl<'a> Planned<'a> {
    pub(crate) fn permission(&self) -> Permission<'a> {
        if self.is_open { Permission::Open } else { Permission::Declared(&self.declared.set) }
    }
}

/// A block, planned.
#[derive(Debug, Default)]
pub(crate) struct Plan<'a> {
    /// In block order; run first.
    pub(crate) declared: Vec<Planned<'a>>,
    /// In block order; run after the others. Open transactions, and later ones of their lanes.
    pub(crate) open: Vec<Planned<'a>>,
    pub(crate) ids: Vec<TxId>,
    pub(crate) skipped: Vec<(u32, SkipReason)>,
    /// The lanes that the block uses, as they are after it: nonces are used up whatever becomes of the calls.
    pub(crate) nonces: Vec<(StateKey, Entry)>,
}

/// Where a lane stands while the block is planned.
#[derive(Debug)]
pub(crate) struct Lane {
    next: u64,
    pub(crate) is_used: bool,
    /// Whether an open transaction of this lane stands earlier in the block.
    pub(crate) is_open: bool,
}

impl Lane {
    /// As its entry says before the block.
    pub(crate) fn new(entry: Option<&Entry>) -> Self {
        Self { next: native::next_sequence(entry), is_used: false, is_open: false }
    }

    /// Uses up `sequence`, if it is the next.
    pub(crate) fn take(&mut self, sequence: u64) -> Result<(), SkipReason> {
        // The largest number is never used: there is none after it.
        match sequence.checked_add(1) {
            Some(after) if sequence == self.next => self.next = after,
            _ => return Err(SkipReason::WrongNonce { expected: self.next }),
        }
        self.is_used = true;
        Ok(())
    }

    /// What its entry says after the block.
    pub(crate) fn entry(&self) -> Entry {
        Entry { deposit: None, value: Value::new(&native::encode_sequence(self.next)) }
    }
}

type Lanes = BTreeMap<(Address, u8), Lane>;

/// Plans `block` on `state`, that before the block.
pub(crate) fn plan<'a>(
    programs: &Programs,
    state: &dyn StateView,
    block: &BlockInput<'a>,
) -> Plan<'a> {
    let mut plan = Plan::default();
    let mut lanes = Lanes::new();
    let mut taken = TakenIds::default();
    for (position, tx) in (0_u32..).zip(block.transactions) {
        let lane = match admit(state, block, tx, &mut lanes) {
            Ok(lane) => lane,
            Err(reason) => {
                plan.skipped.push((position, taken.reason(&plan.ids, &tx.id(), reason)));
                continue;
            }
        };
        let body = &tx.transaction().body;
        let is_open = body.access == Access::Open;
        lane.is_open |= is_open;
        let declared = declare::declared_by(programs, tx);
        let index = TxIndex::new(u32::try_from(plan.ids.len()).unwrap_or(u32::MAX));
        let part = if lane.is_open { &mut plan.open } else { &mut plan.declared };
        part.push(Planned { index, id: tx.id(), body, declared, is_open });
        plan.ids.push(tx.id());
    }
    plan.nonces = lanes.into_iter().filter(|(_, lane)| lane.is_used).map(nonce_entry).collect();
    plan
}

/// Uses up the transaction's nonce, or says why it is skipped.
fn admit<'l>(
    state: &dyn StateView,
    block: &BlockInput<'_>,
    tx: &CheckedTransaction,
    lanes: &'l mut Lanes,
) -> Result<&'l mut Lane, SkipReason> {
    let (number, sequence) = check_envelope(block, tx)?;
    let sender = tx.transaction().body.sender;
    let lane = lanes
        .entry((sender, number))
        .or_insert_with(|| Lane::new(state.entry(&native::nonce_key(&sender, number)).as_ref()));
    lane.take(sequence)?;
    Ok(lane)
}

/// The lane and sequence of a transaction that may run now if its sequence is the lane's next.
pub(crate) fn check_envelope(
    block: &BlockInput<'_>,
    tx: &CheckedTransaction,
) -> Result<(u8, u64), SkipReason> {
    let body = &tx.transaction().body;
    if !tx.signature_ok() {
        return Err(SkipReason::BadSignature);
    }
    if body.chain != block.header.chain {
        return Err(SkipReason::WrongChain);
    }
    if block.header.height > body.valid_until {
        return Err(SkipReason::Expired);
    }
    match body.nonce {
        Nonce::Lane { lane, sequence } => Ok((lane, sequence)),
        Nonce::Window { millis: _ } => Err(SkipReason::NonceKind),
    }
}

fn nonce_entry(((sender, number), lane): ((Address, u8), Lane)) -> (StateKey, Entry) {
    (native::nonce_key(&sender, number), lane.entry())
}

/// The ids taken so far. Only a transaction that is skipped anyway is looked up, so the set is filled when it is needed.
#[derive(Debug, Default)]
pub(crate) struct TakenIds(BTreeSet<TxId>);

impl TakenIds {
    /// Why `id` is skipped, which is skipped for `reason` unless it was `taken` before.
    pub(crate) fn reason(&mut self, taken: &[TxId], id: &TxId, reason: SkipReason) -> SkipReason {
        self.0.extend(&taken[self.0.len()..]);
        if self.0.contains(id) { SkipReason::Duplicate } else { reason }
    }
}
