//! The one thread that decides: it tells the machine what happened and carries out what the machine asks for.
//!
//! Inputs that wait are told together, and what they ask for is carried out together: all blocks in one synced write, then
//! the newest safety record, then the rest in order. Nothing leaves before the record that contains it is durable, because
//! what is sent only ever moves back behind a write, never ahead of one.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use crossbeam_channel::Sender;
use heddle_hotstuff::VotingState;
use heddle_machine::Action;
use heddle_machine::Candidate;
use heddle_machine::Input;
use heddle_machine::Machine;
use heddle_machine::Ticket;
use heddle_mempool::Admission;
use heddle_mempool::Refusal;
use heddle_storage::EvidenceRow;
use heddle_types::CheckedBlock;
use heddle_types::CommitCert;
use heddle_types::Committee;
use heddle_types::Height;
use heddle_types::PublicKey;
use heddle_types::TransactionError;
use heddle_types::TxId;
use heddle_types::ValidatorIndex;
use heddle_validators::Members;
use heddle_wire::Channel;
use heddle_wire::PeerMessage;
use tokio::sync::oneshot;

use crate::exit::Fatal;
use crate::node::backend::BEHIND_HEIGHTS_MAX;
use crate::node::clock;
use crate::node::clock::Clock;
use crate::node::evidence;
use crate::node::fatal;
use crate::node::inbox::Entrance;
use crate::node::inbox::FromSource;
use crate::node::inbox::Inbox;
use crate::node::network::Network;
use crate::node::serve::ServeJob;
use crate::node::shared::Published;
use crate::node::shared::Shared;
use crate::node::store::Store;
use crate::node::turns::Room;
use crate::node::turns::Source;

/// Why a validator does not vote whose record is of an epoch that it has not come to.
const BEHIND: &str = "the safety record is of a later epoch: catching up to it first";
/// What may wait of one source. What comes when more waits is dropped.
pub(crate) const ROOM: Room = Room { items: 4_096, bytes: 32 * 1024 * 1024 };
/// Inputs told before their actions are carried out.
const INPUTS_MAX: usize = 64;

/// What becomes of a submission.
pub(crate) type SendOutcome = Result<(TxId, Admission), SendRefusal>;

/// Why a submission was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SendRefusal {
    /// By its form.
    Form(TransactionError),
    /// By the pool.
    Pool(Refusal),
    /// More waits for the driver than it can take.
    NoRoom,
}

/// What the driver is told.
pub(crate) enum DriverEvent {
    /// For the machine, of this node's own.
    Input(Input),
    /// Users sent these; the outcomes go back in the same order.
    Submit {
        checked: Vec<Result<Candidate, TransactionError>>,
        reply: oneshot::Sender<Vec<SendOutcome>>,
    },
    /// Who the validators are to be changed in state.
    Members(Members),
    /// A peer said something, with good signatures of transactions.
    Said { from: PublicKey, message: PeerMessage },
    /// A peer passed on what its users sent.
    Forwarded { from: PublicKey, candidates: Vec<Candidate> },
    /// A peer is connected.
    Connected(PublicKey),
    /// Votes and certificates reach a peer.
    Reachable(PublicKey),
    /// A node that is followed says what is final there.
    Head { from: PublicKey, cert: CommitCert },
    /// A peer was disconnected.
    Disconnected(PublicKey),
    /// A peer sent what is no message, or a malformed one.
    BadFrame { peer: PublicKey, channel: Channel, error: String },
    /// End.
    Stop,
}

impl FromSource for DriverEvent {
    /// The events of a peer's channel stay in their order.
    fn source(&self) -> Source {
        match self {
            Self::Input(_) | Self::Members(_) | Self::Stop => Source::Own,
            Self::Submit { .. } => Source::Users,
            Self::Said { from, message } => Source::Peer(*from, message.channel()),
            Self::BadFrame { peer, channel, .. } => Source::Peer(*peer, *channel),
            Self::Reachable(peer) => Source::Peer(*peer, Channel::Ctl),
            Self::Forwarded { from: peer, .. }
            | Self::Connected(peer)
            | Self::Disconnected(peer)
            | Self::Head { from: peer, .. } => Source::Peer(*peer, Channel::Bulk),
        }
    }
}

