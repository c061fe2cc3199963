//! Transfers between two accounts: the tasks of all workloads that are made up here.

use heddle_engine::Blocked;
use heddle_engine::Job;
use heddle_engine::Key;
use heddle_engine::Mode;
use heddle_engine::OpenView;
use heddle_engine::Task;
use heddle_engine::Tasks;
use heddle_engine::View;
use rand_chacha::ChaCha8Rng;
use rand_core::Rng;

use crate::exec::job::Cell;
use crate::exec::job::Steps;
use crate::exec::spin::mix;
use crate::exec::spin::spin;

/// About what touching one key takes, for the cost that a task declares.
const TOUCH_NANOS: u32 = 3;
/// The slots of a task that declares.
const FROM: usize = 0;
const TO: usize = 1;
const COUNTER: usize = 2;

/// Transfers, each with some work, and perhaps an add to one counter.
#[derive(Clone, Debug)]
pub(crate) struct Transfers {
    seed: u64,
    steps: u64,
    counter: Option<Key>,
    pairs: Vec<[Key; 2]>,
}

/// What transfers are made of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    /// Accounts, at least 2; they are the first so many places.
    pub(crate) accounts: u32,
    /// Operations of work a task.
    pub(crate) steps: u64,
    /// About how long they take.
    pub(crate) work_ns: u32,
    /// Percent of the keys declared `Write` that a task leaves alone; below 100.
    pub(crate) over_declare: u8,
    /// Whether each task adds to one counter, whose place is the first after those of the accounts.
    pub(crate) counter: bool,
}

impl Shape {
    /// Places of values.
    pub(crate) const fn places(&self) -> u32 {
        self.accounts + self.counter as u32
    }

    /// What a task declares to cost, in nanoseconds.
    pub(crate) const fn cost(&self) -> u32 {
        let keys = if self.counter { 3 } else { 2 };
        self.work_ns + keys * TOUCH_NANOS
    }

    /// `count` transfers between accounts drawn by `dice`.
    pub(crate) fn draw(
        &self,
        count: u32,
        dice: &mut ChaCha8Rng,
        interner: &mut Interner,
    ) -> (Transfers, Tasks) {
        let counter = self.counter.then(|| interner.key(self.accounts));
        let seed = dice.next_u64();
        let mut job = Transfers { seed, steps: self.steps, counter, pairs: Vec::new() };
        let mut tasks = Tasks::default();
        let (mut accounts, mut declared) = (Vec::new(), Vec::new());
        for _ in 0..count {
            self.draw_accounts(dice, &mut accounts);
            declared.clear();
            declared.extend(accounts.iter().map(|account| interner.key(*account)));
            job.pairs.push([declared[FROM], declared[TO]]);
            let (touched, untouched) = declared.split_at(2);
            touched.iter().for_each(|key| tasks.declare(*key, Mode::Write));
            counter.into_iter().for_each(|key| tasks.declare(key, Mode::Add));
            untouched.iter().for_each(|key| tasks.declare(*key, Mode::Write));
            tasks.end_task(self.cost());
        }
        (job, tasks)
    }

    /// The accounts that a task declares: those of the transfer first, then those that it leaves alone.
    fn draw_accounts(&self, dice: &mut ChaCha8Rng, accounts: &mut Vec<u32>) {
        let wanted = (200 / (100 - u32::from(self.over_declare))).min(self.accounts);
        accounts.clear();
        while accounts.len() < wanted as usize {
            let account = dice.next_u32() % self.accounts;
            if !accounts.contains(&account) {
                accounts.push(account);
            }
        }
    }
}

/// Gives a block's keys their numbers, in order of first appearance.
#[derive(Clone, Debug)]
pub(crate) struct Interner {
    /// By place; none for those that have not appeared.
    keys: Vec<Option<Key>>,
    /// By key.
    places: Vec<u32>,
}

impl Interner {
    /// For places below `places`.
    pub(crate) fn new(places: u32) -> Self {
        Self { keys: vec![None; places as usize], places: Vec::new() }
    }

    /// The key of the value at `place`.
    fn key(&mut self, place: u32) -> Key {
        *self.keys[place as usize].get_or_insert_with(|| {
            let number = u32::try_from(self.places.len()).expect("fewer than places");
            self.places.push(place);
            Key::new(number)
        })
    }

    /// The places of all keys, by key.
    pub(crate) fn into_places(self) -> Vec<u32> {
        self.places
    }
}

