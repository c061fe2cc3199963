//! Places in lanes, and how far one got in each.

use heddle_types::BatchRef;
use heddle_types::Hash32;
use heddle_types::ValidatorIndex;

/// A place in a known lane, and the digest of the batch that stands there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The batch's number; 0 is the lane's root, which is no batch.
    pub sequence: u64,
    /// The batch's digest; the root's is the hash of the block that ended the epoch before.
    pub digest: Hash32,
}

impl Place {
    /// This place in `lane`.
    pub const fn in_lane(self, lane: ValidatorIndex) -> BatchRef {
        BatchRef { lane, sequence: self.sequence, digest: self.digest }
    }

    /// The place that `reference` names in its lane.
    pub const fn of(reference: &BatchRef) -> Self {
        Self { sequence: reference.sequence, digest: reference.digest }
    }
}

/// How far one got in each lane of an epoch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Positions(Vec<Place>);

impl Positions {
    /// The root of each of `lanes` lanes: nothing yet.
    pub fn root(lanes: usize, root: Hash32) -> Self {
        Self(vec![Place { sequence: 0, digest: root }; lanes])
    }

    /// One place a lane, by lane.
    pub fn of(places: impl IntoIterator<Item = Place>) -> Self {
        Self(places.into_iter().collect())
    }

    /// How far in `lane`; none if there is no such lane.
    pub fn get(&self, lane: ValidatorIndex) -> Option<Place> {
        self.0.get(usize::from(lane.get())).copied()
    }

    /// Goes where `cut` says; what it does not name stays.
    pub fn follow(&mut self, cut: &[BatchRef]) {
        for reference in cut {
            if let Some(place) = self.0.get_mut(usize::from(reference.lane.get())) {
                *place = Place::of(reference);
            }
        }
    }

    /// All, by lane.
    pub fn iter(&self) -> impl Iterator<Item = (ValidatorIndex, Place)> {
        (0_u16..).map(ValidatorIndex::new).zip(self.0.iter().copied())
    }

    /// How many lanes there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Never: an epoch has a lane.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
