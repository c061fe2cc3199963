//! Sessions that fetch a snapshot from peers that lie, stall, leave and have something else.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use heddle_catchup::ChunkAnswer;
use heddle_catchup::Offer;
use heddle_catchup::SnapshotAction;
use heddle_catchup::SnapshotInput;
use heddle_catchup::SnapshotName;
use heddle_catchup::SnapshotSession;
use heddle_catchup::limits;
use heddle_types::Hash32;
use heddle_types::Height;
use heddle_types::Instant;
use heddle_types::Millis;
use heddle_types::ValidatorIndex;
use proptest::prelude::*;

use crate::network::peer;

const CHUNKS: u32 = 40;

/// How a peer behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Manner {
    /// Has the snapshot of a height.
    Honest(u64),
    /// Says that it has it, and gives chunks that prove nothing.
    Liar(u64),
    /// Gives every third chunk wrongly.
    Sometimes(u64),
    /// Says that it has it, and answers nothing more.
    Stalls(u64),
    /// Has the first few chunks only.
    Partial(u64),
    /// Has no snapshot.
    Empty,
    /// Answers nothing.
    Silent,
    /// Offers what nobody certified.
    Forger,
    /// Leaves after the first chunk.
    Leaves(u64),
}

impl Manner {
    const fn lies(self) -> bool {
        matches!(self, Self::Liar(_) | Self::Sometimes(_) | Self::Forger)
    }
}

fn name(height: u64) -> SnapshotName {
    SnapshotName { height: Height::new(height), hash: Hash32([7; 32]) }
}

/// The peers, and the session's driver.
struct Net {
    session: SnapshotSession,
    now: Instant,
    manners: Vec<Manner>,
    mail: BTreeMap<(Instant, usize), SnapshotInput>,
    put: usize,
    taken: Option<SnapshotName>,
    stored: BTreeSet<u32>,
    banned: Vec<ValidatorIndex>,
    asked: BTreeMap<ValidatorIndex, u32>,
    end: Option<SnapshotAction>,
}

impl Net {
    fn new(manners: &[Manner], begun: Option<(SnapshotName, BTreeSet<u32>)>) -> Self {
        let stored = begun.as_ref().map(|(_, stored)| stored.clone()).unwrap_or_default();
        let taken = begun.as_ref().map(|(name, _)| *name);
        let mut net = Self {
            session: SnapshotSession::new(Instant::START, Height::new(10), begun),
            now: Instant::START,
            manners: manners.to_vec(),
            mail: BTreeMap::new(),
            put: 0,
            taken,
            stored,
            banned: Vec::new(),
            asked: BTreeMap::new(),
            end: None,
        };
        for index in (0..).take(manners.len()) {
            net.tell(SnapshotInput::Connected(peer(index)));
        }
        net
    }

    fn tell(&mut self, input: SnapshotInput) {
        let mut actions = Vec::new();
        self.session.handle(self.now, input, &mut actions);
        for action in actions {
            assert_eq!(self.end, None, "nothing follows the end");
            self.perform(action);
        }
    }

    fn put(&mut self, after_ms: u64, input: SnapshotInput) {
        self.mail.insert((self.now.after(Millis::new(after_ms)), self.put), input);
        self.put += 1;
    }

    fn perform(&mut self, action: SnapshotAction) {
        match action {
            SnapshotAction::AskOffer(to) => self.offer(to),
            SnapshotAction::Take { name, peer } => {
                assert!(!self.banned.contains(&peer));
                if self.taken != Some(name) {
                    self.stored.clear();
                }
                self.taken = Some(name);
            }
            SnapshotAction::AskChunk { peer, name, index } => {
                assert_eq!(Some(name), self.taken);
                assert!(!self.banned.contains(&peer), "{peer} is banned");
                assert!(!self.stored.contains(&index), "chunk {index} is stored");
                *self.asked.entry(peer).or_default() += 1;
                self.chunk(peer, name, index);
            }
            SnapshotAction::Banned(peer) => self.banned.push(peer),
            SnapshotAction::Done | SnapshotAction::GivenUp => self.end = Some(action),
        }
    }

