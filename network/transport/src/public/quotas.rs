//! How much the public may ask for: by address, because keys cost nothing, and in all.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::net::Ipv6Addr;
use std::time::Duration;
use std::time::Instant;

use parking_lot::Mutex;
use tokio::sync::Semaphore;
use tokio::sync::SemaphorePermit;

use crate::limits;
use crate::rate::Rate;

/// What the public takes now.
#[derive(Debug)]
pub(crate) struct Quotas {
    by_address: Mutex<BTreeMap<IpAddr, Share>>,
    answers: Semaphore,
}

/// What one address takes.
#[derive(Debug)]
struct Share {
    connections: usize,
    waiting: usize,
    requests: Rate,
    submitted: Rate,
    submitted_bytes: Rate,
}

/// What a [`Place`] is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Connection,
    Waiting,
}

/// A place of which there are few; given back when dropped.
#[derive(Debug)]
pub(crate) struct Place<'a> {
    quotas: &'a Quotas,
    address: IpAddr,
    kind: Kind,
}

impl Default for Quotas {
    fn default() -> Self {
        let answers = Semaphore::new(limits::PUBLIC_ANSWERS_MAX);
        Self { by_address: Mutex::default(), answers }
    }
}

impl Quotas {
    /// A connection's place. What an address used up is remembered for as long as it would matter.
    pub(crate) fn connect(&self, address: IpAddr, now: Instant) -> Option<Place<'_>> {
        let mut shares = self.by_address.lock();
        shares.retain(|_, share| share.connections > 0 || !share.has_rested(now));
        self.take(&mut shares, address, Kind::Connection, || Share::new(now))
    }

    /// A place for waiting until something is final.
    pub(crate) fn wait(&self, address: IpAddr) -> Option<Place<'_>> {
        let mut shares = self.by_address.lock();
        self.take(&mut shares, address, Kind::Waiting, || Share::new(Instant::now()))
    }

    /// Leave to make an answer that may be large; none when the node stops.
    pub(crate) async fn answer(&self) -> Option<SemaphorePermit<'_>> {
        self.answers.acquire().await.ok()
    }

    /// Counts a request; how long to wait before it is read.
    pub(crate) fn request(&self, address: IpAddr, now: Instant) -> Option<Duration> {
        let mut shares = self.by_address.lock();
        shares.get_mut(&network(address))?.requests.take(1, now)
    }

    /// Whether so many transactions of so many bytes may be taken now. What is refused counts for nothing.
    pub(crate) fn submit(
        &self,
        address: IpAddr,
        (count, bytes): (usize, usize),
        now: Instant,
    ) -> bool {
        let mut shares = self.by_address.lock();
        let Some(share) = shares.get_mut(&network(address)) else { return false };
        let may = share.submitted.is_free(now) && share.submitted_bytes.is_free(now);
        if may {
            // What they owe is waited for by the next one's refusal.
            let _owed = share.submitted.take(count as u64, now);
            let _owed = share.submitted_bytes.take(bytes as u64, now);
        }
        may
    }

    fn take<'a>(
        &'a self,
        shares: &mut BTreeMap<IpAddr, Share>,
        address: IpAddr,
        kind: Kind,
        new: impl FnOnce() -> Share,
    ) -> Option<Place<'a>> {
        let address = network(address);
        let total: usize = shares.values().map(|share| share.count(kind)).sum();
        let here = shares.get(&address).map_or(0, |share| share.count(kind));
        if total >= kind.total_max() || here >= kind.per_address_max() {
            return None;
        }
        *shares.entry(address).or_insert_with(new).count_mut(kind) += 1;
        Some(Place { quotas: self, address, kind })
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        if let Some(share) = self.quotas.by_address.lock().get_mut(&self.address) {
            let count = share.count_mut(self.kind);
            *count = count.saturating_sub(1);
        }
    }
}

impl Share {
    fn new(now: Instant) -> Self {
        Self {
            connections: 0,
            waiting: 0,
            requests: Rate::new(limits::PUBLIC_REQUESTS_PER_SECOND, now),
            submitted: Rate::new(limits::PUBLIC_SUBMITTED_PER_SECOND, now),
            submitted_bytes: Rate::new(limits::PUBLIC_SUBMITTED_BYTES_PER_SECOND, now),
        }
    }

    /// Whether a new share would allow no more than this one.
    fn has_rested(&self, now: Instant) -> bool {
        let rates = [&self.requests, &self.submitted, &self.submitted_bytes];
        self.waiting == 0 && rates.into_iter().all(|rate| rate.is_free(now))
    }

    const fn count(&self, kind: Kind) -> usize {
        match kind {
            Kind::Connection => self.connections,
            Kind::Waiting => self.waiting,
        }
    }

    const fn count_mut(&mut self, kind: Kind) -> &mut usize {
        match kind {
            Kind::Connection => &mut self.connections,
            Kind::Waiting => &mut self.waiting,
        }
    }
}

impl Kind {
    const fn total_max(self) -> usize {
        match self {
            Self::Connection => limits::PUBLIC_CONNECTIONS_MAX,
            Self::Waiting => limits::PUBLIC_WAITING_MAX,
        }
    }

    const fn per_address_max(self) -> usize {
        match self {
            Self::Connection => limits::PUBLIC_CONNECTIONS_PER_ADDRESS_MAX,
            Self::Waiting => limits::PUBLIC_WAITING_PER_ADDRESS_MAX,
        }
    }
}

/// What counts as one address: of IPv6 the first 64 bits, because whoever has one of them has all that follow.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
    }
}

#[cfg(test)]
mod tests;
