//! The state of the chain after one block.

use std::collections::BTreeSet;
use std::ops::Bound;

use heddle_types::ChangeSet;
use heddle_types::Domain;
use heddle_types::Entry;
use heddle_types::ProgramId;
use heddle_types::StateKey;
use heddle_types::StateRoot;
use heddle_types::StateView;

use crate::build;
use crate::hashing;
use crate::hashing::Batch;
use crate::history::History;
use crate::history::Layer;
use crate::path;
use crate::path::Path;
use crate::prepare;
use crate::prepare::Prepared;
use crate::proof::Proof;
use crate::spares::Spares;
use crate::tree::Tree;

/// All entries after the last committed block, the tree over them, and what proofs for the roots just before need.
#[derive(Clone, Debug)]
pub struct State {
    tree: Tree,
    /// For scans; point reads go through the tree.
    keys: BTreeSet<StateKey>,
    history: History,
    /// How many change sets were committed.
    commits: u64,
    spares: Spares,
}

impl State {
    /// Without entries.
    pub fn empty() -> Self {
        Self {
            tree: Tree::empty(),
            keys: BTreeSet::new(),
            history: History::default(),
            commits: 0,
            spares: Spares::default(),
        }
    }

    /// With these entries and no past. Quickest when they ascend by key, as storage keeps them.
    ///
    /// # Panics
    /// If a key comes twice: no store and no genesis holds one twice.
    pub fn from_entries(entries: impl IntoIterator<Item = (StateKey, Entry)>) -> Self {
        let entries: Vec<_> = entries.into_iter().collect();
        let len = entries.len();
        let all: Vec<StateKey> = entries.iter().map(|(key, _)| *key).collect();
        let (tree, keys) =
            rayon::join(|| build::build(entries), || all.into_iter().collect::<BTreeSet<_>>());
        assert_eq!(keys.len(), len, "each key once");
        Self { tree, keys, history: History::default(), commits: 0, spares: Spares::default() }
    }

    /// Makes `changes` and returns the new root: [`Self::prepare`] and [`Self::commit`].
    pub fn apply(&mut self, changes: &ChangeSet) -> StateRoot {
        let prepared = self.prepare(changes);
        self.commit(prepared);
        self.root()
    }

    /// Makes the prepared changes; the root before them stays provable for a while. An empty change
    /// set leaves no trace.
    ///
    /// # Panics
    /// If something was committed since they were prepared.
    pub fn commit(&mut self, prepared: Prepared) {
        assert_eq!(prepared.base, self.commits, "prepared on this state");
        let Prepared { mut patch, added, removed, root, .. } = prepared;
        self.commits += 1;
        if patch.is_empty() {
            return;
        }
        let before = self.tree.root();
        self.tree.apply(&mut patch);
        assert_eq!(self.tree.root(), root, "the prepared root");
        self.keys.extend(added);
        for key in removed {
            self.keys.remove(&key);
        }
        self.spares.keep_deep(&mut patch);
        if let Some(forgotten) = self.history.push(Layer { root: before, patch }) {
            self.spares.keep_patch(forgotten.patch);
        }
        self.tree.make_room();
    }

    /// Works out what `changes` lead to, without making them. This is nearly all of the work; it needs no exclusive access,
    /// so readers go on meanwhile.
    pub fn prepare(&self, changes: &ChangeSet) -> Prepared {
        prepare::prepare(&self.tree, &self.spares, self.commits, changes)
    }

    /// The root of the tree; [`StateRoot::ZERO`] without entries.
    pub fn root(&self) -> StateRoot {
        self.tree.root()
    }

    /// How many keys there are.
    pub const fn len(&self) -> usize {
        self.tree.len()
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A proof of what stands at `key`, for the current root.
    pub fn prove(&self, key: &StateKey) -> Proof {
        self.prove_at(self.root(), key).unwrap_or_else(|| unreachable!("the current root is known"))
    }

    /// A proof of what stood at `key` when the root was `root`: the current one or one of the
    /// [`heddle_types::limits::LAG_MAX`] before it. None for any other.
    pub fn prove_at(&self, root: StateRoot, key: &StateKey) -> Option<Proof> {
        self.history.at(&self.tree, root).map(|past| Proof::new(&past, key))
    }

    /// The roots that proofs can be given for, oldest first; the last is the current one.
    pub fn provable_roots(&self) -> impl Iterator<Item = StateRoot> {
        self.history.roots().chain([self.root()])
    }

    /// At most `limit` entries of `program` whose keys begin with `prefix`, ascending, after the key `after` if one is
    /// given: the last one of the page before.
    pub fn scan(
        &self,
        program: ProgramId,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Vec<(StateKey, Entry)> {
        let Some(first) = StateKey::new(program, &[prefix]) else { return Vec::new() };
        let start = match after {
            None => Bound::Included(first),
            Some(after) => match StateKey::new(program, &[after]) {
                Some(key) if key >= first => Bound::Excluded(key),
                Some(_) => Bound::Included(first),
                None => return Vec::new(),
            },
        };
        self.keys
            .range((start, Bound::Unbounded))
            .take_while(|key| key.program() == program && key.bytes().starts_with(prefix))
            .take(limit)
            .filter_map(|key| Some((*key, self.entry(key)?)))
            .collect()
    }

    /// All entries, ascending by key.
    pub fn entries(&self) -> impl Iterator<Item = (StateKey, Entry)> {
        self.keys.iter().filter_map(|key| Some((*key, self.entry(key)?)))
    }
}

impl Default for State {
    fn default() -> Self {
        Self::empty()
    }
}

impl StateView for State {
    fn entry(&self, key: &StateKey) -> Option<Entry> {
        self.tree.entry(&Path::of(key)).cloned()
    }

    /// Works out the paths of many keys at the same time, which is most of a look-up.
    fn entries(&self, keys: &[StateKey], found: &mut Vec<Option<Entry>>) {
        found.reserve(keys.len());
        let mut paths = Vec::with_capacity(hashing::WIDTH);
        let mut batch = Batch::new(Domain::STATE_KEY);
        for keys in keys.chunks(hashing::WIDTH) {
            keys.iter().for_each(|key| path::write_message(key, batch.add(0)));
            batch.drain(|_, hash| paths.push(Path(hash)));
            found.extend(paths.drain(..).map(|path| self.tree.entry(&path).cloned()));
        }
    }
}
