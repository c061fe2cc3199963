//! Epochs as a machine goes through them: what it asks for, in which order, and what an empty one needs to follow.

use std::collections::BTreeMap;
use std::collections::VecDeque;
use std::sync::Arc;

use heddle_catchup::Request;
use heddle_catchup::RequestId;
use heddle_catchup::Stored;
use heddle_catchup::Tail;
use heddle_catchup::serve_range;
use heddle_hotstuff::Executed;
use heddle_hotstuff::Message;
use heddle_hotstuff::Now;
use heddle_hotstuff::PacemakerConfig;
use heddle_hotstuff::Recovered;
use heddle_machine::Action;
use heddle_machine::Input;
use heddle_machine::Machine;
use heddle_machine::MachineConfig;
use heddle_mempool::PayloadLimits;
use heddle_types::CheckedBlock;
use heddle_types::CommitCert;
use heddle_types::Ed25519Scheme;
use heddle_types::Ed25519Signer;
use heddle_types::Epoch;
use heddle_types::EpochEnd;
use heddle_types::ExecutedRoot;
use heddle_types::Genesis;
use heddle_types::Height;
use heddle_types::Instant;
use heddle_types::Millis;
use heddle_types::QuorumCert;
use heddle_types::SafetyRecord;
use heddle_types::SecretKey;
use heddle_types::StateRoot;
use heddle_types::UnixMillis;
use heddle_types::Validator;
use heddle_types::ValidatorIndex;
use heddle_wire::PeerMessage;

const BEGIN: UnixMillis = UnixMillis::new(1_700_000_000_000);
const EPOCH_BLOCKS: u64 = 3;
const IDLE_MS: u64 = 5;

fn key(seed: u8) -> SecretKey {
    SecretKey::from_seed([seed; 32])
}

fn genesis() -> Genesis {
    Genesis {
        version: Genesis::VERSION,
        time: BEGIN,
        dev: true,
        validators: candidates(0),
        possessions: Vec::new(),
        accounts: Vec::new(),
        faucet: None,
        sections: Vec::new(),
    }
}

/// Validator 1 alone, with more power every ten heights; for the first thirty.
fn candidates(height: u64) -> Vec<Validator> {
    vec![Validator::new(key(1).public_key(), 1 + height.min(30) / 10)]
}

/// A node with a disk in memory. What it wants to send waits.
struct Node {
    machine: Machine,
    now_ms: u64,
    /// From height 1 on.
    executed: Vec<(Arc<CheckedBlock>, CommitCert)>,
    executing: VecDeque<(Arc<CheckedBlock>, CommitCert)>,
    ends: BTreeMap<Epoch, EpochEnd>,
    epochs: Vec<u64>,
    /// An epoch began, and peers are not told again yet.
    is_new: bool,
    sent: VecDeque<(Option<ValidatorIndex>, PeerMessage)>,
}

impl Node {
    fn new(seed: u8) -> Self {
        let committee = Arc::new(genesis().committee().unwrap());
        let block = CheckedBlock::build(genesis().header(StateRoot::ZERO), Vec::new());
        let data = block.header().vote_data();
        let first = QuorumCert::genesis(data);
        let recovered = Recovered {
            safety: Some(SafetyRecord::first(committee.chain(), Epoch::ZERO, first)),
            lease: None,
            high_tc: None,
            turns: Vec::new(),
            last_final: Arc::new(block),
            commit: CommitCert::genesis(data),
            executed: vec![executed(Height::ZERO)],
            blocks: Vec::new(),
            nonce: [0; 32],
        };
        let config = MachineConfig {
            pool: heddle_mempool::Config::new(committee.chain()),
            payload: PayloadLimits::new(10, 100_000),
            forward_delay: Millis::new(1),
            agreement: heddle_hotstuff::Config {
                committee,
                genesis: data,
                scheme: Arc::new(Ed25519Scheme),
                signer: Some(Arc::new(Ed25519Signer(key(seed)))),
                pacemaker: PacemakerConfig {
                    timeout_base: Millis::new(100),
                    timeout_max: Millis::new(1_000),
                    idle_interval: Millis::new(IDLE_MS),
                },
                epoch_blocks_min: EPOCH_BLOCKS,
                leaders: BTreeMap::new(),
            },
        };
        let now = Now { instant: Instant::START, wall: BEGIN.after(Millis::new(1)) };
        let mut actions = Vec::new();
        let machine = Machine::new(config, recovered, now, &mut actions);
        let mut node = Self {
            machine,
            now_ms: 0,
            executed: Vec::new(),
            executing: VecDeque::new(),
            ends: BTreeMap::new(),
            epochs: Vec::new(),
            is_new: false,
            sent: VecDeque::new(),
        };
        node.perform(actions);
        node
    }

