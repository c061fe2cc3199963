//! Real Ethereum blocks: every transaction touches its traced locations, and works in proportion to its gas.
//!
//! A task reads all that it reads before it works. Traces do not tell when within a transaction a location was read.

use heddle_engine::Blocked;
use heddle_engine::Job;
use heddle_engine::Key;
use heddle_engine::Mode;
use heddle_engine::OpenView;
use heddle_engine::Task;
use heddle_engine::Tasks;
use heddle_engine::View;

use crate::exec::job::Cell;
use crate::exec::job::Steps;
use crate::exec::path::CriticalPath;
use crate::exec::path::Lengths;
use crate::exec::path::Touch;
use crate::exec::spin::Spin;
use crate::exec::spin::mix;
use crate::exec::spin::spin;
use crate::trace::TracedAccess;
use crate::trace::TracedBlock;

/// About what touching one key takes, for the cost that a task declares.
const TOUCH_NANOS: u64 = 3;

/// The transactions of one block.
#[derive(Clone, Debug, Default)]
pub(crate) struct Transactions {
    touches: Vec<(Key, Touch)>,
    rows: Vec<Row>,
}

#[derive(Clone, Copy, Debug)]
struct Row {
    /// The end of its touches.
    end: u32,
    /// Operations of work.
    steps: u64,
}

/// How long a unit of gas takes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    pub(crate) ns_per_gas: f64,
    pub(crate) spin: Spin,
}

impl Transactions {
    /// Those of a traced block, what they declare, and how long they must take, in gas.
    pub(crate) fn of(block: &TracedBlock, pace: Pace) -> (Self, Tasks, Lengths) {
        let mut job = Self::default();
        let mut tasks = Tasks::default();
        let mut path = CriticalPath::new(block.locations as usize);
        for tx in &block.txs {
            let touches = touches(tx);
            for (key, touch) in &touches {
                tasks.declare(*key, mode(*touch));
            }
            let nanos = tx.gas as f64 * pace.ns_per_gas;
            let cost = nanos as u64 + TOUCH_NANOS * touches.len() as u64;
            tasks.end_task(u32::try_from(cost).unwrap_or(u32::MAX));
            path.push(tx.gas, touches.iter().map(|(key, touch)| (key.index(), *touch)));
            job.touches.extend(touches);
            let end = u32::try_from(job.touches.len()).expect("fewer than Tasks can declare");
            job.rows.push(Row { end, steps: pace.spin.steps(nanos) });
        }
        (job, tasks, path.lengths())
    }

    fn row(&self, task: Task) -> (&[(Key, Touch)], u64) {
        let before = task.index().checked_sub(1).map_or(0, |before| self.rows[before].end);
        let Row { end, steps } = self.rows[task.index()];
        (&self.touches[before as usize..end as usize], steps)
    }
}

/// The locations of a transaction, each once: reads first, then what is only written, then what is only added to.
fn touches(tx: &TracedAccess) -> Vec<(Key, Touch)> {
    let read = |id: &u32| match tx.writes.contains(id) {
        true => (Key::new(*id), Touch::Write),
        false => (Key::new(*id), Touch::Read),
    };
    let unread = |id: &&u32| !tx.reads.contains(id) && !tx.credits.contains(id);
    let overwrites = tx.writes.iter().filter(unread).map(|id| (Key::new(*id), Touch::Overwrite));
    let adds = tx.credits.iter().map(|id| (Key::new(*id), Touch::Add));
    tx.reads.iter().map(read).chain(overwrites).chain(adds).collect()
}

const fn mode(touch: Touch) -> Mode {
    match touch {
        Touch::Read => Mode::Read,
        Touch::Write | Touch::Overwrite => Mode::Write,
        Touch::Add => Mode::Add,
    }
}

/// What a transaction that came to `mark` leaves in one of its slots.
const fn written(mark: u64, slot: usize) -> Cell {
    Cell { amount: mark, mark: mix(mark ^ slot as u64) }
}

