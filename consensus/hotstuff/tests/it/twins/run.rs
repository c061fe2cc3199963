//! One scenario, in lock step: messages take no time, and time passes only when nobody has anything left to say.
//!
//! A message of a view arrives if the view's division lets it. When all have given up on their views and still nobody can
//! move on, the next division holds for what is older, too. After the last view of the scenario all hear all.

use std::collections::BTreeSet;
use std::collections::VecDeque;
use std::sync::Arc;

use heddle_hotstuff::Action;
use heddle_hotstuff::Config;
use heddle_hotstuff::Input;
use heddle_hotstuff::Message;
use heddle_hotstuff::Now;
use heddle_hotstuff::PacemakerConfig;
use heddle_hotstuff::Recovered;
use heddle_hotstuff::Replica;
use heddle_types::BlockHash;
use heddle_types::CheckedBlock;
use heddle_types::CommitCert;
use heddle_types::Millis;
use heddle_types::ValidatorIndex;
use heddle_types::View;

use crate::oracle::Oracle;
use crate::scheme;
use crate::twins::node::Node;
use crate::twins::scenario::Scenario;
use crate::twins::stage::FIRST_VIEW;
use crate::twins::stage::Stage;
use crate::twins::stage::VIEWS;
use crate::world;

/// After the scenario all hear all until so many views led by honest validators have passed: the first of them may have been
/// given up before all did. Blocks must become final by then. Nothing is proposed any more after that, so that time passes,
/// and who lacks blocks gets them.
const HONEST_VIEWS: usize = 2;
/// When all must be done, in microseconds.
const MICROS_MAX: u64 = 20_000_000;
/// Inputs in one run; more means that replicas talk without end.
const INPUTS_MAX: usize = 20_000;

pub(super) struct Run<'a> {
    stage: &'a Stage,
    scenario: &'a Scenario,
    nodes: Vec<Node>,
    oracle: Oracle,
    queue: VecDeque<(usize, Input)>,
    now_micros: u64,
    /// Views after the scenario's in which an honest validator proposed, as many as count.
    honest_views: BTreeSet<View>,
    /// The position of the division that holds for older messages.
    division: usize,
}

/// What a run came to.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Outcome {
    /// Pairs of an honest replica and a statement that it heard contradicted; it accused the twin of each.
    pub(super) equivocations: u64,
    /// Final blocks of the scenario's own views.
    pub(super) blocks: u64,
    /// Views after the scenario until a block of them was final everywhere.
    pub(super) views_to_commit: u64,
}

/// Runs it; panics at the first thing that must not happen.
pub(super) fn run(stage: &Stage, scenario: &Scenario) -> Outcome {
    let record = stage.recovered.safety.clone().expect("a stage has a record");
    let mut run = Run {
        stage,
        scenario,
        nodes: Vec::new(),
        oracle: Oracle::new(&stage.world.committee),
        queue: VecDeque::new(),
        now_micros: 0,
        honest_views: BTreeSet::new(),
        division: 0,
    };
    for member in stage.world.committee.indices() {
        run.oracle.on_record(&scheme::key(member.get()), &record);
    }
    for who in 0..scenario.replicas() {
        let mut actions = Vec::new();
        let replica = run.start(who, stage.recovered(record.clone()), &mut actions);
        run.nodes.push(Node::new(replica, stage));
        run.perform(who, actions);
    }
    let scheduled = run.nodes[0].replica.leaders(stage.leaders.keys().copied());
    assert!(scheduled.eq(stage.leaders.values().copied()), "{:?}", stage.leaders);
    run.until_done()
}

