//! What must hold, whatever goes wrong. Written from the rules, not from the code that follows them.

use std::collections::BTreeMap;
use std::fmt;

use heddle_types::BlockHash;
use heddle_types::CheckedBlock;
use heddle_types::CommitCert;
use heddle_types::Committee;
use heddle_types::Epoch;
use heddle_types::EpochEnd;
use heddle_types::ExecutedRoot;
use heddle_types::Hash32;
use heddle_types::Height;
use heddle_types::TxId;

use super::rules::Rules;

/// Something that must never happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation(pub String);

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

macro_rules! ensure {
    ($condition:expr, $($message:tt)+) => {
        if !$condition {
            return Err(Violation(format!($($message)+)));
        }
    };
}

pub(super) use ensure;

/// How an epoch ended: its closing block, and the committee that follows.
type Ending = (BlockHash, Hash32);

/// Sees everything that leaves a node and everything that is executed.
#[derive(Debug)]
pub(crate) struct Oracle {
    /// Of voting.
    pub(crate) rules: Rules,
    ends: BTreeMap<Epoch, Ending>,
    agreed: BTreeMap<Height, (BlockHash, Option<ExecutedRoot>)>,
    executed_ids: BTreeMap<TxId, Height>,
}

impl Oracle {
    pub(crate) const fn new(rules: Rules) -> Self {
        Self {
            rules,
            ends: BTreeMap::new(),
            agreed: BTreeMap::new(),
            executed_ids: BTreeMap::new(),
        }
    }

    /// `node` begins where `end`, if any, says, with `committee`.
    pub(crate) fn on_committee(
        &mut self,
        node: usize,
        committee: &Committee,
        end: Option<&EpochEnd>,
    ) -> Result<(), Violation> {
        let Some(end) = end else {
            ensure!(committee.epoch() == Epoch::ZERO, "node {node} begins an epoch from nothing");
            return Ok(());
        };
        let ending = (end.closing.hash(), committee.hash());
        let agreed = *self.ends.entry(end.epoch()).or_insert(ending);
        ensure!(agreed == ending, "node {node} ended epoch {} otherwise", end.epoch());
        let block = self.agreed.get(&end.closing.height).map(|(block, _)| *block);
        let is_final = block == Some(end.closing.hash());
        ensure!(is_final, "node {node} ended epoch {} with no final block", end.epoch());
        Ok(())
    }

    /// The newest epoch that ended anywhere.
    pub(crate) fn last_ended(&self) -> Option<Epoch> {
        self.ends.last_key_value().map(|(epoch, _)| *epoch)
    }

    /// `node` was told that a block is final.
    pub(crate) fn on_final(
        &mut self,
        node: usize,
        block: &CheckedBlock,
        cert: &CommitCert,
    ) -> Result<(), Violation> {
        self.rules.on_final(node, cert)?;
        let (height, block) = (block.header().height, block.hash());
        let agreed = self.agreed.entry(height).or_insert((block, None));
        ensure!(
            agreed.0 == block,
            "node {node} made {block} final at height {height}, another made {}",
            agreed.0
        );
        Ok(())
    }

    /// `node` executed a final block.
    pub(crate) fn on_executed(
        &mut self,
        node: usize,
        executed: ExecutedRoot,
        ids: &[TxId],
    ) -> Result<(), Violation> {
        let height = executed.height;
        let Some(agreed) = self.agreed.get_mut(&height) else {
            return Err(Violation(format!(
                "node {node} executed height {height} before it was final"
            )));
        };
        let root = agreed.1.get_or_insert(executed);
        ensure!(
            root.root == executed.root,
            "node {node} has root {} at height {height}, another has {}",
            executed.root,
            root.root
        );
        for id in ids {
            let first = self.executed_ids.entry(*id).or_insert(height);
            ensure!(
                *first == height,
                "transaction {id} was executed at heights {first} and {height}"
            );
        }
        Ok(())
    }

    /// Whether any node executed the transaction.
    pub(crate) fn is_final(&self, id: &TxId) -> bool {
        self.executed_ids.contains_key(id)
    }

    /// The highest height that is final somewhere.
    pub(crate) fn highest_final(&self) -> Height {
        self.agreed.last_key_value().map_or(Height::ZERO, |(height, _)| *height)
    }
}