impl Job for Transactions {
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
        let (touches, steps) = self.row(task);
        let mut seen = u64::from(task.get());
        for (slot, (_, touch)) in touches.iter().enumerate() {
            if matches!(touch, Touch::Read | Touch::Write) {
                seen = mix(seen ^ view.read(slot).mark);
            }
        }
        let mark = spin(steps, seen);
        for (slot, (_, touch)) in touches.iter().enumerate() {
            match touch {
                Touch::Read => {}
                Touch::Write | Touch::Overwrite => view.write(slot, written(mark, slot)),
                Touch::Add => view.add(slot, mark),
            }
        }
        mark
    }
}

impl Steps for Transactions {
    fn run_open<V>(&self, task: Task, view: &mut V) -> Result<u64, Blocked>
    where
        V: OpenView<Value = Cell, Delta = u64>,
    {
        let (touches, steps) = self.row(task);
        let mut seen = u64::from(task.get());
        for (key, touch) in touches {
            if matches!(touch, Touch::Read | Touch::Write) {
                seen = mix(seen ^ view.read(*key)?.mark);
            }
        }
        let mark = spin(steps, seen);
        for (slot, (key, touch)) in touches.iter().enumerate() {
            match touch {
                Touch::Read => {}
                Touch::Write | Touch::Overwrite => view.write(*key, written(mark, slot)),
                Touch::Add => view.add(*key, mark),
            }
        }
        Ok(mark)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tx(gas: u64, reads: &[u32], credits: &[u32], writes: &[u32]) -> TracedAccess {
        let [reads, credits, writes] = [reads, credits, writes].map(<[u32]>::to_vec);
        TracedAccess { gas, reads, credits, writes }
    }

    fn of(txs: Vec<TracedAccess>) -> (Transactions, Tasks, Lengths) {
        let spin = Spin::at(2.0);
        Transactions::of(&TracedBlock { locations: 9, txs }, Pace { ns_per_gas: 0.5, spin })
    }

    #[test]
    fn locations_are_declared_once_by_what_is_done_to_them() {
        let (_, tasks, _) =
            of(vec![tx(21_000, &[0, 1, 2], &[3], &[0, 1, 3, 4]), tx(1, &[], &[], &[])]);
        let slots: Vec<_> =
            tasks.slots(Task::new(0)).map(|(key, mode)| (key.get(), mode)).collect();
        let expected =
            [(0, Mode::Write), (1, Mode::Write), (2, Mode::Read), (4, Mode::Write), (3, Mode::Add)];
        assert_eq!(slots, expected);
        assert_eq!(tasks.slots(Task::new(1)).len(), 0);
    }

    #[test]
    fn work_is_in_proportion_to_gas() {
        let (job, tasks, _) = of(vec![tx(21_000, &[0], &[], &[0]), tx(100_000, &[0], &[], &[])]);
        assert_eq!(job.row(Task::new(0)).1, 21_000);
        assert_eq!(job.row(Task::new(1)).1, 100_000);
        assert_eq!(tasks.cost(Task::new(0)), 10_500 + 3);
        assert_eq!(tasks.cost(Task::new(1)), 50_000 + 3);
    }

    #[test]
    fn credits_wait_for_nobody_and_their_readers_for_all_of_them() {
        let pay = |gas, from, to| tx(gas, &[from], &[to], &[from, to]);
        let (.., lengths) = of(vec![pay(10, 0, 5), pay(20, 1, 5), pay(30, 2, 5)]);
        assert_eq!(lengths, Lengths { work: 60, longest: 30 });
        let (.., lengths) = of(vec![pay(10, 0, 5), pay(20, 1, 5), pay(5, 5, 3), pay(1, 3, 4)]);
        assert_eq!(lengths, Lengths { work: 36, longest: 26 });
        let (.., lengths) = of(vec![pay(10, 0, 5), tx(5, &[], &[], &[5]), pay(4, 5, 0)]);
        assert_eq!(lengths, Lengths { work: 19, longest: 10 });
    }
}
