//! What is enumerated: for each view, who leads it and which replicas hear each other.

use std::fmt;

use rand_core::Rng;

use crate::twins::stage::VIEWS;

/// The most replicas: seven validators and two twins.
pub(super) const REPLICAS_MAX: usize = 9;

/// Who is on which side, by replica: validators first, then the twins of the first of them.
pub(super) type Sides = [u8; REPLICAS_MAX];

/// One view.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Turn {
    /// A validator.
    pub(super) leader: u8,
    pub(super) sides: Sides,
}

/// One run.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Scenario {
    pub(super) validators: usize,
    /// So many of the validators, the first ones, are there twice.
    pub(super) twins: usize,
    pub(super) turns: [Turn; VIEWS],
}

impl Scenario {
    pub(super) const fn replicas(&self) -> usize {
        self.validators + self.twins
    }

    /// The validator whose key a replica has.
    pub(super) const fn validator(&self, replica: usize) -> usize {
        if replica < self.validators { replica } else { replica - self.validators }
    }

    pub(super) fn leaders(&self) -> [u8; VIEWS] {
        self.turns.map(|turn| turn.leader)
    }

    /// Whether two replicas hear each other in the scenario's `position`th view; after the last one all do.
    pub(super) fn together(&self, position: usize, a: usize, b: usize) -> bool {
        self.turns.get(position).is_none_or(|turn| turn.sides[a] == turn.sides[b])
    }

    /// Any leaders, replicas in up to three sets.
    pub(super) fn random(validators: usize, twins: usize, rng: &mut impl Rng) -> Self {
        let mut below = |end: usize| rng.next_u64() % end as u64;
        let turns = std::array::from_fn(|_| {
            let leader = u8::try_from(below(validators)).unwrap();
            let sets = 2 + usize::from(below(3) == 0);
            let mut sides = [0; REPLICAS_MAX];
            for side in &mut sides[..validators + twins] {
                *side = u8::try_from(below(sets)).unwrap();
            }
            Turn { leader, sides }
        });
        Self { validators, twins, turns }
    }
}

impl fmt::Debug for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = |replica: usize| {
            let twin = if replica < self.validators { "" } else { "'" };
            format!("{}{twin}", self.validator(replica))
        };
        for turn in &self.turns {
            let sides = &turn.sides[..self.replicas()];
            let sets = (0..=sides.iter().copied().max().unwrap_or(0)).map(|side| {
                let members = (0..sides.len()).filter(|replica| sides[*replica] == side);
                members.map(name).collect::<Vec<_>>().join(" ")
            });
            write!(f, "[{} leads {{{}}}]", turn.leader, sets.collect::<Vec<_>>().join("}{"))?;
        }
        Ok(())
    }
}

/// Every scenario of four validators, the first of which has a twin. Of those that differ only in the names of the honest
/// three, or in which of the twins is which, one.
pub(super) struct Enumeration {
    turns: Vec<Turn>,
    /// By symmetry: what becomes of each turn.
    images: Vec<Vec<usize>>,
}

impl Enumeration {
    /// `splits` are the ways to divide the five replicas; whatever names they use, all others are in it too.
    pub(super) fn new(splits: &[Sides]) -> Self {
        let turns: Vec<Turn> = (0..4)
            .flat_map(|leader| splits.iter().map(move |sides| Turn { leader, sides: *sides }))
            .collect();
        let image = |names: &[usize; 5], turn: &Turn| {
            let mut sides = [0; REPLICAS_MAX];
            (0..5).for_each(|replica| sides[names[replica]] = turn.sides[replica]);
            let leader = u8::try_from(names[usize::from(turn.leader)] % 4).unwrap();
            let image = Turn { leader, sides: named_in_order(sides) };
            turns.iter().position(|turn| *turn == image).expect("the splits are symmetric")
        };
        let each = |names: &[usize; 5]| turns.iter().map(|turn| image(names, turn)).collect();
        let images = symmetries().iter().map(each).collect();
        Self { turns, images }
    }

    /// How many there are before symmetry.
    pub(super) fn len(&self) -> usize {
        self.turns.len().pow(4)
    }

    /// The scenario at a place below [`Self::len`]; none if it is the image of another.
    pub(super) fn get(&self, place: usize) -> Option<Scenario> {
        let base = self.turns.len();
        let word: [usize; VIEWS] =
            std::array::from_fn(|view| place / base.pow((VIEWS - 1 - view) as u32) % base);
        let first = self.images.iter().all(|image| word <= word.map(|turn| image[turn]));
        first.then(|| Scenario {
            validators: 4,
            twins: 1,
            turns: word.map(|turn| self.turns[turn]),
        })
    }
}

/// All ways to divide five replicas into at most so many sets.
pub(super) fn divisions(sets: usize) -> Vec<Sides> {
    let word = |number: usize| {
        let side = |replica: usize| u8::try_from(number / sets.pow(replica as u32) % sets).unwrap();
        std::array::from_fn(|replica| if replica < 5 { side(replica) } else { 0 })
    };
    let words = (0..sets.pow(5)).map(word);
    words.filter(|sides| *sides == named_in_order(*sides)).collect()
}

/// Numbers the five replicas' sides in the order in which they appear.
fn named_in_order(sides: Sides) -> Sides {
    let mut named = [0; REPLICAS_MAX];
    let mut seen = Vec::new();
    for replica in 0..5 {
        let known = seen.iter().position(|side| *side == sides[replica]);
        named[replica] = u8::try_from(known.unwrap_or(seen.len())).unwrap();
        if known.is_none() {
            seen.push(sides[replica]);
        }
    }
    named
}

/// New names for the five replicas: the twins 0 and 4 among themselves, 1 to 3 among themselves.
fn symmetries() -> Vec<[usize; 5]> {
    const HONEST: [[usize; 3]; 6] =
        [[1, 2, 3], [1, 3, 2], [2, 1, 3], [2, 3, 1], [3, 1, 2], [3, 2, 1]];
    let named = |twins: [usize; 2], [a, b, c]: [usize; 3]| [twins[0], a, b, c, twins[1]];
    let twins = [[0, 4], [4, 0]];
    twins.iter().flat_map(|twins| HONEST.map(|honest| named(*twins, honest))).collect()
}
