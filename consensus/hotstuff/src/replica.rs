//! One validator's, or follower's, part in the agreement.
//!
//! A message is taken apart in the module of its kind, which changes the tables and the record and puts what follows
//! into the outbox. After every input, [`Replica::progress`] does what has become possible.

mod answers;
mod certificates;
mod commits;
mod ending;
mod leader;
mod leaders;
mod proposals;
mod timeouts;
mod voting;

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;

use heddle_types::BlockHash;
use heddle_types::BlockHeader;
use heddle_types::CommitCert;
use heddle_types::CommitVote;
use heddle_types::Committee;
use heddle_types::EpochEnd;
use heddle_types::Height;
use heddle_types::Instant;
use heddle_types::LeaseLimit;
use heddle_types::Millis;
use heddle_types::QuorumCert;
use heddle_types::SafetyRecord;
use heddle_types::Signature;
use heddle_types::TimeoutCert;
use heddle_types::ValidatorIndex;
use heddle_types::View;
use heddle_types::Vote;
use heddle_types::VoteData;
use heddle_types::VoteKind;
use heddle_types::VoteScheme;
use heddle_types::VoteSigner;

use crate::context::Context;
use crate::fetches::Fetches;
use crate::io::Action;
use crate::io::CheckedProposal;
use crate::io::Executed;
use crate::io::Input;
use crate::io::Message;
use crate::io::Now;
use crate::io::Recovered;
use crate::io::Status;
use crate::io::VotingState;
use crate::leaders::Schedule;
use crate::leaders::Turns;
use crate::limits;
use crate::mute::Mute;
use crate::outbox::Outbox;
use crate::own::OwnHistory;
use crate::pacemaker::Pacemaker;
use crate::pacemaker::PacemakerConfig;
use crate::presence::Presence;
use crate::rates::Rates;
use crate::replica::ending::Ending;
use crate::roots::Divergence;
use crate::roots::Roots;
use crate::timeouts::TimeoutTable;
use crate::tree::Tree;
use crate::votes::VoteTable;

/// What does not change while a replica lives.
#[derive(Clone)]
pub struct Config {
    /// Who decides.
    pub committee: Arc<Committee>,
    /// The block that the epoch begins with, as a vote for it in view 0 would name it: block 0, or
    /// [`heddle_types::EpochEnd::genesis`].
    pub genesis: VoteData,
    /// How votes are verified.
    pub scheme: Arc<dyn VoteScheme>,
    /// Signs as the committee's member with its key; none, or a key that is no member's, only follows.
    pub signer: Option<Arc<dyn VoteSigner>>,
    /// When views end.
    pub pacemaker: PacemakerConfig,
    /// How many blocks an epoch has at least, its closing one included; the same for all validators of a chain:
    /// [`heddle_types::limits::EPOCH_BLOCKS_MIN`].
    pub epoch_blocks_min: u64,
    /// Who leads these views whatever the chain says, the same for all: empty but in tests that enumerate leaders.
    pub leaders: BTreeMap<View, ValidatorIndex>,
}

/// The agreement core.
pub struct Replica {
    config: Config,
    context: Context,
    /// Names what a muted node asks, in each epoch.
    nonce: [u8; 32],
    /// See [`Recovered::lease`].
    lease: Option<LeaseLimit>,
    now: Now,
    voting: VotingState,
    /// Diverged, or its key is in use elsewhere: it does nothing more.
    halted: bool,
    mute: Option<Mute>,

    /// What is known and signed; durable when something that it contains has left.
    record: SafetyRecord,
    /// The certificate that the record names, always of a higher view than its QC.
    high_tc: Option<TimeoutCert>,
    /// One above the higher of both.
    view: View,
    /// The current view's, if this validator proposed in it.
    own_proposal: Option<Arc<CheckedProposal>>,
    own_vote: Option<Vote>,
    own_commit_vote: Option<CommitVote>,
    own: OwnHistory,

    votes: VoteTable,
    commit_votes: VoteTable,
    timeouts: TimeoutTable,
    /// The first proposal of each view in the window by each who proposed.
    proposals: BTreeMap<(View, ValidatorIndex), SeenProposal>,
    /// Blocks known to be certified, by view.
    certified: BTreeMap<View, VoteData>,

