//! A committee in virtual time: delays, loss, crashes, one faulty owner, and an ordering service.

use std::collections::BTreeMap;
use std::sync::Arc;

use heddle_lanes::Action;
use heddle_lanes::Fetch;
use heddle_lanes::Input;
use heddle_lanes::Message;
use heddle_lanes::RawMessage;
use heddle_lanes::Verdict;
use heddle_types::BlockHash;
use heddle_types::CheckedBatch;
use heddle_types::Committee;
use heddle_types::Instant;
use heddle_types::decode_exact;
use rand_chacha::ChaCha8Rng;
use rand_core::Rng;
use rand_core::SeedableRng;

use crate::attacker::Attacker;
use crate::attacker::Manner;
use crate::attacker::pick;
use crate::node::Node;
use crate::oracle::Oracle;
use crate::orderer::Orderer;
use crate::scheme::HashScheme;
use crate::world;

/// What happens in a run.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) nodes: u16,
    pub(crate) seed: u64,
    /// Messages lost of a thousand, until [`Self::calm_at`].
    pub(crate) loss: u32,
    pub(crate) crashes: u32,
    /// The faulty owner's manners; none, and all are honest.
    pub(crate) manners: Vec<Manner>,
    /// When losses, crashes and new transactions end, in microseconds.
    pub(crate) calm_at: u64,
}

/// When everything must be done.
const END: u64 = 60_000_000;
/// How long a proposal is voted for.
const VIEW: u64 = 400_000;

enum Event {
    Message { to: u16, from: u16, message: Message },
    Bytes { to: u16, bytes: Vec<u8> },
    Stored { node: u16, life: u32, batch: Arc<CheckedBatch> },
    Tick { node: u16, life: u32 },
    Submit { node: u16 },
    Mischief,
    Propose { given_up: Option<BlockHash> },
    Check { node: u16, life: u32, block: BlockHash },
    Final { node: u16, life: u32 },
    Executed { node: u16, life: u32, delivered: usize },
    Crash { node: u16 },
    Start { node: u16 },
}

pub(crate) struct Simulation {
    plan: Plan,
    committee: Arc<Committee>,
    random: ChaCha8Rng,
    now: u64,
    events: BTreeMap<(u64, u64), Event>,
    put: u64,
    submitted: u64,
    nodes: Vec<Node>,
    pub(crate) attacker: Option<Attacker>,
    pub(crate) orderer: Orderer,
    pub(crate) oracle: Oracle,
}

impl Simulation {
    pub(crate) fn new(plan: Plan) -> Self {
        let faulty = plan.nodes - 1;
        let attacker = (!plan.manners.is_empty())
            .then(|| Attacker::new(faulty, plan.nodes, plan.manners.clone()));
        Self {
            committee: world::committee(plan.nodes, 0),
            random: ChaCha8Rng::seed_from_u64(plan.seed),
            now: 0,
            events: BTreeMap::new(),
            put: 0,
            submitted: 0,
            nodes: (0..plan.nodes).map(Node::new).collect(),
            attacker,
            orderer: Orderer::default(),
            oracle: Oracle::default(),
            plan,
        }
    }

    /// Runs until everything that is final is delivered everywhere, and every honest lane is final to its end.
    pub(crate) fn run(&mut self) {
        for node in self.honest() {
            self.put(0, Event::Start { node });
            let at = self.below(20_000);
            self.put(at, Event::Submit { node });
        }
        for _ in 0..self.plan.crashes {
            let at = self.below(self.plan.calm_at);
            let node = u16::try_from(self.below(u64::from(self.plan.nodes))).unwrap();
            self.put(at, Event::Crash { node });
        }
        self.put(10_000, Event::Propose { given_up: None });
        if self.attacker.is_some() {
            self.put(5_000, Event::Mischief);
        }
        while let Some(((at, _), event)) = self.events.pop_first() {
            self.now = at;
            let was_proposal = matches!(event, Event::Propose { .. });
            self.step(event);
            if was_proposal && self.is_done() {
                return;
            }
            assert!(self.now < END, "seed {} does not end: {}", self.plan.seed, self.state());
        }
    }

    pub(crate) fn honest(&self) -> Vec<u16> {
        let faulty = self.attacker.as_ref().map(|attacker| attacker.index);
        (0..self.plan.nodes).filter(|node| Some(*node) != faulty).collect()
    }

