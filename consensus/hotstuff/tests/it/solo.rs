//! One replica against hand-made peers: validator 0 of four, unless said otherwise.

use std::sync::Arc;

use heddle_hotstuff::Action;
use heddle_hotstuff::Certificates;
use heddle_hotstuff::CheckedProposal;
use heddle_hotstuff::Input;
use heddle_hotstuff::Message;
use heddle_hotstuff::Recovered;
use heddle_hotstuff::Replica;
use heddle_types::CheckedBlock;
use heddle_types::CommitVote;
use heddle_types::QuorumCert;
use heddle_types::SafetyRecord;
use heddle_types::Timeout;
use heddle_types::TimeoutCert;
use heddle_types::Vote;

use crate::world;
use crate::world::World;

pub(crate) struct Solo {
    pub(crate) world: World,
    pub(crate) replica: Replica,
    pub(crate) now_ms: u64,
    /// What is durable.
    pub(crate) record: Option<SafetyRecord>,
    pub(crate) first: Said,
}

/// What a replica did about one input.
#[derive(Debug, Default)]
pub(crate) struct Said(pub(crate) Vec<Action>);

impl Solo {
    pub(crate) fn new() -> Self {
        Self::of(0)
    }

    pub(crate) fn of(me: u16) -> Self {
        let world = World::new(4);
        let recovered = world.recovered(Some(world.first_record()));
        Self::recovered(me, recovered)
    }

    pub(crate) fn muted() -> Self {
        Self::recovered(0, World::new(4).recovered(None))
    }

    pub(crate) fn recovered(me: u16, recovered: Recovered) -> Self {
        Self::in_world(World::new(4), me, recovered)
    }

    pub(crate) fn of_seven() -> Self {
        let world = World::new(7);
        let recovered = world.recovered(Some(world.first_record()));
        Self::in_world(world, 0, recovered)
    }

    fn in_world(world: World, me: u16, recovered: Recovered) -> Self {
        let record = recovered.safety.clone();
        let mut actions = Vec::new();
        let replica = Replica::new(world.config(me), recovered, world::at_ms(0), &mut actions);
        Self { world, replica, now_ms: 0, record, first: Said(actions) }
    }

    /// The same validator after a crash, with its durable record and no block.
    pub(crate) fn restart(&self, me: u16) -> Self {
        Self::recovered(me, self.world.recovered(self.record.clone()))
    }

    pub(crate) fn input(&mut self, input: Input) -> Said {
        let mut actions = Vec::new();
        self.replica.handle(world::at_ms(self.now_ms), input, &mut actions);
        for action in &actions {
            if let Action::Persist(record) = action {
                self.record = Some(record.clone());
            }
        }
        Said(actions)
    }

    pub(crate) fn hear(&mut self, from: u16, message: Message) -> Said {
        self.input(Input::Message { from: world::index(from), message })
    }

    pub(crate) fn propose(&mut self, proposal: &Arc<CheckedProposal>) -> Said {
        let from = proposal.block.header().proposer.get();
        self.hear(from, Message::Proposal(Arc::clone(proposal)))
    }

    /// A block of `view` on `parent`, whose QC is by validators 1 to 3.
    pub(crate) fn extend(
        &mut self,
        parent: &Arc<CheckedBlock>,
        view: u64,
        tc: Option<TimeoutCert>,
    ) -> (Arc<CheckedBlock>, Said) {
        let block = self.world.block(parent, view);
        let qc = self.qc(parent);
        let said = self.propose(&self.world.propose(&block, qc, tc));
        (block, said)
    }

    /// The tip of a chain of `len` blocks on genesis, which leaves out the views that validator 0 leads.
    pub(crate) fn grow(&mut self, len: u64) -> Arc<CheckedBlock> {
        let mut tip = Arc::clone(&self.world.genesis);
        for _ in 0..len {
            let (view, tc) = self.next_view(&tip);
            (tip, _) = self.extend(&tip, view, tc);
        }
        tip
    }

    /// The view after `tip`'s, or the one after that if validator 0 leads it, with the certificate to get there.
    pub(crate) fn next_view(&self, tip: &CheckedBlock) -> (u64, Option<TimeoutCert>) {
        let last = tip.header().view.get();
        if !(last + 1).is_multiple_of(4) {
            return (last + 1, None);
        }
        (last + 2, Some(self.world.tc(last + 1, &[(1, last), (2, last), (3, last)])))
    }

    pub(crate) fn qc(&self, block: &CheckedBlock) -> QuorumCert {
        if block.header().height.get() == 0 {
            return self.world.genesis_qc();
        }
        self.world.qc(&[1, 2, 3], block)
    }

