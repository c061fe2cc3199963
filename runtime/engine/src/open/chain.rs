//! What happens at one key during a block: its versions, and who has read them.
//!
//! Invariant: for each reader whose run is not doomed, the versions below it give the value that it was given, those that are
//! an `ESTIMATE` taken as they were. Who changes a version finds the readers for which it makes a difference, and dooms them
//! before its own run counts as executed. So a task that is executed and not doomed when all before it are committed has read
//! what the sequential order gives: nobody has to validate it afterwards.

use std::borrow::Cow;
use std::mem;

use smallvec::SmallVec;

use crate::job::Key;
use crate::job::OpenJob;

/// Versions of committed tasks are folded by reads when there are more versions than this.
const VERSIONS_LAZY: usize = 8;

/// What a task does to a key.
pub(super) enum Change<O: OpenJob> {
    Put(O::Value),
    Add(O::Delta),
}

/// One run of a task, as chains see it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Run {
    pub(super) task: u32,
    pub(super) incarnation: u32,
    /// All tasks below are committed. May lag behind.
    pub(super) frontier: u32,
}

impl Run {
    /// Whether nothing that this run reads can change any more.
    pub(super) const fn is_final(self) -> bool {
        self.frontier == self.task
    }
}

/// A run that has read a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reader {
    pub(super) task: u32,
    pub(super) incarnation: u32,
}

struct Version<O: OpenJob> {
    task: u32,
    incarnation: u32,
    estimate: bool,
    change: Change<O>,
}

/// Where the bottom of a chain comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Origin {
    /// Nobody has asked for it.
    Unknown,
    /// From before the block.
    Base,
    /// From tasks of the block.
    Tasks,
}

/// One key during a block. Flat, so that with 16-byte values it fits a pair of cache lines together with its lock.
pub(super) struct Chain<O: OpenJob> {
    /// What the key has been listed for, in this block.
    listed: Listed,
    origin: Origin,
    /// What is below all versions, if it is known.
    bottom: O::Value,
    /// Ascending by task, one a task.
    versions: SmallVec<[Version<O>; 1]>,
    /// The highest last, the others in any order.
    readers: SmallVec<[Reader; 2]>,
}

/// For what a key is on a worker's list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Listed {
    #[default]
    Nothing,
    /// It is written.
    Written,
    /// And something was added.
    Added,
}

impl<O: OpenJob> Chain<O> {
    pub(super) fn new() -> Self {
        Self {
            listed: Listed::Nothing,
            origin: Origin::Unknown,
            bottom: O::Value::default(),
            versions: SmallVec::new(),
            readers: SmallVec::new(),
        }
    }

    /// Forgets everything, for another key or block.
    pub(super) fn clear(&mut self) {
        self.listed = Listed::Nothing;
        self.origin = Origin::Unknown;
        self.versions.clear();
        self.readers.clear();
    }

    /// What is below `run`'s task; from now on the run is doomed when that changes.
    ///
    /// # Errors
    /// The task whose `ESTIMATE` is in the way.
    pub(super) fn read(&mut self, job: &O, key: Key, run: Run) -> Result<O::Value, u32> {
        if self.versions.len() > VERSIONS_LAZY {
            self.fold_below(job, key, run.frontier);
        }
        let below = self.below(run.task);
        if let Some(other) = self.estimate_below(below) {
            return Err(other);
        }
        if !run.is_final() {
            self.register(run);
        }
        Ok(self.value(job, key, below).into_owned())
    }

    /// Makes a change visible, in place of one that an earlier incarnation made. Readers to which that makes a difference
    /// go to `stale`.
    pub(super) fn install(
        &mut self,
        (job, key): (&O, Key),
        run: Run,
        change: Change<O>,
        stale: &mut Vec<Reader>,
    ) {
        self.fold_below(job, key, run.frontier);
        let version =
            Version { task: run.task, incarnation: run.incarnation, estimate: false, change };
        self.replace((job, key), run.task, Some(version), stale);
    }

    /// Takes back what an earlier incarnation did, if `run` has not done it again.
    pub(super) fn withdraw(&mut self, (job, key): (&O, Key), run: Run, stale: &mut Vec<Reader>) {
        let place = self.place(run.task);
        if place.is_ok_and(|place| self.versions[place].incarnation != run.incarnation) {
            self.replace((job, key), run.task, None, stale);
        }
    }

    /// `task` will be run again and probably change the key again: readers are to wait for it.
    pub(super) fn estimate(&mut self, task: u32) {
        if let Ok(place) = self.place(task) {
            self.versions[place].estimate = true;
        }
    }

    /// What is below all tasks that are still to come, when all that have started are committed.
    pub(super) fn settled(&mut self, job: &O, key: Key) -> &O::Value {
        self.fold_below(job, key, u32::MAX);
        self.ask_bottom(job, key);
        &self.bottom
    }

    /// Changes what is below all tasks that are still to come, likewise.
    pub(super) fn settle(&mut self, job: &O, key: Key, change: Change<O>) {
        self.fold_below(job, key, u32::MAX);
        self.fold(job, key, change);
    }

    /// Takes what the block left here, if a task changed it. All adds are settled.
    pub(super) fn take(&mut self) -> Option<O::Value> {
        match self.versions.drain(..).next_back() {
            Some(Version { change: Change::Put(value), .. }) => Some(value),
            Some(Version { change: Change::Add(_), .. }) | None => {
                let is_changed = self.origin == Origin::Tasks;
                is_changed.then(|| mem::take(&mut self.bottom))
            }
        }
    }

