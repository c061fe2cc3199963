//! A validator that says nothing but what takes long to look at, as fast as it can.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::thread;
use std::thread::JoinHandle;
use std::time::Duration;
use std::time::Instant;

use heddle_hotstuff::CheckedProposal;
use heddle_hotstuff::Message;
use heddle_transport::Peer;
use heddle_transport::Sent;
use heddle_transport::Transport;
use heddle_transport::TransportConfig;
use heddle_types::Access;
use heddle_types::Amount;
use heddle_types::AssetId;
use heddle_types::BlockHash;
use heddle_types::BlockHeader;
use heddle_types::CheckedBlock;
use heddle_types::CheckedTransaction;
use heddle_types::ExecutedRoot;
use heddle_types::Hash32;
use heddle_types::Height;
use heddle_types::Nonce;
use heddle_types::PublicKey;
use heddle_types::QuorumCert;
use heddle_types::SecretKey;
use heddle_types::StateRoot;
use heddle_types::Timeout;
use heddle_types::TimeoutData;
use heddle_types::Transaction;
use heddle_types::TransactionBody;
use heddle_types::UnixMillis;
use heddle_types::View;
use heddle_types::VoteData;
use heddle_validator::home::Home;
use heddle_wire::PeerMessage;
use tokio::runtime::Runtime;

use super::net::Net;

/// Who floods.
const FLOODER: usize = 3;
/// Payments that are waited for, one after the other.
const PAYMENTS: usize = 20;

/// How many messages at once, and how long until the next.
type Pace = (usize, Duration);

/// It floods until it is dropped.
struct Flooder {
    sent: Arc<AtomicUsize>,
    stops: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
    _runtime: Runtime,
}

impl Flooder {
    /// Says `message` to the victims, so many times at once, and again after each pause.
    fn start(home: &Home, victims: usize, message: &PeerMessage, (burst, pause): Pace) -> Self {
        let victims: Vec<_> =
            home.config().peers.iter().map(|peer| peer.public_key).take(victims).collect();
        let runtime = Runtime::new().unwrap();
        let peers = home.config().peers.iter();
        let config = TransportConfig {
            listen: home.config().quic,
            secret: home.key().secret().clone(),
            chain: home.committee().chain(),
            peers: peers.map(|peer| Peer { key: peer.public_key, addr: peer.quic }).collect(),
            instance: 1,
        };
        let transport = Transport::start(config, runtime.handle(), |_| {}).unwrap();
        let body = bytes::Bytes::from(heddle_wire::encode(message));
        let channel = message.channel();
        let (sent, stops) = <(Arc<AtomicUsize>, Arc<AtomicBool>)>::default();
        let (count, ends) = (Arc::clone(&sent), Arc::clone(&stops));
        let thread = thread::spawn(move || {
            while !ends.load(Ordering::Relaxed) {
                for _ in 0..burst {
                    let is_sent = |victim: &&PublicKey| {
                        transport.send(victim, channel, body.clone()) == Sent::Queued
                    };
                    count.fetch_add(victims.iter().filter(is_sent).count(), Ordering::Relaxed);
                }
                thread::sleep(pause);
            }
        });
        Self { sent, stops, thread: Some(thread), _runtime: runtime }
    }
}

impl Drop for Flooder {
    fn drop(&mut self) {
        self.stops.store(true, Ordering::Relaxed);
        let _ = self.thread.take().unwrap().join();
    }
}

/// One of a view long past, with a signature that is good: whoever hears it verifies it and drops it.
fn timeout(home: &Home) -> PeerMessage {
    let (chain, epoch) = (home.committee().chain(), home.committee().epoch());
    let data = TimeoutData { chain, epoch, view: View::new(1), high_qc_view: View::ZERO };
    PeerMessage::Consensus(Message::Timeout(Box::new(Timeout {
        data,
        voter: home.validator_index().unwrap(),
        signature: home.key().secret().sign(data.message().as_bytes()),
        high_qc: no_certificate(home),
        entry_tc: None,
        own_vote: None,
    })))
}

/// How long payments take, each from its command to being final.
fn payments(net: &Net) -> Vec<Duration> {
    let pay = |_| {
        let began = Instant::now();
        net.transfer(1, "alice", "bob", "1");
        began.elapsed()
    };
    let mut took: Vec<_> = (0..PAYMENTS).map(pay).collect();
    took.sort();
    took
}

