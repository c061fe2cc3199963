//! The event loop: one queue, one clock, one source of chance.

use std::collections::BTreeMap;
use std::sync::Arc;

use heddle_executor::BlockInput;
use heddle_executor::Executor;
use heddle_executor::Sequential;
use heddle_hotstuff::Now;
use heddle_machine::Action;
use heddle_machine::Candidate;
use heddle_machine::Input;
use heddle_machine::Machine;
use heddle_machine::MachineConfig;
use heddle_machine::Ticket;
use heddle_mempool::AccountView;
use heddle_mempool::Refusal;
use heddle_types::Amount;
use heddle_types::CheckedTransaction;
use heddle_types::ExecutedRoot;
use heddle_types::Hash32;
use heddle_types::Height;
use heddle_types::Instant;
use heddle_types::Millis;
use heddle_types::StateView;
use heddle_types::UnixMillis;
use heddle_types::ValidatorIndex;
use heddle_types::View;
use heddle_wire::PeerMessage;

use super::dice::Dice;
use super::disk::Outcome;
use super::network::Network;
use super::node::Node;
use super::node::Running;
use super::node::is_barrier;
use super::oracle::Oracle;
use super::oracle::Violation;
use super::plan::Fault;
use super::plan::Plan;
use super::universe::GENESIS_MS;
use super::universe::Universe;

/// Events in one run; more means that nodes talk without end.
const EVENTS_MAX: u64 = 3_000_000;
/// How long after the last fault progress must have come, in microseconds.
const PROGRESS_US_MAX: u64 = 60_000_000;

/// What a run came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Report {
    /// A hash over every event in order: the same plan gives the same.
    pub trace: Hash32,
    /// The highest final height.
    pub final_height: Height,
    /// The highest view.
    pub view: View,
    /// Messages delivered.
    pub messages: u64,
    /// Simulated microseconds.
    pub micros: u64,
}

#[derive(Debug)]
enum Event {
    Deliver { from: usize, to: usize, message: PeerMessage },
    Wake { node: usize, life: u64 },
    Synced { node: usize, life: u64 },
    Executed { node: usize, life: u64 },
    Submit { account: usize },
    Begin(usize),
    End(usize),
}

struct World {
    universe: Arc<Universe>,
    plan: Plan,
    dice: Dice,
    now: u64,
    queue: BTreeMap<(u64, u64), Event>,
    scheduled: u64,
    nodes: Vec<Node>,
    network: Network,
    oracle: Oracle,
    trace: blake3::Hasher,
    highest_view: View,
    /// Faults bound to a view that did not come yet, by position in the plan.
    waiting: Vec<usize>,
    /// Faults that have begun and not ended.
    active: usize,
    /// By account: the sequence to submit next.
    next_sequence: Vec<usize>,
    submitted_by: BTreeMap<Ticket, usize>,
    messages: u64,
}

/// Runs a plan to its end.
///
/// # Errors
/// The first [`Violation`].
pub fn run(plan: &Plan) -> Result<Report, Violation> {
    let mut world = World::new(plan.clone());
    for node in 0..plan.nodes {
        world.start(node)?;
    }
    world.schedule_plan();
    world.run_until_quiet()
}

impl World {
    fn new(plan: Plan) -> Self {
        let universe = Universe::of(plan.nodes);
        let node = || Node { disk: universe.new_disk(), running: None, life: 0 };
        Self {
            nodes: (0..plan.nodes).map(|_| node()).collect(),
            dice: Dice::new(plan.seed),
            network: Network::new(plan.network),
            waiting: Vec::new(),
            active: 0,
            next_sequence: vec![0; universe.transfers.len()],
            universe,
            plan,
            now: 0,
            queue: BTreeMap::new(),
            scheduled: 0,
            oracle: Oracle::default(),
            trace: blake3::Hasher::new(),
            highest_view: View::ZERO,
            submitted_by: BTreeMap::new(),
            messages: 0,
        }
    }

    fn schedule(&mut self, at: u64, event: Event) {
        self.scheduled += 1;
        self.queue.insert((at.max(self.now), self.scheduled), event);
    }

