//! The event loop: one queue, one clock, one source of chance.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use heddle_hotstuff::Now;
use heddle_hotstuff::limits;
use heddle_machine::Input;
use heddle_machine::Machine;
use heddle_machine::MachineConfig;
use heddle_machine::Ticket;
use heddle_types::EpochEnd;
use heddle_types::Hash32;
use heddle_types::Height;
use heddle_types::Instant;
use heddle_types::Millis;
use heddle_types::UnixMillis;
use heddle_types::ValidatorIndex;
use heddle_types::View;
use heddle_wire::PeerMessage;

use super::accusations::Accusations;
use super::byzantine::Misbehave;
use super::dice::Dice;
use super::disk::Write;
use super::execution::Outcomes;
use super::network::Network;
use super::node::Node;
use super::node::Running;
use super::oracle::Oracle;
use super::oracle::Violation;
use super::pace::Pace;
use super::plan::Fault;
use super::plan::Plan;
use super::rules::Rules;
use super::universe::GENESIS_MS;
use super::universe::Universe;

/// Events in one run; more means that nodes talk without end.
const EVENTS_MAX: u64 = 3_000_000;
/// How long after the last fault progress must have come, in microseconds.
const PROGRESS_US_MAX: u64 = 60_000_000;

/// After so many messages it is looked how much nodes keep.
const KEPT_EVERY: u64 = 64;

/// What a run came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Report {
    /// A hash over every event in order: the same plan gives the same.
    pub trace: Hash32,
    /// The highest final height.
    pub final_height: Height,
    /// The highest view, those of earlier epochs counted by their blocks.
    pub view: View,
    /// How many epochs ended.
    pub epochs: u64,
    /// Messages delivered.
    pub messages: u64,
    /// Writes begun by all nodes together.
    pub writes: u64,
    /// Contradictions of the Byzantine that honest nodes heard, each by each node. Every one became evidence.
    pub equivocations: u64,
    /// Views in a row without a final block, at most, after the faults.
    pub views_to_commit: u64,
    /// Simulated microseconds.
    pub micros: u64,
}

#[derive(Debug)]
pub(super) enum Event {
    Deliver {
        from: usize,
        to: usize,
        message: Rc<PeerMessage>,
    },
    /// Something that is no message.
    Garbage {
        from: usize,
        to: usize,
    },
    /// A Byzantine validator that stopped at its own signature goes on.
    Resume {
        node: usize,
        life: u64,
    },
    Wake {
        node: usize,
        life: u64,
    },
    Synced {
        node: usize,
        life: u64,
    },
    Executed {
        node: usize,
        life: u64,
    },
    Submit {
        account: usize,
    },
    Begin(usize),
    End(usize),
}

