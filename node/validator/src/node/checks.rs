//! The workers: decoding and signatures, in batches, before the machine hears of anything.

use std::sync::Arc;
use std::thread;

use bytes::Bytes;
use heddle_catchup::RequestId;
use heddle_executor::block_space;
use heddle_executor::declared_by;
use heddle_machine::Candidate;
use heddle_mempool::Terms;
use heddle_types::BlockSpace;
use heddle_types::CheckedTransaction;
use heddle_types::PublicKey;
use heddle_types::Transaction;
use heddle_types::TransactionError;
use heddle_wire::Channel;
use heddle_wire::PeerMessage;
use heddle_wire::RawMessage;
use tokio::sync::oneshot;

use crate::node::accounts;
use crate::node::check_queues;
use crate::node::check_queues::Job;
use crate::node::check_queues::Queues;
use crate::node::check_queues::Urgency;
use crate::node::driver::DriverEvent;
use crate::node::driver::SendOutcome;
use crate::node::driver::SendRefusal;
use crate::node::inbox::Entrance;
use crate::node::shared::Shared;
use crate::node::turns::Source;

/// What users sent in one request, and where the outcomes go, in the same order.
pub(crate) struct Submission {
    pub(crate) transactions: Vec<Transaction>,
    pub(crate) reply: oneshot::Sender<Vec<SendOutcome>>,
}

struct FrameJob {
    peer: PublicKey,
    channel: Channel,
    message: RawMessage,
    /// How long the frame was: about what the message takes up.
    bytes: usize,
}

/// The entrance to the workers.
#[derive(Clone)]
pub(crate) struct Checks {
    shared: Arc<Shared>,
    driver: Entrance<DriverEvent>,
    entrance: check_queues::Entrance<FrameJob, Submission>,
}

impl Checks {
    /// Starts `threads` workers. They end when the entrance and all its clones are dropped.
    pub(crate) fn start(
        shared: Arc<Shared>,
        driver: Entrance<DriverEvent>,
        threads: usize,
    ) -> std::io::Result<Self> {
        let (entrance, queues) = check_queues::queues(threads);
        for worker in 0..threads.max(1) {
            let queues = queues.clone();
            let (shared, driver) = (Arc::clone(&shared), driver.clone());
            thread::Builder::new()
                .name(format!("check-{worker}"))
                .spawn(move || work(queues, &shared, &driver))?;
        }
        Ok(Self { shared, driver, entrance })
    }

    /// A frame came. Called on the network's threads: heavy work goes to the workers.
    pub(crate) fn on_frame(&self, peer: PublicKey, channel: Channel, body: &Bytes) {
        let message = match heddle_wire::decode(channel, body) {
            Ok(message) => message,
            Err(error) => return malformed(&self.shared, &self.driver, (peer, channel), &error),
        };
        let job = FrameJob { peer, channel, message, bytes: body.len() };
        if !job.message.is_heavy() {
            return check_frame(job, &self.shared, &self.driver);
        }
        let urgency = match (channel, &job.message) {
            (Channel::Ctl, _) => Urgency::Urgent,
            (Channel::Bulk, RawMessage::Transactions(transactions)) => {
                Urgency::Bulk(space_of(&self.shared, transactions))
            }
            (Channel::Bulk, _) => Urgency::Bulk(BlockSpace::Ordinary),
        };
        self.put(job, urgency);
    }

    /// An endpoint that is followed answered the question `id`. Called on the network's threads.
    pub(crate) fn on_answer(&self, from: PublicKey, id: RequestId, body: &Bytes) {
        let is_answer = |message: &RawMessage| matches!(message, RawMessage::Response { id: answered, .. } if *answered == id);
        let message = match heddle_wire::decode(Channel::Bulk, body) {
            Ok(message) if is_answer(&message) => message,
            Ok(_) => {
                let error = "no answer to what was asked";
                return malformed(&self.shared, &self.driver, (from, Channel::Bulk), &error);
            }
            Err(error) => {
                return malformed(&self.shared, &self.driver, (from, Channel::Bulk), &error);
            }
        };
        let job = FrameJob { peer: from, channel: Channel::Bulk, message, bytes: body.len() };
        self.put(job, Urgency::Bulk(BlockSpace::Ordinary));
    }