    fn schedule_plan(&mut self) {
        for position in 0..self.plan.faults.len() {
            match self.plan.faults[position] {
                Fault::Partition { at_us, until_us, .. } | Fault::Crash { at_us, until_us, .. } => {
                    self.active += 1;
                    self.schedule(at_us, Event::Begin(position));
                    self.schedule(until_us, Event::End(position));
                }
                Fault::CrashLeader { .. } | Fault::IsolateLeader { .. } => self.waiting.push(position),
            }
        }
        for transfer in 0..self.plan.transfers {
            let at = self.dice.below(600_000);
            self.schedule(at, Event::Submit { account: transfer % self.next_sequence.len() });
        }
    }

    fn run_until_quiet(&mut self) -> Result<Report, Violation> {
        let mut faults_over_at = None;
        for _ in 0..EVENTS_MAX {
            let Some(((at, _), event)) = self.queue.pop_first() else {
                return Err(Violation("nothing is scheduled any more: no node has a deadline".into()));
            };
            self.now = at;
            self.step(event)?;
            let views_done = self.highest_view.get() >= self.plan.views;
            if faults_over_at.is_none() && self.active == 0 && views_done {
                faults_over_at = Some(at);
                self.waiting.clear();
                self.network.calm_down();
                for account in 0..self.next_sequence.len() {
                    self.schedule(at, Event::Submit { account });
                }
            }
            if let Some(over_at) = faults_over_at {
                if self.all_is_done() {
                    return Ok(self.report());
                }
                if at > over_at + PROGRESS_US_MAX {
                    return Err(Violation(format!("no progress after the faults: {}", self.where_all_are())));
                }
            }
        }
        Err(Violation(format!("{EVENTS_MAX} events without an end: {}", self.where_all_are())))
    }

    fn report(&self) -> Report {
        Report {
            trace: Hash32(*self.trace.finalize().as_bytes()),
            final_height: self.highest_final(),
            view: self.highest_view,
            messages: self.messages,
            micros: self.now,
        }
    }

    fn highest_final(&self) -> Height {
        self.oracle.final_heights().last().copied().unwrap_or(Height::ZERO)
    }

    /// Every transfer is final, and every node has executed what any has.
    fn all_is_done(&self) -> bool {
        let mut planned = (0..self.next_sequence.len()).flat_map(|account| self.planned(account));
        let all_final = planned.all(|transfer| self.oracle.is_final(&transfer.id()));
        let height = self.highest_final();
        all_final && self.nodes.iter().all(|node| node.disk.last().executed.height == height)
    }

    fn where_all_are(&self) -> String {
        let place = |node: &Node| match &node.running {
            None => "down".to_owned(),
            Some(running) => format!("{:?}", running.machine.status()),
        };
        let places: Vec<String> = self.nodes.iter().map(place).collect();
        format!("at {} us: {}", self.now, places.join("; "))
    }

    fn step(&mut self, event: Event) -> Result<(), Violation> {
        self.note(&event);
        match event {
            Event::Deliver { from, to, message } => self.deliver(from, to, message),
            Event::Wake { node, life } => {
                let now = self.now;
                let due = self.running(node, life).is_some_and(|running| running.wake_at == Some(now));
                if due { self.tell(node, Input::Tick) } else { Ok(()) }
            }
            Event::Synced { node, life } => self.on_synced(node, life),
            Event::Executed { node, life } => self.on_executed(node, life),
            Event::Submit { account } => self.submit(account),
            Event::Begin(position) => self.begin(position),
            Event::End(position) => self.end(position),
        }
    }

    fn note(&mut self, event: &Event) {
        self.trace.update(&self.now.to_le_bytes());
        let (tag, a, b) = match event {
            Event::Deliver { from, to, .. } => (0, *from as u64, *to as u64),
            Event::Wake { node, life } => (1, *node as u64, *life),
            Event::Synced { node, life } => (2, *node as u64, *life),
            Event::Executed { node, life } => (3, *node as u64, *life),
            Event::Submit { account } => (4, *account as u64, 0),
            Event::Begin(position) => (5, *position as u64, 0),
            Event::End(position) => (6, *position as u64, 0),
        };
        self.trace.update(&[tag]);
        self.trace.update(&a.to_le_bytes());
        self.trace.update(&b.to_le_bytes());
        if let Event::Deliver { message, .. } = event {
            self.trace.update(&heddle_wire::encode(message));
        }
    }

    fn running(&mut self, node: usize, life: u64) -> Option<&mut Running> {
        let node = &mut self.nodes[node];
        if node.life == life { node.running.as_mut() } else { None }
    }

    fn time(&self) -> Now {
        Now {
            instant: Instant::from_micros(self.now),
            wall: UnixMillis::new(GENESIS_MS + 1_000 + self.now / 1_000),
        }
    }