/// Transactions that nobody signed: whoever is to look at them verifies each.
fn forged(home: &Home, count: u64) -> Vec<Arc<CheckedTransaction>> {
    let key = SecretKey::from_seed([203; 32]);
    let to = heddle_types::Address::of_key(&key.public_key());
    let mut body = TransactionBody {
        version: TransactionBody::VERSION,
        chain: home.committee().chain(),
        sender: to,
        payer: None,
        nonce: Nonce::Lane { lane: 0, sequence: 0 },
        valid_until: Height::new(u64::MAX),
        max_fee: Amount::from_units(1_000_000),
        access: Access::DERIVED,
        calls: vec![heddle_ledger::transfer_call(to, AssetId::HDL, Amount::from_units(1))],
    };
    let auth = Transaction::sign(body.clone(), &key).auth;
    let transactions = (1..=count).map(|sequence| {
        body.nonce = Nonce::Lane { lane: 0, sequence };
        Transaction { body: body.clone(), auth, payer_auth: None }
    });
    // All are taken for known here, or their bad signatures would be looked at.
    let checked = CheckedTransaction::check_all(transactions.collect(), |_, _| true).unwrap();
    checked.into_iter().map(Arc::new).collect()
}

fn transactions(home: &Home) -> PeerMessage {
    PeerMessage::Transactions(forged(home, 2_000))
}

/// One of a validator that leads nothing.
fn proposal(home: &Home) -> PeerMessage {
    let (chain, epoch) = (home.committee().chain(), home.committee().epoch());
    let header = BlockHeader {
        version: BlockHeader::VERSION,
        chain,
        epoch,
        view: View::new(1),
        height: Height::new(1),
        parent: BlockHash::ZERO,
        payload: Hash32::ZERO,
        executed: ExecutedRoot { height: Height::ZERO, root: StateRoot::ZERO },
        time: UnixMillis::new(1),
        proposer: home.validator_index().unwrap(),
        next_committee: None,
    };
    let block = Arc::new(CheckedBlock::build(header, forged(home, 8_000)));
    let signature = home.key().secret().sign(block.hash().0.as_bytes());
    let proposal = CheckedProposal { block, qc: no_certificate(home), tc: None, signature };
    PeerMessage::Consensus(Message::Proposal(Arc::new(proposal)))
}

/// Of a block that there is not, and signed by nobody.
fn no_certificate(home: &Home) -> QuorumCert {
    QuorumCert::genesis(VoteData {
        chain: home.committee().chain(),
        epoch: home.committee().epoch(),
        view: View::ZERO,
        height: Height::ZERO,
        block: BlockHash::ZERO,
    })
}

/// Payments through a chain of which one of four floods so many others: the rate of its messages, and how long payments took.
fn flooded(flood: fn(&Home) -> PeerMessage, victims: usize, pace: Pace) -> (f64, Vec<Duration>) {
    let net = Net::start();
    net.localnet(&["kill", &FLOODER.to_string()]);
    let quiet = payments(&net);
    let home = Home::load(net.validator(FLOODER).as_ref()).unwrap();
    let flooder = Flooder::start(&home, victims, &flood(&home), pace);
    let began = Instant::now();
    // Long enough to fill a queue that all would share.
    thread::sleep(Duration::from_secs(5));
    let took = payments(&net);
    let rate = flooder.sent.load(Ordering::Relaxed) as f64 / began.elapsed().as_secs_f64();
    println!("{rate:.1} messages a second; quiet {quiet:?}; flooded {took:?}");
    (rate, took)
}

/// All were final soon all the same.
fn check(took: &[Duration]) {
    assert!(took[PAYMENTS - 1] < Duration::from_secs(5), "{took:?}");
}

#[test]
fn a_member_that_floods_costs_its_peers_time_and_nobody_his_votes() {
    let (rate, took) = flooded(timeout, 1, (500, Duration::from_millis(10)));
    assert!(rate > 5_000.0, "{rate}: no flood");
    check(&took);
}

#[test]
fn a_member_that_floods_all_others_keeps_no_view_from_ending() {
    let (rate, took) = flooded(timeout, 3, (200, Duration::from_millis(10)));
    assert!(rate > 5_000.0, "{rate}: no flood");
    check(&took);
}

#[test]
fn a_member_that_sends_large_blocks_without_end_costs_nobody_his() {
    let (rate, took) = flooded(proposal, 1, (1, Duration::from_millis(50)));
    assert!(rate > 5.0, "{rate}: no flood");
    check(&took);
}

#[test]
fn a_member_that_passes_on_forged_transactions_is_heard_no_more() {
    let (rate, took) = flooded(transactions, 1, (1, Duration::from_millis(10)));
    assert!(rate > 0.0 && rate < 25.0, "{rate}: of a hundred a second that it tries");
    check(&took);
}