impl Transfers {
    /// What a task makes of what it read: the mark of both accounts and of the task, put through its work.
    fn work(&self, task: Task, from: Cell, to: Cell) -> u64 {
        let seen = mix(mix(from.mark ^ self.seed) ^ to.mark) ^ u64::from(task.get());
        spin(self.steps, mix(seen))
    }
}

/// Both accounts after the transfer.
const fn moved(from: Cell, to: Cell, mark: u64) -> (Cell, Cell) {
    let amount = mark & 0xffff;
    (
        Cell { amount: from.amount.wrapping_sub(amount), mark },
        Cell { amount: to.amount.wrapping_add(amount), mark: mark ^ to.amount },
    )
}

impl Job for Transfers {
    type Value = Cell;
    type Delta = u64;
    type Output = u64;
    type Scratch = ();

    fn fold(&self, _: Key, value: &mut Cell, delta: &u64) {
        value.fold(*delta);
    }

    fn run<V>(&self, task: Task, view: &mut V, (): &mut ()) -> u64
    where
        V: View<Value = Cell, Delta = u64>,
    {
        let (from, to) = (*view.read(FROM), *view.read(TO));
        let mark = self.work(task, from, to);
        let (from, to) = moved(from, to, mark);
        view.write(FROM, from);
        view.write(TO, to);
        if self.counter.is_some() {
            view.add(COUNTER, mark);
        }
        mark
    }
}

impl Steps for Transfers {
    fn run_open<V>(&self, task: Task, view: &mut V) -> Result<u64, Blocked>
    where
        V: OpenView<Value = Cell, Delta = u64>,
    {
        let [from_key, to_key] = self.pairs[task.index()];
        let (from, to) = (view.read(from_key)?, view.read(to_key)?);
        let mark = self.work(task, from, to);
        let (from, to) = moved(from, to, mark);
        view.write(from_key, from);
        view.write(to_key, to);
        if let Some(key) = self.counter {
            view.add(key, mark);
        }
        Ok(mark)
    }
}

#[cfg(test)]
mod tests {
    use rand_core::SeedableRng;

    use super::*;

    const SHAPE: Shape =
        Shape { accounts: 100, steps: 0, work_ns: 0, over_declare: 0, counter: false };

    #[track_caller]
    fn check_declared(shape: Shape, expected: usize) {
        let mut interner = Interner::new(shape.places());
        let (job, tasks) = shape.draw(50, &mut ChaCha8Rng::seed_from_u64(1), &mut interner);
        assert_eq!(job.pairs.len(), 50);
        for number in 0..50 {
            let slots: Vec<_> = tasks.slots(Task::new(number)).collect();
            assert_eq!(slots.len(), expected);
            let keys: Vec<Key> = slots.iter().map(|(key, _)| *key).collect();
            assert_eq!(keys[..2], job.pairs[number as usize]);
            let mut distinct = keys;
            distinct.sort_unstable();
            distinct.dedup();
            assert_eq!(distinct.len(), expected);
        }
    }

    #[test]
    fn over_declaring_leaves_that_part_of_the_writes_alone() {
        check_declared(SHAPE, 2);
        check_declared(Shape { over_declare: 50, ..SHAPE }, 4);
        check_declared(Shape { over_declare: 90, ..SHAPE }, 20);
        check_declared(Shape { over_declare: 90, accounts: 2, ..SHAPE }, 2);
        check_declared(Shape { over_declare: 50, counter: true, ..SHAPE }, 5);
    }

    #[test]
    fn the_counter_is_added_to_after_the_accounts() {
        let shape = Shape { counter: true, ..SHAPE };
        let mut interner = Interner::new(shape.places());
        let (_, tasks) = shape.draw(9, &mut ChaCha8Rng::seed_from_u64(1), &mut interner);
        let places = interner.into_places();
        for number in 0..9 {
            let (key, mode) = tasks.slots(Task::new(number)).last().unwrap();
            assert_eq!((places[key.index()], mode), (100, Mode::Add));
        }
    }

    #[test]
    fn keys_are_dense_and_lead_back_to_their_places() {
        let mut interner = Interner::new(10);
        let keys = [7, 3, 7, 9, 3].map(|place| interner.key(place).get());
        assert_eq!(keys, [0, 1, 0, 2, 1]);
        assert_eq!(interner.into_places(), [7, 3, 9]);
    }
}
