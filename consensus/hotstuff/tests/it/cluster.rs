//! Some replicas, a network and disks, in virtual time, from one seed.

use std::collections::BTreeMap;
use std::sync::Arc;

use heddle_hotstuff::Action;
use heddle_hotstuff::Config;
use heddle_hotstuff::Executed;
use heddle_hotstuff::Input;
use heddle_hotstuff::Message;
use heddle_hotstuff::Replica;
use heddle_types::CheckedBlock;
use heddle_types::CheckedTransaction;
use heddle_types::CommitCert;
use heddle_types::Committee;
use heddle_types::ExecutedRoot;
use heddle_types::Height;
use heddle_types::TimeoutCert;
use heddle_types::Validator;
use heddle_types::ValidatorIndex;
use heddle_types::View;
use rand_chacha::ChaCha20Rng;
use rand_core::Rng;
use rand_core::SeedableRng;

use crate::node::Node;
use crate::oracle::Oracle;
use crate::scheme;
use crate::world;
use crate::world::World;

/// What the network does to a message, in percent and microseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Network {
    pub(crate) delay: u64,
    pub(crate) jitter: u64,
    pub(crate) loss: u64,
    pub(crate) duplicate: u64,
}

impl Network {
    pub(crate) const CONSTANT: Self = Self { delay: 10_000, jitter: 0, loss: 0, duplicate: 0 };
}

/// Who should decide from a height on, ascending; before the first, those of epoch 0.
pub(crate) type Script = Vec<(u64, Vec<Validator>)>;

#[derive(Clone)]
enum Event {
    /// From that node.
    Deliver(usize, Message),
    Input(Input),
}

pub(crate) struct Cluster {
    pub(crate) world: World,
    pub(crate) nodes: Vec<Node>,
    pub(crate) network: Network,
    pub(crate) execution: u64,
    /// Pairs that cannot reach each other.
    pub(crate) groups: Vec<u8>,
    pub(crate) sent: BTreeMap<&'static str, u64>,
    /// When each block was first proposed.
    pub(crate) proposed_at: BTreeMap<u64, u64>,
    pub(crate) oracle: Oracle,
    script: Script,
    rng: ChaCha20Rng,
    now: u64,
    sequence: u64,
    queue: BTreeMap<(u64, u64), (usize, u64, Event)>,
    transactions: u64,
}

impl Cluster {
    pub(crate) fn new(len: u16, seed: u64, network: Network) -> Self {
        Self::with_script(len, len, network, seed, Script::new())
    }

    /// As many nodes as `len`, the first `members` of which decide in epoch 0.
    pub(crate) fn with_script(
        len: u16,
        members: u16,
        network: Network,
        seed: u64,
        script: Script,
    ) -> Self {
        Self::on(World::new(members), len, network, seed, script)
    }

    /// As many nodes as `len`, the first of which are the world's validators.
    pub(crate) fn on(world: World, len: u16, network: Network, seed: u64, script: Script) -> Self {
        let nodes = (0..len).map(|_| Node::new(&world)).collect();
        let oracle = Oracle::new(&world.committee);
        let mut cluster = Self {
            world,
            nodes,
            network,
            execution: 1000,
            groups: vec![0; usize::from(len)],
            sent: BTreeMap::new(),
            proposed_at: BTreeMap::new(),
            oracle,
            script,
            rng: ChaCha20Rng::seed_from_u64(seed),
            now: 0,
            sequence: 0,
            queue: BTreeMap::new(),
            transactions: 0,
        };
        (0..usize::from(len)).for_each(|who| cluster.start(who));
        cluster
    }

    /// Everybody gets `count` transactions to order.
    pub(crate) fn submit(&mut self, count: u64) {
        for _ in 0..count {
            self.transactions += 1;
            let transaction = world::transaction(self.transactions);
            self.nodes.iter_mut().for_each(|node| node.mempool.push(Arc::clone(&transaction)));
        }
        (0..self.nodes.len()).for_each(|who| self.tell_pending(who));
    }

    pub(crate) fn crash(&mut self, who: usize) {
        self.nodes[who].replica = None;
        self.nodes[who].life += 1;
    }

    pub(crate) fn lose_record(&mut self, who: usize) {
        self.nodes[who].disk.safety = None;
    }

    /// Nothing is left but the safety record.
    pub(crate) fn empty_disk(&mut self, who: usize) {
        let safety = self.nodes[who].disk.safety.take();
        self.nodes[who].disk = Node::new(&self.world).disk;
        self.nodes[who].disk.safety = safety;
    }

