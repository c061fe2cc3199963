//! Who acknowledged what of one lane.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use heddle_types::Hash32;
use heddle_types::ValidatorIndex;

use crate::limits;
use crate::place::Place;

/// Acknowledgements above what was delivered: one digest a peer and number, in a window.
#[derive(Clone, Debug, Default)]
pub(crate) struct AckTable(BTreeMap<ValidatorIndex, BTreeMap<u64, Hash32>>);

impl AckTable {
    /// A peer has everything up to `place`; `delivered` was handed out here.
    pub(crate) fn hear(&mut self, peer: ValidatorIndex, place: Place, delivered: u64) {
        let ahead = place.sequence.saturating_sub(delivered);
        if (1..=limits::ACKS_AHEAD_MAX).contains(&ahead) {
            self.0.entry(peer).or_default().insert(place.sequence, place.digest);
        }
    }

    /// Whether a peer said that it has exactly this.
    pub(crate) fn names(&self, peer: ValidatorIndex, place: Place) -> bool {
        self.0.get(&peer).and_then(|of| of.get(&place.sequence)) == Some(&place.digest)
    }

    /// Who said that.
    pub(crate) fn holders(&self, place: Place) -> impl Iterator<Item = ValidatorIndex> {
        self.0.keys().copied().filter(move |peer| self.names(*peer, place))
    }

    /// Who said of something at this number or above that it has it, and nothing else of this number.
    pub(crate) fn likely(&self, place: Place) -> BTreeSet<ValidatorIndex> {
        let is_likely = |of: &BTreeMap<u64, Hash32>| {
            let reaches = of.keys().next_back().is_some_and(|last| *last >= place.sequence);
            reaches && of.get(&place.sequence).is_none_or(|digest| *digest == place.digest)
        };
        self.0.iter().filter(|(_, of)| is_likely(of)).map(|(peer, _)| *peer).collect()
    }

    /// Forgets what is of no use once `delivered` was handed out.
    pub(crate) fn forget(&mut self, delivered: u64) {
        for of in self.0.values_mut() {
            *of = of.split_off(&delivered.saturating_add(1));
        }
    }

    /// How many are kept.
    pub(crate) fn len(&self) -> usize {
        self.0.values().map(BTreeMap::len).sum()
    }
}