pub(super) struct World {
    pub(super) universe: Arc<Universe>,
    pub(super) plan: Plan,
    pub(super) dice: Dice,
    pub(super) now: u64,
    pub(super) queue: BTreeMap<(u64, u64), Event>,
    pub(super) scheduled: u64,
    pub(super) nodes: Vec<Node>,
    pub(super) network: Network,
    pub(super) oracle: Oracle,
    pub(super) pace: Pace,
    pub(super) accusations: Accusations,
    /// By node; none is honest.
    pub(super) byzantine: Vec<Option<Box<dyn Misbehave>>>,
    pub(super) trace: blake3::Hasher,
    pub(super) highest_view: View,
    /// Faults bound to a view that did not come yet, by position in the plan.
    pub(super) waiting: Vec<usize>,
    /// Faults that have begun and not ended.
    pub(super) active: usize,
    /// By account: the sequence to submit next.
    pub(super) next_sequence: Vec<usize>,
    pub(super) submitted_by: BTreeMap<Ticket, usize>,
    pub(super) messages: u64,
    pub(super) writes: u64,
    pub(super) outcomes: Outcomes,
    pub(super) crashed_at_write: usize,
    /// Whether a slot of a safety record may still be torn: one muted node is what four can bear.
    pub(super) may_tear: bool,
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
        let universe = Universe::of(plan.nodes, plan.members);
        let behaviour = |index| plan.byzantine.iter().find(|(node, _)| *node == index);
        let byzantine =
            (0..plan.nodes).map(|index| behaviour(index).map(|(_, how)| how.start())).collect();
        let oracle = Oracle::new(Rules::new(plan.members, plan.byzantine.len()));
        let disk = || universe.new_disk(plan.lease_views);
        let node = || Node { disk: disk(), running: None, life: 0 };
        Self {
            nodes: (0..plan.nodes).map(|_| node()).collect(),
            dice: Dice::new(plan.seed),
            network: Network::new(plan.network),
            may_tear: plan.byzantine.is_empty()
                && plan.lease_views.is_none()
                && !plan.faults.iter().any(|fault| matches!(fault, Fault::LoseSafety { .. })),
            waiting: Vec::new(),
            active: 0,
            next_sequence: vec![0; universe.transfers.len()],
            universe,
            now: 0,
            queue: BTreeMap::new(),
            scheduled: 0,
            oracle,
            pace: Pace::new(plan.members),
            accusations: Accusations::default(),
            byzantine,
            trace: blake3::Hasher::new(),
            highest_view: View::ZERO,
            submitted_by: BTreeMap::new(),
            messages: 0,
            writes: 0,
            outcomes: Outcomes::new(),
            crashed_at_write: 0,
            plan,
        }
    }

    pub(super) fn schedule(&mut self, at: u64, event: Event) {
        self.scheduled += 1;
        self.queue.insert((at.max(self.now), self.scheduled), event);
    }

    fn schedule_plan(&mut self) {
        for position in 0..self.plan.faults.len() {
            match self.plan.faults[position] {
                Fault::Partition { at_us, until_us, .. }
                | Fault::Crash { at_us, until_us, .. }
                | Fault::LoseSafety { at_us, until_us, .. } => {
                    self.active += 1;
                    self.schedule(at_us, Event::Begin(position));
                    self.schedule(until_us, Event::End(position));
                }
                Fault::CrashAtWrite { .. }
                | Fault::CrashLeader { .. }
                | Fault::IsolateLeader { .. } => self.waiting.push(position),
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
                return Err(Violation(
                    "nothing is scheduled any more: no node has a deadline".into(),
                ));
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
                self.count_views()?;
                if self.all_is_done() {
                    return self.report();
                }
                if at > over_at + PROGRESS_US_MAX {
                    return Err(Violation(format!(
                        "no progress after the faults: {}",
                        self.where_all_are()
                    )));
                }
            }
        }
        Err(Violation(format!("{EVENTS_MAX} events without an end: {}", self.where_all_are())))
    }

    fn report(&self) -> Result<Report, Violation> {
        Ok(Report {
            trace: Hash32(*self.trace.finalize().as_bytes()),
            final_height: self.oracle.highest_final(),
            view: self.highest_view,
            epochs: self.oracle.last_ended().map_or(0, |epoch| epoch.get() + 1),
            messages: self.messages,
            writes: self.writes,
            equivocations: self.accusations.caught()?,
            views_to_commit: self.pace.slowest(),
            micros: self.now,
        })
    }

    /// Where committees change a new member may be told so late that its first view passes, and one that is alone goes through
    /// several views within an input, while its disk is busy; so not there.
    fn count_views(&mut self) -> Result<(), Violation> {
        let height = self.oracle.highest_final();
        let are_near = || (0..self.nodes.len()).all(|node| self.is_near(node));
        let counts = self.plan.members == self.plan.nodes && self.plan.nodes > 1;
        if counts && !self.pace.has_begun() && are_near() {
            self.pace.begin(height, self.highest_view);
        }
        self.pace.on_view(height, self.highest_view)
    }

    /// Every transfer is final, and every node has executed what any has.
    fn all_is_done(&self) -> bool {
        let mut planned = (0..self.next_sequence.len()).flat_map(|account| self.planned(account));
        let all_final = planned.all(|transfer| self.oracle.is_final(&transfer.id()));
        let mut honest = (0..self.nodes.len()).filter(|node| self.is_honest(*node));
        all_final && honest.all(|node| self.is_up_to_date(node))
    }

    /// Whether a member has executed what anybody has, and whether another knows that it is none.
    fn is_up_to_date(&self, index: usize) -> bool {
        let Node { disk, running, .. } = &self.nodes[index];
        let ended = disk.last_end().map(EpochEnd::epoch);
        let key = &self.universe.signers[index].0;
        let is_member = running.as_ref().is_some_and(|r| r.committee.index_of(key).is_some());
        let height = self.oracle.highest_final();
        ended == self.oracle.last_ended() && (!is_member || disk.last().executed.height == height)
    }

    /// Whether a node is up, and what it lacks of all that is final it fetches block by block.
    fn is_near(&self, index: usize) -> bool {
        let running = self.nodes[index].running.as_ref();
        let own = running.map(|running| running.machine.status().agreement.final_height);
        own.is_some_and(|own| self.oracle.highest_final().since(own) <= limits::FETCH_GAP_MAX)
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
            Event::Deliver { from, to, message } => {
                self.deliver(from, to, Rc::unwrap_or_clone(message))
            }
            Event::Garbage { from, to } => {
                let from = self.told_index(to, from);
                self.tell(to, Input::PeerMalformed(from))
            }
            Event::Resume { node, life } => self.resume(node, life),
            Event::Wake { node, life } => {
                let now = self.now;
                let due =
                    self.running(node, life).is_some_and(|running| running.wake_at == Some(now));
                if due { self.tell(node, Input::Tick) } else { Ok(()) }
            }
            Event::Synced { node, life } => self.on_synced(node, life),
            Event::Executed { node, life } => self.on_executed(node, life),
            Event::Submit { account } => self.submit(account),
            Event::Begin(position) => self.begin(position),
            Event::End(position) => self.end(position),
        }
    }

    pub(super) fn running(&mut self, node: usize, life: u64) -> Option<&mut Running> {
        let node = &mut self.nodes[node];
        if node.life == life { node.running.as_mut() } else { None }
    }

    pub(super) fn time(&mut self, node: usize) -> Now {
        let wall_ms = GENESIS_MS + 1_000 + self.now / 1_000;
        Now {
            instant: Instant::from_micros(self.now),
            wall: UnixMillis::new(self.wall_of(node, wall_ms)),
        }
    }

    pub(super) fn start(&mut self, index: usize) -> Result<(), Violation> {
        let nonce = self.dice.bytes();
        let recovered = self.nodes[index].disk.recover(nonce);
        let config = self.machine_config(index);
        let mut actions = Vec::new();
        let machine = Machine::new(config, recovered, self.time(index), &mut actions);
        let node = &mut self.nodes[index];
        node.life += 1;
        let committee = Arc::clone(machine.committee());
        node.running = Some(Running::new(machine, committee, actions));
        self.pump(index)
    }

    /// By which index a node is told of another.
    pub(super) fn told_index(&self, index: usize, peer: usize) -> ValidatorIndex {
        let running = self.nodes[index].running.as_ref();
        let committee = running.map_or(&self.universe.committee, |r| r.machine.committee());
        self.universe.index(committee, peer)
    }

    fn machine_config(&self, index: usize) -> MachineConfig {
        let end = self.nodes[index].disk.last_end();
        let successor = end.and_then(|end| Some((Arc::new(end.successor().ok()?), end.genesis())));
        let first = || (Arc::clone(&self.universe.committee), self.universe.genesis);
        let (committee, genesis) = successor.unwrap_or_else(first);
        let chain = committee.chain();
        MachineConfig {
            agreement: heddle_hotstuff::Config {
                committee,
                genesis,
                epoch_blocks_min: self.plan.epoch_blocks_min,
                leaders: BTreeMap::new(),
                signer: Some(Arc::new(self.universe.signers[index])),
                scheme: Arc::new(super::scheme::MacScheme),
                pacemaker: heddle_hotstuff::PacemakerConfig {
                    timeout_base: Millis::new(100),
                    timeout_max: Millis::new(2_000),
                    idle_interval: Millis::new(20),
                },
            },
            pool: heddle_mempool::Config::new(chain),
            payload: heddle_mempool::PayloadLimits::new(100, 100_000),
            forward_delay: Millis::new(1),
        }
    }

    fn deliver(&mut self, from: usize, to: usize, message: PeerMessage) -> Result<(), Violation> {
        if self.nodes[to].running.is_none() {
            return Ok(());
        }
        self.messages += 1;
        self.overhear(from, to, &message);
        if let PeerMessage::Transactions(transactions) = message {
            let candidates = transactions.into_iter().map(|tx| self.candidate(to, tx)).collect();
            return self.tell(to, Input::Forwarded(candidates));
        }
        let from = self.told_index(to, from);
        self.tell(to, Input::Peer { from, message })
    }

    pub(super) fn tell(&mut self, index: usize, input: Input) -> Result<(), Violation> {
        let now = self.time(index);
        let Some(running) = self.nodes[index].running.as_mut() else { return Ok(()) };
        let mut actions = Vec::new();
        running.machine.handle(now, input, &mut actions);
        if self.messages.is_multiple_of(KEPT_EVERY) {
            check_kept(index, running.machine.kept(), self.plan.nodes)?;
        }
        self.note_evidence(index, &actions)?;
        let Some(running) = self.nodes[index].running.as_mut() else { return Ok(()) };
        running.todo.extend(actions);
        let view = running.machine.status().agreement.view;
        // Views of one epoch after the other: a chain has no more blocks than views.
        let begin = self.nodes[index].disk.last_end().map_or(0, |end| end.closing.height.get());
        let view = View::new(begin + view.get());
        self.pump(index)?;
        self.on_view(view)
    }

    /// Carries out what the node has to do, up to the first action that waits for the disk.
    fn pump(&mut self, index: usize) -> Result<(), Violation> {
        loop {
            let Node { disk, running, .. } = &mut self.nodes[index];
            let Some(running) = running.as_mut() else { return Ok(()) };
            if running.syncing {
                break;
            }
            let Some(action) = running.todo.front() else { break };
            if let Some(write) = Write::of(action) {
                if disk.may_wait(&write) {
                    running.todo.pop_front();
                    let me = self.own_index(index);
                    self.write((index, me), write);
                    continue;
                }
                running.syncing = true;
                let life = self.nodes[index].life;
                let at = self.now + self.dice.between(20, 400);
                self.schedule(at, Event::Synced { node: index, life });
                self.on_write(index);
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
        if let Some(write) = running.todo.pop_front().as_ref().and_then(Write::of) {
            let me = self.own_index(index);
            self.write((index, me), write);
        }
        self.pump(index)
    }
}

/// What the agreement core may keep, by its limits: votes of both rounds and proposals of the views that it looks at, timeouts
/// of one, certified blocks, blocks, and what is asked for.
fn check_kept(node: usize, kept: usize, nodes: usize) -> Result<(), Violation> {
    let views = (limits::VIEWS_AHEAD_MAX + limits::VIEWS_BEHIND_MAX + 1) as usize;
    let asked_for = 3;
    let by_views = (3 * views + 1) * nodes;
    let most = by_views + limits::VIEWS_REMEMBERED_MAX + limits::TREE_BLOCKS_MAX + asked_for;
    if kept <= most {
        return Ok(());
    }
    Err(Violation(format!("node {node} keeps {kept} things, at most {most}")))
}