    pub(crate) fn start(&mut self, who: usize) {
        let nonce = self.rng.next_u64();
        let candidates = |height: Height| self.candidates(height);
        let recovered = self.nodes[who].recover(&self.world, nonce, candidates);
        let mut actions = Vec::new();
        let config = self.config(who);
        let node = &mut self.nodes[who];
        node.committee = Arc::clone(&config.committee);
        node.final_height = recovered.last_final.header().height;
        node.told_pending = false;
        node.crash_after = None;
        let replica = Replica::new(config, recovered, world::at_micros(self.now), &mut actions);
        node.replica = Some(replica);
        self.perform(who, actions);
        self.tell_pending(who);
    }

    pub(crate) fn run_ms(&mut self, ms: u64) {
        let end = self.now + ms * 1000;
        while self.step(end) {}
        self.now = end;
    }

    /// Runs until all running nodes have `height` final; panics after `ms`.
    pub(crate) fn run_to(&mut self, height: u64, ms: u64) {
        let end = self.now + ms * 1000;
        while self.lowest() < height {
            assert!(self.step(end), "height {} of {height} after {ms} ms", self.lowest());
        }
    }

    /// The lowest final height of the running nodes.
    pub(crate) fn lowest(&self) -> u64 {
        let running = self.nodes.iter().filter(|node| node.replica.is_some());
        running.map(|node| node.final_height.get()).min().unwrap_or(0)
    }

    pub(crate) const fn now(&self) -> u64 {
        self.now
    }

    /// The highest view that a running node is in.
    pub(crate) fn highest_view(&self) -> u64 {
        let running = self.nodes.iter().filter_map(|node| node.replica.as_ref());
        running.map(|replica| replica.status().view.get()).max().unwrap_or(0)
    }

    /// Who leads that view.
    pub(crate) fn leader(&self) -> usize {
        let view = View::new(self.highest_view());
        let first = self.nodes.iter().find_map(|node| node.replica.as_ref()).unwrap();
        usize::from(first.leaders(std::iter::once(view)).next().unwrap().get())
    }

    /// Who proposed the blocks that became final at the first node since `since`.
    pub(crate) fn proposers_since(&self, since: u64) -> Vec<usize> {
        let node = &self.nodes[0];
        let heights = node.final_at.iter().filter(|(_, at)| **at >= since);
        let blocks = heights.map(|(height, _)| &node.disk.chain[&Height::new(*height)]);
        blocks.map(|block| usize::from(block.header().proposer.get())).collect()
    }

    pub(crate) fn replica(&self, who: usize) -> &Replica {
        self.nodes[who].replica.as_ref().unwrap()
    }

    pub(crate) fn is_running(&self, who: usize) -> bool {
        self.nodes[who].replica.is_some()
    }

    pub(crate) fn random(&mut self, below: u64) -> u64 {
        self.rng.next_u64() % below
    }

    pub(crate) fn highest_vote(&self, who: usize) -> View {
        self.nodes[who].disk.safety.as_ref().unwrap().vote.view
    }

    /// Hands one node an input, now.
    pub(crate) fn input(&mut self, who: usize, input: Input) {
        let now = world::at_micros(self.now);
        let Some(replica) = self.nodes[who].replica.as_mut() else { return };
        let mut actions = Vec::new();
        replica.handle(now, input, &mut actions);
        self.perform(who, actions);
        self.begin_epoch(who);
    }

    fn begin_epoch(&mut self, who: usize) {
        let now = world::at_micros(self.now);
        let mut actions = Vec::new();
        let replica = self.nodes[who].replica.as_ref();
        let next = replica.and_then(|replica| replica.successor(now, &mut actions));
        if let Some(next) = next {
            self.nodes[who].committee = Arc::clone(next.committee());
            self.nodes[who].replica = Some(next);
            self.nodes[who].told_pending = false;
            self.perform(who, actions);
            self.tell_pending(who);
        }
    }

    fn step(&mut self, end: u64) -> bool {
        let deadlines =
            self.nodes.iter().enumerate().filter_map(|(who, node)| {
                Some((node.replica.as_ref()?.deadline()?.as_micros(), who))
            });
        let tick = deadlines.min();
        let first = self.queue.first_key_value().map(|((at, _), _)| *at);
        let at = [tick.map(|(at, _)| at), first].into_iter().flatten().min();
        let Some(at) = at.filter(|at| *at <= end) else { return false };
        self.now = self.now.max(at);
        if first == Some(at) {
            let (_, (who, life, event)) = self.queue.pop_first().unwrap();
            if self.nodes[who].life == life {
                match event {
                    Event::Input(input) => self.input(who, input),
                    Event::Deliver(from, message) => {
                        let from = self.index(who, from);
                        self.input(who, Input::Message { from, message });
                    }
                }
            }
        } else if let Some((_, who)) = tick {
            self.input(who, Input::Tick);
            let deadline = self.nodes[who].replica.as_ref().and_then(Replica::deadline);
            assert!(deadline.is_none_or(|at| at.as_micros() > self.now), "a deadline that stays");
        }
        true
    }