    tree: Tree,
    turns: Turns,
    /// Who leads after the block of this name.
    schedule: (BlockHash, Schedule),
    presence: Presence,
    /// Proves the last final block.
    commit: CommitCert,
    /// Final somewhere, not all present here; who said so.
    pending_commit: Option<(CommitCert, ValidatorIndex)>,
    /// The closing block is final here: nothing more is signed.
    ending: Option<Ending>,
    /// Somebody's verified proof that this epoch ended.
    proof: Option<Box<EpochEnd>>,
    /// What members said in the next epoch already.
    early: Vec<(ValidatorIndex, Message)>,
    /// The current view's proposal, until it is voted for or refused.
    held: Option<Arc<CheckedProposal>>,
    /// The header that a payload was asked for.
    building: Option<Building>,
    fetches: Fetches,
    roots: Roots,
    /// The last final block that changed state.
    last_change: Height,
    work_pending: bool,

    pacemaker: Pacemaker,
    rates: Rates,
    /// When to introduce oneself again; none once a member heard something.
    announce: Option<Instant>,
    outbox: Outbox,
}

#[derive(Debug)]
struct SeenProposal {
    header: BlockHeader,
    signature: Signature,
    contradicted: bool,
}

#[derive(Debug)]
struct Building {
    header: BlockHeader,
    must_be_empty: bool,
    qc: QuorumCert,
    tc: Option<TimeoutCert>,
}

impl Replica {
    /// Starts from what the disk held.
    pub fn new(config: Config, recovered: Recovered, now: Now, actions: &mut Vec<Action>) -> Self {
        let context = Context::new(&config);
        let genesis = config.genesis;
        let (chain, epoch) = (context.committee.chain(), context.committee.epoch());
        let durable = recovered.safety.filter(|record| record.chain == chain);
        let (lease, nonce) = (recovered.lease, recovered.nonce);
        let voting = voting_state(&context, durable.as_ref(), lease);
        let signed = durable.clone().filter(|record| record.epoch == epoch);
        let signed = signed
            .unwrap_or_else(|| SafetyRecord::first(chain, epoch, QuorumCert::genesis(genesis)));
        let (record, high_tc) = with_its_tc(signed, recovered.high_tc);
        let view = entered_view(&record, high_tc.as_ref());
        let start = view.max(record.vote.view).max(record.timeout);
        let own = OwnHistory::new((voting == VotingState::Voting).then_some(start));
        let last_change = recovered.last_final.header().height;
        let mut tree = Tree::new(recovered.last_final);
        for block in recovered.blocks.into_iter().filter(|block| block.header().epoch == epoch) {
            tree.insert(block, record.high_qc.data.block);
        }
        // The closing block of the epoch before was certified by another committee.
        let commit = Some(recovered.commit).filter(|commit| context.is_ours(&commit.data));
        let commit = commit.unwrap_or_else(|| CommitCert::genesis(genesis));
        let schedule = Schedule::new(Arc::clone(&context.committee), &[]);
        let mut replica = Self {
            pacemaker: Pacemaker::new(config.pacemaker, now.instant),
            config,
            context,
            nonce,
            lease,
            now,
            voting,
            halted: false,
            mute: (voting == VotingState::Muted).then(|| Mute::new(lease, nonce, now.instant)),
            record,
            high_tc,
            view,
            own_proposal: None,
            own_vote: None,
            own_commit_vote: None,
            own,
            votes: VoteTable::new(VoteKind::Vote),
            commit_votes: VoteTable::new(VoteKind::CommitVote),
            timeouts: TimeoutTable::default(),
            proposals: BTreeMap::new(),
            certified: BTreeMap::new(),
            tree,
            turns: Turns::new(genesis.height, recovered.turns),
            schedule: (BlockHash::ZERO, schedule),
            presence: Presence::default(),
            commit,
            pending_commit: None,
            ending: None,
            proof: None,
            early: Vec::new(),
            held: None,
            building: None,
            fetches: Fetches::default(),
            roots: Roots::new(recovered.executed),
            last_change,
            work_pending: false,
            rates: Rates::new(),
            announce: None,
            outbox: Outbox::new(durable),
        };
        replica.look_up_leaders();
        replica.start();
        replica.progress(actions);
        replica
    }

