//! The core: routes inputs to the lanes, and does what has become possible.

mod messages;
mod progress;

use std::collections::BTreeSet;
use std::sync::Arc;

use heddle_types::BatchHeader;
use heddle_types::BatchRef;
use heddle_types::CheckedBatch;
use heddle_types::Committee;
use heddle_types::Hash32;
use heddle_types::Height;
use heddle_types::Instant;
use heddle_types::Millis;
use heddle_types::ValidatorIndex;
use heddle_types::VoteSigner;

use crate::acks::AckTable;
use crate::checks::Check;
use crate::checks::Checks;
use crate::finals::Finals;
use crate::io::Action;
use crate::io::Input;
use crate::io::OwnLane;
use crate::io::Proposed;
use crate::io::Recovered;
use crate::io::Status;
use crate::lane::Lane;
use crate::limits;
use crate::own::Own;
use crate::place::Place;
use crate::place::Positions;
use crate::propose;
use crate::wants::Wants;

/// What a core is made with.
#[derive(Clone)]
pub struct Config {
    /// Who owns lanes.
    pub committee: Arc<Committee>,
    /// Signs as the committee's member with its key; none, or a key that is no member's, only follows.
    pub signer: Option<Arc<dyn VoteSigner>>,
}

/// One node's part in all lanes. Deterministic: the same inputs give the same actions.
pub struct Lanes {
    committee: Arc<Committee>,
    signer: Option<Arc<dyn VoteSigner>>,
    me: Option<ValidatorIndex>,
    now: Instant,
    lanes: Vec<Lane>,
    acks: Vec<AckTable>,
    own: Own,
    checks: Checks,
    finals: Finals,
    wants: Wants,
    /// Lanes of which something else is durable than was said last.
    unacked: BTreeSet<ValidatorIndex>,
    /// When acknowledgements are repeated.
    ack_at: Instant,
    /// Who was shown a header since then, and of which lane.
    shown: BTreeSet<(ValidatorIndex, ValidatorIndex)>,
    /// Something came or became durable that a cut may wait for.
    changed: bool,
    /// Final cuts contradict each other: nothing more is done.
    halted: bool,
}

impl Lanes {
    /// Starts from what the disk held. `actions` is appended to.
    pub fn new(
        config: Config,
        recovered: Recovered,
        now: Instant,
        actions: &mut Vec<Action>,
    ) -> Self {
        let Recovered { delivered, own, batches } = recovered;
        assert_eq!(delivered.len(), config.committee.len(), "there is a position in each lane");
        let mut core = Self::at(config, delivered, own, now);
        for batch in batches {
            core.recover(batch, actions);
        }
        core.lanes.iter_mut().for_each(Lane::start);
        core.own = core.own_part(own);
        core.unacked = core.committee.indices().collect();
        core.changed = true;
        core.progress(actions);
        core
    }

    /// Takes one input; appends what is to be done, in order.
    pub fn handle(&mut self, now: Instant, input: Input, actions: &mut Vec<Action>) {
        if self.halted {
            return;
        }
        self.now = self.now.max(now);
        match input {
            Input::Transactions(transactions) => {
                let rest = self.own.queue(self.now, transactions);
                if !rest.is_empty() {
                    actions.push(Action::Returned(rest));
                }
            }
            Input::Message { from, message } => self.on_message(from, message, actions),
            Input::Stored(batches) => self.on_stored(&batches),
            Input::Check(proposed) => self.on_check(proposed),
            Input::Final { height, cut } => self.on_final(height, cut),
            Input::Epoch { committee, root } => self.on_epoch(committee, root, actions),
            Input::Tick => {}
        }
        self.progress(actions);
    }

    /// When to come back with [`Input::Tick`] at the latest.
    pub fn deadline(&self) -> Option<Instant> {
        if self.halted {
            return None;
        }
        let own = self.own_lane().and_then(|lane| self.own.deadline(lane));
        let ack = self.has_unfinal().then_some(self.ack_at);
        [self.wants.deadline(), own, ack].into_iter().flatten().min()
    }

    /// What a block of `height` should name, if this node leads: `ancestors` are the cuts above the last that
    /// [`Input::Final`] told of, oldest first. All of it is durable here: the leader may vote for it without asking.
    pub fn cut(&self, ancestors: &[Vec<BatchRef>], height: Height) -> Vec<BatchRef> {
        let view = propose::View {
            committee: &self.committee,
            me: self.me,
            lanes: &self.lanes,
            acks: &self.acks,
        };
        propose::cut(&view, &self.base(ancestors), height)
    }

    /// Where it stands.
    pub fn status(&self) -> Status {
        let entries = |lane: &Lane| lane.past_len();
        Status {
            batches: self.lanes.iter().map(|lane| lane.batches().count()).sum(),
            bytes: self.lanes.iter().map(Lane::bytes).sum(),
            entries: self.lanes.iter().map(entries).sum::<usize>()
                + self.acks.iter().map(AckTable::len).sum::<usize>()
                + self.wants.len(),
            backlog: self.finals.len(),
            queued_bytes: self.own.queued_bytes(),
        }
    }

