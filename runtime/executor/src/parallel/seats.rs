//! How resident objects get to the items of a phase that runs on several threads.
//!
//! Before the phase every object that its items name is put on its [`Seat`], loaded if it is not in memory: threads cannot load,
//! because they do not see the state before the block. An item takes the object off its seat and, if it succeeds, leaves it there for
//! the next one; as the object's stamp is declared `Write`, the engine runs the two one after the other. Nothing is tried ahead of time in
//! such a phase, so that no try takes the object away from the item that it belongs to; if one did, the stamp would still keep
//! others from using what it left.
//!
//! An item that finds no object at its stamp, because one before it failed and dropped it, is void. The phase then starts over in order,
//! from the values before it, and loads what it needs.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;

use heddle_sdk::Programs;
use heddle_sdk::Resident;
use heddle_sdk::ResidentKey;
use heddle_types::StateView;

use crate::phases::Item;
use crate::residents;
use crate::residents::KeptResidents;
use crate::residents::Objects;
use crate::residents::Stamp;
use crate::residents::Unavailable;
use crate::residents::Wanted;

/// Where an object is while a phase runs.
enum Seat {
    /// It is here, as it is at this stamp.
    Taken(Stamp, Box<dyn Resident>),
    /// Its program cannot load it at this stamp.
    Refused(Stamp),
    /// An item has it, or dropped it.
    Free,
}

/// The objects that the items of a phase name.
#[derive(Default)]
pub(crate) struct Seats(BTreeMap<ResidentKey, Mutex<Seat>>);

impl Seats {
    /// Seats for all that `items` name, as it is in `state`.
    pub(crate) fn fill(
        programs: &Programs,
        items: &[Item],
        kept: &mut KeptResidents,
        state: &dyn StateView,
    ) -> Self {
        let mut seats = BTreeMap::new();
        for (key, _) in items.iter().filter_map(residents::named) {
            let Some(program) = programs.get(key.program()) else {
                unreachable!("the program that planned the item");
            };
            seats.entry(*key).or_insert_with(|| {
                let stamp = state.entry(key.stamp()).map(|entry| entry.value);
                let object = kept.take(key, &stamp);
                let object = object.or_else(|| residents::load(program, key, state));
                Mutex::new(match object {
                    Some(object) => Seat::Taken(stamp, object),
                    None => Seat::Refused(stamp),
                })
            });
        }
        Self(seats)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Puts the objects back into memory.
    pub(crate) fn clear(self, kept: &mut KeptResidents) {
        for (key, seat) in self.0 {
            match seat.into_inner().unwrap_or_else(PoisonError::into_inner) {
                Seat::Taken(stamp, object) => kept.put(key, stamp, object),
                Seat::Refused(_) | Seat::Free => {}
            }
        }
    }

    fn seat(&self, key: &ResidentKey) -> MutexGuard<'_, Seat> {
        let seat = self.0.get(key).expect("every object that an item names has a seat");
        seat.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Objects for &Seats {
    fn take(&mut self, wanted: Wanted<'_>) -> Result<Option<Box<dyn Resident>>, Unavailable> {
        let mut seat = self.seat(wanted.key);
        match std::mem::replace(&mut *seat, Seat::Free) {
            Seat::Taken(stamp, object) if stamp == *wanted.stamp => Ok(Some(object)),
            Seat::Refused(stamp) if stamp == *wanted.stamp => {
                *seat = Seat::Refused(stamp);
                Ok(None)
            }
            Seat::Taken(..) | Seat::Refused(_) | Seat::Free => Err(Unavailable),
        }
    }

    fn keep(&mut self, key: &ResidentKey, stamp: Stamp, object: Box<dyn Resident>) {
        *self.seat(key) = Seat::Taken(stamp, object);
    }
}

impl fmt::Debug for Seats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}
