//! The workers: decoding and signatures, in batches, before the machine hears of anything.

use std::sync::Arc;
use std::thread;

use bytes::Bytes;
use crossbeam_channel::Receiver;
use crossbeam_channel::Sender;
use crossbeam_channel::TrySendError;
use heddle_executor::declared_by;
use heddle_machine::Candidate;
use heddle_machine::Input;
use heddle_types::CheckedTransaction;
use heddle_types::Transaction;
use heddle_types::TransactionError;
use heddle_types::ValidatorIndex;
use heddle_wire::Channel;
use heddle_wire::PeerMessage;
use heddle_wire::RawMessage;
use tokio::sync::oneshot;

use crate::node::accounts;
use crate::node::driver::DriverEvent;
use crate::node::driver::SendOutcome;
use crate::node::shared::Shared;

/// Jobs that wait at most, of each urgency. What does not fit is dropped, newest first, and users are told.
const QUEUE_MAX: usize = 1_024;
/// Submissions that are verified in one batch at most.
const SUBMISSIONS_MAX: usize = 64;

/// What users sent in one request, and where the outcomes go, in the same order.
pub(crate) struct Submission {
    pub(crate) transactions: Vec<Transaction>,
    pub(crate) reply: oneshot::Sender<Vec<SendOutcome>>,
}

struct FrameJob {
    peer: ValidatorIndex,
    channel: Channel,
    message: RawMessage,
}

/// The entrance to the workers.
#[derive(Clone)]
pub(crate) struct Checks {
    shared: Arc<Shared>,
    driver: Sender<DriverEvent>,
    urgent: Sender<FrameJob>,
    bulk: Sender<FrameJob>,
    submissions: Sender<Submission>,
}

/// The queues as a worker sees them.
#[derive(Clone)]
struct Queues {
    urgent: Receiver<FrameJob>,
    bulk: Receiver<FrameJob>,
    submissions: Receiver<Submission>,
}

impl Checks {
    /// Starts `threads` workers. They end when the entrance and all its clones are dropped.
    pub(crate) fn start(
        shared: Arc<Shared>,
        driver: Sender<DriverEvent>,
        threads: usize,
    ) -> std::io::Result<Self> {
        let (urgent, urgent_jobs) = crossbeam_channel::bounded(QUEUE_MAX);
        let (bulk, bulk_jobs) = crossbeam_channel::bounded(QUEUE_MAX);
        let (submissions, submission_jobs) = crossbeam_channel::bounded(QUEUE_MAX);
        let queues = Queues { urgent: urgent_jobs, bulk: bulk_jobs, submissions: submission_jobs };
        for worker in 0..threads.max(1) {
            let queues = queues.clone();
            let (shared, driver) = (Arc::clone(&shared), driver.clone());
            thread::Builder::new()
                .name(format!("check-{worker}"))
                .spawn(move || work(&queues, &shared, &driver))?;
        }
        Ok(Self { shared, driver, urgent, bulk, submissions })
    }

    /// A frame came. Called on the network's threads: heavy work goes to the workers.
    pub(crate) fn on_frame(&self, peer: ValidatorIndex, channel: Channel, body: &Bytes) {
        let message = match heddle_wire::decode(channel, body) {
            Ok(message) => message,
            Err(error) => return malformed(&self.shared, &self.driver, (peer, channel), &error),
        };
        let job = FrameJob { peer, channel, message };
        if !job.message.is_heavy() {
            return check_frame(job, &self.shared, &self.driver);
        }
        let is_urgent = channel == Channel::Ctl;
        let queue = if is_urgent { &self.urgent } else { &self.bulk };
        if queue.try_send(job).is_err() {
            self.shared.metrics.frames_dropped.inc();
        }
    }

    /// Users sent transactions. Gives them back when there is no room.
    pub(crate) fn submit(&self, submission: Submission) -> Result<(), Submission> {
        self.submissions.try_send(submission).map_err(|error| match error {
            TrySendError::Full(submission) | TrySendError::Disconnected(submission) => submission,
        })
    }
}

fn work(queues: &Queues, shared: &Shared, driver: &Sender<DriverEvent>) {
    loop {
        // Proposals first: a vote waits for each.
        if let Ok(job) = queues.urgent.try_recv() {
            check_frame(job, shared, driver);
            continue;
        }
        crossbeam_channel::select! {
            recv(queues.urgent) -> job => match job {
                Ok(job) => check_frame(job, shared, driver),
                Err(_) => return,
            },
            recv(queues.bulk) -> job => match job {
                Ok(job) => check_frame(job, shared, driver),
                Err(_) => return,
            },
            recv(queues.submissions) -> submission => match submission {
                Ok(submission) => check_submissions(submission, &queues.submissions, shared, driver),
                Err(_) => return,
            },
        }
    }
}