    /// How far the delivered cuts went.
    pub fn delivered(&self) -> Positions {
        Positions::of(self.lanes.iter().map(Lane::delivered))
    }

    /// What is durable here of `lane` on the branch that is followed: what this node acknowledges.
    pub fn durable(&self, lane: ValidatorIndex) -> Option<Place> {
        self.lane(lane).map(Lane::durable)
    }

    fn at(config: Config, delivered: Positions, own: OwnLane, now: Instant) -> Self {
        let Config { committee, signer } = config;
        let me = signer.as_ref().and_then(|signer| committee.index_of(&signer.public_key()));
        let lanes = delivered.iter().map(|(lane, place)| Lane::new(lane, place)).collect();
        Self {
            me,
            now,
            lanes,
            acks: vec![AckTable::default(); committee.len()],
            own: Own::new(now, own, 0, std::iter::empty()),
            checks: Checks::default(),
            finals: Finals::new(delivered),
            wants: Wants::default(),
            unacked: BTreeSet::new(),
            ack_at: now.after(Millis::new(limits::ACK_REPEAT_MS)),
            shown: BTreeSet::new(),
            changed: false,
            halted: false,
            committee,
            signer,
        }
    }

    /// The owner's part, where the own lane ends now.
    fn own_part(&self, own: OwnLane) -> Own {
        let sent = self.own_lane().map_or(0, |lane| lane.durable().sequence);
        let own = if self.me.is_some() { own } else { OwnLane::InDoubt };
        let peers = self.committee.indices().filter(|index| Some(*index) != self.me);
        Own::new(self.now, own, sent, peers)
    }

    fn on_check(&mut self, proposed: Proposed) {
        let Proposed { block, height, proposer, ancestors, cut } = proposed;
        if height > self.finals.height() {
            let base = self.base(&ancestors);
            self.checks.add(Check { block, height, proposer, base, cut, told: false });
            self.changed = true;
        }
    }

    fn on_final(&mut self, height: Height, cut: Vec<BatchRef>) {
        self.finals.push(height, cut);
        self.checks.on_final(height);
        self.changed = true;
    }

    fn on_stored(&mut self, batches: &[BatchRef]) {
        for batch in batches {
            let Some(lane) = self.lanes.get_mut(usize::from(batch.lane.get())) else { continue };
            if lane.on_stored(Place::of(batch)) {
                self.unacked.insert(batch.lane);
            }
            self.changed = true;
        }
    }

    /// L11
    fn on_epoch(&mut self, committee: Arc<Committee>, root: Hash32, actions: &mut Vec<Action>) {
        assert_eq!(self.finals.len(), 0, "the old epoch's final cuts are delivered first");
        let mut returned = self.own.take_queue();
        let own = self.own_lane().into_iter().flat_map(Lane::batches);
        returned.extend(own.flat_map(|batch| batch.transactions()).cloned());
        let lanes = self.committee.indices().zip(&self.lanes);
        let lost: Vec<BatchRef> = lanes
            .flat_map(|(owner, lane)| lane.batches().map(move |batch| (owner, batch)))
            .map(|(lane, batch)| BatchRef {
                lane,
                sequence: batch.header().sequence,
                digest: batch.digest(),
            })
            .collect();
        if !lost.is_empty() {
            actions.push(Action::Discard(lost));
        }
        if !returned.is_empty() {
            actions.push(Action::Returned(returned));
        }
        let height = self.finals.height();
        let delivered = Positions::root(committee.len(), root);
        let signer = self.signer.clone();
        let config = Config { committee, signer };
        *self = Self::at(config, delivered, OwnLane::Intact, self.now);
        self.finals.resume(height);
        self.own = self.own_part(OwnLane::Intact);
    }

    fn recover(&mut self, batch: Arc<CheckedBatch>, actions: &mut Vec<Action>) {
        let header = batch.header();
        let place = Place { sequence: header.sequence, digest: batch.digest() };
        let is_ours = is_ours(&self.committee, header);
        match self.lanes.get_mut(usize::from(header.lane.get())).filter(|_| is_ours) {
            None => actions.push(Action::Discard(vec![place.in_lane(header.lane)])),
            Some(lane) => {
                let fork = lane.fork_of(batch.signed());
                lane.recover(batch);
                if let Some(fork) = fork {
                    self.on_fork(fork, actions);
                }
            }
        }
    }

    /// Where cuts that follow the last final one end.
    fn base(&self, ancestors: &[Vec<BatchRef>]) -> Positions {
        let mut base = self.finals.end().clone();
        ancestors.iter().for_each(|cut| base.follow(cut));
        base
    }

    fn lane(&self, index: ValidatorIndex) -> Option<&Lane> {
        self.lanes.get(usize::from(index.get()))
    }

    fn own_lane(&self) -> Option<&Lane> {
        self.lane(self.me?)
    }

    /// Whether a batch is here that is not delivered.
    fn has_unfinal(&self) -> bool {
        self.lanes.iter().any(|lane| lane.durable() != lane.delivered())
    }
}

/// Whether a batch is of this committee's chain and epoch.
fn is_ours(committee: &Committee, header: &BatchHeader) -> bool {
    header.chain == committee.chain() && header.epoch == committee.epoch()
}
