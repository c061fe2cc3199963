//! Tasks one after the other, on values in place: what every other way is measured and checked against.

use std::ops::Range;

use crate::job::Job;
use crate::job::Task;
use crate::job::View;
use crate::tasks::Access;
use crate::tasks::Tasks;

/// Runs the tasks of `range` in order on `values`, by key; outputs go to their places.
pub(crate) fn run<J: Job>(
    job: &J,
    tasks: &Tasks,
    range: Range<u32>,
    values: &mut [J::Value],
    outputs: &mut [J::Output],
) {
    let mut scratch = J::Scratch::default();
    for number in range {
        let task = Task::new(number);
        let mut view = InPlace { job, slots: tasks.slots_of(task).1, values };
        outputs[task.index()] = job.run(task, &mut view, &mut scratch);
    }
}

struct InPlace<'a, J: Job> {
    job: &'a J,
    slots: &'a [Access],
    values: &'a mut [J::Value],
}

impl<J: Job> View for InPlace<'_, J> {
    type Value = J::Value;
    type Delta = J::Delta;

    fn read(&self, slot: usize) -> &J::Value {
        &self.values[self.slots[slot].key().index()]
    }

    fn write(&mut self, slot: usize, value: J::Value) {
        self.values[self.slots[slot].key().index()] = value;
    }

    fn add(&mut self, slot: usize, delta: J::Delta) {
        let key = self.slots[slot].key();
        self.job.fold(key, &mut self.values[key.index()], &delta);
    }
}