fn check_frame(job: FrameJob, shared: &Shared, driver: &Sender<DriverEvent>) {
    let FrameJob { peer, channel, message } = job;
    let checked = message.check(|id, auth| shared.known.contains(id, auth));
    let message = match checked {
        Ok(message) => message,
        Err(error) => return malformed(shared, driver, (peer, channel), &error),
    };
    let event = match message {
        PeerMessage::Transactions(transactions) => {
            remember(shared, &transactions);
            DriverEvent::Input(Input::Forwarded(candidates(shared, transactions)))
        }
        // The transport answers these itself.
        PeerMessage::Ping(_) | PeerMessage::Pong(_) => return,
        PeerMessage::Consensus(_) | PeerMessage::Request { .. } | PeerMessage::Response { .. } => {
            DriverEvent::Input(Input::Peer { from: peer, message })
        }
    };
    // Never waits: a peer that sends more than the driver can take loses what is too much, not the network its thread.
    if driver.try_send(event).is_err() {
        shared.metrics.frames_dropped.inc();
    }
}

/// Costs the peer its connection. The transport logs and counts it, and bars a peer that does it again for longer.
fn malformed(
    shared: &Shared,
    driver: &Sender<DriverEvent>,
    (peer, channel): (ValidatorIndex, Channel),
    error: &dyn std::fmt::Display,
) {
    shared.metrics.frames_malformed.inc();
    let error = error.to_string();
    // The driver ends first; whoever is still working then has nobody to tell.
    let _ = driver.send(DriverEvent::BadFrame { peer, channel, error });
}

fn check_submissions(
    first: Submission,
    more: &Receiver<Submission>,
    shared: &Shared,
    driver: &Sender<DriverEvent>,
) {
    let mut submissions = vec![first];
    submissions.extend(more.try_iter().take(SUBMISSIONS_MAX - 1));
    let lens: Vec<usize> = submissions.iter().map(|s| s.transactions.len()).collect();
    let mut all = Vec::with_capacity(lens.iter().sum());
    let mut replies = Vec::with_capacity(submissions.len());
    for submission in submissions {
        all.extend(submission.transactions);
        replies.push(submission.reply);
    }
    let mut checked = check_each(all, shared).into_iter();
    for (len, reply) in lens.into_iter().zip(replies) {
        let checked: Vec<_> = checked.by_ref().take(len).collect();
        let _ = driver.send(DriverEvent::Submit { checked, reply });
    }
}

/// Each on its own verdict, though verified together.
fn check_each(
    transactions: Vec<Transaction>,
    shared: &Shared,
) -> Vec<Result<Candidate, TransactionError>> {
    let forms: Vec<Result<(), TransactionError>> =
        transactions.iter().map(Transaction::check_form).collect();
    let formed = transactions.into_iter().zip(&forms).filter(|(_, form)| form.is_ok());
    let formed: Vec<Transaction> = formed.map(|(transaction, _)| transaction).collect();
    let checked = CheckedTransaction::check_all(formed, |id, auth| shared.known.contains(id, auth));
    let checked = match checked {
        Ok(checked) => checked,
        // Only their size is left to be wrong, and the decoder refused that.
        Err((_, error)) => {
            return forms.into_iter().map(|form| Err(form.err().unwrap_or(error))).collect();
        }
    };
    let checked: Vec<_> = checked.into_iter().map(Arc::new).collect();
    remember(shared, &checked);
    let mut candidates = candidates(shared, checked).into_iter();
    let next = |form: Result<(), TransactionError>| {
        form.map(|()| candidates.next().expect("one for each well-formed transaction"))
    };
    forms.into_iter().map(next).collect()
}

fn remember(shared: &Shared, transactions: &[Arc<CheckedTransaction>]) {
    for transaction in transactions.iter().filter(|transaction| transaction.signature_ok()) {
        shared.known.insert(transaction.id(), transaction.transaction().auth);
    }
}

fn candidates(shared: &Shared, transactions: Vec<Arc<CheckedTransaction>>) -> Vec<Candidate> {
    let state = shared.state.read();
    let candidate = |transaction: Arc<CheckedTransaction>| {
        let fee = declared_by(&shared.programs, &transaction).fee;
        accounts::candidate(&*state, transaction, fee)
    };
    transactions.into_iter().map(candidate).collect()
}