    /// Takes one input; appends what is to be done, in order.
    pub fn handle(&mut self, now: Now, input: Input, actions: &mut Vec<Action>) {
        if self.halted {
            return;
        }
        self.now = now;
        match input {
            Input::Message { from, message } => self.on_message(from, message),
            Input::Reachable(peer) => self.on_reachable(peer),
            Input::Tick => self.on_tick(),
            Input::WorkPending(pending) => self.work_pending = pending,
            Input::Built(block) => self.on_built(&block),
            Input::Executed(executed) => self.on_executed(executed),
            Input::Fetched(block) => self.on_fetched(block),
            Input::Synced { blocks, cert } => self.on_synced(&blocks, cert),
        }
        self.progress(actions);
    }

    /// When to come back with [`Input::Tick`] at the latest.
    pub fn deadline(&self) -> Option<Instant> {
        if self.halted {
            return None;
        }
        // What was possible by now was done after the last input; only what lies ahead needs a wake-up.
        let ahead = |at: &Instant| *at > self.now.instant;
        let view = self.may_sign().then(|| self.pacemaker.deadline());
        let propose = self.propose_at().filter(ahead);
        let vote = self.vote_at().filter(ahead);
        let mute = self.mute.as_ref().and_then(Mute::deadline);
        [view, propose, vote, mute, self.announce, self.fetches.deadline()]
            .into_iter()
            .flatten()
            .min()
    }

    /// Where it stands.
    pub fn status(&self) -> Status {
        Status {
            view: self.view,
            height: self.record.high_qc.data.height.max(self.tree.final_height()),
            final_height: self.tree.final_height(),
            view_timeout_ms: self.pacemaker.timeout().get(),
            voting: self.voting,
            high_qc: self.record.high_qc.data.block.0,
        }
    }

    /// How many messages and blocks are kept in all; bounded by [`crate::limits`] and the committee's size.
    pub fn kept(&self) -> usize {
        self.votes.len()
            + self.commit_votes.len()
            + self.timeouts.len()
            + self.proposals.len()
            + self.certified.len()
            + self.tree.len()
            + self.fetches.len()
    }

    fn on_message(&mut self, from: ValidatorIndex, message: Message) {
        if message.epoch() != self.context.committee.epoch() {
            return self.on_other_epoch(from, &message);
        }
        if let Message::EpochEnd(end) = &message {
            return self.on_epoch_end(from, end);
        }
        let known = self.context.committee.validator(from).is_some();
        if !known || Some(from) == self.context.me() {
            return;
        }
        match message {
            Message::Proposal(proposal) => self.on_proposal(from, &proposal),
            Message::Vote(vote) => self.on_vote(from, vote),
            Message::CommitVote(vote) => self.on_commit_vote(from, vote),
            Message::Timeout(timeout) => self.on_timeout(from, &timeout),
            Message::Certificates(certificates) => self.on_certificates(from, &certificates),
            Message::UnmuteRequest { nonce, .. } => self.on_unmute_request(from, nonce),
            Message::UnmuteAnswer(answer) => self.on_unmute_answer(from, &answer),
            // Anybody may tell.
            Message::EpochEnd(_) => {}
        }
    }

    fn on_tick(&mut self) {
        let now = self.now.instant;
        if self.may_sign() && now >= self.pacemaker.deadline() {
            self.give_up();
        }
        if self.announce.is_some_and(|at| now >= at) {
            self.announce();
        }
        if self.mute.as_ref().and_then(Mute::deadline).is_some_and(|at| now >= at) {
            self.ask_to_unmute();
        }
    }

    fn on_executed(&mut self, executed: Executed) {
        let divergence = self.roots.execute(executed);
        self.on_divergence(divergence);
    }

    /// Does whatever became possible, then puts it in order.
    fn progress(&mut self, actions: &mut Vec<Action>) {
        self.try_commit();
        self.look_up_leaders();
        self.try_vote();
        self.try_commit();
        self.try_tell_end();
        self.connect();
        self.look_up_leaders();
        if self.halted {
            // Nothing that a node in doubt concluded leaves it.
            return self.outbox.flush_free(actions);
        }
        let build = self.try_build();
        let waiting = self.is_waiting();
        self.pacemaker.set_waiting(self.now.instant, waiting);
        self.pacemaker.set_silent(self.is_leader_silent());
        match build {
            // The payload is the next input; what is signed by now and the proposal share a record.
            Some(build) if !self.outbox.has_commit() => {
                self.outbox.flush_free(actions);
                actions.push(build);
            }
            build => {
                self.outbox.flush(&self.record, self.high_tc.as_ref(), actions);
                actions.extend(build);
            }
        }
    }

