//! A validator that says nothing but well-formed messages with good signatures, as fast as it can.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::thread;
use std::thread::JoinHandle;
use std::time::Duration;
use std::time::Instant;

use heddle_hotstuff::Message;
use heddle_transport::Peer;
use heddle_transport::Sent;
use heddle_transport::Transport;
use heddle_transport::TransportConfig;
use heddle_types::BlockHash;
use heddle_types::Height;
use heddle_types::PublicKey;
use heddle_types::QuorumCert;
use heddle_types::Timeout;
use heddle_types::TimeoutData;
use heddle_types::View;
use heddle_types::VoteData;
use heddle_validator::home::Home;
use heddle_wire::Channel;
use heddle_wire::PeerMessage;
use tokio::runtime::Runtime;

use super::net::Net;

/// Who floods.
const FLOODER: usize = 3;
/// Whom. All three others are needed for a quorum, so that what is late here is late everywhere.
const VICTIM: usize = 0;
/// Messages at once, and how long until the next.
const BURST: (usize, Duration) = (500, Duration::from_millis(10));
/// Payments that are waited for, one after the other.
const PAYMENTS: usize = 20;

/// It floods until it is dropped.
struct Flooder {
    sent: Arc<AtomicUsize>,
    stops: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
    _runtime: Runtime,
}

impl Flooder {
    fn start(home: &Home, victim: PublicKey) -> Self {
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
        let body = bytes::Bytes::from(heddle_wire::encode(&timeout(home)));
        let (sent, stops) = <(Arc<AtomicUsize>, Arc<AtomicBool>)>::default();
        let (count, ends) = (Arc::clone(&sent), Arc::clone(&stops));
        let thread = thread::spawn(move || {
            while !ends.load(Ordering::Relaxed) {
                for _ in 0..BURST.0 {
                    if transport.send(&victim, Channel::Ctl, body.clone()) == Sent::Queued {
                        count.fetch_add(1, Ordering::Relaxed);
                    }
                }
                thread::sleep(BURST.1);
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

/// One of a view long past, with a signature that is good and a certificate that is none: whoever hears it verifies it and drops it.
fn timeout(home: &Home) -> PeerMessage {
    let (chain, epoch) = (home.committee().chain(), home.committee().epoch());
    let data = TimeoutData { chain, epoch, view: View::new(1), high_qc_view: View::ZERO };
    let qc = VoteData {
        chain,
        epoch,
        view: View::ZERO,
        height: Height::ZERO,
        block: BlockHash::ZERO,
    };
    PeerMessage::Consensus(Message::Timeout(Box::new(Timeout {
        data,
        voter: home.validator_index().unwrap(),
        signature: home.key().secret().sign(data.message().as_bytes()),
        high_qc: QuorumCert::genesis(qc),
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

#[test]
fn a_member_that_floods_costs_its_peers_time_and_nobody_his_votes() {
    let net = Net::start();
    net.localnet(&["kill", &FLOODER.to_string()]);
    let quiet = payments(&net);
    let victim = Home::load(net.validator(VICTIM).as_ref()).unwrap();
    let home = Home::load(net.validator(FLOODER).as_ref()).unwrap();
    let flooder = Flooder::start(&home, victim.key().public_key());
    // Long enough for a queue that all share to be full.
    thread::sleep(Duration::from_secs(5));
    let (before, began) = (flooder.sent.load(Ordering::Relaxed), Instant::now());
    let flooded = payments(&net);
    let rate = (flooder.sent.load(Ordering::Relaxed) - before) as f64 / began.elapsed().as_secs_f64();
    drop(flooder);
    println!("{rate:.0} messages a second; quiet {quiet:?}; flooded {flooded:?}");
    assert!(rate > 5_000.0, "{rate}: no flood");
    assert!(flooded[PAYMENTS - 1] < Duration::from_secs(5), "{flooded:?}");
}
