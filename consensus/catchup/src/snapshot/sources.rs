//! The peers of a session: what they offer, what they were asked, and what they are worth.

use std::collections::BTreeMap;

use heddle_types::Height;
use heddle_types::Instant;
use heddle_types::ValidatorIndex;

use crate::limits;
use crate::snapshot::Offer;
use crate::snapshot::SnapshotName;

/// All peers that were ever connected.
#[derive(Clone, Debug, Default)]
pub(super) struct Sources(BTreeMap<ValidatorIndex, Source>);

/// One of them.
#[derive(Clone, Debug, Default)]
struct Source {
    connected: bool,
    banned: bool,
    offer: Said,
    /// Chunks that it was asked for, and until when it may answer.
    asked: BTreeMap<u32, Instant>,
    /// How often it did not answer in time.
    late: u32,
}

/// What a peer said that it has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Said {
    /// It was not asked.
    #[default]
    Unasked,
    /// It may answer until then.
    Asked(Instant),
    /// This, or nothing, which is what it comes to when it does not answer.
    Offers(Option<Offer>),
}

impl Source {
    const fn is_willing(&self) -> bool {
        self.connected && !self.banned
    }

    fn offers(&self) -> Option<Offer> {
        match self.offer {
            Said::Offers(offer) if self.is_willing() => offer,
            Said::Offers(_) | Said::Unasked | Said::Asked(_) => None,
        }
    }
}

impl Sources {
    /// Peers beyond the limit are not asked.
    pub(super) fn connect(&mut self, peer: ValidatorIndex) {
        if self.0.len() < limits::PEERS_MAX || self.0.contains_key(&peer) {
            self.0.entry(peer).or_default().connected = true;
        }
    }

    /// What it said and did stays: reconnecting makes nobody honest. Chunks that it was asked for are returned.
    pub(super) fn disconnect(&mut self, peer: ValidatorIndex) -> Vec<u32> {
        let Some(source) = self.0.get_mut(&peer) else { return Vec::new() };
        source.connected = false;
        if matches!(source.offer, Said::Asked(_)) {
            source.offer = Said::Unasked;
        }
        take_asked(source)
    }

    /// Never asks it again. Chunks that it was asked for are returned; none when it was banned before, or is not known.
    pub(super) fn ban(&mut self, peer: ValidatorIndex) -> Option<Vec<u32>> {
        let source = self.0.get_mut(&peer).filter(|source| !source.banned)?;
        source.banned = true;
        Some(take_asked(source))
    }

    /// It has no snapshot, or none any more.
    pub(super) fn on_nothing(&mut self, peer: ValidatorIndex) -> Vec<u32> {
        let Some(source) = self.0.get_mut(&peer) else { return Vec::new() };
        source.offer = Said::Offers(None);
        take_asked(source)
    }

    /// The answer to what it was asked; any other is dropped.
    pub(super) fn on_offer(&mut self, peer: ValidatorIndex, offer: Option<Offer>) {
        if let Some(source) = self.0.get_mut(&peer)
            && matches!(source.offer, Said::Asked(_))
        {
            source.offer = Said::Offers(offer.filter(|offer| offer.chunks > 0));
        }
    }

    /// Whether it was asked for the chunk, which it then no longer is.
    pub(super) fn take_asked_for(&mut self, peer: ValidatorIndex, index: u32) -> bool {
        let source = self.0.get_mut(&peer);
        source.is_some_and(|source| source.asked.remove(&index).is_some())
    }

    /// Whom to ask what they have.
    pub(super) fn ask_offers(&mut self, until: Instant) -> Vec<ValidatorIndex> {
        let unasked = |source: &Source| source.is_willing() && source.offer == Said::Unasked;
        let unasked = self.0.iter_mut().filter(|(_, source)| unasked(source));
        unasked
            .map(|(peer, source)| {
                source.offer = Said::Asked(until);
                *peer
            })
            .collect()
    }

    /// The least busy source of a snapshot that may be asked for one more chunk; the chunk counts as asked for.
    pub(super) fn ask_chunk(
        &mut self,
        name: SnapshotName,
        index: u32,
        until: Instant,
    ) -> Option<ValidatorIndex> {
        let has_it = |source: &Source| source.offers().is_some_and(|offer| offer.name == name);
        let free = self.0.iter_mut().filter(|(_, source)| {
            has_it(source) && source.asked.len() < limits::CHUNKS_PER_PEER_MAX
        });
        let (peer, source) = free.min_by_key(|(peer, source)| (source.asked.len(), **peer))?;
        source.asked.insert(index, until);
        Some(*peer)
    }

    /// Gives up on what is late. Whoever is too often is no source any more. Returns the chunks that were waited for.
    pub(super) fn take_late(&mut self, now: Instant) -> Vec<u32> {
        let mut late = Vec::new();
        for source in self.0.values_mut() {
            if matches!(source.offer, Said::Asked(until) if until <= now) {
                source.offer = Said::Offers(None);
            }
            let before = late.len();
            late.extend(source.asked.iter().filter(|(_, until)| **until <= now).map(|(i, _)| *i));
            source.asked.retain(|_, until| *until > now);
            if late.len() > before {
                source.late += 1;
            }
            if source.late >= limits::CHUNKS_LATE_MAX {
                source.offer = Said::Offers(None);
                late.extend(take_asked(source));
            }
        }
        late
    }

    /// Whether somebody may still say what it has.
    pub(super) fn is_waited_for(&self) -> bool {
        self.0.values().any(|s| s.is_willing() && matches!(s.offer, Said::Asked(_)))
    }

    /// Whether somebody has it.
    pub(super) fn has(&self, name: SnapshotName) -> bool {
        self.0.values().filter_map(Source::offers).any(|offer| offer.name == name)
    }

    /// What to take: `begun` if it is offered still; else what two offer rather than one, and of that the highest, if it is above
    /// `own`. And one who offers it.
    pub(super) fn best(
        &self,
        own: Height,
        begun: Option<SnapshotName>,
    ) -> Option<(ValidatorIndex, Offer)> {
        let mut offers: BTreeMap<SnapshotName, (usize, ValidatorIndex, Offer)> = BTreeMap::new();
        for (peer, source) in &self.0 {
            if let Some(offer) = source.offers().filter(|offer| offer.name.height > own) {
                offers.entry(offer.name).or_insert((0, *peer, offer)).0 += 1;
            }
        }
        let worth = |(sources, _, offer): &(usize, ValidatorIndex, Offer)| {
            (begun == Some(offer.name), *sources > 1, offer.name)
        };
        let best = offers.into_values().max_by_key(worth);
        best.map(|(_, peer, offer)| (peer, offer))
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        let of = |source: &Source| {
            let offer = match source.offer {
                Said::Asked(until) if source.is_willing() => Some(until),
                Said::Asked(_) | Said::Unasked | Said::Offers(_) => None,
            };
            source.asked.values().copied().chain(offer).min()
        };
        self.0.values().filter_map(of).min()
    }
}

fn take_asked(source: &mut Source) -> Vec<u32> {
    std::mem::take(&mut source.asked).into_keys().collect()
}