    fn offer(&mut self, to: ValidatorIndex) {
        let offer = |height| {
            let offer = Offer { name: name(height), chunks: CHUNKS };
            SnapshotInput::Offered { peer: to, offer: Some(offer) }
        };
        let delay = 20 + 7 * u64::from(to.get());
        match self.manners[usize::from(to.get())] {
            Manner::Honest(height)
            | Manner::Liar(height)
            | Manner::Sometimes(height)
            | Manner::Stalls(height)
            | Manner::Partial(height)
            | Manner::Leaves(height) => self.put(delay, offer(height)),
            Manner::Empty => self.put(delay, SnapshotInput::Offered { peer: to, offer: None }),
            Manner::Forger => self.put(delay, SnapshotInput::Lied(to)),
            Manner::Silent => {}
        }
    }

    fn chunk(&mut self, to: ValidatorIndex, name: SnapshotName, index: u32) {
        let answer = match self.manners[usize::from(to.get())] {
            Manner::Honest(_) => ChunkAnswer::Right,
            Manner::Sometimes(_) if !index.is_multiple_of(3) => ChunkAnswer::Right,
            Manner::Liar(_) | Manner::Sometimes(_) => ChunkAnswer::Wrong,
            Manner::Partial(_) if index < 5 => ChunkAnswer::Right,
            Manner::Partial(_) => ChunkAnswer::Missing,
            Manner::Leaves(_) => {
                self.put(3, SnapshotInput::Disconnected(to));
                return;
            }
            Manner::Empty | Manner::Silent | Manner::Forger | Manner::Stalls(_) => return,
        };
        self.put(
            30 + u64::from(index) % 11,
            SnapshotInput::Chunk { peer: to, name, index, answer },
        );
    }

    /// Lets time pass until the session ends.
    fn run(&mut self) {
        for _ in 0..10_000 {
            if self.end.is_some() {
                return;
            }
            let mail = self.mail.first_key_value().map(|((at, _), _)| *at);
            let next = mail.into_iter().chain(self.session.deadline()).min();
            self.now = self.now.max(next.expect("a session waits for something until it ends"));
            let due = self.mail.first_entry().filter(|entry| entry.key().0 <= self.now);
            let input = due.map_or(SnapshotInput::Tick, |entry| entry.remove());
            if let SnapshotInput::Chunk { name, index, answer: ChunkAnswer::Right, .. } = input
                && self.taken == Some(name)
            {
                self.stored.insert(index);
            }
            self.tell(input);
        }
        panic!("no end");
    }
}

fn fetched(manners: &[Manner], begun: Option<(SnapshotName, BTreeSet<u32>)>) -> Net {
    let mut net = Net::new(manners, begun);
    net.run();
    net
}

fn check_done(net: &Net, height: u64) {
    assert_eq!(net.end, Some(SnapshotAction::Done));
    assert_eq!(net.taken, Some(name(height)));
    assert_eq!(net.stored, (0..CHUNKS).collect());
}

fn ms(net: &Net) -> u64 {
    net.now.since(Instant::START).get()
}

#[test]
fn honest_peers_share_the_work() {
    let net = fetched(&[Manner::Honest(100); 4], None);
    check_done(&net, 100);
    assert!(net.asked.values().all(|asked| *asked >= CHUNKS / 8), "{:?}", net.asked);
    assert_eq!(net.asked.values().sum::<u32>(), CHUNKS);
    assert!(ms(&net) < 500, "{} ms", ms(&net));
    assert!(net.banned.is_empty());
}

#[test]
fn liars_are_banned_at_their_first_lie_and_cost_one_round() {
    let manners = [Manner::Liar(100), Manner::Honest(100), Manner::Sometimes(100), Manner::Forger];
    let net = fetched(&manners, None);
    check_done(&net, 100);
    let mut banned = net.banned.clone();
    banned.sort();
    assert_eq!(banned, [peer(0), peer(2), peer(3)]);
    assert!(net.asked[&peer(0)] <= limits::CHUNKS_PER_PEER_MAX as u32);
}

