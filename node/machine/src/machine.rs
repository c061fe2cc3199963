//! The machine: routes what it is told to the cores and joins what they ask for.

mod follower;
mod users;

use std::collections::BTreeMap;
use std::collections::VecDeque;
use std::sync::Arc;

use heddle_catchup::CatchUp;
use heddle_catchup::RequestId;
use heddle_hotstuff::Executed;
use heddle_hotstuff::Input as Agreement;
use heddle_hotstuff::Now;
use heddle_hotstuff::Recovered;
use heddle_hotstuff::Replica;
use heddle_mempool::Mempool;
use heddle_mempool::PayloadLimits;
use heddle_types::BlockHeader;
use heddle_types::CheckedBlock;
use heddle_types::CommitCert;
use heddle_types::Committee;
use heddle_types::ExecutedRoot;
use heddle_types::Height;
use heddle_types::Instant;
use heddle_types::Millis;
use heddle_types::ValidatorIndex;
use heddle_wire::PeerMessage;

use crate::in_flight::InFlight;
use crate::io::Action;
use crate::io::Input;
use crate::io::Status;
use crate::machine::follower::Follower;

/// What a machine is made with.
pub struct MachineConfig {
    /// The agreement core's.
    pub agreement: heddle_hotstuff::Config,
    /// The pool's.
    pub pool: heddle_mempool::Config,
    /// The most that goes into one block.
    pub payload: PayloadLimits,
    /// How long an admitted transaction waits for company before it is forwarded.
    pub forward_delay: Millis,
}

/// Final blocks that wait for execution, beyond which catch-up pauses: it fetches quicker than blocks are executed.
const EXECUTING_MAX: usize = 128;
/// The whole node but for its IO.
pub struct Machine {
    replica: Replica,
    catchup: CatchUp,
    pool: Mempool,
    in_flight: InFlight,
    committee: Arc<Committee>,
    own: Option<ValidatorIndex>,
    /// What a node that is no member goes by.
    follower: Follower,
    payload: PayloadLimits,
    forward_delay: Millis,
    /// Final blocks handed out for execution, oldest first.
    executing: VecDeque<Arc<CheckedBlock>>,
    executed: ExecutedRoot,
    /// Catch-up waits to hear what is final.
    final_untold: bool,
    /// What the agreement core was last told of waiting work.
    work_told: bool,
    /// When admitted transactions are forwarded next.
    forward_at: Option<Instant>,
    /// What the agreement core is told next.
    inbox: VecDeque<Told>,
    /// Recycled between inputs.
    agreement_actions: Vec<heddle_hotstuff::Action>,
    catchup_actions: Vec<heddle_catchup::Action>,
}

/// What the agreement core is told next.
enum Told {
    /// Whatever needs no answer.
    Agreement(Agreement),
    /// Blocks from catch-up, which waits for the verdict.
    Synced {
        peer: ValidatorIndex,
        height: Height,
        blocks: Vec<Arc<CheckedBlock>>,
        cert: CommitCert,
    },
}

