//! The recorded book, as far as the recording tells: levels that never changed in it are unknown.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use heddle_clearing::Side;
use heddle_num::Lots;
use heddle_num::Ticks;

use super::Level;
use super::LevelKey;
use super::Touch;
use super::Update;

/// What is known of a level.
#[derive(Clone, Copy, Debug)]
struct Known {
    lots: Lots,
    /// The update that said so.
    id: u64,
}

/// The recorded book.
#[derive(Clone, Debug, Default)]
pub(crate) struct Levels {
    /// Bids and asks with something there, by the number of their side.
    sides: [BTreeMap<Ticks, Known>; 2],
    /// Every level that was ever spoken of.
    seen: BTreeSet<LevelKey>,
    /// Levels that were dropped because a newer one of the other side crossed them.
    crossed: u64,
}

impl Levels {
    /// Takes in an update; the levels that may have changed are added to `changed`.
    pub(crate) fn apply(&mut self, update: &Update, changed: &mut BTreeSet<LevelKey>) {
        for (side, levels) in [(Side::Buy, &update.bids), (Side::Sell, &update.asks)] {
            if update.is_snapshot {
                self.forget(side, levels, changed);
            }
            for level in levels {
                self.set(side, *level, update.id);
                changed.insert(LevelKey { side, price: level.price });
            }
        }
        self.uncross(changed);
    }

    /// How much is there.
    pub(crate) fn lots(&self, key: LevelKey) -> Lots {
        self.sides[key.side as usize].get(&key.price).map_or(Lots::ZERO, |known| known.lots)
    }

    /// All levels with something there: bids, then asks, each by price.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (LevelKey, Lots)> {
        let side = |side: Side| {
            let level = move |(price, known): (&Ticks, &Known)| {
                (LevelKey { side, price: *price }, known.lots)
            };
            self.sides[side as usize].iter().map(level)
        };
        side(Side::Buy).chain(side(Side::Sell))
    }

    /// The best levels.
    pub(crate) fn touch(&self) -> Touch {
        let best = |side| self.best_first(side).next();
        Touch { bid: best(Side::Buy), ask: best(Side::Sell) }
    }

    /// The levels of a side, best first.
    pub(crate) fn best_first(&self, side: Side) -> impl Iterator<Item = Level> {
        let mut levels = self.sides[side as usize].iter();
        let next = move || match side {
            Side::Buy => levels.next_back(),
            Side::Sell => levels.next(),
        };
        std::iter::from_fn(next).map(|(price, known)| Level { price: *price, lots: known.lots })
    }

    /// Whether the recording ever spoke of a level.
    pub(crate) fn has_seen(&self, key: LevelKey) -> bool {
        self.seen.contains(&key)
    }

    /// Levels dropped because newer ones crossed them. Zero unless updates are missing.
    pub(crate) const fn crossed(&self) -> u64 {
        self.crossed
    }

    /// A whole book is all that there is as far as it reaches.
    fn forget(&mut self, side: Side, listed: &[Level], changed: &mut BTreeSet<LevelKey>) {
        let prices = || listed.iter().map(|level| level.price);
        let (Some(low), Some(high)) = (prices().min(), prices().max()) else { return };
        let reach = match side {
            Side::Buy => low..=Ticks::MAX,
            Side::Sell => Ticks::ZERO..=high,
        };
        let levels = &mut self.sides[side as usize];
        let gone: Vec<Ticks> = levels.range(reach).map(|(price, _)| *price).collect();
        for price in gone {
            levels.remove(&price);
            changed.insert(LevelKey { side, price });
        }
    }

    fn set(&mut self, side: Side, Level { price, lots }: Level, id: u64) {
        let levels = &mut self.sides[side as usize];
        match lots.is_zero() {
            true => levels.remove(&price),
            false => levels.insert(price, Known { lots, id }),
        };
        self.seen.insert(LevelKey { side, price });
    }

    /// Where updates are missing, levels that are gone may still be known. The older one of two that cross is dropped; of the
    /// same age, the ask.
    fn uncross(&mut self, changed: &mut BTreeSet<LevelKey>) {
        let [bids, asks] = &mut self.sides;
        while let (Some(bid), Some(ask)) = (bids.last_entry(), asks.first_entry()) {
            if bid.key() < ask.key() {
                return;
            }
            let (side, entry) = match bid.get().id < ask.get().id {
                true => (Side::Buy, bid),
                false => (Side::Sell, ask),
            };
            changed.insert(LevelKey { side, price: entry.remove_entry().0 });
            self.crossed += 1;
        }
    }
}
