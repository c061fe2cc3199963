//! What one core of a machine carries: batches checked, taken, stored, acknowledged, named by a cut and handed out.
//!
//! `cargo run --release -p heddle-lanes --example throughput [batches] [transactions a batch]`; under `valgrind
//! --tool=callgrind` it gives instructions by function.
#![expect(clippy::unwrap_used, clippy::panic, reason = "an example fails like a test")]
#![expect(clippy::disallowed_types, reason = "it measures")]

use std::sync::Arc;
use std::time;

use heddle_lanes::Acks;
use heddle_lanes::Action;
use heddle_lanes::Config;
use heddle_lanes::Input;
use heddle_lanes::Lanes;
use heddle_lanes::Message;
use heddle_lanes::OwnLane;
use heddle_lanes::Place;
use heddle_lanes::Positions;
use heddle_lanes::RawMessage;
use heddle_lanes::Recovered;
use heddle_types::Access;
use heddle_types::Address;
use heddle_types::Amount;
use heddle_types::Auth;
use heddle_types::BatchHeader;
use heddle_types::Call;
use heddle_types::ChainId;
use heddle_types::CheckedBatch;
use heddle_types::CheckedTransaction;
use heddle_types::Committee;
use heddle_types::Ed25519Scheme;
use heddle_types::Ed25519Signer;
use heddle_types::Epoch;
use heddle_types::Hash32;
use heddle_types::Height;
use heddle_types::Instant;
use heddle_types::Nonce;
use heddle_types::ProgramId;
use heddle_types::SecretKey;
use heddle_types::Signature;
use heddle_types::Transaction;
use heddle_types::TransactionBody;
use heddle_types::Validator;
use heddle_types::ValidatorIndex;
use heddle_types::decode_exact;

const CHAIN: ChainId = ChainId(Hash32([7; 32]));
const ROOT: Hash32 = Hash32([8; 32]);
/// Batches of each lane that a cut takes.
const CUT_EVERY: usize = 4;

fn signer(index: u8) -> Ed25519Signer {
    Ed25519Signer(SecretKey::from_seed([index; 32]))
}

fn transaction(number: u64) -> Transaction {
    let body = TransactionBody {
        version: 1,
        chain: CHAIN,
        sender: Address([1; 32]),
        payer: None,
        nonce: Nonce::Lane { lane: 0, sequence: number },
        valid_until: Height::new(u64::MAX),
        max_fee: Amount::ZERO,
        access: Access::DERIVED,
        calls: vec![Call { program: ProgramId::LEDGER, data: vec![0; 61].into() }],
    };
    Transaction { body, auth: Auth::Ed25519(Signature([0; 64])), payer_auth: None }
}

/// The messages of a lane's owner, as they come.
fn stream(lane: u8, batches: u64, transactions: u64) -> Vec<Vec<u8>> {
    let mut parent = Place { sequence: 0, digest: ROOT };
    let mut next = |number: u64| {
        let header = BatchHeader {
            chain: CHAIN,
            epoch: Epoch::ZERO,
            lane: ValidatorIndex::new(u16::from(lane)),
            sequence: parent.sequence + 1,
            parent: parent.digest,
            body: Hash32::ZERO,
            bytes: 0,
            transactions: 0,
        };
        let numbers = number * transactions..(number + 1) * transactions;
        let checked =
            CheckedTransaction::check_all(numbers.map(transaction).collect(), |_, _| true);
        let checked = checked.unwrap().into_iter().map(Arc::new).collect();
        let batch = CheckedBatch::build(header, checked, &signer(lane));
        parent = Place { sequence: parent.sequence + 1, digest: batch.digest() };
        heddle_lanes::encode(&Message::Batch(Arc::new(batch)))
    };
    (0..batches).map(&mut next).collect()
}

/// The one whose cost it is: validator 0 of four.
struct Node {
    core: Lanes,
    committee: Arc<Committee>,
    actions: Vec<Action>,
    delivered: usize,
}

