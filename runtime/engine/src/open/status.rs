//! How far a task is: one word, so that whoever changes it does so at once.
//!
//! ```text
//!                   finish               doom                 leave
//!     RUNNING(i) ----------> EXECUTED(i) ------> ABORTING(i) --------> READY, DEFERRED(i+1)
//!         | doom                                                        | claim
//!         v             leave                                           v
//!     DOOMED(i) --------------------------------------------------> RUNNING(i+1)
//!         RUNNING, DOOMED(i) -- leave --> BLOCKED(i+1) -- claim --> RUNNING, READY(i+1)
//! ```
//!
//! `i` is the incarnation. Orderings are `SeqCst` where a task's status and the frontier are two words of one protocol
//! (`schedule.rs` says which); elsewhere a status hands over what was written before it, and release and acquire do.

use crate::sync::AtomicU32;
use crate::sync::Ordering;

const PHASE: u32 = 0b111;
/// Another task waits for this one.
const WAITED: u32 = 0b1000;
const INCARNATION_SHIFT: u32 = 4;

/// What is happening to a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(super) enum Phase {
    /// A worker runs it; or nobody has claimed it yet, and its first run is still to come.
    Running,
    /// A worker runs it on a value that has changed since it was read.
    Doomed,
    /// Its last run is done, and stands as far as is known.
    Executed,
    /// A value has changed that its last run had read: what it wrote is being made an `ESTIMATE`.
    Aborting,
    /// In the queue.
    Ready,
    /// Waits for another task.
    Blocked,
    /// Waits until all tasks before it are committed.
    Deferred,
}

/// What became of a run that read a value which has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Doom {
    /// It is over already, and forgotten.
    TooLate,
    /// It will find out when it ends.
    Running,
    /// It has ended: the caller must make what it wrote `ESTIMATE`s.
    Executed,
}

/// A task's status.
#[derive(Debug)]
pub(super) struct Status(AtomicU32);

impl Status {
    pub(super) fn new() -> Self {
        Self(AtomicU32::new(Phase::Running as u32))
    }

    /// At the start of a block: nobody has claimed the task.
    pub(super) fn reset(&self) {
        self.0.store(Phase::Running as u32, Ordering::Relaxed);
    }

    /// Says that `incarnation` of the task has read a value that is another now.
    pub(super) fn doom(&self, incarnation: u32) -> Doom {
        let doomed = |word: u32| {
            if word >> INCARNATION_SHIFT != incarnation {
                return None;
            }
            match phase(word) {
                Phase::Running => Some(with(word, Phase::Doomed)),
                Phase::Executed => Some(with(word, Phase::Aborting)),
                Phase::Doomed
                | Phase::Aborting
                | Phase::Ready
                | Phase::Blocked
                | Phase::Deferred => None,
            }
        };
        match self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, doomed) {
            Ok(word) if phase(word) == Phase::Executed => Doom::Executed,
            Ok(_) => Doom::Running,
            Err(_) => Doom::TooLate,
        }
    }

    /// The run is done and what it wrote is visible. Whether others wait for it, or none when it is doomed.
    pub(super) fn finish(&self) -> Option<bool> {
        let executed = |word: u32| {
            (phase(word) == Phase::Running).then(|| with(word, Phase::Executed) & !WAITED)
        };
        let word = self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, executed).ok()?;
        Some(word & WAITED != 0)
    }

    /// The run has come to nothing; the next incarnation is in this phase. By whoever owns the run.
    pub(super) fn leave(&self, to: Phase) {
        let next = |word: u32| Some(with(word, to) + (1 << INCARNATION_SHIFT));
        let left = self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, next);
        debug_assert!(left.is_ok(), "nothing is refused");
    }

    /// From one phase to the next, within an incarnation. Whether it was the caller who did it.
    pub(super) fn advance(&self, from: Phase, to: Phase) -> bool {
        let next = |word: u32| (phase(word) == from).then(|| with(word, to));
        self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, next).is_ok()
    }

    /// Says that a task waits for this one; false when there is nothing to wait for any more.
    pub(super) fn wait(&self) -> bool {
        let waited = |word: u32| (phase(word) != Phase::Executed).then_some(word | WAITED);
        self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, waited).is_ok()
    }

    pub(super) fn phase(&self) -> Phase {
        phase(self.0.load(Ordering::SeqCst))
    }

    /// How often the task was run before.
    pub(super) fn incarnation(&self) -> u32 {
        self.0.load(Ordering::Relaxed) >> INCARNATION_SHIFT
    }
}

const fn with(word: u32, phase: Phase) -> u32 {
    word & !PHASE | phase as u32
}

fn phase(word: u32) -> Phase {
    const PHASES: [Phase; 7] = [
        Phase::Running,
        Phase::Doomed,
        Phase::Executed,
        Phase::Aborting,
        Phase::Ready,
        Phase::Blocked,
        Phase::Deferred,
    ];
    PHASES[(word & PHASE) as usize]
}