impl Machine {
    /// Starts from what the disk held. The actions are carried out before anything else is told.
    pub fn new(
        config: MachineConfig,
        recovered: Recovered,
        now: Now,
        actions: &mut Vec<Action>,
    ) -> Self {
        let committee = Arc::clone(&config.agreement.committee);
        let follower = Follower::new(&config.agreement, &recovered.commit);
        let last_final = Arc::clone(&recovered.last_final);
        let executed = recovered.executed.last().map(|executed| executed.root);
        let executed = executed.unwrap_or(last_final.header().executed);
        let mut in_flight = InFlight::default();
        for block in &recovered.blocks {
            in_flight.insert(block);
        }
        // No two processes of a node count the same.
        let first_id = recovered.nonce.first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes));
        let mut agreement_actions = Vec::new();
        let replica = Replica::new(config.agreement, recovered, now, &mut agreement_actions);
        let own = replica.own_index();
        actions.push(Action::Committee(Arc::clone(&committee)));
        let mut machine = Self {
            replica,
            catchup: CatchUp::new(last_final.header().height, RequestId::new(first_id)),
            pool: Mempool::new(config.pool, executed.height),
            in_flight,
            committee,
            own,
            follower,
            payload: config.payload,
            forward_delay: config.forward_delay,
            executing: VecDeque::new(),
            executed,
            final_untold: false,
            work_told: false,
            forward_at: None,
            inbox: VecDeque::new(),
            agreement_actions,
            catchup_actions: Vec::new(),
        };
        machine.settle(now, actions);
        machine
    }

    /// Tells the machine one thing. `actions` is appended to, in the order in which they must be carried out.
    pub fn handle(&mut self, now: Now, input: Input, actions: &mut Vec<Action>) {
        match input {
            Input::Peer { from, message } => self.on_peer(now, from, message, actions),
            Input::Forwarded(candidates) => self.on_forwarded(&candidates),
            Input::Submit { ticket, candidate } => self.on_submit(now, ticket, &candidate, actions),
            Input::PeerUp(peer) => {
                self.follower.peers.insert(peer);
                self.fetch(now, heddle_catchup::Input::Connected(peer), actions);
            }
            Input::PeerReachable(peer) => {
                self.inbox.push_back(Told::Agreement(Agreement::Reachable(peer)));
            }
            Input::PeerDown(peer) => {
                self.follower.peers.remove(&peer);
                self.fetch(now, heddle_catchup::Input::Disconnected(peer), actions);
            }
            Input::PeerMalformed(peer) => {
                self.fetch(now, heddle_catchup::Input::Malformed { peer }, actions);
            }
            Input::Head { from, cert } => self.on_head(now, from, &cert, actions),
            Input::Executed { executed, skipped } => {
                self.on_executed(now, executed, &skipped, actions);
            }
            Input::Tick => self.on_tick(now, actions),
        }
        self.settle(now, actions);
        if let Some(work) = self.changed_work() {
            self.inbox.push_back(work);
            self.settle(now, actions);
        }
    }

    /// When [`Input::Tick`] is due.
    pub fn deadline(&self) -> Option<Instant> {
        [self.replica.deadline(), self.catchup.deadline(), self.forward_at]
            .into_iter()
            .flatten()
            .min()
    }

    /// Whose positions the indices are of inputs told from now on: that of the last [`Action::Committee`].
    pub const fn committee(&self) -> &Arc<Committee> {
        &self.committee
    }

    /// Where the node stands.
    pub fn status(&self) -> Status {
        Status {
            agreement: self.standing(),
            executed: self.executed,
            pool_transactions: self.pool.len(),
            pool_bytes: self.pool.bytes(),
            catching_up: self.catchup.target() > self.catchup.own_final(),
            known_final: self.catchup.target().max(self.catchup.own_final()),
        }
    }

    /// How many messages and blocks the agreement core keeps, see [`Replica::kept`].
    pub fn kept(&self) -> usize {
        self.replica.kept()
    }

    fn on_peer(
        &mut self,
        now: Now,
        from: ValidatorIndex,
        message: PeerMessage,
        actions: &mut Vec<Action>,
    ) {
        match message {
            PeerMessage::Consensus(message) => {
                let input = Agreement::Message { from, message };
                self.inbox.push_back(Told::Agreement(input));
            }
            PeerMessage::Request { id, request } => {
                actions.push(Action::Serve { to: from, id, request });
            }
            PeerMessage::Response { id, response } => {
                let input = heddle_catchup::Input::Response { peer: from, id, response };
                self.fetch(now, input, actions);
            }
            // The driver looks up accounts for the first and answers the others itself.
            PeerMessage::Transactions(_) | PeerMessage::Ping(_) | PeerMessage::Pong(_) => {}
        }
    }

    fn on_executed(
        &mut self,
        now: Now,
        executed: Executed,
        skipped: &[u32],
        actions: &mut Vec<Action>,
    ) {
        let height = executed.root.height;
        let block = self.executing.pop_front().expect("told once for each block handed out");
        assert_eq!(block.header().height, height, "blocks are executed in order");
        self.executed = executed.root;
        self.in_flight.executed(height);
        let included = (0_u32..)
            .zip(block.transactions())
            .filter(|(position, _)| skipped.binary_search(position).is_err())
            .map(|(_, checked)| checked.as_ref());
        let dropped = self.pool.on_executed(height, included);
        if !dropped.is_empty() {
            actions.push(Action::Dropped(dropped));
        }
        self.inbox.push_back(Told::Agreement(Agreement::Executed(executed)));
        if self.final_untold {
            self.tell_final(now, actions);
        }
    }

    fn on_tick(&mut self, now: Now, actions: &mut Vec<Action>) {
        if self.replica.deadline().is_some_and(|deadline| deadline <= now.instant) {
            self.inbox.push_back(Told::Agreement(Agreement::Tick));
        }
        if self.catchup.deadline().is_some_and(|deadline| deadline <= now.instant) {
            self.fetch(now, heddle_catchup::Input::Tick, actions);
        }
        if self.forward_at.is_some_and(|deadline| deadline <= now.instant) {
            self.forward(now, actions);
        }
    }

    /// Tells the agreement core what is in the inbox, and carries out what it asks for, until all is quiet.
    ///
    /// One input's actions are all carried out before the next is told, so that records reach the disk in the order in
    /// which they were made. Ends because each view is built once and each block fetched once.
    fn settle(&mut self, now: Now, actions: &mut Vec<Action>) {
        let mut asked = std::mem::take(&mut self.agreement_actions);
        loop {
            for action in asked.drain(..) {
                self.on_agreement_action(now, action, actions);
            }
            let Some(told) = self.inbox.pop_front() else {
                if self.begin_epoch(now, &mut asked, actions) {
                    continue;
                }
                break;
            };
            match told {
                Told::Agreement(input) => self.replica.handle(now, input, &mut asked),
                Told::Synced { peer, height, blocks, cert } => {
                    self.replica.handle(now, Agreement::Synced { blocks, cert }, &mut asked);
                    for action in asked.drain(..) {
                        self.on_agreement_action(now, action, actions);
                    }
                    self.answer_delivery(now, peer, height, actions);
                }
            }
        }
        self.agreement_actions = asked;
    }

    /// Once the closing block of an epoch is executed, the next begins: another committee agrees, and indices are its
    /// members'. Whether it does.
    fn begin_epoch(
        &mut self,
        now: Now,
        asked: &mut Vec<heddle_hotstuff::Action>,
        actions: &mut Vec<Action>,
    ) -> bool {
        let Some(next) = self.replica.successor(now, asked) else { return false };
        self.replica = next;
        let before = std::mem::replace(&mut self.committee, Arc::clone(self.replica.committee()));
        self.own = self.replica.own_index();
        actions.push(Action::Committee(Arc::clone(&self.committee)));
        self.follower.begin_epoch(*self.replica.genesis());
        let renamed = before.indices().filter_map(|index| {
            let key = before.validator(index)?.public_key;
            Some((index, self.committee.index_of(&key)?))
        });
        // A follower's peers go by other numbers, of which its driver tells again.
        let renamed: BTreeMap<_, _> = renamed.filter(|_| self.own.is_some()).collect();
        self.fetch(now, heddle_catchup::Input::Renumbered(renamed), actions);
        self.tell_final(now, actions);
        self.inbox.push_back(Told::Agreement(Agreement::WorkPending(self.work_told)));
        true
    }

    /// Catch-up waits to hear whether what it delivered was accepted.
    fn answer_delivery(
        &mut self,
        now: Now,
        peer: ValidatorIndex,
        height: Height,
        actions: &mut Vec<Action>,
    ) {
        if self.replica.status().final_height >= height {
            self.tell_final(now, actions);
        } else {
            self.fetch(now, heddle_catchup::Input::Refused { peer }, actions);
        }
    }

    /// Tells catch-up what is final here, which lets it go on; later, when too much waits for execution, or when what it would
    /// deliver next is of an epoch that has not begun here.
    fn tell_final(&mut self, now: Now, actions: &mut Vec<Action>) {
        self.final_untold = self.executing.len() > EXECUTING_MAX || self.replica.has_ended();
        if !self.final_untold {
            let height = self.replica.status().final_height;
            self.fetch(now, heddle_catchup::Input::Final(height), actions);
        }
    }

    fn on_agreement_action(
        &mut self,
        now: Now,
        action: heddle_hotstuff::Action,
        actions: &mut Vec<Action>,
    ) {
        use heddle_hotstuff::Action as Asked;
        match action {
            Asked::StoreBlock(block) => {
                self.in_flight.insert(&block);
                actions.push(Action::StoreBlock(block));
            }
            Asked::StoreTimeoutCert(cert) => actions.push(Action::StoreTimeoutCert(cert)),
            Asked::Persist(record) => actions.push(Action::Persist(record)),
            Asked::Send { to, message } => {
                actions.push(Action::Send { to, message: PeerMessage::Consensus(message) });
            }
            Asked::Broadcast(message) => {
                actions.push(Action::Broadcast(PeerMessage::Consensus(message)));
            }
            Asked::Build { header, must_be_empty, pending } => {
                let block = self.build(header, must_be_empty, &pending);
                // Before any other input.
                self.inbox.push_front(Told::Agreement(Agreement::Built(Arc::new(block))));
                // A validator that is alone builds one block after the other within one input: it must hear that nothing
                // waits any more, or it goes on with empty ones.
                if let Some(work) = self.changed_work() {
                    self.inbox.push_front(work);
                }
            }
            Asked::Commit { blocks, cert } => self.commit(now, &blocks, &cert, actions),
            Asked::EpochEnded(end) => actions.push(Action::EpochEnded(end)),
            Asked::ServeEpochEnd { to, epoch } => actions.push(Action::ServeEpochEnd { to, epoch }),
            Asked::FetchBlock { hash, height, hint } => {
                let input = heddle_catchup::Input::Fetch { hash, height, hint };
                self.fetch(now, input, actions);
            }
            Asked::CatchUp { peer, height } => {
                self.fetch(now, heddle_catchup::Input::CatchUp { peer, height }, actions);
            }
            Asked::Voting(state) => actions.push(Action::Voting(state)),
            Asked::Diverged { height, own, certified } => {
                actions.push(Action::Diverged { height, own, certified });
            }
            Asked::Evidence(evidence) => actions.push(Action::Evidence(evidence)),
            Asked::OwnKeyElsewhere { view } => actions.push(Action::OwnKeyElsewhere { view }),
        }
    }

    fn build(
        &self,
        header: BlockHeader,
        must_be_empty: bool,
        pending: &[Arc<CheckedBlock>],
    ) -> CheckedBlock {
        if must_be_empty {
            return CheckedBlock::build(header, Vec::new());
        }
        // What is ordered already, oldest first: the final blocks that are not executed, then those not final yet.
        let ancestors: Vec<Arc<CheckedBlock>> =
            self.executing.iter().chain(pending.iter().rev()).cloned().collect();
        let transactions = self.pool.payload(self.payload, header.height, &ancestors);
        CheckedBlock::build(header, transactions)
    }

    fn commit(
        &mut self,
        now: Now,
        blocks: &[Arc<CheckedBlock>],
        cert: &CommitCert,
        actions: &mut Vec<Action>,
    ) {
        self.follower.view = self.follower.view.max(cert.data.view);
        for block in blocks {
            self.in_flight.insert(block);
            self.executing.push_back(Arc::clone(block));
            actions.push(Action::Execute { block: Arc::clone(block), cert: cert.clone() });
        }
        self.tell_final(now, actions);
    }

    /// What to tell the agreement core about waiting transactions, if that changed.
    fn changed_work(&mut self) -> Option<Told> {
        let waiting = self.pool.len() > self.in_flight.len();
        let changed = waiting != self.work_told;
        self.work_told = waiting;
        changed.then_some(Told::Agreement(Agreement::WorkPending(waiting)))
    }

    /// Tells catch-up something; what that means for the agreement core waits in the inbox.
    fn fetch(&mut self, now: Now, input: heddle_catchup::Input, actions: &mut Vec<Action>) {
        let mut asked = std::mem::take(&mut self.catchup_actions);
        self.catchup.handle(now.instant, input, &mut asked);
        for action in asked.drain(..) {
            match action {
                heddle_catchup::Action::Send { to, id, request } => {
                    let message = PeerMessage::Request { id, request };
                    actions.push(Action::Send { to, message });
                }
                heddle_catchup::Action::Deliver { peer, blocks, cert, height } => {
                    self.inbox.push_back(Told::Synced { peer, height, blocks, cert });
                }
                heddle_catchup::Action::Fetched(block) => {
                    self.inbox.push_back(Told::Agreement(Agreement::Fetched(block)));
                }
                heddle_catchup::Action::Misbehaved { peer, fault } => {
                    actions.push(Action::Misbehaved { peer, fault });
                }
            }
        }
        self.catchup_actions = asked;
    }
}