/// A final block for the execution thread.
pub(crate) struct ExecuteJob {
    pub(crate) block: Arc<CheckedBlock>,
    pub(crate) cert: CommitCert,
}

/// The driver's thread.
pub(crate) struct Driver {
    pub(crate) shared: Arc<Shared>,
    pub(crate) clock: Clock,
    pub(crate) machine: Machine,
    pub(crate) store: Store,
    pub(crate) network: Network,
    pub(crate) execution: Sender<ExecuteJob>,
    pub(crate) serving: Entrance<ServeJob>,
    pub(crate) events: Inbox<DriverEvent>,
    pub(crate) voting: VotingState,
    pub(crate) mute_reason: Option<String>,
}

impl Driver {
    /// Runs until it is stopped or something fails. `actions` are what the machine asked for at its start.
    pub(crate) fn run(mut self, actions: Vec<Action>) -> Result<(), Fatal> {
        self.carry_out(actions, &mut Vec::new())?;
        loop {
            self.publish();
            let mut actions = Vec::new();
            let mut replies = Vec::new();
            let wait = self.machine.deadline().map(|deadline| self.clock.until(deadline));
            let mut next = self.events.next_within(wait);
            let mut told = 0;
            while let Some(event) = next {
                if !self.tell(event, &mut actions, &mut replies) {
                    return Ok(());
                }
                told += 1;
                // What comes next names peers by the places that the machine asked for just now.
                let places_hold = Arc::ptr_eq(self.machine.committee(), self.network.committee());
                next = if told < INPUTS_MAX && places_hold { self.events.try_next() } else { None };
            }
            // However much there is to hear: a view ends also when somebody talks all the time.
            if self.is_due() {
                self.machine.handle(self.clock.now(), Input::Tick, &mut actions);
            }
            self.carry_out(actions, &mut replies)?;
        }
    }

    fn is_due(&self) -> bool {
        self.machine.deadline().is_some_and(|deadline| self.clock.until(deadline).is_zero())
    }

    /// False to end.
    fn tell(
        &mut self,
        event: DriverEvent,
        actions: &mut Vec<Action>,
        replies: &mut Vec<Replies>,
    ) -> bool {
        let now = self.clock.now();
        match event {
            DriverEvent::Input(input) => self.machine.handle(now, input, actions),
            DriverEvent::Submit { checked, reply } => {
                let mut outcomes = Vec::with_capacity(checked.len());
                for candidate in checked {
                    let candidate = match candidate {
                        Ok(candidate) => candidate,
                        Err(error) => {
                            outcomes.push(Some(Err(SendRefusal::Form(error))));
                            continue;
                        }
                    };
                    let place = (replies.len() as u64) << 32 | outcomes.len() as u64;
                    let id = candidate.transaction.id();
                    outcomes.push(None);
                    let input = Input::Submit { ticket: Ticket(place), candidate };
                    self.machine.handle(now, input, actions);
                    self.shared.metrics.transactions_submitted.inc();
                    tracing::trace!(%id, "submitted");
                }
                replies.push(Replies { outcomes, reply });
            }
            DriverEvent::Members(members) => self.network.learn(&members),
            DriverEvent::Said { from, message } => {
                // Whoever lost its place meanwhile has nothing more to say.
                self.tell_of(&from, |from| Input::Peer { from, message }, actions);
            }
            DriverEvent::Forwarded { from: _, candidates } => {
                self.machine.handle(now, Input::Forwarded(candidates), actions);
            }
            DriverEvent::Head { from, cert } => {
                self.tell_of(&from, |from| Input::Head { from, cert }, actions);
            }
            DriverEvent::Connected(peer) => self.on_connected(peer, actions),
            DriverEvent::Reachable(peer) => self.tell_of(&peer, Input::PeerReachable, actions),
            DriverEvent::Disconnected(peer) => self.on_disconnected(&peer, actions),
            DriverEvent::BadFrame { peer, channel, error } => {
                self.network.on_bad_frame(&peer, channel, &error);
                self.tell_of(&peer, Input::PeerMalformed, actions);
            }
            DriverEvent::Stop => return false,
        }
        true
    }

