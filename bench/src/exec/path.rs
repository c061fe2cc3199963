//! The longest chain of tasks that wait for each other: what bounds every executor, however many threads it has.

/// How a task touches a key, as far as waiting goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Touch {
    /// Reads it.
    Read,
    /// Reads and replaces it.
    Write,
    /// Replaces it unread.
    Overwrite,
    /// Adds to it unseen.
    Add,
}

/// Follows tasks in order, and finds their work and the longest chain of them.
///
/// A task that reads a key waits for the last task before it that replaced it, and for all adds since. Nothing else waits.
#[derive(Clone, Debug)]
pub(crate) struct CriticalPath {
    ends: Vec<Ends>,
    lengths: Lengths,
}

/// How long tasks take, in the unit of their costs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Lengths {
    /// All of them one after the other.
    pub(crate) work: u64,
    /// The longest chain of those that wait for each other.
    pub(crate) longest: u64,
}

impl Lengths {
    /// The least time on `threads`, if nothing but waiting costs time.
    pub(crate) fn bound(self, threads: u16) -> f64 {
        (self.work as f64 / f64::from(threads)).max(self.longest as f64)
    }
}

/// When, at the earliest, what tasks did to a key is there.
#[derive(Clone, Copy, Debug, Default)]
struct Ends {
    replaced: u64,
    added: u64,
}

impl CriticalPath {
    /// Of no task yet; keys are below `keys`.
    pub(crate) fn new(keys: usize) -> Self {
        Self { ends: vec![Ends::default(); keys], lengths: Lengths::default() }
    }

    /// The next task, with the keys that it touches, each once.
    pub(crate) fn push(
        &mut self,
        cost: u64,
        touches: impl Iterator<Item = (usize, Touch)> + Clone,
    ) {
        let start = touches.clone().map(|(key, touch)| self.ready(key, touch)).max();
        let end = start.unwrap_or(0) + cost;
        for (key, touch) in touches {
            let ends = &mut self.ends[key];
            match touch {
                Touch::Read => {}
                Touch::Write | Touch::Overwrite => *ends = Ends { replaced: end, added: 0 },
                Touch::Add => ends.added = ends.added.max(end),
            }
        }
        self.lengths.work += cost;
        self.lengths.longest = self.lengths.longest.max(end);
    }

    /// Of all tasks so far.
    pub(crate) const fn lengths(&self) -> Lengths {
        self.lengths
    }

    fn ready(&self, key: usize, touch: Touch) -> u64 {
        let Ends { replaced, added } = self.ends[key];
        match touch {
            Touch::Read | Touch::Write => replaced.max(added),
            Touch::Overwrite | Touch::Add => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Touch::Add;
    use super::Touch::Overwrite;
    use super::Touch::Read;
    use super::Touch::Write;
    use super::*;

    #[track_caller]
    fn check(tasks: &[(u64, &[(usize, Touch)])], longest: u64) {
        let mut path = CriticalPath::new(4);
        for (cost, touches) in tasks {
            path.push(*cost, touches.iter().copied());
        }
        let work = tasks.iter().map(|(cost, _)| cost).sum();
        assert_eq!(path.lengths(), Lengths { work, longest });
    }

    #[test]
    fn readers_wait_for_the_last_that_replaced_and_for_adds_since() {
        check(&[], 0);
        check(&[(5, &[(0, Write)]), (7, &[(1, Write)])], 7);
        check(&[(5, &[(0, Write)]), (7, &[(0, Write)])], 12);
        check(&[(5, &[(0, Write)]), (7, &[(0, Read), (1, Write)]), (2, &[(1, Read)])], 14);
        check(&[(5, &[(0, Read)]), (7, &[(0, Read)])], 7);
        check(&[(5, &[(0, Read)]), (7, &[(0, Write)])], 7);
        check(&[(5, &[(0, Add)]), (7, &[(0, Add)])], 7);
        check(&[(5, &[(0, Add)]), (7, &[(0, Add)]), (1, &[(0, Read)])], 8);
        check(&[(9, &[(0, Write)]), (2, &[(0, Add)]), (1, &[(0, Read)])], 10);
        check(&[(9, &[(0, Add)]), (2, &[(0, Overwrite)]), (1, &[(0, Read)])], 9);
        check(&[(9, &[(0, Write)]), (2, &[(0, Overwrite)]), (1, &[(0, Read)])], 9);
        check(
            &[(3, &[(0, Write), (1, Write)]), (4, &[(1, Read), (2, Write)]), (5, &[(2, Add)])],
            7,
        );
    }

    #[test]
    fn a_bound_is_the_work_shared_or_the_longest_chain() {
        let lengths = Lengths { work: 240, longest: 60 };
        assert_eq!(lengths.bound(1), 240.0);
        assert_eq!(lengths.bound(2), 120.0);
        assert_eq!(lengths.bound(16), 60.0);
    }
}
