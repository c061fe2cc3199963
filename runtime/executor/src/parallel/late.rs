//! Keys that get their numbers while open transactions run.

use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;

use heddle_engine::Key;
use heddle_types::Entry;
use heddle_types::StateKey;
use heddle_types::StateView;

use crate::parallel::interner::Interner;
use crate::parallel::table::Table;

/// Keys are spread over so many tables, each behind a lock.
const SHARDS: usize = 16;

/// Keys that nobody declared. Their numbers follow those of the declared ones and differ from run to run; none reaches a result.
pub(crate) struct LateKeys<'a> {
    /// The first number.
    first: usize,
    before: &'a dyn StateView,
    shards: [Mutex<Shard>; SHARDS],
}

#[derive(Default)]
struct Shard {
    interner: Interner,
    /// What was there when the block began.
    start: Vec<Option<Entry>>,
}

impl<'a> LateKeys<'a> {
    /// After `first` declared keys, over the state before the block.
    pub(crate) fn new(first: usize, before: &'a dyn StateView) -> Self {
        let shard = || {
            let mut shard = Shard::default();
            shard.interner.clear(0);
            Mutex::new(shard)
        };
        Self { first, before, shards: std::array::from_fn(|_| shard()) }
    }

    /// The number of a key, which it gets now if it has none.
    pub(crate) fn number(&self, key: &StateKey, fingerprint: u64) -> Key {
        let shard = usize::try_from(fingerprint >> 60).expect("4 bits");
        let mut locked = lock(&self.shards[shard]);
        let position = match locked.interner.find(key, fingerprint) {
            Some(position) => position,
            None => {
                locked.start.push(self.before.entry(key));
                locked.interner.intern(key, fingerprint)
            }
        };
        let position = usize::try_from(position).expect("32 bits");
        let number = self.first + position * SHARDS + shard;
        Key::new(u32::try_from(number).expect("fewer than 2^30 keys"))
    }

    /// What was at a key when the block began.
    pub(crate) fn entry<T>(&self, key: Key, look: impl FnOnce(Option<&Entry>) -> T) -> T {
        let number = key.index() - self.first;
        look(lock(&self.shards[number % SHARDS]).start[number / SHARDS].as_ref())
    }

    /// Gives all of them a number in `table`, and says which were there.
    pub(crate) fn join(self, table: &mut Table, was_present: &mut Vec<bool>) -> Numbers {
        let mut numbers = Numbers { first: self.first, late: std::array::from_fn(|_| Vec::new()) };
        for (shard, late) in self.shards.into_iter().zip(&mut numbers.late) {
            let Shard { interner, start } =
                shard.into_inner().unwrap_or_else(PoisonError::into_inner);
            for (key, entry) in interner.keys().iter().zip(start) {
                was_present.push(entry.is_some());
                late.push(Key::new(table.insert(key, entry)));
            }
        }
        numbers
    }
}

/// The numbers in the table of keys that had others while they were late.
pub(crate) struct Numbers {
    first: usize,
    late: [Vec<Key>; SHARDS],
}

impl Numbers {
    /// The number in the table of the key that was known by this.
    pub(crate) fn of(&self, key: Key) -> Key {
        match key.index().checked_sub(self.first) {
            None => key,
            Some(number) => self.late[number % SHARDS][number / SHARDS],
        }
    }
}

fn lock(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

const _: () = assert!(SHARDS == 1 << 4);
