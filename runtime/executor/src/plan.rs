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
struct Lane {
    next: u64,
    is_used: bool,
    /// Whether an open transaction of this lane stands earlier in the block.
    is_open: bool,
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
                let is_repeated = taken.contains(&plan.ids, &tx.id());
                let reason = if is_repeated { SkipReason::Duplicate } else { reason };
                plan.skipped.push((position, reason));
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
    let (number, sequence) = match body.nonce {
        Nonce::Lane { lane, sequence } => (lane, sequence),
        Nonce::Window { millis: _ } => return Err(SkipReason::NonceKind),
    };
    let lane = lanes.entry((body.sender, number)).or_insert_with(|| {
        let entry = state.entry(&native::nonce_key(&body.sender, number));
        Lane { next: native::next_sequence(entry.as_ref()), is_used: false, is_open: false }
    });
    // The largest number is never used: there is none after it.
    match sequence.checked_add(1) {
        Some(after) if sequence == lane.next => lane.next = after,
        _ => return Err(SkipReason::WrongNonce { expected: lane.next }),
    }
    lane.is_used = true;
    Ok(lane)
}

fn nonce_entry(((sender, number), lane): ((Address, u8), Lane)) -> (StateKey, Entry) {
    let value = Value::new(&native::encode_sequence(lane.next));
    (native::nonce_key(&sender, number), Entry { deposit: None, value })
}

/// The ids taken so far. Only a transaction that is skipped anyway is looked up, so the set is filled when it is needed.
#[derive(Default)]
struct TakenIds(BTreeSet<TxId>);

impl TakenIds {
    fn contains(&mut self, taken: &[TxId], id: &TxId) -> bool {
        self.0.extend(&taken[self.0.len()..]);
        self.0.contains(id)
    }
}