    fn on_connected(&mut self, peer: PublicKey, actions: &mut Vec<Action>) {
        if self.network.on_up(peer) {
            self.tell_of(&peer, Input::PeerDown, actions);
        }
        self.tell_of(&peer, Input::PeerUp, actions);
        self.count_peers();
    }

    fn on_disconnected(&mut self, peer: &PublicKey, actions: &mut Vec<Action>) {
        if self.network.on_down(peer) {
            self.tell_of(peer, Input::PeerDown, actions);
            self.count_peers();
        }
    }

    /// Tells the machine something of a peer, if it has a place.
    fn tell_of(
        &mut self,
        peer: &PublicKey,
        input: impl FnOnce(ValidatorIndex) -> Input,
        actions: &mut Vec<Action>,
    ) {
        if let Some(index) = self.network.index_of(peer) {
            self.machine.handle(self.clock.now(), input(index), actions);
        }
    }

    /// Who is connected, to a machine that knows them by other places; what it asks for then.
    fn tell_places(&mut self) -> Vec<Action> {
        let mut actions = Vec::new();
        for peer in self.network.take_new_places() {
            self.tell_of(&peer, Input::PeerUp, &mut actions);
        }
        actions
    }

    fn count_peers(&self) {
        self.shared.peers_up.store(self.network.connected(), Ordering::Relaxed);
    }

    /// From here on places are those of this committee.
    fn on_committee(&mut self, committee: Arc<Committee>) {
        let (epoch, members) = (committee.epoch(), committee.len());
        tracing::info!(%epoch, members, "committee");
        self.shared.metrics.epoch.set(i64::try_from(epoch.get()).unwrap_or(i64::MAX));
        self.shared.committees.set_present(Arc::clone(&committee));
        self.network.begin_epoch(committee);
    }

    fn carry_out(
        &mut self,
        mut actions: Vec<Action>,
        replies: &mut Vec<Replies>,
    ) -> Result<(), Fatal> {
        while !actions.is_empty() {
            self.store.make_durable(&actions)?;
            for action in actions {
                self.perform(action, replies)?;
            }
            actions = self.tell_places();
        }
        for Replies { outcomes, reply } in replies.drain(..) {
            let outcomes =
                outcomes.into_iter().map(|o| o.expect("the machine answers every submission"));
            // The user may be gone.
            let _ = reply.send(outcomes.collect());
        }
        Ok(())
    }

    fn perform(&mut self, action: Action, replies: &mut [Replies]) -> Result<(), Fatal> {
        match action {
            // Durable already.
            Action::StoreBlock(_)
            | Action::StoreTimeoutCert(_)
            | Action::EpochEnded(_)
            | Action::Persist(_) => {}
            Action::Committee(committee) => self.on_committee(committee),
            Action::Send { to, message } => self.network.send(to, message),
            Action::Broadcast(message) => self.network.broadcast(&message),
            Action::Execute { block, cert } => {
                // The execution thread ends before this one only when it failed, which it says itself.
                let _ = self.execution.send(ExecuteJob { block, cert });
            }
            Action::Reply { ticket, result } => answer(&self.shared, ticket, result, replies),
            Action::Dropped(dropped) => {
                for one in dropped {
                    self.shared.standings.dropped(one.id, one.reason);
                }
            }
            Action::Serve { to, id, request } => {
                self.serve(to, |to| ServeJob::Answer { to, id, request });
            }
            Action::ServeEpochEnd { to, epoch } => {
                self.serve(to, |to| ServeJob::EpochEnd { to, epoch });
            }
            Action::Misbehaved { peer, fault } => {
                tracing::warn!(%peer, ?fault, "peer misbehaved");
                self.network.on_misbehaved(peer);
            }
            Action::Voting(state) => self.on_voting(state),
            Action::Diverged { height, own, certified } => {
                self.shared.halted.store(true, Ordering::SeqCst);
                return Err(fatal::diverged(&self.shared, height, own, certified));
            }
            Action::Evidence(found) => {
                tracing::error!(?found, "a validator signed two contradicting statements");
                self.keep(&evidence::to_row(&found))?;
            }
            Action::OwnKeyElsewhere { view } => return Err(fatal::key_in_use(&self.shared, view)),
        }
        Ok(())
    }

