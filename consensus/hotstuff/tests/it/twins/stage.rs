//! A chain on which given validators lead given views, by the schedule that ships.
//!
//! The schedule gives each validator its turn, and the turns of a suspended one to the others, to the same one for a
//! whole round. So a committee has, beside its validators, a few members of next to no power that never ran: *dust*. It
//! changes no quorum, its turns were missed in the first round of the chain's history, and whoever stands in for it in
//! the round that matters leads as many views of that round as dust stands there.

use std::sync::Arc;

use heddle_hotstuff::Recovered;
use heddle_hotstuff::Replica;
use heddle_hotstuff::Turn;
use heddle_types::BlockHeader;
use heddle_types::CheckedBlock;
use heddle_types::CheckedTransaction;
use heddle_types::ExecutedRoot;
use heddle_types::QuorumCert;
use heddle_types::SafetyRecord;
use heddle_types::SafetyVote;
use heddle_types::UnixMillis;
use heddle_types::ValidatorIndex;
use heddle_types::View;

use crate::world;
use crate::world::World;

/// How many views a scenario decides about.
pub(super) const VIEWS: usize = 4;
/// Against which the power of all dust together is too small to make a quorum of what is none.
const POWER: u64 = 1_000;

/// Where a scenario begins: everybody has the same final block, and the next view is the scenario's first.
pub(super) struct Stage {
    pub(super) world: World,
    /// The committee's index of each validator.
    pub(super) members: Vec<u16>,
    pub(super) first_view: u64,
    pub(super) recovered: Recovered,
    /// What makes a twin's blocks differ from those of the other one.
    pub(super) mark: Arc<CheckedTransaction>,
}

impl Stage {
    /// `validators` of equal power; those named by `leaders` lead the views from the first one on.
    pub(super) fn new(validators: usize, leaders: [u8; VIEWS]) -> Self {
        let ring = Ring::of(validators, leaders);
        let powers: Vec<u64> = ring.seats.iter().map(|seat| seat.map_or(1, |_| POWER)).collect();
        let world = World::with_powers(&powers);
        let seat_of = |who| ring.seats.iter().position(|seat| *seat == Some(who)).unwrap();
        let members = (0..validators).map(|who| u16::try_from(seat_of(who)).unwrap()).collect();
        let mut stage = Self {
            recovered: world.recovered(None),
            mark: world::transaction(0),
            first_view: ring.first_view,
            members,
            world,
        };
        (1..ring.first_view).for_each(|view| stage.play(view));
        stage.certify();
        let views = (ring.first_view..).take(VIEWS).map(View::new);
        let scheduled: Vec<u16> = stage.observer().leaders(views).map(|who| who.get()).collect();
        let expected = leaders.map(|who| stage.members[usize::from(who)]);
        assert_eq!(scheduled, expected, "{leaders:?}");
        stage
    }

    pub(super) fn member(&self, who: usize) -> ValidatorIndex {
        ValidatorIndex::new(self.members[who])
    }

    /// What every replica starts from; `record` is the only thing in which they may differ.
    pub(super) fn recovered(&self, record: SafetyRecord) -> Recovered {
        Recovered { safety: Some(record), ..self.recovered.clone() }
    }

    /// Who leads `view` makes a final block, unless it is dust.
    fn play(&mut self, view: u64) {
        let leader = self.observer().leaders(std::iter::once(View::new(view))).next().unwrap();
        if !self.members.contains(&leader.get()) {
            return;
        }
        let parent = &self.recovered.last_final;
        let root = world::execute(self.recovered.executed[0].root.root, parent);
        let header = BlockHeader {
            view: View::new(view),
            height: parent.header().height.next(),
            parent: parent.hash(),
            executed: self.recovered.executed[0].root,
            time: UnixMillis::new(parent.header().time.get() + 1),
            proposer: leader,
            ..self.world.genesis.header().clone()
        };
        let executed = ExecutedRoot { height: header.height, root };
        self.recovered.executed = vec![self.world.executed(executed)];
        self.recovered.turns.push(Turn::from(&header));
        self.recovered.last_final = Arc::new(CheckedBlock::build(header, vec![]));
    }

    /// All validators voted for the last block, and made it final.
    fn certify(&mut self) {
        let voters = self.voters();
        let block = &self.recovered.last_final;
        let voted = SafetyVote { view: block.header().view, block: block.hash() };
        let high_qc: QuorumCert = self.world.qc(&voters, block);
        self.recovered.commit = self.world.commit_cert(&voters, block);
        let record = self.world.first_record();
        self.recovered.safety =
            Some(SafetyRecord { vote: voted, commit_vote: voted, high_qc, ..record });
    }

    /// All validators.
    fn voters(&self) -> Vec<u16> {
        let mut voters = self.members.clone();
        voters.sort_unstable();
        voters
    }

    /// Somebody who takes no part, and knows the chain's last block to be certified.
    fn observer(&self) -> Replica {
        let high_qc = self.world.qc(&self.voters(), &self.recovered.last_final);
        let record = SafetyRecord { high_qc, ..self.world.first_record() };
        let config = self.world.config(self.members[0]);
        let now = world::at_micros(0);
        Replica::new(config, self.recovered(record), now, &mut Vec::new())
    }
}

/// Who has which turn of a round; none is dust.
struct Ring {
    seats: Vec<Option<usize>>,
    first_view: u64,
}

impl Ring {
    fn of(validators: usize, leaders: [u8; VIEWS]) -> Self {
        let leaders = leaders.map(usize::from);
        let repeated = |who: &usize| leaders.iter().filter(|other| *other == who).count() > 1;
        let twice: Vec<usize> = leaders.iter().copied().filter(repeated).collect();
        let other = twice.iter().copied().find(|who| Some(who) != twice.first());
        let (window, stand_in, before) = match (twice.first(), other) {
            // Two lead twice: the first view is the last of a round, in which the first of the two stands in for dust;
            // the other one, who comes next, stands in for dust in the round that begins then.
            (Some(_), Some(other)) => (&leaders[1..], Some(other), true),
            (first, _) => (&leaders[..], first.copied(), false),
        };
        let own = |who: &usize| (Some(*who) != stand_in).then_some(*who);
        let mut seats: Vec<Option<usize>> = window.iter().map(own).collect();
        seats.extend(stand_in.map(Some));
        let seated = seats.clone();
        seats.extend((0..validators).map(Some).filter(|seat| !seated.contains(seat)));
        if before {
            seats.push(None);
        }
        let rank = seats.iter().flatten().position(|who| Some(*who) == stand_in).unwrap_or(0);
        // Dust is known to be dead after two rounds.
        let round = (2..).find(|round| round % validators == rank).unwrap();
        let first_view = (round * seats.len() - usize::from(before)) as u64;
        Self { seats, first_view }
    }
}