#[test]
fn one_honest_peer_is_enough() {
    for others in [
        Manner::Liar(100),
        Manner::Stalls(100),
        Manner::Partial(100),
        Manner::Leaves(100),
        Manner::Silent,
        Manner::Empty,
        Manner::Forger,
        Manner::Stalls(900),
        Manner::Liar(900),
        Manner::Partial(900),
    ] {
        let net = fetched(&[others, others, Manner::Honest(100), others], None);
        check_done(&net, 100);
        assert!(ms(&net) < 30_000, "{others:?}: {} ms", ms(&net));
    }
}

#[test]
fn what_two_offer_is_preferred_to_what_one_says_is_higher() {
    let net = fetched(&[Manner::Stalls(900), Manner::Honest(100), Manner::Honest(100)], None);
    check_done(&net, 100);
    assert_eq!(net.asked.get(&peer(0)), None);
    let both = [Manner::Honest(100), Manner::Honest(200), Manner::Honest(100), Manner::Honest(200)];
    check_done(&fetched(&both, None), 200);
}

#[test]
fn what_was_begun_is_gone_on_with() {
    let begun = || Some((name(100), (0..35).collect::<BTreeSet<u32>>()));
    let manners = [Manner::Honest(100), Manner::Honest(200), Manner::Honest(200)];
    let net = fetched(&manners, begun());
    check_done(&net, 100);
    assert_eq!(net.asked.values().sum::<u32>(), 5);
    let net = fetched(&[Manner::Honest(200), Manner::Honest(200)], begun());
    check_done(&net, 200);
    assert_eq!(net.asked.values().sum::<u32>(), CHUNKS);
    let all = Some((name(100), (0..CHUNKS).collect()));
    let net = fetched(&[Manner::Honest(100)], all);
    check_done(&net, 100);
    assert!(net.asked.is_empty());
}

#[test]
fn without_anything_of_use_it_is_given_up() {
    for manners in [
        &[][..],
        &[Manner::Empty, Manner::Empty],
        &[Manner::Silent, Manner::Forger],
        &[Manner::Honest(10), Manner::Honest(9)],
        &[Manner::Liar(100), Manner::Partial(100)],
        &[Manner::Stalls(100)],
    ] {
        let net = fetched(manners, None);
        assert_eq!(net.end, Some(SnapshotAction::GivenUp), "{manners:?}");
        assert!(ms(&net) <= 15_000, "{manners:?}: {} ms", ms(&net));
    }
}

#[test]
fn an_answer_of_another_snapshot_bans_nobody() {
    let mut net = Net::new(&[Manner::Honest(100)], None);
    let late = |answer| SnapshotInput::Chunk { peer: peer(0), name: name(50), index: 3, answer };
    net.put(60, late(ChunkAnswer::Wrong));
    net.put(61, late(ChunkAnswer::Right));
    net.put(62, late(ChunkAnswer::Missing));
    net.run();
    check_done(&net, 100);
    assert!(net.banned.is_empty());
}

fn manner() -> impl Strategy<Value = Manner> {
    let height = prop_oneof![Just(100_u64), Just(200), Just(300)];
    (0..9_u8, height).prop_map(|(kind, height)| match kind {
        0 | 1 => Manner::Honest(height),
        2 => Manner::Liar(height),
        3 => Manner::Sometimes(height),
        4 => Manner::Stalls(height),
        5 => Manner::Partial(height),
        6 => Manner::Empty,
        7 => Manner::Forger,
        _ => Manner::Leaves(height),
    })
}

proptest! {
    #[test]
    fn with_one_honest_peer_it_is_done_and_only_liars_are_banned(
        mut manners in proptest::collection::vec(manner(), 0..8),
        place in any::<prop::sample::Index>(),
    ) {
        let place = place.index(manners.len() + 1);
        manners.insert(place, Manner::Honest(200));
        let net = fetched(&manners, None);
        prop_assert_eq!(net.end, Some(SnapshotAction::Done), "{:?}", manners);
        prop_assert_eq!(&net.stored, &(0..CHUNKS).collect());
        for banned in &net.banned {
            prop_assert!(manners[usize::from(banned.get())].lies(), "{banned}");
        }
    }
}