    fn serve(&self, to: ValidatorIndex, job: impl FnOnce(PublicKey) -> ServeJob) {
        let Some(to) = self.network.key_at(to) else { return };
        if self.serving.try_tell(job(to), 0).is_some() {
            self.shared.metrics.frames_dropped.inc();
        }
    }

    /// Why this node signs nothing though its record is sound.
    fn not_validator(&self) -> String {
        if self.network.is_follower() {
            return "follower".to_owned();
        }
        let committee = self.network.committee();
        let epoch = committee.epoch();
        match committee.index_of(&self.shared.own_key) {
            None => format!("this node's key is not in the committee of epoch {epoch}"),
            Some(_) => format!(
                "the committee of epoch {epoch} has another vote key of this node than its key gives"
            ),
        }
    }

    /// Makes evidence durable, and shows it to users; what is there already, or too much, is dropped.
    fn keep(&self, evidence: &EvidenceRow) -> Result<(), Fatal> {
        let is_new = self.shared.storage.put_evidence(evidence);
        if is_new.map_err(|error| Fatal::of_storage(&error))? {
            let Shared { storage, committees, .. } = &*self.shared;
            let reply = evidence::to_reply(evidence, (storage, committees));
            let reply = reply.map_err(|error| Fatal::of_storage(&error))?;
            self.shared.evidence.lock().extend(reply);
        }
        Ok(())
    }

    fn on_voting(&mut self, state: VotingState) {
        self.voting = state;
        match state {
            VotingState::Voting => {
                self.mute_reason = None;
                tracing::info!("voting");
            }
            VotingState::Muted => {
                let reason =
                    self.mute_reason.as_deref().unwrap_or("the safety record is not usable");
                tracing::error!(reason, "muted: this validator signs nothing until it is safe");
            }
            VotingState::NotValidator => {
                tracing::info!(reason = %self.not_validator(), "not voting");
            }
            VotingState::Behind => tracing::warn!(BEHIND),
        }
    }

    fn publish(&self) {
        let status = self.machine.status();
        let mut published = self.shared.machine.write();
        if status.agreement.height > published.highest_certified {
            published.has_heard = published.status.is_some();
            published.highest_certified = status.agreement.height;
            published.certified_at = clock::wall();
        }
        published.recorded = self.store.recorded();
        published.voting_reason = match self.voting {
            VotingState::Voting => None,
            VotingState::Muted => {
                Some(self.mute_reason.clone().unwrap_or_else(|| "muted".to_owned()))
            }
            VotingState::NotValidator => Some(self.not_validator()),
            VotingState::Behind => Some(BEHIND.to_owned()),
        };
        if self.shared.whole.is_open() {
            self.note_level(&published, status.known_final);
        }
        published.status = Some(status);
    }

    /// Notes whether a home that lost its database has what is known of. Who follows a busy chain is a few blocks behind all the time.
    fn note_level(&self, published: &Published, known_final: Height) {
        let known = published.highest_certified.max(known_final);
        let missing = known.since(self.shared.durable.read().height);
        let is_level = published.has_heard && missing <= BEHIND_HEIGHTS_MAX;
        let epoch = self.shared.committees.present().epoch();
        let known = is_level.then_some((epoch, published.highest_certified));
        self.shared.whole.note(known, Instant::now());
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // Nobody is left to ask for peers, and who asks for the public has no end of its own.
        self.serving.close();
    }
}

/// The outcomes of one submission as they come in.
pub(crate) struct Replies {
    outcomes: Vec<Option<SendOutcome>>,
    reply: oneshot::Sender<Vec<SendOutcome>>,
}

fn answer(
    shared: &Shared,
    ticket: Ticket,
    result: Result<(TxId, Admission), Refusal>,
    replies: &mut [Replies],
) {
    match &result {
        Ok((id, _)) => shared.standings.admitted(*id),
        Err(_) => {
            shared.metrics.transactions_refused.inc();
        }
    }
    let (batch, place) = (ticket.0 >> 32, ticket.0 & u64::from(u32::MAX));
    let slot = usize::try_from(batch).ok().and_then(|batch| replies.get_mut(batch));
    let slot = slot.and_then(|r| r.outcomes.get_mut(usize::try_from(place).ok()?));
    if let Some(slot) = slot {
        *slot = Some(result.map_err(SendRefusal::Pool));
    }
}
