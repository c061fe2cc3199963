//! The order of what leaves: blocks, then timeout certificates, then the record, then what the record allows. R7.
//!
//! Whatever is signed while one input is handled shares one record. A certificate may hold a signature of this node's
//! own that is not durable yet, so certificates, and commits by them, wait for the record too.

use std::sync::Arc;

use heddle_types::CheckedBlock;
use heddle_types::SafetyRecord;
use heddle_types::TimeoutCert;

use crate::io::Action;

/// What one input leads to, until it is put in order.
#[derive(Default)]
pub(crate) struct Outbox {
    /// Needs no durability.
    free: Vec<Action>,
    blocks: Vec<Arc<CheckedBlock>>,
    signed: bool,
    /// Waits for the record.
    held: Vec<Action>,
    /// The record that was last made durable.
    durable: Option<SafetyRecord>,
}

impl Outbox {
    pub(crate) const fn new(durable: Option<SafetyRecord>) -> Self {
        Self { free: Vec::new(), blocks: Vec::new(), signed: false, held: Vec::new(), durable }
    }

    /// An action that reveals nothing signed.
    pub(crate) fn push_free(&mut self, action: Action) {
        self.free.push(action);
    }

    /// An action that may reveal what is signed by now.
    pub(crate) fn push(&mut self, action: Action) {
        self.held.push(action);
    }

    /// An action that reveals something signed just now.
    pub(crate) fn push_signed(&mut self, action: Action) {
        self.signed = true;
        self.held.push(action);
    }

    /// The record changed in a way that must not be forgotten.
    pub(crate) const fn persist(&mut self) {
        self.signed = true;
    }

    /// The block is durable before the record is.
    pub(crate) fn store(&mut self, block: &Arc<CheckedBlock>) {
        if self.blocks.iter().all(|stored| stored.hash() != block.hash()) {
            self.blocks.push(Arc::clone(block));
        }
    }

    /// The record that was last made durable.
    pub(crate) const fn durable(&self) -> Option<&SafetyRecord> {
        self.durable.as_ref()
    }

    /// Whether blocks became final that a payload built next must know of.
    pub(crate) fn has_commit(&self) -> bool {
        self.held.iter().any(|action| matches!(action, Action::Commit { .. }))
    }

    /// Moves out what need not wait.
    pub(crate) fn flush_free(&mut self, actions: &mut Vec<Action>) {
        actions.append(&mut self.free);
    }

    /// Moves everything out, in order. `high_tc` is the one that `record` names.
    pub(crate) fn flush(
        &mut self,
        record: &SafetyRecord,
        high_tc: Option<&TimeoutCert>,
        actions: &mut Vec<Action>,
    ) {
        self.flush_free(actions);
        actions.extend(self.blocks.drain(..).map(Action::StoreBlock));
        if self.signed && self.durable.as_ref() != Some(record) {
            let named = self.durable.as_ref().and_then(|durable| durable.high_tc);
            if record.high_tc != named {
                actions.extend(high_tc.cloned().map(Action::StoreTimeoutCert));
            }
            actions.push(Action::Persist(record.clone()));
            self.durable = Some(record.clone());
        }
        self.signed = false;
        actions.append(&mut self.held);
    }
}
