//! A chunk shows all entries below its prefix, and nothing else passes for one.

use heddle_state::CHUNK_BYTES_MAX;
use heddle_state::Chunk;
use heddle_state::ChunkError;
use heddle_state::Cut;
use heddle_state::Path;
use heddle_state::Prefix;
use heddle_state::State;
use heddle_state::Subtree;
use heddle_types::Hash32;
use heddle_types::StateRoot;
use heddle_types::decode_exact;
use heddle_types::encode;
use proptest::prelude::*;

use crate::reference;
use crate::reference::Model;

fn model(keys: u32) -> Model {
    (0..keys).map(|i| (reference::key(i), reference::entry(i))).collect()
}

fn cut(model: &Model, bytes_max: usize) -> Cut {
    // Any order will do.
    Cut::new(model.clone().into_iter().rev().collect(), bytes_max)
}

/// What a lying peer may do to a chunk: everything that leaves other entries than there are.
fn lies(chunk: &Chunk, other: u32) -> Vec<Chunk> {
    let mut lies = Vec::new();
    for position in 0..chunk.entries.len() {
        let mut omitted = chunk.clone();
        omitted.entries.remove(position);
        lies.push(omitted);
        let mut changed = chunk.clone();
        changed.entries[position].1 = reference::entry(1_000_000 + other);
        lies.push(changed);
        let mut doubled = chunk.clone();
        doubled.entries.insert(position, chunk.entries[position].clone());
        lies.push(doubled);
        let mut swapped = chunk.clone();
        swapped.entries.swap(position, 0);
        lies.push(swapped);
    }
    let (key, entry) = (reference::key(1_000_000 + other), reference::entry(other));
    for position in 0..=chunk.entries.len() {
        let mut added = chunk.clone();
        added.entries.insert(position, (key, entry.clone()));
        lies.push(added);
    }
    lies.retain(|lie| lie != chunk);
    lies
}

/// The same entries said to be somewhere else.
fn displaced(chunk: &Chunk) -> Vec<Chunk> {
    let mut displaced = Vec::new();
    let mut at = |prefix: Option<Prefix>, siblings: Vec<Subtree>| {
        let entries = chunk.entries.clone();
        displaced.extend(prefix.map(|prefix| Chunk { prefix, entries, siblings }));
    };
    at(chunk.prefix.sibling(), chunk.siblings.clone());
    if let Some((parent, _)) = chunk.prefix.parent() {
        at(Some(parent), chunk.siblings.clone());
        at(Some(parent), chunk.siblings[1..].to_vec());
    }
    for child in chunk.prefix.children().into_iter().flatten() {
        at(Some(child), chunk.siblings.clone());
        at(Some(child), [vec![Subtree::Empty], chunk.siblings.clone()].concat());
    }
    displaced
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_chunks_of_a_state_are_all_of_it(keys in 0..300_u32, bytes_max in 0..6000_usize) {
        let model = model(keys);
        let root = reference::root(&model);
        let cut = cut(&model, bytes_max);
        prop_assert_eq!(cut.root(), root);
        prop_assert_eq!(cut.entries(), model.len());
        let depths: Vec<u8> = cut.prefixes().map(Prefix::depth).collect();
        prop_assert_eq!(Prefix::cover(&depths), Some(cut.prefixes().collect()));
        let mut all = Model::new();
        for chunk in cut.chunks() {
            let bytes: usize = chunk.entries.iter().map(|entry| encode(entry).len()).sum();
            prop_assert!(bytes <= bytes_max || chunk.entries.len() == 1);
            let decoded: Chunk = decode_exact(&encode(&chunk)).unwrap();
            all.extend(decoded.verify(root).unwrap());
        }
        prop_assert_eq!(all, model);
    }

    #[test]
    fn no_chunk_with_other_entries_is_believed(
        keys in 0..80_u32,
        bytes_max in 0..3000_usize,
        other in 0..1000_u32,
    ) {
        let model = model(keys);
        let root = reference::root(&model);
        for chunk in cut(&model, bytes_max).chunks() {
            for lie in lies(&chunk, other) {
                prop_assert!(lie.clone().verify(root).is_err(), "{lie:?}");
            }
        }
    }

    #[test]
    fn no_chunk_is_believed_at_another_prefix(keys in 2..80_u32, bytes_max in 0..3000_usize) {
        let model = model(keys);
        let root = reference::root(&model);
        for chunk in cut(&model, bytes_max).chunks() {
            for lie in displaced(&chunk) {
                let (prefix, honest) = (lie.prefix, chunk.entries.clone());
                // A parent or child with the same entries is right when there are no others below it.
                let below = model.iter().filter(|(key, _)| prefix.contains(&Path::of(key))).count();
                let is_true = below == honest.len()
                    && honest.iter().all(|(key, _)| prefix.contains(&Path::of(key)));
                prop_assert!(is_true || lie.clone().verify(root).is_err(), "{lie:?}");
            }
        }
    }

    #[test]
    fn a_chunk_with_any_byte_changed_shows_nothing_else(
        keys in 0..40_u32,
        bytes_max in 0..2000_usize,
        flip in 1..=255_u8,
    ) {
        let model = model(keys);
        let root = reference::root(&model);
        let honest: Vec<Chunk> = cut(&model, bytes_max).chunks().collect();
        for chunk in honest.iter().step_by(3) {
            let bytes = encode(chunk);
            for position in 0..bytes.len() {
                let mut bytes = bytes.clone();
                bytes[position] ^= flip;
                let Ok(changed) = decode_exact::<Chunk>(&bytes) else { continue };
                prop_assert!(changed.verify(root).is_err(), "byte {position}");
            }
        }
    }

    #[test]
    fn garbage_is_no_chunk(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        if let Ok(chunk) = decode_exact::<Chunk>(&bytes) {
            prop_assert!(chunk.verify(StateRoot(Hash32([1; 32]))).is_err());
        }
    }
}