    fn tell(&mut self, input: Input) {
        let (instant, wall) = (Instant::from_micros(1000 * self.now_ms), 1 + self.now_ms);
        let now = Now { instant, wall: BEGIN.after(Millis::new(wall)) };
        let mut actions = Vec::new();
        self.machine.handle(now, input, &mut actions);
        self.perform(actions);
    }

    fn perform(&mut self, actions: Vec<Action>) {
        for action in actions {
            match action {
                Action::Committee(committee) => {
                    self.epochs.push(committee.epoch().get());
                    let before = committee.epoch().prev();
                    let end = before.map(|before| &self.ends[&before]);
                    let height = end.map_or(0, |end| end.closing.height.get());
                    assert_eq!(self.executed.len() as u64, height, "begun with the executed block");
                    self.is_new = true;
                }
                Action::EpochEnded(end) => {
                    assert!(self.ends.insert(end.epoch(), *end).is_none(), "ended twice");
                }
                Action::Execute { block, cert } => {
                    let header = block.header();
                    let proven =
                        header.next_committee.is_none() || self.ends.contains_key(&header.epoch);
                    assert!(proven, "a closing block without a durable proof");
                    self.executing.push_back((block, cert));
                }
                Action::Send { to, message } => self.sent.push_back((Some(to), message)),
                Action::Broadcast(message) => self.sent.push_back((None, message)),
                Action::ServeEpochEnd { to, epoch } => {
                    let end = self.ends.get(&epoch).cloned().map(|end| {
                        let message = Message::EpochEnd(Box::new(end));
                        (Some(to), PeerMessage::Consensus(message))
                    });
                    self.sent.extend(end);
                }
                Action::Serve { to, id, request } => self.serve(to, id, request),
                Action::Misbehaved { fault, .. } => panic!("{fault:?}"),
                Action::Diverged { height, .. } => panic!("diverged at {height}"),
                _ => {}
            }
        }
    }

    fn serve(&mut self, to: ValidatorIndex, id: RequestId, request: Request) {
        let Request::Range { from, max_blocks, max_bytes } = request else { return };
        let response = serve_range(from, max_blocks, max_bytes, |height| self.stored(height));
        self.sent.push_back((Some(to), PeerMessage::Response { id, response }));
    }

    fn stored(&self, height: Height) -> Option<Stored<Arc<CheckedBlock>>> {
        let (block, cert) = self.executed.get(usize::try_from(height.prev()?.get()).unwrap())?;
        let header = block.header();
        let end = self.ends.get(&header.epoch).filter(|end| end.closing == *header);
        let tail = |end: &EpochEnd| Tail {
            blocks: end
                .tail
                .iter()
                .map(|h| Arc::new(CheckedBlock::build(h.clone(), vec![])))
                .collect(),
            bytes: 0,
            cert: end.cert.clone(),
        };
        let own = (cert.data.block == block.hash()).then(|| cert.clone());
        Some(Stored { block: Arc::clone(block), bytes: 0, cert: own, end: end.map(tail) })
    }