    fn start(&mut self, index: usize) -> Result<(), Violation> {
        let nonce = self.dice.bytes();
        let recovered = self.nodes[index].disk.recover(nonce);
        let config = self.machine_config(index);
        let mut actions = Vec::new();
        let machine = Machine::new(config, recovered, self.time(), &mut actions);
        let node = &mut self.nodes[index];
        node.life += 1;
        node.running = Some(Running::new(machine, actions));
        self.pump(index)?;
        for peer in (0..self.plan.nodes).filter(|peer| *peer != index) {
            self.tell(index, Input::PeerUp(validator(peer)))?;
        }
        Ok(())
    }

    fn machine_config(&self, index: usize) -> MachineConfig {
        let committee = Arc::clone(&self.universe.committee);
        let chain = committee.chain();
        MachineConfig {
            agreement: heddle_hotstuff::Config {
                committee,
                genesis: self.universe.genesis,
                signer: Some(Arc::new(self.universe.signers[index])),
                scheme: Arc::new(super::scheme::MacScheme),
                pacemaker: heddle_hotstuff::PacemakerConfig {
                    timeout_base: Millis::new(100),
                    timeout_max: Millis::new(2_000),
                    idle_interval: Millis::new(20),
                },
            },
            pool: heddle_mempool::Config::new(chain),
            payload: heddle_mempool::PayloadLimits { txs: 100, bytes: 100_000 },
            forward_delay: Millis::new(1),
        }
    }

    fn deliver(&mut self, from: usize, to: usize, message: PeerMessage) -> Result<(), Violation> {
        if self.nodes[to].running.is_none() {
            return Ok(());
        }
        self.messages += 1;
        if let PeerMessage::Transactions(transactions) = message {
            let candidates = transactions.into_iter().map(|tx| self.candidate(to, tx)).collect();
            return self.tell(to, Input::Forwarded(candidates));
        }
        self.tell(to, Input::Peer { from: validator(from), message })
    }

    fn candidate(&self, node: usize, transaction: Arc<CheckedTransaction>) -> Candidate {
        let state = &self.nodes[node].disk.state;
        let body = &transaction.transaction().body;
        let lane = match body.nonce {
            heddle_types::Nonce::Lane { lane, .. } => lane,
            heddle_types::Nonce::Window { .. } => 0,
        };
        let nonce = state.entry(&heddle_sdk::native::nonce_key(&body.sender, lane));
        let balance = state.entry(&heddle_sdk::native::native_balance_key(&body.payer()));
        let balance = balance.and_then(|entry| heddle_sdk::native::decode_amount(entry.value.as_bytes()));
        let account = AccountView {
            next_sequence: heddle_sdk::native::next_sequence(nonce.as_ref()),
            fee_balance: balance.unwrap_or_default(),
        };
        Candidate { transaction, account, required_fee: Amount::from_units(1) }
    }

    fn submit(&mut self, account: usize) -> Result<(), Violation> {
        let Some(transfer) = self.next_transfer(account) else { return Ok(()) };
        let node = usize::try_from(self.dice.below(self.plan.nodes as u64)).unwrap_or(0);
        if self.nodes[node].running.is_none() {
            let later = self.now + 20_000;
            self.schedule(later, Event::Submit { account });
            return Ok(());
        }
        let ticket = Ticket(self.scheduled);
        self.submitted_by.insert(ticket, account);
        let candidate = self.candidate(node, transfer);
        self.tell(node, Input::Submit { ticket, candidate })
    }

    fn on_reply(&mut self, ticket: Ticket, refusal: Option<Refusal>) {
        let Some(account) = self.submitted_by.remove(&ticket) else { return };
        match refusal {
            None => self.next_sequence[account] += 1,
            Some(
                Refusal::NonceGap { expected, .. }
                | Refusal::NonceUsed { expected, .. }
                | Refusal::NonceTaken { expected, .. },
            ) => {
                self.next_sequence[account] = usize::try_from(expected).unwrap_or(usize::MAX);
            }
            Some(_) => {}
        }
        let again = self.now + 30_000;
        self.schedule(again, Event::Submit { account });
    }

