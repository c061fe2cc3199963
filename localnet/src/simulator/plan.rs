//! What happens in a run: how many nodes, what the network does to messages, and which faults come when.

use super::byzantine::Behaviour;
use super::dice::Dice;

/// What the network does to every message while no partition stops it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NetworkConditions {
    /// The least delay, in microseconds.
    pub delay_us_min: u64,
    /// The most; a spread reorders.
    pub delay_us_max: u64,
    /// Messages lost, of a thousand.
    pub loss_permille: u64,
    /// Messages delivered twice, of a thousand.
    pub duplicate_permille: u64,
}

/// What a crash leaves of the write that was on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remains {
    /// Nothing, nor of what was written before it and not synced.
    Nothing,
    /// Some of its sectors: a safety record mutes the node, anything else is not there.
    Torn,
    /// All of it, durably, and nothing was done that waited for it.
    All,
}

/// One thing that goes wrong. Times are microseconds since the start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nodes hear only those with the same letter.
    Partition {
        /// When it begins.
        at_us: u64,
        /// When it ends.
        until_us: u64,
        /// A letter for each node.
        sides: Vec<u8>,
    },
    /// A node stops at once, whatever it was doing, and starts again from its disk.
    Crash {
        /// When it stops.
        at_us: u64,
        /// When it starts.
        until_us: u64,
        /// Which.
        node: usize,
    },
    /// A node crashes and loses its safety record: it starts muted. At most one in a plan, because four validators can
    /// answer for one such node only.
    LoseSafety {
        /// When it stops.
        at_us: u64,
        /// When it starts.
        until_us: u64,
        /// Which.
        node: usize,
    },
    /// The node that begins the run's write of this number crashes, and what is left of the write is this.
    CrashAtWrite {
        /// Counted over all nodes, from one: [`Report::writes`](super::Report::writes) of the same plan without faults tells
        /// how many there are.
        write: u64,
        /// What is left.
        remains: Remains,
        /// For how long.
        for_us: u64,
    },
    /// As soon as any node enters the view, the one whose turn it is crashes for a while.
    CrashLeader {
        /// The view.
        view: u64,
        /// For how long.
        for_us: u64,
    },
    /// As soon as any node enters the view, the one whose turn it is hears only those in `with`, for a while.
    IsolateLeader {
        /// The view.
        view: u64,
        /// For how long.
        for_us: u64,
        /// How many of the following nodes stay with the leader.
        with: usize,
    },
}

/// So that what is Byzantine does not follow from the same throws as the rest of a plan.
const BYZANTINE_SEED: u64 = 1 << 63;

/// The same for the faults of lease mode.
const LEASE_SEED: u64 = 1 << 62;

/// A run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Everything random comes from it.
    pub seed: u64,
    /// How many nodes.
    pub nodes: usize,
    /// How many of them decide at a time: if not all, others after every few transfers of the first account.
    pub members: usize,
    /// How many blocks an epoch has at least.
    pub epoch_blocks_min: u64,
    /// In lease mode: how many views ahead a limit is.
    pub lease_views: Option<u64>,
    /// The network.
    pub network: NetworkConditions,
    /// The faults.
    pub faults: Vec<Fault>,
    /// Validators that do not keep to the rules, and how. At most a third of them, and then no lost safety record: it takes
    /// all others to answer.
    pub byzantine: Vec<(usize, Behaviour)>,
    /// How many transfers are submitted.
    pub transfers: usize,
    /// The run goes on at least until some node is in this view.
    pub views: u64,
}

impl Plan {
    /// No faults, constant delay.
    pub fn calm(seed: u64, nodes: usize, delay_us: u64) -> Self {
        let network = NetworkConditions {
            delay_us_min: delay_us,
            delay_us_max: delay_us,
            loss_permille: 0,
            duplicate_permille: 0,
        };
        Self {
            seed,
            nodes,
            members: nodes,
            epoch_blocks_min: heddle_types::limits::EPOCH_BLOCKS_MIN,
            lease_views: None,
            network,
            faults: Vec::new(),
            byzantine: Vec::new(),
            transfers: 24,
            views: 50,
        }
    }

    /// Everything at random.
    pub fn random(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let nodes = if dice.chance(150) { 7 } else { 4 };
        let delay_us_min = dice.between(100, 3_000);
        let network = NetworkConditions {
            delay_us_min,
            delay_us_max: delay_us_min + dice.below(10_000),
            loss_permille: if dice.chance(500) { dice.below(80) } else { 0 },
            duplicate_permille: if dice.chance(500) { dice.below(50) } else { 0 },
        };
        let mut faults: Vec<Fault> =
            (0..dice.below(5)).map(|_| random_fault(&mut dice, nodes)).collect();
        if dice.chance(250) {
            let (at_us, until_us, node) = random_crash(&mut dice, nodes);
            faults.push(Fault::LoseSafety { at_us, until_us, node });
        }
        Self { network, faults, ..Self::calm(seed, nodes, 0) }
    }

