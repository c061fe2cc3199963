//! What waits for the workers that check. Each kind has room of its own, so that a flood of one leaves the others theirs.

use crossbeam_channel::Receiver;
use crossbeam_channel::Sender;
use crossbeam_channel::TrySendError;
use crossbeam_channel::bounded;
use crossbeam_channel::select;
use heddle_types::BlockSpace;

/// Jobs that wait at most, of each kind. What does not fit is dropped, newest first, and users are told.
const QUEUE_MAX: usize = 1_024;
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

/// Where jobs are put.
#[derive(Debug)]
pub(crate) struct Entrance<F, S> {
    urgent: Sender<F>,
    ordinary: (Sender<F>, Sender<S>),
    reserved: (Sender<F>, Sender<S>),
}

/// Where a worker takes its jobs from.
#[derive(Debug)]
pub(crate) struct Queues<F, S> {
    urgent: Receiver<F>,
    ordinary: (Receiver<F>, Receiver<S>),
    reserved: (Receiver<F>, Receiver<S>),
    /// Every second job is a reserved one, if any waits: neither kind holds up the other.
    reserved_is_next: bool,
}

/// Empty queues.
pub(crate) fn queues<F, S>() -> (Entrance<F, S>, Queues<F, S>) {
    let (urgent, urgent_jobs) = bounded(QUEUE_MAX);
    let (frames, frame_jobs) = bounded(QUEUE_MAX);
    let (submissions, submission_jobs) = bounded(QUEUE_MAX);
    let (reserved_frames, reserved_frame_jobs) = bounded(QUEUE_MAX);
    let (reserved_submissions, reserved_submission_jobs) = bounded(QUEUE_MAX);
    let entrance = Entrance {
        urgent,
        ordinary: (frames, submissions),
        reserved: (reserved_frames, reserved_submissions),
    };
    let queues = Queues {
        urgent: urgent_jobs,
        ordinary: (frame_jobs, submission_jobs),
        reserved: (reserved_frame_jobs, reserved_submission_jobs),
        reserved_is_next: true,
    };
    (entrance, queues)
}

impl<F, S> Entrance<F, S> {
    /// Puts a frame; gives it back when there is no room.
    pub(crate) fn frame(&self, frame: F, urgency: Urgency) -> Result<(), F> {
        let queue = match urgency {
            Urgency::Urgent => &self.urgent,
            Urgency::Bulk(BlockSpace::Ordinary) => &self.ordinary.0,
            Urgency::Bulk(BlockSpace::Reserved) => &self.reserved.0,
        };
        queue.try_send(frame).map_err(given_back)
    }

    /// Puts a submission; gives it back when there is no room.
    pub(crate) fn submission(&self, submission: S, space: BlockSpace) -> Result<(), S> {
        let queue = match space {
            BlockSpace::Ordinary => &self.ordinary.1,
            BlockSpace::Reserved => &self.reserved.1,
        };
        queue.try_send(submission).map_err(given_back)
    }
}

fn given_back<T>(error: TrySendError<T>) -> T {
    match error {
        TrySendError::Full(job) | TrySendError::Disconnected(job) => job,
    }
}

impl<F, S> Queues<F, S> {
    /// Waits for the next job; none when the entrance and all its clones are gone.
    pub(crate) fn next(&mut self) -> Option<Job<F, S>> {
        // Proposals first: a vote waits for each.
        if let Ok(frame) = self.urgent.try_recv() {
            return Some(Job::Frame(frame));
        }
        if self.reserved_is_next
            && let Some(job) = self.try_reserved()
        {
            self.reserved_is_next = false;
            return Some(job);
        }
        self.reserved_is_next = true;
        self.any()
    }

    fn try_reserved(&self) -> Option<Job<F, S>> {
        let (frames, submissions) = &self.reserved;
        let frame = frames.try_recv().ok().map(Job::Frame);
        frame.or_else(|| submissions.try_recv().ok().map(|first| with_more(first, submissions)))
    }

    /// Whatever comes first; of several that wait, any.
    fn any(&self) -> Option<Job<F, S>> {
        select! {
            recv(self.urgent) -> frame => frame.ok().map(Job::Frame),
            recv(self.reserved.0) -> frame => frame.ok().map(Job::Frame),
            recv(self.reserved.1) -> first => first.ok().map(|first| with_more(first, &self.reserved.1)),
            recv(self.ordinary.0) -> frame => frame.ok().map(Job::Frame),
            recv(self.ordinary.1) -> first => first.ok().map(|first| with_more(first, &self.ordinary.1)),
        }
    }
}

fn with_more<F, S>(first: S, waiting: &Receiver<S>) -> Job<F, S> {
    let more = waiting.try_iter().take(SUBMISSIONS_MAX - 1);
    Job::Submissions(std::iter::once(first).chain(more).collect())
}

impl<F, S> Clone for Entrance<F, S> {
    fn clone(&self) -> Self {
        let Self { urgent, ordinary, reserved } = self;
        Self { urgent: urgent.clone(), ordinary: ordinary.clone(), reserved: reserved.clone() }
    }
}

impl<F, S> Clone for Queues<F, S> {
    fn clone(&self) -> Self {
        let Self { urgent, ordinary, reserved, reserved_is_next } = self;
        Self {
            urgent: urgent.clone(),
            ordinary: ordinary.clone(),
            reserved: reserved.clone(),
            reserved_is_next: *reserved_is_next,
        }
    }
}

#[cfg(test)]
mod tests;