    fn is_done(&self) -> bool {
        let chain = &self.orderer.chain;
        let honest = self.honest();
        let is_done = |node: &u16| {
            let node = &self.nodes[usize::from(*node)];
            let Some(core) = &node.core else { return false };
            let ends = |lane: &u16| {
                let lane = world::index(*lane);
                core.delivered().get(lane) == core.durable(lane)
            };
            node.delivered == chain.len()
                && core.status().queued_bytes == 0
                && honest.iter().all(ends)
        };
        self.now > self.plan.calm_at + 100_000
            && self.orderer.final_len == chain.len()
            && self.oracle.has_evidence()
            && honest.iter().all(is_done)
    }

    fn state(&self) -> String {
        let of = |node: &Node| {
            let status = node.core.as_ref().map(|core| (core.status(), core.delivered()));
            format!("{}: told {} delivered {} {status:?}", node.index, node.told, node.delivered)
        };
        let nodes: Vec<String> = self.nodes.iter().map(of).collect();
        format!(
            "{} blocks, {} final, evidence {:?}\n{}",
            self.orderer.chain.len(),
            self.orderer.final_len,
            self.oracle.evidence,
            nodes.join("\n")
        )
    }

    fn step(&mut self, event: Event) {
        match event {
            Event::Message { to, from, message } => {
                let from = world::index(from);
                self.tell(to, Input::Message { from, message });
            }
            Event::Bytes { to, bytes } => self.on_bytes(to, &bytes),
            Event::Stored { node, life, batch } if self.lives(node, life) => {
                let reference = world::reference(&batch);
                self.nodes[usize::from(node)].disk.insert(batch.digest(), batch);
                self.tell(node, Input::Stored(vec![reference]));
            }
            Event::Tick { node, life } if self.lives(node, life) => {
                let is_due = self.nodes[usize::from(node)].tick_at == Some(self.now);
                if is_due {
                    self.nodes[usize::from(node)].tick_at = None;
                    self.tell(node, Input::Tick);
                }
            }
            Event::Submit { node } => self.on_submit(node),
            Event::Mischief => self.on_mischief(),
            Event::Propose { given_up } => self.on_propose(given_up),
            Event::Check { node, life, block } if self.lives(node, life) => {
                self.on_check(node, block);
            }
            Event::Final { node, life } if self.lives(node, life) => self.on_final(node),
            Event::Executed { node, life, delivered } if self.lives(node, life) => {
                self.nodes[usize::from(node)].executed = delivered;
            }
            Event::Crash { node } => self.on_crash(node),
            Event::Start { node } => self.on_start(node),
            Event::Stored { .. }
            | Event::Tick { .. }
            | Event::Check { .. }
            | Event::Final { .. }
            | Event::Executed { .. } => {}
        }
    }

    fn on_submit(&mut self, node: u16) {
        if self.now > self.plan.calm_at {
            return;
        }
        let count = self.random.next_u32() % 3 + 1;
        let transactions = (0..count).map(|_| {
            self.submitted += 1;
            world::transaction(self.submitted, 0)
        });
        let transactions = transactions.collect();
        self.tell(node, Input::Transactions(transactions));
        let at = self.now + self.below(60_000);
        self.put(at, Event::Submit { node });
    }

    fn on_mischief(&mut self) {
        let Some(attacker) = &mut self.attacker else { return };
        for (to, bytes) in attacker.act(&mut self.random) {
            let at = self.now + self.below(30_000);
            self.put(at, Event::Bytes { to, bytes });
        }
        if self.now < self.plan.calm_at {
            let at = self.now + 5_000 + self.below(40_000);
            self.put(at, Event::Mischief);
        }
    }

    /// The faulty owner's bytes pass the checks that every node makes, or go no further.
    fn on_bytes(&mut self, to: u16, bytes: &[u8]) {
        let Some(faulty) = self.attacker.as_ref().map(|attacker| attacker.index) else { return };
        let Ok(raw) = decode_exact::<RawMessage>(bytes) else { return };
        if let Ok(message) = raw.check(&self.committee, &HashScheme, |_, _| true) {
            self.tell(to, Input::Message { from: world::index(faulty), message });
        }
    }

