//! What happens at one key during a block: its versions, and who has read them.
//!
//! Invariant: for each reader whose run is not doomed, the value that it was given is what the versions before it give now;
//! or one of these versions is an `ESTIMATE`, and its task will look again. Every change of the versions keeps this up at
//! once, by dooming readers. So a task that has ended and is not doomed when all before it are committed has read what the
//! sequential order gives: nobody has to validate it afterwards.

use std::borrow::Cow;

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

/// A reader whose value has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stale {
    pub(super) task: u32,
    pub(super) incarnation: u32,
}

struct Version<O: OpenJob> {
    task: u32,
    incarnation: u32,
    estimate: bool,
    change: Change<O>,
}

struct Reader<O: OpenJob> {
    task: u32,
    incarnation: u32,
    value: O::Value,
}

/// The versions of one key.
struct Versions<O: OpenJob> {
    /// What is below all of `list`, once it was asked for.
    base: Option<O::Value>,
    /// Whether `base` is what a task of this block left.
    written: bool,
    /// Ascending by task, one a task.
    list: Vec<Version<O>>,
}

/// One key during a block.
pub(super) struct Chain<O: OpenJob> {
    /// The block that the rest is of.
    block: u64,
    /// What the key has been listed for, in this block.
    listed: Listed,
    versions: Versions<O>,
    readers: Vec<Reader<O>>,
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
    pub(super) const fn new() -> Self {
        let versions = Versions { base: None, written: false, list: Vec::new() };
        Self { block: 0, listed: Listed::Nothing, versions, readers: Vec::new() }
    }

    /// Forgets what is of another block. Before anything else.
    pub(super) fn renew(&mut self, block: u64) {
        if self.block == block {
            return;
        }
        self.block = block;
        self.listed = Listed::Nothing;
        self.versions.base = None;
        self.versions.written = false;
        self.versions.list.clear();
        self.readers.clear();
    }

    /// What is below `run`'s task; from now on the run is doomed when that changes.
    ///
    /// # Errors
    /// The task whose `ESTIMATE` is in the way.
    pub(super) fn read(&mut self, job: &O, key: Key, run: Run) -> Result<O::Value, u32> {
        if self.versions.list.len() > VERSIONS_LAZY {
            self.versions.fold_below(job, key, run.frontier);
        }
        let value = self.versions.at(job, key, run.task)?.into_owned();
        if !run.is_final() {
            self.register(run, value.clone());
        }
        Ok(value)
    }

    /// Makes a change visible, in place of one that an earlier incarnation made. Readers for which that is something new go
    /// to `stale`.
    pub(super) fn install(
        &mut self,
        (job, key): (&O, Key),
        run: Run,
        change: Change<O>,
        stale: &mut Vec<Stale>,
    ) {
        self.versions.fold_below(job, key, run.frontier);
        let version =
            Version { task: run.task, incarnation: run.incarnation, estimate: false, change };
        let place = self.versions.put(version);
        self.find_stale((job, key), run.task, place + 1, stale);
    }

    /// Takes back what an earlier incarnation did, if `run` has not done it again.
    pub(super) fn withdraw(&mut self, (job, key): (&O, Key), run: Run, stale: &mut Vec<Stale>) {
        let Ok(place) = self.versions.place(run.task) else { return };
        if self.versions.list[place].incarnation != run.incarnation {
            self.versions.list.remove(place);
            self.find_stale((job, key), run.task, place, stale);
        }
    }

    /// `task` will be run again and probably change the key again: readers are to wait for it.
    pub(super) fn estimate(&mut self, task: u32) {
        if let Ok(place) = self.versions.place(task) {
            self.versions.list[place].estimate = true;
        }
    }

    /// What is below all tasks that are still to come, when all that have started are committed.
    pub(super) fn settled(&mut self, job: &O, key: Key) -> &O::Value {
        self.versions.fold_below(job, key, u32::MAX);
        self.versions.base.get_or_insert_with(|| job.base(key))
    }

    /// Changes what is below all tasks that are still to come, likewise.
    pub(super) fn settle(&mut self, job: &O, key: Key, change: Change<O>) {
        self.versions.fold_below(job, key, u32::MAX);
        self.versions.fold(job, key, change);
    }