    fn put(&self, job: FrameJob, urgency: Urgency) {
        let (from, bytes) = (Source::Peer(job.peer, job.channel), job.bytes);
        if !self.entrance.frame(from, (job, bytes), urgency) {
            self.shared.metrics.frames_dropped.inc();
        }
    }

    /// Users sent transactions. False when there is no room for them.
    pub(crate) fn submit(&self, submission: Submission) -> bool {
        let space = space_of(&self.shared, &submission.transactions);
        self.entrance.submission(submission, space)
    }
}

fn work(mut queues: Queues<FrameJob, Submission>, shared: &Shared, driver: &Entrance<DriverEvent>) {
    while let Some(job) = queues.next() {
        match job {
            Job::Frame(frame) => check_frame(frame, shared, driver),
            Job::Submissions(submissions) => check_submissions(submissions, shared, driver),
        }
    }
}

/// What is asked before signatures are verified, so from bytes that anyone may have made.
fn space_of(shared: &Shared, transactions: &[Transaction]) -> BlockSpace {
    let is_reserved = |transaction: &Transaction| {
        block_space(&shared.programs, &transaction.body) == BlockSpace::Reserved
    };
    if !transactions.is_empty() && transactions.iter().all(is_reserved) {
        BlockSpace::Reserved
    } else {
        BlockSpace::Ordinary
    }
}

fn check_frame(job: FrameJob, shared: &Shared, driver: &Entrance<DriverEvent>) {
    let FrameJob { peer, channel, message, bytes } = job;
    let checked = message.check(|id, auth| shared.known.contains(id, auth));
    let message = match checked {
        Ok(message) => message,
        Err(error) => return malformed(shared, driver, (peer, channel), &error),
    };
    let event = match message {
        PeerMessage::Transactions(transactions) => {
            // No pool takes one, so nobody has one to pass on.
            if !transactions.iter().all(|transaction| transaction.signature_ok()) {
                let error = "a transaction that was not signed by whom it names";
                return malformed(shared, driver, (peer, channel), &error);
            }
            remember(shared, &transactions);
            DriverEvent::Forwarded { from: peer, candidates: candidates(shared, transactions) }
        }
        // The transport answers these itself.
        PeerMessage::Ping(_) | PeerMessage::Pong(_) => return,
        PeerMessage::Consensus(_) | PeerMessage::Request { .. } | PeerMessage::Response { .. } => {
            DriverEvent::Said { from: peer, message }
        }
    };
    // A peer that sends more than the driver can take loses what is too much.
    if driver.try_tell(event, bytes).is_some() {
        shared.metrics.frames_dropped.inc();
    }
}

/// Costs the peer its connection. The transport logs and counts it, and bars a peer that does it again for longer.
fn malformed(
    shared: &Shared,
    driver: &Entrance<DriverEvent>,
    (peer, channel): (PublicKey, Channel),
    error: &dyn std::fmt::Display,
) {
    shared.metrics.frames_malformed.inc();
    let error = error.to_string();
    // One that is lost is followed by others, or there is no room because some wait.
    let _ = driver.try_tell(DriverEvent::BadFrame { peer, channel, error }, 0);
}

fn check_submissions(
    submissions: Vec<Submission>,
    shared: &Shared,
    driver: &Entrance<DriverEvent>,
) {
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
        let bytes = checked.iter().flatten().map(|candidate| candidate.transaction.bytes()).sum();
        let refused = driver.try_tell(DriverEvent::Submit { checked, reply }, bytes);
        if let Some(DriverEvent::Submit { checked, reply }) = refused {
            let _ = reply.send(checked.iter().map(|_| Err(SendRefusal::NoRoom)).collect());
        }
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
        let declared = declared_by(&shared.programs, &transaction);
        let terms = Terms { required_fee: declared.fee, space: declared.space };
        accounts::candidate(&*state, transaction, terms)
    };
    transactions.into_iter().map(candidate).collect()
}