    fn on_propose(&mut self, given_up: Option<BlockHash>) {
        let ballot = self.orderer.ballot.as_ref().map(|ballot| ballot.block.block);
        if ballot != given_up {
            // A later proposal runs.
            return;
        }
        self.orderer.ballot = None;
        if self.random.next_u32().is_multiple_of(20)
            && self.orderer.chain.len() > self.orderer.final_len
        {
            // Certified, but nobody builds on it.
            self.orderer.chain.pop();
        }
        let proposer = u16::try_from(self.below(u64::from(self.plan.nodes))).unwrap();
        let base = self.orderer.end(self.orderer.chain.len(), world::start(&self.committee));
        let height = world::height(self.orderer.chain.len() as u64 + 1);
        let view = |node: &Node| {
            let core = node.core.as_ref()?;
            Some(core.cut(&self.orderer.ancestors(node.told), height))
        };
        let cut = match &self.attacker {
            Some(attacker) if attacker.index == proposer => {
                let honest = view(&self.nodes[0]).unwrap_or_default();
                Some(attacker.cut(&base, honest, &mut self.random))
            }
            _ => view(&self.nodes[usize::from(proposer)]),
        };
        let at = self.now + VIEW;
        let Some(cut) = cut else {
            self.put(at, Event::Propose { given_up: None });
            return;
        };
        let block = self.orderer.propose(proposer, cut);
        self.put(at, Event::Propose { given_up: Some(block.block) });
        for node in self.honest() {
            let (at, life) = (self.now + self.below(30_000), self.nodes[usize::from(node)].life);
            self.put(at, Event::Check { node, life, block: block.block });
        }
        if let Some(attacker) = &self.attacker {
            let faulty = attacker.index;
            self.on_vote(block.block, faulty);
        }
    }

    fn on_check(&mut self, node: u16, block: BlockHash) {
        let Some(ballot) = self.orderer.ballot.as_ref().filter(|b| b.block.block == block) else {
            return;
        };
        let told = self.nodes[usize::from(node)].told;
        let proposed = self.orderer.as_proposed(&ballot.block, told);
        self.tell(node, Input::Check(proposed));
    }

    fn on_vote(&mut self, block: BlockHash, voter: u16) {
        let quorum = usize::from(self.plan.nodes - (self.plan.nodes - 1) / 3);
        if !self.orderer.vote(block, voter, quorum) {
            return;
        }
        let lag = pick(&mut self.random, 3);
        let len = self.orderer.chain.len();
        let lag = if self.now > self.plan.calm_at { 0 } else { lag };
        self.orderer.final_len = self.orderer.final_len.max(len.saturating_sub(lag));
        for node in self.honest() {
            let (at, life) = (self.now + self.below(60_000), self.nodes[usize::from(node)].life);
            self.put(at, Event::Final { node, life });
        }
        let at = self.now + self.below(40_000);
        self.put(at, Event::Propose { given_up: None });
    }

    /// Tells a node of the next final block, and soon of the one after it.
    fn on_final(&mut self, index: u16) {
        let node = &mut self.nodes[usize::from(index)];
        let backlog = node.core.as_ref().map_or(0, |core| core.status().backlog);
        if node.told >= self.orderer.final_len {
            return;
        }
        let life = node.life;
        if backlog < 8 {
            let block = &self.orderer.chain[node.told];
            node.told += 1;
            let (height, cut) = (world::height(block.height), block.cut.clone());
            self.tell(index, Input::Final { height, cut });
        }
        let at = self.now + 1_000 + self.below(10_000);
        self.put(at, Event::Final { node: index, life });
    }

    fn on_crash(&mut self, node: u16) {
        if self.nodes[usize::from(node)].core.is_some() {
            self.nodes[usize::from(node)].stop();
            let at = self.now + self.below(300_000);
            self.put(at, Event::Start { node });
        }
    }

    fn on_start(&mut self, index: u16) {
        let node = &mut self.nodes[usize::from(index)];
        let (recovered, actions) = node.start(&self.committee, &self.orderer.chain, self.now);
        let life = node.life;
        self.oracle.on_start(index);
        recovered.iter().for_each(|batch| self.oracle.on_store(index, batch));
        self.carry_out(index, actions);
        let at = self.now + self.below(30_000);
        self.put(at, Event::Final { node: index, life });
    }

    fn lives(&self, node: u16, life: u32) -> bool {
        let node = &self.nodes[usize::from(node)];
        node.core.is_some() && node.life == life
    }

    fn tell(&mut self, node: u16, input: Input) {
        let actions = self.nodes[usize::from(node)].tell(self.now, input);
        self.carry_out(node, actions);
    }

    fn carry_out(&mut self, index: u16, actions: Vec<Action>) {
        for action in actions {
            self.act(index, action);
        }
        let node = &mut self.nodes[usize::from(index)];
        let Some(core) = &node.core else { return };
        self.oracle.on_status(core.status(), usize::from(self.plan.nodes));
        let deadline = core.deadline().map(Instant::as_micros);
        assert!(deadline.is_none_or(|at| at > self.now), "what is due was done");
        if let Some(at) = deadline.filter(|at| node.tick_at != Some(*at)) {
            node.tick_at = Some(at);
            let life = node.life;
            self.put(at, Event::Tick { node: index, life });
        }
    }