    /// Executes the oldest block that waits; whether there was one.
    fn execute_one(&mut self) -> bool {
        let Some((block, cert)) = self.executing.pop_front() else { return false };
        let height = block.header().height;
        self.executed.push((block, cert));
        self.tell(Input::Executed { executed: executed(height), skipped: Vec::new() });
        true
    }

    /// Executes all that waits, then lets time pass until the machine wants something.
    fn step(&mut self) {
        while self.execute_one() {}
        if std::mem::take(&mut self.is_new) {
            self.tell(Input::PeerUp(ValidatorIndex::ZERO));
        }
        let deadline = self.machine.deadline().map_or(0, |at| at.as_micros().div_ceil(1000));
        self.now_ms = deadline.max(self.now_ms);
        self.tell(Input::Tick);
    }
}

fn executed(height: Height) -> Executed {
    let root = ExecutedRoot { height, root: StateRoot::ZERO };
    Executed { root, candidates: candidates(height.get()).into() }
}

/// A validator alone that went through three epochs.
fn validator() -> Node {
    let mut node = Node::new(1);
    while node.executed.len() < 50 {
        node.step();
    }
    node
}

#[test]
fn epochs_follow_each_other_with_the_proof_before_the_block_and_the_block_before_the_next() {
    let node = validator();
    assert_eq!(node.epochs, [0, 1, 2, 3]);
    let heights: Vec<u64> =
        node.executed.iter().map(|(block, _)| block.header().height.get()).collect();
    assert_eq!(heights, (1..=heights.len() as u64).collect::<Vec<_>>());
    assert_eq!(node.machine.committee().validators(), candidates(30));
}

#[test]
fn an_empty_node_follows_over_three_epochs() {
    let (me, other) = (ValidatorIndex::ZERO, ValidatorIndex::new(1));
    let mut source = validator();
    let last = source.executed.len();
    let mut empty = Node::new(2);
    for _ in 0..200 {
        source.now_ms += 100;
        while let Some((_, message)) = empty.sent.pop_front() {
            source.tell(Input::Peer { from: other, message });
        }
        while let Some((to, message)) = source.sent.pop_front() {
            if to == Some(other) {
                empty.tell(Input::Peer { from: me, message });
            }
        }
        empty.step();
    }
    // It is told of ends, and not of what is final in an epoch that goes on.
    assert_eq!(empty.epochs, source.epochs);
    let closed = empty.executed.len();
    assert_eq!(empty.ends[&Epoch::new(2)].closing.height.get(), closed as u64);
    assert!(closed <= last);
    let hashes = |node: &Node| -> Vec<_> {
        node.executed[..closed].iter().map(|(block, _)| block.hash()).collect()
    };
    assert_eq!(hashes(&empty), hashes(&source));
}

#[test]
fn catch_up_waits_with_the_next_epoch_until_it_begins() {
    let mut source = validator();
    let mut empty = Node::new(2);
    let me = ValidatorIndex::ZERO;
    let end = source.ends[&Epoch::ZERO].clone();
    let closing = usize::try_from(end.closing.height.get()).unwrap();
    empty.tell(Input::PeerUp(me));
    empty.tell(Input::Peer {
        from: me,
        message: PeerMessage::Consensus(Message::EpochEnd(Box::new(end))),
    });
    // Of more than the end it is told by whoever is followed.
    let (_, cert) = source.executed.last().unwrap();
    assert!(cert.data.epoch > Epoch::ZERO);
    empty.tell(Input::Head { from: me, cert: cert.clone() });
    // All that it asks for is answered before anything is executed.
    for _ in 0..10 {
        while let Some((_, message)) = empty.sent.pop_front() {
            source.tell(Input::Peer { from: ValidatorIndex::new(1), message });
        }
        while let Some((_, message)) = source.sent.pop_front() {
            if matches!(message, PeerMessage::Response { .. }) {
                empty.tell(Input::Peer { from: me, message });
            }
        }
    }
    assert_eq!(empty.executing.len(), closing);
    assert_eq!(empty.epochs, [0]);
    while empty.execute_one() {}
    assert_eq!(empty.epochs, [0, 1]);
}