#[test]
fn a_cut_state_has_the_root_of_the_tree() {
    let entries: Vec<_> = model(5000).into_iter().collect();
    let root = State::from_entries(entries.clone()).root();
    let cut = Cut::new(entries, 20_000);
    assert_eq!(cut.root(), root);
    assert!(cut.chunks().len() > 16);
    assert!(cut.chunks().all(|chunk| chunk.verify(root).is_ok()));
}

#[test]
fn the_empty_state_is_one_empty_chunk() {
    let cut = Cut::new(Vec::new(), CHUNK_BYTES_MAX);
    assert_eq!(cut.root(), StateRoot::ZERO);
    let chunk = cut.chunks().next().unwrap();
    assert_eq!((chunk.prefix, chunk.siblings.len()), (Prefix::ALL, 0));
    assert_eq!(chunk.verify(StateRoot::ZERO), Ok(Vec::new()));
    for child in Prefix::ALL.children().unwrap() {
        let part = Chunk { prefix: child, entries: Vec::new(), siblings: vec![Subtree::Empty] };
        assert_eq!(part.verify(StateRoot::ZERO), Ok(Vec::new()));
    }
}

/// A state of one key has one hash at every depth.
#[test]
fn a_lone_leaf_cannot_be_hidden_beside_the_chunk() {
    let model = model(1);
    let root = reference::root(&model);
    let (key, entry) = model.first_key_value().unwrap();
    let path = Path::of(key);
    let [left, right] = Prefix::ALL.children().unwrap();
    let (own, other) = if left.contains(&path) { (left, right) } else { (right, left) };
    let only = cut(&model, CHUNK_BYTES_MAX).chunks().next().unwrap();
    let entry_hash = entry_hash(&only);
    let beside = |prefix, sibling| Chunk { prefix, entries: Vec::new(), siblings: vec![sibling] };
    let leaf = Subtree::Leaf { path, entry_hash };
    assert_eq!(beside(other, leaf).verify(root), Ok(Vec::new()), "it is on the other side");
    let hidden = beside(own, leaf).verify(root);
    assert_eq!(hidden, Err(ChunkError::SiblingElsewhere { position: 0 }));
    let unnamed = beside(own, Subtree::Inner(root.0)).verify(root);
    assert!(matches!(unnamed, Err(ChunkError::Root { .. })));
    let claimed = Chunk {
        prefix: other,
        entries: vec![(*key, entry.clone())],
        siblings: vec![Subtree::Empty],
    };
    assert_eq!(claimed.verify(root), Err(ChunkError::Elsewhere { position: 0 }));
}

/// Of a state of one key, whose leaf stands beside every empty half.
fn entry_hash(chunk: &Chunk) -> Hash32 {
    let cut = Cut::new(chunk.entries.clone(), 0);
    let siblings = cut.chunks().flat_map(|chunk| chunk.siblings).collect::<Vec<_>>();
    let found = siblings.iter().find_map(|sibling| match sibling {
        Subtree::Leaf { entry_hash, .. } => Some(*entry_hash),
        Subtree::Empty | Subtree::Inner(_) => None,
    });
    found.unwrap()
}

#[test]
fn as_many_siblings_as_bits() {
    let model = model(50);
    let root = reference::root(&model);
    let chunk = cut(&model, 1000).chunks().next().unwrap();
    let depth = chunk.prefix.depth();
    let mut more = chunk.clone();
    more.siblings.push(Subtree::Empty);
    let siblings = usize::from(depth) + 1;
    assert_eq!(more.verify(root), Err(ChunkError::Siblings { siblings, depth }));
    let mut fewer = chunk;
    fewer.siblings.pop();
    let siblings = usize::from(depth) - 1;
    assert_eq!(fewer.verify(root), Err(ChunkError::Siblings { siblings, depth }));
}

#[test]
fn more_entries_than_a_chunk_may_have_are_refused_before_they_are_read() {
    let mut bytes = encode(&Prefix::ALL);
    bytes.extend(u32::MAX.to_le_bytes());
    bytes.extend([0; 100]);
    let error = decode_exact::<Chunk>(&bytes).unwrap_err().to_string();
    assert!(error.contains("entries: length 4294967295, at most 52428 allowed"), "{error}");
}
