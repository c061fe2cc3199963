//! What waits for the workers that check. Each kind has room of its own, and in each every source, so that a flood leaves the others
//! theirs.

use std::sync::Arc;

use heddle_types::BlockSpace;
use heddle_types::PublicKey;
use parking_lot::Condvar;
use parking_lot::Mutex;

use crate::node::turns::Room;
use crate::node::turns::Source;
use crate::node::turns::Turns;

/// Proposals of one peer that wait at most. What does not fit is dropped, newest first.
const URGENT_ROOM: Room = Room { items: 64, bytes: 16 * 1024 * 1024 };
/// Jobs of one source that wait at most, of each other kind. The same, and users are told.
const BULK_ROOM: Room = Room { items: 1_024, bytes: 32 * 1024 * 1024 };
/// Submissions that are verified in one batch at most.
const SUBMISSIONS_MAX: usize = 64;

/// How soon a frame must be checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Urgency {
    /// A vote waits for it.
    Urgent,
    /// It brings transactions, or answers of peers, which count as ordinary.
    Bulk(BlockSpace),
}

/// The next thing for a worker to do.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Job<F, S> {
    /// A frame of a peer.
    Frame(F),
    /// What users sent in several requests; at least one.
    Submissions(Vec<S>),
}

/// Where jobs are put. When it and all its clones are dropped, the workers are told that there is no more.
#[derive(Debug)]
pub(crate) struct Entrance<F, S>(Arc<Opened<F, S>>);

/// Where one worker takes its jobs from.
#[derive(Debug)]
pub(crate) struct Queues<F, S> {
    waiting: Arc<Waiting<F, S>>,
    /// Whose frame it was given last, if a frame.
    checking: Option<PublicKey>,
}

#[derive(Debug)]
struct Opened<F, S>(Arc<Waiting<F, S>>);

#[derive(Debug)]
struct Waiting<F, S> {
    jobs: Mutex<Jobs<F, S>>,
    came: Condvar,
}

#[derive(Debug)]
struct Jobs<F, S> {
    urgent: Turns<F>,
    /// Whose frames are being checked, each as often as workers do.
    checked: Vec<PublicKey>,
    /// How many workers may check frames of one peer at once: a peer that sends nothing but transactions that nobody knows is not
    /// to occupy all of them, for they take long.
    workers_per_peer: usize,
    ordinary: Turns<Item<F, S>>,
    reserved: Turns<Item<F, S>>,
    /// Every second job is a reserved one, if any waits: neither kind holds up the other.
    reserved_is_next: bool,
    is_closed: bool,
}

#[derive(Debug)]
enum Item<F, S> {
    Frame(F),
    Submission(S),
}

/// Empty queues for so many workers, each of which has a clone of what is returned.
pub(crate) fn queues<F, S>(workers: usize) -> (Entrance<F, S>, Queues<F, S>) {
    let jobs = Jobs {
        urgent: Turns::new(URGENT_ROOM),
        checked: Vec::new(),
        workers_per_peer: (workers / 2).max(1),
        ordinary: Turns::new(BULK_ROOM),
        reserved: Turns::new(BULK_ROOM),
        reserved_is_next: true,
        is_closed: false,
    };
    let waiting = Arc::new(Waiting { jobs: Mutex::new(jobs), came: Condvar::new() });
    (Entrance(Arc::new(Opened(Arc::clone(&waiting)))), Queues { waiting, checking: None })
}

impl<F, S> Entrance<F, S> {
    /// Puts a frame that came in so many bytes. False when its peer has no room, and the frame is lost.
    pub(crate) fn frame(&self, from: Source, (frame, bytes): (F, usize), urgency: Urgency) -> bool {
        let Waiting { jobs, came } = &*self.0.0;
        let mut jobs = jobs.lock();
        let refused = match urgency {
            Urgency::Urgent => jobs.urgent.push(from, frame, bytes).err().map(Item::Frame),
            Urgency::Bulk(space) => jobs.of(space).push(from, Item::Frame(frame), bytes).err(),
        };
        // What is refused may be a whole block, and is dropped when nobody waits for the lock.
        drop(jobs);
        came.notify_one();
        refused.is_none()
    }

    /// Puts a submission. False when users have no room, and it is lost.
    pub(crate) fn submission(&self, submission: S, space: BlockSpace) -> bool {
        let Waiting { jobs, came } = &*self.0.0;
        let item = Item::Submission(submission);
        // How large submissions are is bounded where they come in.
        let put = jobs.lock().of(space).push(Source::Users, item, 0);
        came.notify_one();
        put.is_ok()
    }
}

impl<F, S> Jobs<F, S> {
    fn of(&mut self, space: BlockSpace) -> &mut Turns<Item<F, S>> {
        match space {
            BlockSpace::Ordinary => &mut self.ordinary,
            BlockSpace::Reserved => &mut self.reserved,
        }
    }

    /// The next job, and whose.
    fn next(&mut self) -> Option<(Source, Job<F, S>)> {
        let Self { urgent, ordinary, reserved, checked, .. } = self;
        let workers_per_peer = self.workers_per_peer;
        let may = |source: Source| {
            source.peer().is_none_or(|peer| {
                checked.iter().filter(|busy| **busy == peer).count() < workers_per_peer
            })
        };
        // Proposals first: a vote waits for each.
        if let Some((peer, frame)) = urgent.pop_where(may) {
            return Some((peer, Job::Frame(frame)));
        }
        let (first, second) =
            if self.reserved_is_next { (reserved, ordinary) } else { (ordinary, reserved) };
        self.reserved_is_next = !self.reserved_is_next;
        next_of(first, may).or_else(|| next_of(second, may))
    }
}

fn next_of<F, S>(
    waiting: &mut Turns<Item<F, S>>,
    may: impl Fn(Source) -> bool,
) -> Option<(Source, Job<F, S>)> {
    let (source, first) = waiting.pop_where(may)?;
    let first = match first {
        Item::Frame(frame) => return Some((source, Job::Frame(frame))),
        Item::Submission(first) => first,
    };
    let more = std::iter::from_fn(|| match waiting.pop_of(source)? {
        Item::Submission(submission) => Some(submission),
        Item::Frame(_) => unreachable!("frames are of peers"),
    });
    let submissions = std::iter::once(first).chain(more.take(SUBMISSIONS_MAX - 1)).collect();
    Some((source, Job::Submissions(submissions)))
}

impl<F, S> Queues<F, S> {
    /// Waits for the next job, the one before being done; none when the entrance and all its clones are gone.
    pub(crate) fn next(&mut self) -> Option<Job<F, S>> {
        let Waiting { jobs, came } = &*self.waiting;
        let mut jobs = jobs.lock();
        if let Some(done) = self.checking.take()
            && let Some(place) = jobs.checked.iter().position(|peer| *peer == done)
        {
            jobs.checked.swap_remove(place);
        }
        loop {
            if let Some((source, job)) = jobs.next() {
                self.checking = source.peer();
                jobs.checked.extend(self.checking);
                return Some(job);
            }
            if jobs.is_closed {
                return None;
            }
            came.wait(&mut jobs);
        }
    }
}

// By hand, for jobs need not be cloned for it.
impl<F, S> Clone for Entrance<F, S> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<F, S> Clone for Queues<F, S> {
    fn clone(&self) -> Self {
        Self { waiting: Arc::clone(&self.waiting), checking: None }
    }
}

impl<F, S> Drop for Opened<F, S> {
    fn drop(&mut self) {
        self.0.jobs.lock().is_closed = true;
        self.0.came.notify_all();
    }
}

#[cfg(test)]
mod tests;