    fn perform(&mut self, who: usize, actions: Vec<Action>) {
        for action in actions {
            if let Some(left) = &mut self.nodes[who].crash_after {
                if *left == 0 {
                    return self.crash(who);
                }
                *left -= 1;
            }
            self.perform_one(who, action);
        }
    }

    fn perform_one(&mut self, who: usize, action: Action) {
        let disk = &mut self.nodes[who].disk;
        match action {
            Action::StoreBlock(block) => {
                disk.blocks.insert(block.hash(), block);
            }
            Action::StoreTimeoutCert(tc) => disk.tc = Some(tc),
            Action::Persist(record) => {
                let named = disk.tc.as_ref().map(TimeoutCert::hash);
                assert!(record.high_tc.is_none() || record.high_tc == named, "a TC not stored");
                self.oracle.on_record(&scheme::key(u16::try_from(who).unwrap()), &record);
                disk.safety = Some(record);
            }
            Action::Send { to, message } => {
                self.witness(who, &message);
                let to = self.node(who, to);
                assert_ne!(to, who);
                self.send(who, to, message);
            }
            Action::Broadcast(message) => {
                self.witness(who, &message);
                for to in self.committee(who).indices() {
                    let to = self.node(who, to);
                    if to != who {
                        self.send(who, to, message.clone());
                    }
                }
            }
            Action::Build { header, must_be_empty, pending } => {
                let ordered = |tx: &Arc<CheckedTransaction>| {
                    pending.iter().any(|block| block.transactions().contains(tx))
                };
                let mempool = self.nodes[who].mempool.iter();
                let payload = mempool.filter(|tx| !must_be_empty && !ordered(tx)).take(1);
                let payload = payload.map(Arc::clone).collect();
                let block = CheckedBlock::build(header, payload);
                self.proposed_at.entry(block.header().height.get()).or_insert(self.now);
                self.input(who, Input::Built(Arc::new(block)));
            }
            Action::Commit { blocks, cert } => self.commit(who, &blocks, cert),
            Action::EpochEnded(end) => {
                self.oracle.on_end(&end);
                self.nodes[who].disk.ends.insert(end.epoch().get(), *end);
            }
            Action::ServeEpochEnd { to, epoch } => {
                let to = self.node(who, to);
                let end = self.nodes[who].disk.ends.get(&epoch.get()).cloned();
                if let Some(end) = end {
                    self.send(who, to, Message::EpochEnd(Box::new(end)));
                }
            }
            Action::FetchBlock { hash, hint, .. } => {
                let hint = self.node(who, hint);
                assert_ne!(hint, who);
                let other = &self.nodes[hint];
                let final_block = other.disk.chain.values().find(|block| block.hash() == hash);
                let block = other.disk.blocks.get(&hash).or(final_block).cloned();
                if let Some(block) = block.filter(|_| self.connected(who, hint)) {
                    self.later(2 * self.network.delay, who, Event::Input(Input::Fetched(block)));
                }
            }
            Action::CatchUp { peer, .. } => {
                let peer = self.node(who, peer);
                self.catch_up(who, peer);
            }
            Action::Voting(_) => {}
            Action::Diverged { height, .. } => panic!("{who} has another root at {height}"),
            Action::Evidence(evidence) => panic!("all are honest, and yet: {evidence:?}"),
            Action::OwnKeyElsewhere { view } => panic!("{who} heard itself in view {view}"),
        }
    }

    fn commit(&mut self, who: usize, blocks: &[Arc<CheckedBlock>], cert: CommitCert) {
        self.oracle.on_cert(&cert);
        let node = &mut self.nodes[who];
        node.disk.certs.insert(blocks.last().unwrap().header().height, cert);
        for block in blocks {
            let height = block.header().height;
            assert_eq!(height, node.final_height.next(), "heights are consecutive");
            node.final_height = height;
            node.final_at.insert(height.get(), self.now);
            node.disk.chain.insert(height, Arc::clone(block));
            node.mempool.retain(|tx| !block.transactions().contains(tx));
            self.oracle.on_commit(block);
        }
        for block in blocks {
            let node = &mut self.nodes[who];
            let height = block.header().height;
            let root = world::execute(node.disk.roots[&height.prev().unwrap()], block);
            // What is executed counts as durable at once; the core hears of it later.
            node.disk.roots.insert(height, root);
            let root = ExecutedRoot { height, root };
            let executed = Executed { root, candidates: self.candidates(height) };
            self.later(self.execution, who, Event::Input(Input::Executed(executed)));
        }
        self.tell_pending(who);
    }