    /// What a user sends next: the next of its lane; once all were sent, the first that is not final, which a crash of the
    /// node that admitted it may have lost. None when all are final.
    fn next_transfer(&mut self, account: usize) -> Option<Arc<CheckedTransaction>> {
        let planned = self.planned(account);
        let lost = planned.iter().position(|transfer| !self.oracle.is_final(&transfer.id()))?;
        let sequence = self.next_sequence[account];
        let sequence = if sequence < planned.len() { sequence } else { lost };
        let transfer = Arc::clone(&planned[sequence]);
        self.next_sequence[account] = sequence;
        Some(transfer)
    }

    /// The transfers that the plan has for an account.
    fn planned(&self, account: usize) -> &[Arc<CheckedTransaction>] {
        let transfers = &self.universe.transfers[account];
        let each = self.plan.transfers / self.next_sequence.len();
        &transfers[..each.min(transfers.len())]
    }

    fn tell(&mut self, index: usize, input: Input) -> Result<(), Violation> {
        let now = self.time();
        let Some(running) = self.nodes[index].running.as_mut() else { return Ok(()) };
        let mut actions = Vec::new();
        running.machine.handle(now, input, &mut actions);
        running.todo.extend(actions);
        let view = running.machine.status().agreement.view;
        self.pump(index)?;
        self.on_view(view)
    }

    /// Carries out what the node has to do, up to the first action that waits for the disk.
    fn pump(&mut self, index: usize) -> Result<(), Violation> {
        loop {
            let Some(running) = self.nodes[index].running.as_mut() else { return Ok(()) };
            if running.syncing {
                break;
            }
            let Some(action) = running.todo.front() else { break };
            if is_barrier(action) {
                running.syncing = true;
                let life = self.nodes[index].life;
                let at = self.now + self.dice.between(20, 400);
                self.schedule(at, Event::Synced { node: index, life });
                break;
            }
            if let Some(action) = running.todo.pop_front() {
                self.perform(index, action)?;
            }
        }
        self.set_alarm(index);
        Ok(())
    }

    fn set_alarm(&mut self, index: usize) {
        let life = self.nodes[index].life;
        let now = self.now;
        let Some(running) = self.nodes[index].running.as_mut() else { return };
        let deadline = running.machine.deadline().map(|at| at.as_micros().max(now));
        if deadline != running.wake_at {
            running.wake_at = deadline;
            if let Some(at) = deadline {
                self.schedule(at, Event::Wake { node: index, life });
            }
        }
    }

    fn on_synced(&mut self, index: usize, life: u64) -> Result<(), Violation> {
        let Some(running) = self.running(index, life) else { return Ok(()) };
        running.syncing = false;
        if let Some(action) = running.todo.pop_front() {
            self.nodes[index].synced(action);
        }
        self.pump(index)
    }

    fn perform(&mut self, index: usize, action: Action) -> Result<(), Violation> {
        match action {
            Action::Send { to, message } => self.send(index, &[usize::from(to.get())], &message),
            Action::Broadcast(message) => {
                let others: Vec<usize> = (0..self.plan.nodes).filter(|to| *to != index).collect();
                self.send(index, &others, &message)
            }
            Action::Execute { block, cert } => {
                self.oracle.on_final(index, block.header().height, block.hash())?;
                let life = self.nodes[index].life;
                let Some(running) = self.nodes[index].running.as_mut() else { return Ok(()) };
                running.executing.push_back((block, cert));
                if running.executing.len() == 1 {
                    self.schedule_execution(index, life);
                }
                Ok(())
            }
            Action::Reply { ticket, result } => {
                self.on_reply(ticket, result.err());
                Ok(())
            }
            Action::Serve { to, id, request } => {
                let response = self.nodes[index].disk.serve(&request);
                let message = PeerMessage::Response { id, response };
                self.send(index, &[usize::from(to.get())], &message)
            }
            Action::Diverged { height, own, certified } => Err(Violation(format!(
                "node {index} computed {own} at height {height}, a quorum certified {certified}"
            ))),
            Action::Evidence(evidence) => Err(Violation(format!("false evidence: {evidence:?}"))),
            Action::OwnKeyElsewhere { view } => {
                Err(Violation(format!("node {index} does not know its own signature of view {view}")))
            }
            Action::Misbehaved { peer, fault } => {
                Err(Violation(format!("node {index} accuses node {peer} of {fault:?}")))
            }
            Action::Dropped(_)
            | Action::Voting(_)
            | Action::StoreBlock(_)
            | Action::StoreTimeoutCert(_)
            | Action::Persist(_) => Ok(()),
        }
    }