    /// Whether something waits that only further views bring about: transactions, a block that is not final, or a root
    /// that is not certified. While execution lags, waiting for it is all that can be done.
    fn is_waiting(&self) -> bool {
        let tip = &self.record.high_qc.data;
        let executed = self.roots.newest().map_or(Height::ZERO, |root| root.height);
        let lags = tip.height.next().since(executed) > heddle_types::limits::LAG_MAX;
        let work = self.work_pending && !lags;
        let unfinished =
            self.tree.ancestors(tip.block).any(|block| !block.transactions().is_empty());
        let certified = self.tree.get(tip.block).map(|block| block.header().executed.height);
        let uncertified =
            executed >= self.last_change && certified.is_some_and(|at| at < self.last_change);
        // An epoch begins at once, whether anybody has sent something or not, and ends as soon as it can.
        let unborn = tip.height == self.context.genesis.height;
        let closing =
            self.tree.get(tip.block).is_some_and(|block| self.context.is_closing(block.header()));
        work || unfinished || uncertified || unborn || closing
    }

    fn may_sign(&self) -> bool {
        match self.voting {
            VotingState::Voting => !self.halted && self.ending.is_none(),
            VotingState::Muted | VotingState::NotValidator | VotingState::Behind => false,
        }
    }

    /// Others know where this node is. One that is mute goes on saying so: it may be no member any more, and nobody tells it.
    fn is_heard(&mut self) {
        if self.context.me().is_some() && self.mute.is_none() {
            self.announce = None;
        }
    }

    /// `who` signed something of `view`.
    fn notice(&mut self, who: ValidatorIndex, view: View) {
        self.is_heard();
        if view.get().saturating_add(limits::SILENT_VIEWS) >= self.view.get() {
            self.presence.hear(who);
        }
    }

    fn on_divergence(&mut self, divergence: Option<Divergence>) {
        let Some(Divergence { height, own, certified }) = divergence else { return };
        if !self.halted {
            self.halted = true;
            self.outbox.push_free(Action::Diverged { height, own, certified });
        }
    }

    fn on_own_key_elsewhere(&mut self, view: View) {
        if !self.halted {
            self.halted = true;
            self.outbox.push_free(Action::OwnKeyElsewhere { view });
        }
    }

    /// Which validator most likely has what was certified in `view`.
    fn hint(&self, view: View) -> ValidatorIndex {
        let leader = self.leader(view);
        if Some(leader) != self.context.me() {
            return leader;
        }
        self.leader(view.next())
    }

    fn announce_later(&mut self) {
        let wait = Millis::new(limits::ANNOUNCE_INTERVAL_MS);
        self.announce = Some(self.now.instant.after(wait));
    }
}

/// A record and the TC that it names, if that is at hand and leads further than the record's QC.
fn with_its_tc(
    record: SafetyRecord,
    tc: Option<TimeoutCert>,
) -> (SafetyRecord, Option<TimeoutCert>) {
    let leads_on =
        |tc: &TimeoutCert| record.high_tc == Some(tc.hash()) && tc.view > record.high_qc.data.view;
    let tc = tc.filter(leads_on);
    (SafetyRecord { high_tc: tc.as_ref().map(TimeoutCert::hash), ..record }, tc)
}

/// Whether this node signs in its epoch. A record of an earlier one, or a limit in it, says that it signed nothing in this one.
fn voting_state(
    context: &Context,
    safety: Option<&SafetyRecord>,
    lease: Option<LeaseLimit>,
) -> VotingState {
    let known = safety.map(|record| record.epoch).or(lease.map(|limit| limit.epoch));
    let Some(known) = known else {
        return context.me().map_or(VotingState::NotValidator, |_| VotingState::Muted);
    };
    match (context.me(), known.cmp(&context.committee.epoch())) {
        (None, _) => VotingState::NotValidator,
        (Some(_), Ordering::Greater) => VotingState::Behind,
        (Some(_), Ordering::Equal) if safety.is_none() => VotingState::Muted,
        (Some(_), Ordering::Equal | Ordering::Less) => VotingState::Voting,
    }
}

/// The view that the certificates let one enter.
fn entered_view(record: &SafetyRecord, high_tc: Option<&TimeoutCert>) -> View {
    let given_up = high_tc.map_or(View::ZERO, |tc| tc.view);
    record.high_qc.data.view.max(given_up).next()
}