impl Node {
    fn new() -> Self {
        let validator = |i| Validator::new(signer(i).0.public_key(), 1);
        let validators = (0..4).map(validator).collect();
        let committee = Arc::new(Committee::new(CHAIN, Epoch::ZERO, validators).unwrap());
        let config =
            Config { committee: Arc::clone(&committee), signer: Some(Arc::new(signer(0))) };
        let recovered = Recovered {
            delivered: Positions::root(4, ROOT),
            own: OwnLane::Intact,
            batches: Vec::new(),
        };
        let mut actions = Vec::new();
        let core = Lanes::new(config, recovered, Instant::START, &mut actions);
        Self { core, committee, actions, delivered: 0 }
    }

    fn tell(&mut self, input: Input) {
        self.core.handle(Instant::START, input, &mut self.actions);
        for action in self.actions.drain(..) {
            match action {
                Action::Deliver { batches, .. } => self.delivered += batches.len(),
                Action::Misbehaved { .. } | Action::Broken { .. } | Action::Evidence(_) => {
                    panic!("{action:?}")
                }
                _ => {}
            }
        }
    }

    /// What a worker does with a message before the core sees it. Its transactions' signatures are known to be good, as of those
    /// that were forwarded before.
    #[inline(never)]
    fn check(&self, bytes: &[u8]) -> Message {
        let raw = decode_exact::<RawMessage>(bytes).unwrap();
        raw.check(&self.committee, &Ed25519Scheme, |_, _| true).unwrap()
    }

    #[inline(never)]
    fn take(&mut self, lane: u8, message: Message) {
        let from = ValidatorIndex::new(u16::from(lane));
        let Message::Batch(batch) = &message else { panic!("a batch was sent") };
        let place = Place { sequence: batch.header().sequence, digest: batch.digest() };
        let stored = vec![place.in_lane(from)];
        self.tell(Input::Message { from, message });
        self.tell(Input::Stored(stored.clone()));
        for peer in (1..4).map(ValidatorIndex::new).filter(|peer| *peer != from) {
            self.hear(peer, stored.clone());
        }
    }

    #[inline(never)]
    fn hear(&mut self, from: ValidatorIndex, places: Vec<heddle_types::BatchRef>) {
        let message = Message::Acks(Acks { epoch: Epoch::ZERO, places });
        self.tell(Input::Message { from, message });
    }

    #[inline(never)]
    fn order(&mut self, height: u64) {
        let height = Height::new(height);
        let cut = self.core.cut(&[], height);
        self.tell(Input::Final { height, cut });
    }
}

fn main() {
    let mut arguments = std::env::args().skip(1).map(|text| text.parse::<u64>().unwrap());
    let batches = arguments.next().unwrap_or(64);
    let transactions = arguments.next().unwrap_or(500);
    let streams: Vec<Vec<Vec<u8>>> =
        (1..4).map(|lane| stream(lane, batches, transactions)).collect();
    let bytes: usize = streams.iter().flatten().map(Vec::len).sum();
    let mut node = Node::new();

    let (mut checking, mut carrying) = (time::Duration::ZERO, time::Duration::ZERO);
    for number in 0..usize::try_from(batches).unwrap() {
        for (lane, stream) in (1..4).zip(&streams) {
            let start = time::Instant::now();
            let message = node.check(&stream[number]);
            checking += start.elapsed();
            let start = time::Instant::now();
            node.take(lane, message);
            carrying += start.elapsed();
        }
        if number % CUT_EVERY == CUT_EVERY - 1 {
            let start = time::Instant::now();
            node.order(number as u64 + 1);
            carrying += start.elapsed();
        }
    }
    let count = 3 * batches;
    println!(
        "{count} batches of {transactions} transactions, {bytes} bytes; {} delivered",
        node.delivered
    );
    let each = |time: time::Duration| time.as_nanos() / u128::from(count);
    println!("checked {} ns a batch, carried {} ns a batch", each(checking), each(carrying));
    let mb_s = |time: time::Duration| bytes as u128 * 1000 / time.as_nanos().max(1);
    println!("checked {} MB/s, carried {} MB/s", mb_s(checking), mb_s(carrying));
}