    fn act(&mut self, index: u16, action: Action) {
        let faulty = self.attacker.as_ref().map(|attacker| attacker.index);
        match action {
            Action::Store(batch) => self.store(index, batch),
            Action::Discard(batches) => {
                self.oracle.on_discard(&batches);
                let disk = &mut self.nodes[usize::from(index)].disk;
                batches.iter().for_each(|batch| drop(disk.remove(&batch.digest)));
            }
            Action::Send { to, message } => self.send(index, to.get(), message),
            Action::Broadcast(message) => {
                for to in (0..self.plan.nodes).filter(|to| *to != index) {
                    self.send(index, to, message.clone());
                }
            }
            Action::Serve { to, fetch } => self.serve(index, to.get(), &fetch),
            Action::Verdict { block, verdict } => self.on_verdict(index, block, verdict),
            Action::Deliver { height, batches } => {
                self.oracle.on_deliver(height.get(), &batches);
                let node = &mut self.nodes[usize::from(index)];
                node.delivered += 1;
                assert_eq!(height.get(), node.delivered as u64, "every height once, in order");
                let (life, delivered) = (node.life, node.delivered);
                let at = self.now + self.below(50_000);
                self.put(at, Event::Executed { node: index, life, delivered });
            }
            Action::Returned(_) => {}
            Action::Evidence(fork) => {
                assert_eq!(Some(fork.lane().get()), faulty, "honest owners do not fork");
                assert!(self.attacker.as_ref().is_some_and(Attacker::has_forked));
                self.oracle.evidence.insert((index, fork.lane().get()));
            }
            Action::Misbehaved { peer, fault } => {
                assert_eq!(Some(peer.get()), faulty, "{fault:?} of an honest peer");
            }
            Action::OwnKeyElsewhere { .. } | Action::Broken { .. } => panic!("{action:?}"),
        }
    }

    fn store(&mut self, index: u16, batch: Arc<CheckedBatch>) {
        self.oracle.on_store(index, &batch);
        let delay = self.below(8_000);
        let node = &mut self.nodes[usize::from(index)];
        node.stored_at = node.stored_at.max(self.now + delay) + 1;
        let (at, life) = (node.stored_at, node.life);
        self.put(at, Event::Stored { node: index, life, batch });
    }

    fn send(&mut self, from: u16, to: u16, message: Message) {
        self.oracle.on_said(&self.nodes[usize::from(from)], &message);
        if let Some(attacker) = self.attacker.as_mut().filter(|attacker| attacker.index == to) {
            if let Message::Batch(batch) = &message {
                attacker.hear(batch);
            }
            if let Message::Fetch(fetch) = &message
                && let Some(bytes) = attacker.serve(fetch, &mut self.random)
            {
                let at = self.now + self.below(60_000);
                self.put(at, Event::Bytes { to: from, bytes });
            }
            return;
        }
        let is_lossy = self.now < self.plan.calm_at;
        if !is_lossy || self.random.next_u32() % 1000 >= self.plan.loss {
            let at = self.now + 1_000 + self.below(29_000);
            self.put(at, Event::Message { to, from, message });
        }
    }

    fn serve(&mut self, index: u16, to: u16, fetch: &Fetch) {
        let disk = &self.nodes[usize::from(index)].disk;
        let batches = heddle_lanes::serve(fetch, |digest| {
            let batch = disk.get(digest)?;
            Some((batch.header().clone(), Arc::clone(batch)))
        });
        self.send(index, to, Message::Fetched { digest: fetch.batch.digest, batches });
    }

    /// L4, L5, L12: what may be voted for is there, durably, and extends what its ancestors named.
    fn on_verdict(&mut self, index: u16, block: BlockHash, verdict: Verdict) {
        let Some(ballot) = self.orderer.ballot.as_ref().filter(|b| b.block.block == block) else {
            return;
        };
        let honest = self.attacker.as_ref().is_none_or(|a| a.index != ballot.block.proposer);
        match verdict {
            Verdict::Missing => {}
            Verdict::Invalid(fault) => assert!(!honest, "{fault} of an honest leader"),
            Verdict::Available => {
                let len = usize::try_from(ballot.block.height).unwrap() - 1;
                let base = self.orderer.end(len, world::start(&self.committee));
                let node = &self.nodes[usize::from(index)];
                assert!(node.has(&base, &ballot.block.cut), "available without being there");
                self.on_vote(block, index);
            }
        }
    }

    fn put(&mut self, at: u64, event: Event) {
        self.put += 1;
        self.events.insert((at, self.put), event);
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.random.next_u64() % bound.max(1)
    }
}