    fn send(&mut self, from: usize, to: &[usize], message: &PeerMessage) -> Result<(), Violation> {
        if let PeerMessage::Consensus(message) = message {
            self.oracle.on_sent(from, message, &self.nodes[from].disk)?;
        }
        for &to in to {
            for delay in self.network.copies(from, to, &mut self.dice) {
                let message = message.clone();
                let at = self.now + delay;
                self.schedule(at, Event::Deliver { from, to, message });
            }
        }
        Ok(())
    }

    fn schedule_execution(&mut self, index: usize, life: u64) {
        let at = self.now + self.dice.between(50, 1_500);
        self.schedule(at, Event::Executed { node: index, life });
    }

    fn on_executed(&mut self, index: usize, life: u64) -> Result<(), Violation> {
        let programs = Arc::clone(&self.universe.programs);
        let Some(running) = self.running(index, life) else { return Ok(()) };
        let Some((block, cert)) = running.executing.pop_front() else { return Ok(()) };
        let more = !running.executing.is_empty();
        let disk = &mut self.nodes[index].disk;
        let height = block.header().height;
        let expected = disk.last().executed.height.next();
        if height != expected {
            return Err(Violation(format!("node {index} was given height {height} instead of {expected}")));
        }
        let input = BlockInput { header: block.header(), transactions: block.transactions() };
        let outcome = Sequential.execute(&programs, &disk.state, &input);
        let root = disk.state.apply(&outcome.changes);
        let executed = ExecutedRoot { height, root };
        disk.outcomes.push(Outcome { block, cert, executed });
        disk.blocks.retain(|_, block| block.header().height > height);
        self.oracle.on_executed(index, executed, &outcome.transaction_ids)?;
        if more {
            self.schedule_execution(index, life);
        }
        let skipped = outcome.skipped.iter().map(|skip| skip.0).collect();
        self.tell(index, Input::Executed { executed, skipped })
    }

    /// Starts the faults that wait for a view.
    fn on_view(&mut self, view: View) -> Result<(), Violation> {
        if view <= self.highest_view {
            return Ok(());
        }
        self.highest_view = view;
        let waiting = std::mem::take(&mut self.waiting);
        for position in waiting {
            let (at, for_us) = match self.plan.faults[position] {
                Fault::CrashLeader { view, for_us } | Fault::IsolateLeader { view, for_us, .. } => (view, for_us),
                Fault::Partition { .. } | Fault::Crash { .. } => continue,
            };
            if at > view.get() {
                self.waiting.push(position);
                continue;
            }
            self.active += 1;
            self.schedule(self.now, Event::Begin(position));
            self.schedule(self.now + for_us, Event::End(position));
        }
        Ok(())
    }

    fn begin(&mut self, position: usize) -> Result<(), Violation> {
        let name = position as u64;
        match self.plan.faults[position].clone() {
            Fault::Partition { sides, .. } => self.network.partition(name, sides),
            Fault::Crash { node, .. } => self.crash(node),
            Fault::CrashLeader { view, .. } => self.crash(self.leader(view)),
            Fault::IsolateLeader { view, with, .. } => {
                let leader = self.leader(view);
                let mut sides = vec![0; self.plan.nodes];
                for next in 0..=with {
                    sides[(leader + next) % self.plan.nodes] = 1;
                }
                self.network.partition(name, sides);
            }
        }
        Ok(())
    }

    fn end(&mut self, position: usize) -> Result<(), Violation> {
        self.active -= 1;
        let node = match self.plan.faults[position] {
            Fault::Partition { .. } | Fault::IsolateLeader { .. } => {
                self.network.heal(position as u64);
                return Ok(());
            }
            Fault::Crash { node, .. } => node,
            Fault::CrashLeader { view, .. } => self.leader(view),
        };
        if self.nodes[node].running.is_none() { self.start(node) } else { Ok(()) }
    }

    fn leader(&self, view: u64) -> usize {
        usize::from(self.universe.committee.leader(View::new(view)).get())
    }

    /// Whatever was on its way to the disk is there or not, by chance; nothing behind it is.
    fn crash(&mut self, index: usize) {
        let Some(running) = self.nodes[index].running.take() else { return };
        if running.syncing && self.dice.chance(500) {
            if let Some(action) = running.todo.into_iter().next() {
                self.nodes[index].synced(action);
            }
        }
    }
}

fn validator(index: usize) -> ValidatorIndex {
    ValidatorIndex::new(u16::try_from(index).unwrap_or(u16::MAX))
}