    /// Notes that the key is on a list for this. Whether that was not so before, for each of the two.
    pub(super) fn list_for(&mut self, change: &Change<O>) -> (bool, bool) {
        let wanted = match change {
            Change::Put(_) => Listed::Written,
            Change::Add(_) => Listed::Added,
        };
        let before = self.listed;
        self.listed = before.max(wanted);
        let is_new = before < wanted;
        (before == Listed::Nothing, is_new && wanted == Listed::Added)
    }

    fn register(&mut self, run: Run) {
        if self.readers.len() == self.readers.capacity() {
            self.readers.retain(|reader| reader.task >= run.frontier);
        }
        self.readers.push(Reader { task: run.task, incarnation: run.incarnation });
        if let [.., before, last] = &mut *self.readers
            && before.task > last.task
        {
            mem::swap(before, last);
        }
    }

    /// Changes the version of `task`. What is above the next task that replaces the value makes no difference to readers, so
    /// they are looked for up to there; and what is added in between makes none to whether they differ.
    fn replace(
        &mut self,
        (job, key): (&O, Key),
        task: u32,
        version: Option<Version<O>>,
        stale: &mut Vec<Reader>,
    ) {
        let place = self.place(task);
        if self.readers.last().is_none_or(|highest| highest.task <= task) {
            return self.set(place, version);
        }
        let (Ok(start) | Err(start)) = place;
        let before = start + usize::from(place.is_ok());
        let after = start + usize::from(version.is_some());
        let last = self.next_put(before);
        let is_affected = |reader: &Reader| reader.task > task && reader.task <= last;
        if !self.readers.iter().any(is_affected) {
            return self.set(place, version);
        }
        let old = self.value(job, key, before).into_owned();
        self.set(place, version);
        if *self.value(job, key, after) != old {
            stale.extend(self.readers.iter().copied().filter(is_affected));
        }
    }

    /// What the lowest `count` versions give.
    fn value(&mut self, job: &O, key: Key, count: usize) -> Cow<'_, O::Value> {
        let is_put = |version: &Version<O>| matches!(version.change, Change::Put(_));
        let put = self.versions[..count].iter().rposition(is_put);
        if put.is_none() {
            self.ask_bottom(job, key);
        }
        let list = &self.versions[..count];
        let (bottom, adds) = match put.map(|put| (&list[put].change, &list[put + 1..])) {
            Some((Change::Put(value), adds)) => (value, adds),
            Some((Change::Add(_), _)) | None => (&self.bottom, list),
        };
        if adds.is_empty() {
            return Cow::Borrowed(bottom);
        }
        let mut value = bottom.clone();
        for version in adds {
            if let Change::Add(delta) = &version.change {
                job.fold(key, &mut value, delta);
            }
        }
        Cow::Owned(value)
    }

    /// The highest of the lowest `count` versions that is an `ESTIMATE`, if what they give depends on it.
    fn estimate_below(&self, count: usize) -> Option<u32> {
        for version in self.versions[..count].iter().rev() {
            if version.estimate {
                return Some(version.task);
            }
            if matches!(version.change, Change::Put(_)) {
                return None;
            }
        }
        None
    }

    /// The task that next replaces the value, from this version on.
    fn next_put(&self, from: usize) -> u32 {
        let mut above = self.versions[from..].iter();
        let put = above.find(|version| matches!(version.change, Change::Put(_)));
        put.map_or(u32::MAX, |version| version.task)
    }

    /// How many versions are of tasks below `task`.
    fn below(&self, task: u32) -> usize {
        match self.versions.last() {
            Some(last) if last.task >= task => self.versions.partition_point(|v| v.task < task),
            _ => self.versions.len(),
        }
    }

    /// Where the version of `task` is.
    fn place(&self, task: u32) -> Result<usize, usize> {
        let place = self.below(task);
        match self.versions.get(place) {
            Some(version) if version.task == task => Ok(place),
            _ => Err(place),
        }
    }

    fn set(&mut self, place: Result<usize, usize>, version: Option<Version<O>>) {
        match (place, version) {
            (Ok(place), Some(version)) => self.versions[place] = version,
            (Err(place), Some(version)) => self.versions.insert(place, version),
            (Ok(place), None) => drop(self.versions.remove(place)),
            (Err(_), None) => {}
        }
    }

    /// Makes the versions of committed tasks one value: nobody will ask for anything between them.
    fn fold_below(&mut self, job: &O, key: Key, frontier: u32) {
        if self.versions.first().is_none_or(|first| first.task >= frontier) {
            return;
        }
        let mut list = mem::take(&mut self.versions);
        let committed = list.partition_point(|version| version.task < frontier);
        for version in list.drain(..committed) {
            self.fold(job, key, version.change);
        }
        self.versions = list;
    }

    fn fold(&mut self, job: &O, key: Key, change: Change<O>) {
        match change {
            Change::Put(value) => self.bottom = value,
            Change::Add(delta) => {
                self.ask_bottom(job, key);
                job.fold(key, &mut self.bottom, &delta);
            }
        }
        self.origin = Origin::Tasks;
    }

    fn ask_bottom(&mut self, job: &O, key: Key) {
        if self.origin == Origin::Unknown {
            self.bottom = job.base(key);
            self.origin = Origin::Base;
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests;