    /// What a peer has from the next height on: to the end of the epoch, if it ended there.
    fn catch_up(&mut self, who: usize, peer: usize) {
        let source = &self.nodes[peer].disk;
        let from = self.nodes[who].final_height.next();
        let epoch = self.committee(who).epoch().get();
        let end =
            source.ends.get(&epoch).filter(|end| source.chain.contains_key(&end.closing.height));
        let own = |(height, cert): &(&Height, &CommitCert)| {
            source.chain[height].hash() == cert.data.block
        };
        let last = source.certs.iter().rfind(own).map(|(height, cert)| (*height, cert.clone()));
        let end = end.map(|end| (end.closing.height, end.cert.clone(), world::tail(end)));
        let (height, cert, tail) = match (end, last) {
            (Some(end), _) => end,
            (None, Some((height, cert))) => (height, cert, Vec::new()),
            (None, None) => return,
        };
        if height < from || !self.connected(who, peer) {
            return;
        }
        let blocks = source.chain.range(from..=height).map(|(_, block)| Arc::clone(block));
        let input = Input::Synced { blocks: blocks.chain(tail).collect(), cert };
        self.later(4 * self.network.delay, who, Event::Input(input));
    }

    fn witness(&mut self, who: usize, message: &Message) {
        let Node { disk, witness, .. } = &mut self.nodes[who];
        let durable = || disk.safety.as_ref().expect("nothing leaves without a record");
        let name = match message {
            Message::Proposal(proposal) => {
                self.oracle.on_proposal(witness, proposal, durable());
                "proposal"
            }
            Message::Vote(vote) => {
                self.oracle.on_vote(witness, vote, durable(), &disk.blocks);
                "vote"
            }
            Message::CommitVote(vote) => {
                self.oracle.on_commit_vote(witness, vote, durable());
                "commit vote"
            }
            Message::Timeout(timeout) => {
                self.oracle.on_timeout(witness, timeout, durable());
                "timeout"
            }
            Message::Certificates(_) => "certificates",
            Message::UnmuteRequest { .. } => "unmute request",
            Message::UnmuteAnswer(_) => "unmute answer",
            Message::EpochEnd(_) => "epoch end",
        };
        *self.sent.entry(name).or_default() += 1;
    }

    fn send(&mut self, from: usize, to: usize, message: Message) {
        if !self.connected(to, from) || self.random(100) < self.network.loss {
            return;
        }
        let copies = 1 + u64::from(self.random(100) < self.network.duplicate);
        for _ in 0..copies {
            let delay = self.network.delay + self.random(self.network.jitter + 1);
            self.later(delay, to, Event::Deliver(from, message.clone()));
        }
    }

    /// Who decides where this node has come to.
    pub(crate) fn committee(&self, who: usize) -> &Arc<Committee> {
        &self.nodes[who].committee
    }

    fn candidates(&self, height: Height) -> Arc<[Validator]> {
        let known = self.script.iter().rfind(|(from, _)| *from <= height.get());
        known.map_or(self.world.committee.validators(), |(_, members)| members).into()
    }

    /// By which index a node knows another: a member by its place, a guest by one that follows theirs.
    fn index(&self, who: usize, other: usize) -> ValidatorIndex {
        let committee = self.committee(who);
        let other = u16::try_from(other).unwrap();
        let guest = || ValidatorIndex::new(u16::try_from(committee.len()).unwrap() + other);
        committee.index_of(&scheme::key(other)).unwrap_or_else(guest)
    }

    fn node(&self, who: usize, index: ValidatorIndex) -> usize {
        let nodes = 0..self.nodes.len();
        nodes.into_iter().find(|other| self.index(who, *other) == index).unwrap()
    }

    fn config(&self, who: usize) -> Config {
        let first = self.world.config(u16::try_from(who).unwrap());
        match self.nodes[who].last_end() {
            None => first,
            Some(end) => Config {
                committee: Arc::new(end.successor().unwrap()),
                genesis: end.genesis(),
                ..first
            },
        }
    }

    fn connected(&self, who: usize, peer: usize) -> bool {
        self.groups[who] == self.groups[peer] && self.nodes[peer].replica.is_some()
    }

    fn later(&mut self, delay: u64, who: usize, event: Event) {
        self.sequence += 1;
        let at = (self.now + delay, self.sequence);
        self.queue.insert(at, (who, self.nodes[who].life, event));
    }

    fn tell_pending(&mut self, who: usize) {
        let node = &mut self.nodes[who];
        let pending = !node.mempool.is_empty();
        if node.told_pending != pending {
            node.told_pending = pending;
            self.later(0, who, Event::Input(Input::WorkPending(pending)));
        }
    }
}
