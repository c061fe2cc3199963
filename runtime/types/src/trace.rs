//! What transactions touched. For people; no root commits to it.

use std::io;
use std::sync::Arc;

use borsh::BorshDeserialize;
use borsh::BorshSerialize;

use crate::declared::Declared;
use crate::state_key::StateKey;

/// How one key was touched: any of reading, writing or deleting, adding, appending.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Touch(u8);

impl Touch {
    /// Not at all.
    pub const NONE: Self = Self(0);
    /// Its value was read.
    pub const READ: Self = Self(1);
    /// It was written or deleted.
    pub const WRITE: Self = Self(2);
    /// A number was added to it.
    pub const ADD: Self = Self(4);
    /// An entry was appended to it.
    pub const APPEND: Self = Self(8);

    /// Both.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether all of `other` is part of it.
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

/// How each of the first [`SlotTouches::SLOTS_MAX`] slots of a declaration was touched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SlotTouches(u64);

impl SlotTouches {
    /// Slots that there is room for.
    pub const SLOTS_MAX: usize = 16;
    const BITS: usize = 4;

    /// Notes that `slot` was touched so, besides what was noted before.
    ///
    /// # Panics
    /// When there is no room for that slot.
    #[inline]
    pub fn note(&mut self, slot: usize, touch: Touch) {
        assert!(slot < Self::SLOTS_MAX, "slot {slot} of {}", Self::SLOTS_MAX);
        self.0 |= u64::from(touch.0) << (slot * Self::BITS);
    }

    /// How `slot` was touched.
    pub fn of(self, slot: usize) -> Touch {
        let [low, ..] = self
            .0
            .checked_shr(u32::try_from(slot * Self::BITS).unwrap_or(u32::MAX))
            .unwrap_or_default()
            .to_le_bytes();
        Touch(low & 0xf)
    }
}

/// The keys that a transaction touched, in key order, and how. Those of a declared transaction are taken from its declaration: they
/// are not copied for the few who ask.
#[derive(Clone, Debug)]
pub struct TxTrace(Held);

#[derive(Clone, Debug)]
enum Held {
    Slots(Arc<Declared>, SlotTouches),
    Listed(Box<[(StateKey, Touch)]>),
}

impl TxTrace {
    /// Of slots of a declaration.
    pub const fn of_slots(declared: Arc<Declared>, touches: SlotTouches) -> Self {
        Self(Held::Slots(declared, touches))
    }

    /// Of keys in any order, which may be there more than once.
    pub fn of_keys(mut keys: Vec<(StateKey, Touch)>) -> Self {
        keys.sort_unstable_by_key(|(key, _)| *key);
        keys.dedup_by(|next, kept| {
            let is_same = next.0 == kept.0;
            if is_same {
                kept.1 = kept.1.with(next.1);
            }
            is_same
        });
        Self(Held::Listed(keys.into()))
    }

    /// The keys that were touched, in key order.
    pub fn keys(&self) -> impl Iterator<Item = (&StateKey, Touch)> {
        let (slots, listed) = match &self.0 {
            Held::Slots(declared, touches) => (Some((&declared.set, touches)), None),
            Held::Listed(keys) => (None, Some(keys)),
        };
        let of_slots = slots.into_iter().flat_map(|(set, touches)| {
            set.iter().enumerate().map(|(slot, (key, _))| (key, touches.of(slot)))
        });
        let listed = listed.into_iter().flatten().map(|(key, touch)| (key, *touch));
        of_slots.chain(listed).filter(|(_, touch)| *touch != Touch::NONE)
    }
}

impl PartialEq for TxTrace {
    fn eq(&self, other: &Self) -> bool {
        self.keys().eq(other.keys())
    }
}

impl Eq for TxTrace {}

/// How many keys, then each and how it was touched.
impl BorshSerialize for TxTrace {
    fn serialize<W: io::Write>(&self, writer: &mut W) -> io::Result<()> {
        let too_many = |_| io::Error::new(io::ErrorKind::InvalidInput, "more than 2^32 keys");
        u32::try_from(self.keys().count()).map_err(too_many)?.serialize(writer)?;
        self.keys().try_for_each(|pair| pair.serialize(writer))
    }
}

impl BorshDeserialize for TxTrace {
    fn deserialize_reader<R: io::Read>(reader: &mut R) -> io::Result<Self> {
        Vec::<(StateKey, Touch)>::deserialize_reader(reader).map(Self::of_keys)
    }
}

/// What one transaction touched, by kind of access.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccessTrace {
    /// Keys read.
    pub reads: Vec<StateKey>,
    /// Keys written or deleted.
    pub writes: Vec<StateKey>,
    /// Keys added to.
    pub adds: Vec<StateKey>,
    /// Keys appended to.
    pub appends: Vec<StateKey>,
}

impl From<&TxTrace> for AccessTrace {
    fn from(trace: &TxTrace) -> Self {
        let of = |kind| {
            let keys = trace.keys().filter(move |(_, touch)| touch.has(kind));
            keys.map(|(key, _)| *key).collect()
        };
        Self {
            reads: of(Touch::READ),
            writes: of(Touch::WRITE),
            adds: of(Touch::ADD),
            appends: of(Touch::APPEND),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::AccessMode;
    use crate::AccessSet;
    use crate::Amount;
    use crate::ProgramId;

    fn key(n: u8) -> StateKey {
        StateKey::new(ProgramId(1), &[&[n]]).unwrap()
    }

    #[test]
    fn a_trace_of_slots_is_that_of_their_keys() {
        let both = Touch::READ.with(Touch::WRITE);
        let mut set = AccessSet::default();
        (0..16).for_each(|n| assert!(set.declare(key(n), AccessMode::Write)));
        let declared = Declared {
            set,
            failure: None,
            fee: Amount::ZERO,
            more_calls: 0,
            space: crate::declared::BlockSpace::Ordinary,
            cost: 0,
            system_keys: 0,
            payer_slot: 0,
            nonce_slot: None,
        };
        let mut touches = SlotTouches::default();
        touches.note(15, Touch::APPEND);
        touches.note(3, Touch::READ);
        touches.note(3, Touch::WRITE);
        let of_slots = TxTrace::of_slots(Arc::new(declared), touches);
        let unsorted = [(15, Touch::APPEND), (3, Touch::WRITE), (3, Touch::READ)];
        let of_keys = TxTrace::of_keys(unsorted.map(|(n, touch)| (key(n), touch)).to_vec());
        assert_eq!(of_slots, of_keys);
        let expected = [(key(3), both), (key(15), Touch::APPEND)];
        assert_eq!(of_slots.keys().map(|(key, touch)| (*key, touch)).collect::<Vec<_>>(), expected);
        let bytes = borsh::to_vec(&of_slots).unwrap();
        assert_eq!(bytes, borsh::to_vec(&of_keys).unwrap());
        assert_eq!(borsh::from_slice::<TxTrace>(&bytes).unwrap(), of_slots);
        let trace = AccessTrace::from(&of_slots);
        assert_eq!((trace.reads, trace.writes), (vec![key(3)], vec![key(3)]));
        assert_eq!((trace.adds, trace.appends), (vec![], vec![key(15)]));
        assert_ne!(of_slots, TxTrace::of_keys(vec![(key(3), both)]));
    }
}