    /// These among four validators if it is one, among seven if there are two, and random faults around them.
    pub fn byzantine(seed: u64, behaviours: &[Behaviour]) -> Self {
        let mut plan = Self::random(seed);
        let mut dice = Dice::new(seed ^ BYZANTINE_SEED);
        plan.nodes = if behaviours.len() == 1 { 4 } else { 7 };
        plan.members = plan.nodes;
        plan.faults = (0..dice.below(3)).map(|_| random_fault(&mut dice, plan.nodes)).collect();
        let first = usize::try_from(dice.below(plan.nodes as u64)).unwrap_or(0);
        let places = (first..).step_by(1 + plan.nodes / 3).map(|place| place % plan.nodes);
        plan.byzantine = places.zip(behaviours.iter().copied()).collect();
        plan
    }

    /// A behaviour alone, each in turn, and every fifth time any two; and random faults around them.
    pub fn any_byzantine(seed: u64) -> Self {
        let behaviour = |number: u64| {
            let place = usize::try_from(number).unwrap_or(0) % Behaviour::ALL.len();
            Behaviour::ALL[place]
        };
        if seed % 5 == 4 {
            let mut dice = Dice::new(seed ^ BYZANTINE_SEED);
            let two = [dice.below(12), dice.below(12)].map(behaviour);
            return Self::byzantine(seed, &two);
        }
        Self::byzantine(seed, &[behaviour(seed / 5 * 4 + seed % 5)])
    }

    /// A crash at every write of this plan, which must have no faults, and with all that it may leave: three runs for each of
    /// the `writes`.
    pub fn crash_at_every_write(&self, writes: u64) -> impl Iterator<Item = Self> {
        let all = [Remains::Nothing, Remains::Torn, Remains::All];
        let faults = (1..=writes).flat_map(move |write| {
            all.map(|remains| Fault::CrashAtWrite { write, remains, for_us: 150_000 })
        });
        faults.map(|fault| Self { faults: vec![fault], ..self.clone() })
    }

    /// Everything at random, and committees that change.
    pub fn random_epochs(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let nodes = if dice.chance(200) { 8 } else { 5 };
        let Self { network, .. } = Self::random(seed);
        let faults = (0..dice.below(5)).map(|_| random_fault(&mut dice, nodes)).collect();
        let mut plan = Self { network, faults, ..Self::calm(seed, nodes, 0) };
        if dice.chance(250) {
            let (at_us, until_us, node) = random_crash(&mut dice, nodes);
            plan.faults.push(Fault::LoseSafety { at_us, until_us, node });
        }
        let epoch_blocks_min = dice.between(2, 12);
        Self { members: nodes - 1, epoch_blocks_min, transfers: 48, views: 100, ..plan }
    }

    /// Everything at random in lease mode: more crashes, half of which are power failures, and every fourth time committees that
    /// change.
    pub fn random_lease(seed: u64) -> Self {
        let mut plan = if seed % 4 == 3 { Self::random_epochs(seed) } else { Self::random(seed) };
        let mut dice = Dice::new(seed ^ LEASE_SEED);
        plan.faults.retain(|fault| !matches!(fault, Fault::LoseSafety { .. }));
        for _ in 0..dice.between(1, 5) {
            let (at_us, until_us, node) = random_crash(&mut dice, plan.nodes);
            plan.faults.push(Fault::Crash { at_us, until_us, node });
        }
        Self { lease_views: Some(dice.between(0, 12)), views: 80, ..plan }
    }

    /// Every leader crash and every isolation of a leader, in each of the first views: `kinds × views` short runs.
    pub fn enumerated(nodes: usize, views: u64) -> Vec<Self> {
        let mut plans = Vec::new();
        for first in 1..=views {
            for second in first..=views {
                for kind in 0..4_u64 {
                    let mut plan = Self::calm(first << 16 | second << 8 | kind, nodes, 1_000);
                    plan.faults =
                        vec![leader_fault(kind % 2, first), leader_fault(kind / 2, second)];
                    plan.views = views + 6;
                    plan.transfers = 8;
                    plans.push(plan);
                }
            }
        }
        plans
    }
}

fn leader_fault(kind: u64, view: u64) -> Fault {
    if kind == 0 {
        Fault::CrashLeader { view, for_us: 300_000 }
    } else {
        let with = usize::try_from(view % 3).unwrap_or(0);
        Fault::IsolateLeader { view, for_us: 300_000, with }
    }
}

fn random_crash(dice: &mut Dice, nodes: usize) -> (u64, u64, usize) {
    let at_us = dice.below(1_000_000);
    let until_us = at_us + dice.between(1_000, 600_000);
    (at_us, until_us, usize::try_from(dice.below(nodes as u64)).unwrap_or(0))
}

fn random_fault(dice: &mut Dice, nodes: usize) -> Fault {
    let (at_us, until_us, node) = random_crash(dice, nodes);
    match dice.below(5) {
        0 => Fault::CrashLeader { view: dice.between(1, 40), for_us: dice.between(1_000, 600_000) },
        1 => Fault::IsolateLeader {
            view: dice.between(1, 40),
            for_us: dice.between(1_000, 600_000),
            with: usize::try_from(dice.below(3)).unwrap_or(0),
        },
        2 => {
            let letters = dice.between(2, 3);
            let sides = (0..nodes).map(|_| u8::try_from(dice.below(letters)).unwrap_or(0));
            Fault::Partition { at_us, until_us, sides: sides.collect() }
        }
        _ => Fault::Crash { at_us, until_us, node },
    }
}
