//! What becomes of a datagram: pure, time and chance are given.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;
use std::time::Instant;

use super::LinkFault;

/// What waits in memory to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Datagram {
    pub(super) to: SocketAddr,
    pub(super) bytes: Vec<u8>,
    pub(super) ecn: Option<quinn::udp::EcnCodepoint>,
    pub(super) src_ip: Option<std::net::IpAddr>,
}

/// The links that have a fault, and the datagrams that are late on them.
#[derive(Debug)]
pub(super) struct Links {
    by_addr: BTreeMap<SocketAddr, Faulty>,
    /// By when they leave, and then by when they came.
    waiting: BTreeMap<(Instant, u64), Datagram>,
    waiting_bytes: usize,
    waiting_bytes_max: usize,
    came: u64,
    dice: Dice,
}

#[derive(Debug)]
struct Faulty {
    fault: LinkFault,
    /// When the last datagram that is late leaves: none overtakes it.
    last_due: Option<Instant>,
}

impl Links {
    /// No faults; those that come draw their chances from `seed`, and hold so many bytes back at most.
    pub(super) const fn new(seed: u64, waiting_bytes_max: usize) -> Self {
        Self {
            by_addr: BTreeMap::new(),
            waiting: BTreeMap::new(),
            waiting_bytes: 0,
            waiting_bytes_max,
            came: 0,
            dice: Dice(seed),
        }
    }

    /// Replaces all faults. What is late already leaves when it was to leave.
    pub(super) fn replace(&mut self, faults: impl Iterator<Item = (SocketAddr, LinkFault)>) {
        let mut before = std::mem::take(&mut self.by_addr);
        self.by_addr = faults
            .filter(|(_, fault)| *fault != LinkFault::default())
            .map(|(to, fault)| {
                let last_due = before.remove(&to).and_then(|faulty| faulty.last_due);
                (to, Faulty { fault, last_due })
            })
            .collect();
    }

    pub(super) fn is_faulty(&self, to: SocketAddr) -> bool {
        self.by_addr.contains_key(&to)
    }

    /// Whether nothing is faulty.
    pub(super) fn is_empty(&self) -> bool {
        self.by_addr.is_empty()
    }

    /// Takes a datagram of a faulty link: it is lost, or leaves later. Past the bytes that may wait it is lost too, as in a
    /// router whose buffer is full. Of a link without fault it leaves at once.
    pub(super) fn take(&mut self, now: Instant, datagram: Datagram) {
        let fault = self.by_addr.get(&datagram.to).map_or_else(LinkFault::default, |f| f.fault);
        let is_lost = fault.is_cut || self.dice.percent() < fault.loss_percent;
        let bytes = self.waiting_bytes.saturating_add(datagram.bytes.len());
        if is_lost || bytes > self.waiting_bytes_max {
            return;
        }
        let mut due = now + fault.delay + self.dice.up_to(fault.jitter);
        if let Some(faulty) = self.by_addr.get_mut(&datagram.to) {
            due = faulty.last_due.map_or(due, |last| last.max(due));
            faulty.last_due = Some(due);
        }
        self.waiting_bytes = bytes;
        self.waiting.insert((due, self.came), datagram);
        self.came = self.came.wrapping_add(1);
    }

    /// When the next one leaves.
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.waiting.first_key_value().map(|((due, _), _)| *due)
    }

    /// The next one, if its time has come.
    pub(super) fn pop_due(&mut self, now: Instant) -> Option<Datagram> {
        if self.next_due()? > now {
            return None;
        }
        let (_, datagram) = self.waiting.pop_first()?;
        self.waiting_bytes -= datagram.bytes.len();
        Some(datagram)
    }
}

/// Chances: `SplitMix64` (Steele, Lea and Flood, 2014).
#[derive(Debug)]
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// 0 to 99.
    fn percent(&mut self) -> u8 {
        u8::try_from(self.next() % 100).unwrap_or(u8::MAX)
    }

    /// Up to `most`, in whole microseconds.
    fn up_to(&mut self, most: Duration) -> Duration {
        let micros = u64::try_from(most.as_micros()).unwrap_or(u64::MAX);
        Duration::from_micros(self.next() % micros.saturating_add(1).max(1))
    }
}

#[cfg(test)]
mod tests;
