use std::sync::Arc;

use heddle_types::BlockHash;
use heddle_types::BlockHeader;
use heddle_types::ChainId;
use heddle_types::CheckedBlock;
use heddle_types::Epoch;
use heddle_types::ExecutedRoot;
use heddle_types::Hash32;
use heddle_types::Height;
use heddle_types::StateRoot;
use heddle_types::UnixMillis;
use heddle_types::ValidatorIndex;
use heddle_types::View;

use super::Gap;
use super::Tree;
use crate::limits;

fn block(parent: BlockHash, height: u64, view: u64) -> Arc<CheckedBlock> {
    let header = BlockHeader {
        version: 1,
        chain: ChainId::ZERO,
        epoch: Epoch::ZERO,
        view: View::new(view),
        height: Height::new(height),
        parent,
        payload: Hash32::ZERO,
        executed: ExecutedRoot { height: Height::ZERO, root: StateRoot::ZERO },
        time: UnixMillis::new(0),
        proposer: ValidatorIndex::ZERO,
        next_committee: None,
    };
    Arc::new(CheckedBlock::build(header, vec![]))
}

/// A tree on block 0 with a chain of `len`, newest last.
fn grown(len: u64) -> (Tree, Vec<Arc<CheckedBlock>>) {
    let root = block(BlockHash::ZERO, 0, 0);
    let mut tree = Tree::new(Arc::clone(&root));
    let mut chain = vec![root];
    for number in 1..=len {
        let next = block(chain.last().unwrap().hash(), number, number);
        tree.insert(Arc::clone(&next), next.hash());
        chain.push(next);
    }
    (tree, chain)
}

#[test]
fn a_path_runs_down_to_the_child_of_the_last_final_block() {
    let (tree, chain) = grown(3);
    let path = tree.path(chain[3].hash(), Height::new(3)).unwrap();
    assert_eq!(path, [&chain[3], &chain[2], &chain[1]].map(Arc::clone));
    assert_eq!(tree.path(chain[0].hash(), Height::ZERO), Ok(vec![]));
}

#[test]
fn a_path_descends_height_by_height() {
    for (heights, expected) in [([1, 2], true), ([2, 2], false), ([1, 3], false), ([0, 2], false)] {
        let mut tree = grown(0).0;
        let first = block(tree.last_final().hash(), heights[0], 1);
        let second = block(first.hash(), heights[1], 2);
        tree.insert(Arc::clone(&first), second.hash());
        tree.insert(Arc::clone(&second), second.hash());
        let path = tree.path(second.hash(), Height::new(2));
        assert_eq!(path.is_ok(), expected, "{heights:?}");
    }
}

#[test]
fn a_gap_names_the_first_missing_block() {
    let (mut tree, chain) = grown(1);
    let far = block(BlockHash(Hash32([1; 32])), 3, 9);
    tree.insert(Arc::clone(&far), chain[1].hash());
    let missing = Gap::Missing(BlockHash(Hash32([1; 32])), Height::new(2));
    assert_eq!(tree.path(far.hash(), Height::new(3)), Err(missing));
}

#[test]
fn a_block_beside_the_final_chain_is_unrelated() {
    let (mut tree, chain) = grown(2);
    let beside = block(chain[0].hash(), 1, 7);
    let child = block(beside.hash(), 2, 8);
    tree.insert(beside, chain[2].hash());
    tree.insert(Arc::clone(&child), chain[2].hash());
    tree.finalize(Arc::clone(&chain[1]));
    assert_eq!(tree.path(child.hash(), Height::new(2)), Err(Gap::Unrelated));
}

#[test]
fn a_full_tree_drops_the_lowest_view_beside_the_tip_and_never_the_tip_s_chain() {
    let (mut tree, chain) = grown(10);
    let tip = chain[10].hash();
    let beside = |number| block(BlockHash(Hash32([2; 32])), 11, 100 + number);
    for number in 0..u64::try_from(limits::TREE_BLOCKS_MAX).unwrap() {
        tree.insert(beside(number), tip);
    }
    assert_eq!(tree.len(), limits::TREE_BLOCKS_MAX);
    assert!(tree.path(tip, Height::new(10)).is_ok());
    assert!(tree.get(beside(0).hash()).is_none());
    assert!(tree.get(beside(9).hash()).is_none());
    assert!(tree.get(beside(10).hash()).is_some());
}