    /// Takes what the block left here, if a task changed it. All adds are settled.
    pub(super) fn take(&mut self) -> Option<O::Value> {
        match self.versions.list.drain(..).next_back() {
            Some(Version { change: Change::Put(value), .. }) => Some(value),
            Some(Version { change: Change::Add(_), .. }) | None => {
                self.versions.base.take().filter(|_| self.versions.written)
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

    fn register(&mut self, run: Run, value: O::Value) {
        if self.readers.len() == self.readers.capacity() {
            self.readers.retain(|reader| reader.task >= run.frontier);
        }
        self.readers.push(Reader { task: run.task, incarnation: run.incarnation, value });
    }

    /// Readers above `task` that see something else after a change there. Those above the next replacement, which is looked
    /// for from `place` on, see that.
    fn find_stale(
        &mut self,
        (job, key): (&O, Key),
        task: u32,
        place: usize,
        stale: &mut Vec<Stale>,
    ) {
        let above = self.versions.list[place..].iter();
        let next =
            above.filter(|version| matches!(version.change, Change::Put(_))).map(|v| v.task).next();
        let last = next.unwrap_or(u32::MAX);
        for reader in &self.readers {
            if reader.task <= task || reader.task > last {
                continue;
            }
            // An ESTIMATE on the way: its task looks again when it has run.
            let Ok(now) = self.versions.at(job, key, reader.task) else { continue };
            if *now != reader.value {
                stale.push(Stale { task: reader.task, incarnation: reader.incarnation });
            }
        }
    }
}

impl<O: OpenJob> Versions<O> {
    /// What is below `task`.
    fn at(&mut self, job: &O, key: Key, task: u32) -> Result<Cow<'_, O::Value>, u32> {
        let below = self.below(task);
        let mut start = below;
        while start > 0 {
            let version = &self.list[start - 1];
            if version.estimate {
                return Err(version.task);
            }
            if matches!(version.change, Change::Put(_)) {
                break;
            }
            start -= 1;
        }
        if start == 0 && self.base.is_none() {
            self.base = Some(job.base(key));
        }
        let put = start.checked_sub(1).and_then(|at| match &self.list[at].change {
            Change::Put(value) => Some(value),
            Change::Add(_) => None,
        });
        let bottom = put.or(self.base.as_ref()).expect("asked for above if nothing is put");
        if start == below {
            return Ok(Cow::Borrowed(bottom));
        }
        let mut value = bottom.clone();
        for version in &self.list[start..below] {
            if let Change::Add(delta) = &version.change {
                job.fold(key, &mut value, delta);
            }
        }
        Ok(Cow::Owned(value))
    }

    /// How many versions are of tasks below `task`.
    fn below(&self, task: u32) -> usize {
        match self.list.last() {
            Some(last) if last.task >= task => self.list.partition_point(|v| v.task < task),
            _ => self.list.len(),
        }
    }

    /// Where the version of `task` is.
    fn place(&self, task: u32) -> Result<usize, usize> {
        let place = self.below(task);
        match self.list.get(place) {
            Some(version) if version.task == task => Ok(place),
            _ => Err(place),
        }
    }

    fn put(&mut self, version: Version<O>) -> usize {
        match self.place(version.task) {
            Ok(place) => {
                self.list[place] = version;
                place
            }
            Err(place) => {
                self.list.insert(place, version);
                place
            }
        }
    }

    /// Makes the versions of committed tasks one value: nobody will ask for anything between them.
    fn fold_below(&mut self, job: &O, key: Key, frontier: u32) {
        if self.list.first().is_none_or(|first| first.task >= frontier) {
            return;
        }
        let mut list = std::mem::take(&mut self.list);
        let committed = list.partition_point(|version| version.task < frontier);
        for version in list.drain(..committed) {
            self.fold(job, key, version.change);
        }
        self.list = list;
    }

    fn fold(&mut self, job: &O, key: Key, change: Change<O>) {
        self.written = true;
        match change {
            Change::Put(value) => self.base = Some(value),
            Change::Add(delta) => {
                job.fold(key, self.base.get_or_insert_with(|| job.base(key)), &delta);
            }
        }
    }
}