impl Run<'_> {
    fn until_done(mut self) -> Outcome {
        for _ in 0..INPUTS_MAX {
            match self.queue.pop_front() {
                Some((who, input)) => self.input(who, input),
                None => self.pass_time(),
            }
            if let Some(outcome) = self.outcome() {
                return outcome;
            }
        }
        panic!("{INPUTS_MAX} inputs and no end: {:?}", self.views());
    }

    /// Nothing is on its way.
    fn pass_time(&mut self) {
        assert!(self.now_micros < MICROS_MAX, "no block is final everywhere: {:?}", self.views());
        if self.nodes.iter().all(|node| node.record.timeout == node.replica.status().view) {
            self.division += 1;
        }
        let deadlines = self.nodes.iter().map(|node| node.replica.deadline());
        let deadlines: Vec<_> = deadlines.map(|at| at.map(|at| at.as_micros())).collect();
        let next = deadlines.iter().flatten().min();
        self.now_micros = *next.expect("somebody waits for something");
        for (who, at) in deadlines.into_iter().enumerate() {
            if at.is_some_and(|at| at <= self.now_micros) {
                self.input(who, Input::Tick);
            }
        }
    }

    /// Once every honest replica made a block final of a view after the scenario.
    fn outcome(&self) -> Option<Outcome> {
        let honest = &self.nodes[self.scenario.twins..self.scenario.validators];
        let last = self.last_view();
        let reached =
            |node: &Node| node.chain.last().is_some_and(|block| block.header().view.get() > last);
        if !honest.iter().all(reached) {
            return None;
        }
        let chain = honest.iter().map(|node| &node.chain).max_by_key(|chain| chain.len())?;
        let views = || chain.iter().map(|block| block.header().view.get());
        Some(Outcome {
            equivocations: honest.iter().map(Node::equivocations).sum(),
            blocks: views().filter(|view| *view <= last).count() as u64,
            views_to_commit: views().find(|view| *view > last).map_or(0, |view| view - last),
        })
    }

    /// The scenario's last view.
    const fn last_view(&self) -> u64 {
        FIRST_VIEW + VIEWS as u64 - 1
    }

    fn views(&self) -> Vec<u64> {
        self.nodes.iter().map(|node| node.replica.status().view.get()).collect()
    }

    fn start(&self, who: usize, recovered: Recovered, actions: &mut Vec<Action>) -> Replica {
        let config = self.stage.world.config(self.member(who).get());
        let pacemaker = PacemakerConfig { idle_interval: Millis::new(0), ..config.pacemaker };
        let leaders = self.stage.leaders.clone();
        Replica::new(Config { pacemaker, leaders, ..config }, recovered, self.now(), actions)
    }

    fn now(&self) -> Now {
        world::at_micros(self.now_micros)
    }

    fn input(&mut self, who: usize, input: Input) {
        if let Input::Message { from, message } = &input {
            self.nodes[who].hear(*from, message);
        }
        let again = self.is_twin(who).then(|| input.clone());
        self.handle(who, input);
        let Some(again) = again.filter(|_| self.nodes[who].halted) else { return };
        self.revive(who, &again);
        self.handle(who, again.clone());
        if self.nodes[who].halted {
            self.revive(who, &again);
        }
    }

    fn revive(&mut self, who: usize, heard: &Input) {
        let recovered = self.nodes[who].recover(self.stage, heard);
        let mut actions = Vec::new();
        self.nodes[who].replica = self.start(who, recovered, &mut actions);
        self.perform(who, actions);
    }

    fn handle(&mut self, who: usize, input: Input) {
        let now = self.now();
        let mut actions = Vec::new();
        self.nodes[who].replica.handle(now, input, &mut actions);
        self.perform(who, actions);
    }

    fn is_twin(&self, who: usize) -> bool {
        self.scenario.validator(who) < self.scenario.twins
    }

    fn perform(&mut self, who: usize, actions: Vec<Action>) {
        for action in actions {
            self.perform_one(who, action);
        }
    }

    fn perform_one(&mut self, who: usize, action: Action) {
        let member = self.member(who).get();
        let node = &mut self.nodes[who];
        match action {
            Action::StoreBlock(block) => {
                node.blocks.insert(block.hash(), block);
            }
            Action::StoreTimeoutCert(tc) => node.store_tc(tc),
            Action::Persist(record) => {
                self.oracle.on_record(&scheme::key(member), &record);
                node.record = record;
            }
            Action::Send { to, message } => {
                let to = (0..self.nodes.len()).filter(|other| self.member(*other) == to);
                let to: Vec<usize> = to.collect();
                self.send(who, &to, &message);
            }
            Action::Broadcast(message) => {
                let to: Vec<usize> = (0..self.scenario.replicas()).collect();
                self.send(who, &to, &message);
            }
            Action::Build { header, .. } => {
                let mark = (who >= self.scenario.validators).then(|| Arc::clone(&self.stage.mark));
                let block = Arc::new(CheckedBlock::build(header, mark.into_iter().collect()));
                self.handle(who, Input::Built(block));
            }
            Action::Commit { blocks, cert } => self.commit(who, blocks, cert),
            Action::FetchBlock { hash, hint, .. } => self.fetch(who, hint, hash),
            Action::CatchUp { peer, .. } => self.catch_up(who, peer),
            Action::Evidence(evidence) => node.accuse(&evidence),
            Action::OwnKeyElsewhere { view } => {
                assert!(self.is_twin(who), "{who} heard itself in view {view}");
                self.nodes[who].halted = true;
            }
            Action::Voting(_) => {}
            Action::EpochEnded(_) | Action::ServeEpochEnd { .. } => panic!("no epoch ends"),
            Action::Diverged { height, .. } => panic!("{who} has another root at {height}"),
        }
    }

    fn member(&self, who: usize) -> ValidatorIndex {
        ValidatorIndex::new(u16::try_from(self.scenario.validator(who)).unwrap())
    }

    fn send(&mut self, from: usize, to: &[usize], message: &Message) {
        self.witness(from, message);
        if let Message::Proposal(proposal) = message
            && !self.may_propose(from, proposal.block.header().view)
        {
            return;
        }
        let position = self.position(from, message);
        let sender = self.member(from);
        for &to in to {
            let arrives = self.scenario.together(position, from, to);
            // A replica hears nothing from its own key: its twin, or itself.
            if arrives && self.member(to) != sender {
                let input = Input::Message { from: sender, message: message.clone() };
                self.queue.push_back((to, input));
            }
        }
    }

    fn may_propose(&mut self, who: usize, view: View) -> bool {
        if view.get() <= self.last_view() {
            return true;
        }
        if !self.is_twin(who) && self.honest_views.len() < HONEST_VIEWS {
            self.honest_views.insert(view);
        }
        self.honest_views.len() < HONEST_VIEWS || self.honest_views.last() >= Some(&view)
    }

    /// Which division a message is under: that of its view.
    fn position(&self, from: usize, message: &Message) -> usize {
        let view = match message {
            Message::Proposal(proposal) => proposal.block.header().view,
            Message::Vote(vote) => vote.data.view,
            Message::CommitVote(vote) => vote.data.view,
            Message::Timeout(timeout) => timeout.data.view,
            Message::Certificates(_)
            | Message::UnmuteRequest { .. }
            | Message::UnmuteAnswer(_)
            | Message::EpochEnd(_) => {
                // A replica's first words come before it is there itself.
                self.nodes.get(from).map_or(View::ZERO, |node| node.replica.status().view)
            }
        };
        self.place(view)
    }

    fn place(&self, view: View) -> usize {
        let position = view.get().saturating_sub(FIRST_VIEW);
        usize::try_from(position).unwrap().max(self.division)
    }

    fn witness(&mut self, who: usize, message: &Message) {
        let Node { witness, record, blocks, .. } = &mut self.nodes[who];
        match message {
            Message::Proposal(proposal) => self.oracle.on_proposal(witness, proposal, record),
            Message::Vote(vote) => self.oracle.on_vote(witness, vote, record, blocks),
            Message::CommitVote(vote) => self.oracle.on_commit_vote(witness, vote, record),
            Message::Timeout(timeout) => self.oracle.on_timeout(witness, timeout, record),
            Message::Certificates(_)
            | Message::UnmuteRequest { .. }
            | Message::UnmuteAnswer(_)
            | Message::EpochEnd(_) => {}
        }
    }

    fn commit(&mut self, who: usize, blocks: Vec<Arc<CheckedBlock>>, cert: CommitCert) {
        assert_eq!(blocks.last().unwrap().hash(), cert.data.block);
        self.oracle.on_cert(&cert);
        let node = &mut self.nodes[who];
        for block in blocks {
            let below = node.chain.last().unwrap_or(&self.stage.recovered.last_final);
            assert_eq!(block.header().parent, below.hash(), "final blocks are one chain");
            self.oracle.on_commit(&block);
            node.blocks.insert(block.hash(), Arc::clone(&block));
            node.chain.push(block);
        }
        node.commit = cert;
    }

    /// Asks a validator for a block. Nothing comes if it is out of reach or has it not.
    fn fetch(&mut self, who: usize, of: ValidatorIndex, hash: BlockHash) {
        let block = self.in_reach(who, of).find_map(|other| self.nodes[other].blocks.get(&hash));
        if let Some(block) = block.map(Arc::clone) {
            self.queue.push_back((who, Input::Fetched(block)));
        }
    }

    /// Catches up from a validator, if it is in reach.
    fn catch_up(&mut self, who: usize, from: ValidatorIndex) {
        let Some(source) = self.in_reach(who, from).next() else { return };
        let Node { chain, commit, .. } = &self.nodes[source];
        let input = Input::Synced { blocks: chain.clone(), cert: commit.clone() };
        self.queue.push_back((who, input));
    }

    /// The replicas of a validator that hear `who`.
    fn in_reach(&self, who: usize, of: ValidatorIndex) -> impl Iterator<Item = usize> {
        let place = self.place(self.nodes[who].replica.status().view);
        (0..self.nodes.len()).filter(move |other| {
            self.member(*other) == of && self.scenario.together(place, who, *other)
        })
    }
}