    pub(crate) fn hear_vote(&mut self, from: u16, block: &CheckedBlock) -> Said {
        self.hear(from, Message::Vote(self.world.vote(from, block)))
    }

    pub(crate) fn hear_commit_vote(&mut self, from: u16, block: &CheckedBlock) -> Said {
        self.hear(from, Message::CommitVote(self.world.commit_vote(from, block)))
    }

    pub(crate) fn hear_timeout(&mut self, timeout: Timeout) -> Said {
        self.hear(timeout.voter.get(), Message::Timeout(Box::new(timeout)))
    }

    pub(crate) fn certificates(
        &self,
        high_qc: QuorumCert,
        high_tc: Option<TimeoutCert>,
    ) -> Certificates {
        let commit = self.world.recovered(None).commit;
        Certificates { high_qc, high_tc, commit }
    }

    pub(crate) fn hear_certificates(
        &mut self,
        high_qc: QuorumCert,
        high_tc: Option<TimeoutCert>,
    ) -> Said {
        let certificates = self.certificates(high_qc, high_tc);
        self.hear(1, Message::Certificates(Box::new(certificates)))
    }

    /// Until its own timer ends the view, at most.
    pub(crate) fn give_up(&mut self) -> Said {
        self.now_ms += world::IDLE_MS + 20 * world::TIMEOUT_MS;
        self.input(Input::Tick)
    }
}

impl Said {
    fn messages(&self) -> impl Iterator<Item = &Message> {
        self.0.iter().filter_map(|action| match action {
            Action::Broadcast(message) | Action::Send { message, .. } => Some(message),
            _ => None,
        })
    }

    pub(crate) fn votes(&self) -> Vec<Vote> {
        let votes = self.messages().filter_map(|message| match message {
            Message::Vote(vote) => Some(*vote),
            _ => None,
        });
        votes.collect()
    }

    pub(crate) fn commit_votes(&self) -> Vec<CommitVote> {
        let votes = self.messages().filter_map(|message| match message {
            Message::CommitVote(vote) => Some(*vote),
            _ => None,
        });
        votes.collect()
    }

    /// Who is asked for a block.
    pub(crate) fn asked(&self) -> Vec<u16> {
        let asked = self.0.iter().filter_map(|action| match action {
            Action::FetchBlock { hint, .. } => Some(hint.get()),
            _ => None,
        });
        asked.collect()
    }

    pub(crate) fn timeouts(&self) -> Vec<Timeout> {
        let timeouts = self.messages().filter_map(|message| match message {
            Message::Timeout(timeout) => Some(Timeout::clone(timeout)),
            _ => None,
        });
        timeouts.collect()
    }

    pub(crate) fn is_signed(&self) -> bool {
        self.messages().any(|message| match message {
            Message::Proposal(_)
            | Message::Vote(_)
            | Message::CommitVote(_)
            | Message::Timeout(_)
            | Message::UnmuteAnswer(_) => true,
            Message::Certificates(_) | Message::UnmuteRequest { .. } | Message::EpochEnd(_) => {
                false
            }
        })
    }

    /// The actions' names, in order.
    pub(crate) fn names(&self) -> Vec<&'static str> {
        self.0.iter().map(name).collect()
    }

    pub(crate) fn count(&self, name: &str) -> usize {
        self.names().into_iter().filter(|other| *other == name).count()
    }
}

fn name(action: &Action) -> &'static str {
    match action {
        Action::StoreBlock(_) => "store",
        Action::StoreTimeoutCert(_) => "store tc",
        Action::Persist(_) => "persist",
        Action::Send { message, .. } | Action::Broadcast(message) => match message {
            Message::Proposal(_) => "proposal",
            Message::Vote(_) => "vote",
            Message::CommitVote(_) => "commit vote",
            Message::Timeout(_) => "timeout",
            Message::Certificates(_) => "certificates",
            Message::UnmuteRequest { .. } => "unmute request",
            Message::UnmuteAnswer(_) => "unmute answer",
            Message::EpochEnd(_) => "epoch end",
        },
        Action::EpochEnded(_) => "epoch ended",
        Action::ServeEpochEnd { .. } => "serve epoch end",
        Action::Build { .. } => "build",
        Action::Commit { .. } => "commit",
        Action::FetchBlock { .. } => "fetch",
        Action::CatchUp { .. } => "catch up",
        Action::Voting(_) => "voting",
        Action::Diverged { .. } => "diverged",
        Action::Evidence(_) => "evidence",
        Action::OwnKeyElsewhere { .. } => "own key",
    }
}
