//! Rules T1 to T4 as plainly as they can be written, and random change sets.

use std::collections::BTreeMap;

use heddle_types::ChangeSet;
use heddle_types::Deposit;
use heddle_types::Domain;
use heddle_types::Entry;
use heddle_types::Hash32;
use heddle_types::ProgramId;
use heddle_types::StateKey;
use heddle_types::StateRoot;
use heddle_types::Value;
use heddle_types::encode;
use proptest::prelude::*;

pub(crate) type Model = BTreeMap<StateKey, Entry>;

fn h(domain: Domain, message: &[u8]) -> [u8; 32] {
    let mut key = [0; 32];
    key[..16].copy_from_slice(&domain.0);
    *blake3::keyed_hash(&key, message).as_bytes()
}

fn path(key: &StateKey) -> [u8; 32] {
    let mut message = key.program().0.to_le_bytes().to_vec();
    message.push(key.bytes().len() as u8);
    message.extend(key.bytes());
    message.resize(64, 0);
    h(Domain::STATE_KEY, &message)
}

fn subtree(leaves: &[([u8; 32], [u8; 32])], depth: usize) -> [u8; 32] {
    match leaves {
        [] => [0; 32],
        [(_, hash)] => *hash,
        _ => {
            let is_right = |path: &[u8; 32]| path[depth / 8] & (0x80 >> (depth % 8)) != 0;
            let (right, left): (Vec<_>, Vec<_>) = leaves.iter().partition(|(p, _)| is_right(p));
            let children = [subtree(&left, depth + 1), subtree(&right, depth + 1)];
            h(Domain::STATE_INNER, children.as_flattened())
        }
    }
}

fn value(entry: &Entry) -> [u8; 32] {
    let mut message = encode(entry);
    let len = message.len().min(64) as u8;
    message.resize(message.len().max(63), 0);
    message.push(len);
    h(Domain::STATE_VALUE, &message)
}

/// The root of a state with these entries.
pub(crate) fn root(model: &Model) -> StateRoot {
    let leaf = |(key, entry): (&StateKey, &Entry)| {
        let message = [path(key), value(entry)];
        (path(key), h(Domain::STATE_LEAF, message.as_flattened()))
    };
    let leaves: Vec<_> = model.iter().map(leaf).collect();
    StateRoot(Hash32(subtree(&leaves, 0)))
}

pub(crate) fn change(model: &mut Model, changes: &ChangeSet) {
    for (key, entry) in changes.as_slice() {
        match entry {
            Some(entry) => model.insert(*key, entry.clone()),
            None => model.remove(key),
        };
    }
}

pub(crate) fn key(number: u32) -> StateKey {
    let bytes = number.to_be_bytes();
    let len = 1 + number as usize % 4;
    StateKey::new(ProgramId(number % 3), &[&bytes[4 - len..], &[7; 40][..number as usize % 41]])
        .unwrap()
}

pub(crate) fn entry(number: u32) -> Entry {
    let deposit = Deposit { payer: Default::default(), amount: Default::default() };
    let value = number.to_le_bytes().repeat(1 + number as usize % 30);
    Entry { deposit: number.is_multiple_of(2).then_some(deposit), value: Value::from(value) }
}

/// Change sets over `keys` different keys: a third of the changes delete.
pub(crate) fn batches(keys: u32, len: usize) -> impl Strategy<Value = Vec<ChangeSet>> {
    let change =
        (0..keys, any::<u32>()).prop_map(|(k, v)| (key(k), (v % 3 != 0).then(|| entry(v))));
    let batch = proptest::collection::vec(change, 0..len).prop_map(ChangeSet::new);
    proptest::collection::vec(batch, 1..8)
}

/// A change set that deletes everything.
pub(crate) fn clear(model: &Model) -> ChangeSet {
    ChangeSet::new(model.keys().map(|key| (*key, None)).collect())
}
