//! Nodes on loopback, and bounded waits for what happens to them.

use std::net::SocketAddr;
use std::net::UdpSocket;
use std::sync::LazyLock;
use std::sync::mpsc;
use std::sync::mpsc::Receiver;
use std::time::Duration;
use std::time::Instant;

use bytes::Bytes;
use heddle_transport::Event;
use heddle_transport::Peer;
use heddle_transport::Sent;
use heddle_transport::Transport;
use heddle_transport::TransportConfig;
use heddle_types::ChainId;
use heddle_types::Hash32;
use heddle_types::PublicKey;
use heddle_types::SecretKey;
use heddle_wire::Channel;
use tokio::runtime::Runtime;

/// Longer than anything that is waited for takes.
pub(crate) const PATIENCE: Duration = Duration::from_secs(8);
pub(crate) const CHAIN: ChainId = ChainId(Hash32([7; 32]));

pub(crate) fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

/// The nodes' keys. They ascend with the number, so that lower numbers dial higher ones.
static SECRETS: LazyLock<Vec<SecretKey>> = LazyLock::new(|| {
    let mut secrets: Vec<_> = (1..=8).map(|n| SecretKey::from_seed([n; 32])).collect();
    secrets.sort_by_key(SecretKey::public_key);
    secrets
});

pub(crate) fn free_addrs(count: usize) -> Vec<SocketAddr> {
    let sockets: Vec<_> = (0..count).map(|_| UdpSocket::bind("127.0.0.1:0").unwrap()).collect();
    sockets.iter().map(|socket| socket.local_addr().unwrap()).collect()
}

pub(crate) fn key(i: usize) -> PublicKey {
    SECRETS[i].public_key()
}

/// What a whole network is made from.
pub(crate) struct Plan {
    pub(crate) secrets: Vec<SecretKey>,
    pub(crate) addrs: Vec<SocketAddr>,
}

impl Plan {
    pub(crate) fn new(count: usize) -> Self {
        Self { secrets: SECRETS[..count].to_vec(), addrs: free_addrs(count) }
    }

    pub(crate) fn config(&self, i: usize) -> TransportConfig {
        TransportConfig {
            listen: self.addrs[i],
            secret: self.secrets[i].clone(),
            chain: CHAIN,
            peers: self.peers(i, 0..self.secrets.len()),
            instance: u64::try_from(i).unwrap() + 100,
        }
    }

    /// These nodes as `i` knows them.
    pub(crate) fn peers(&self, i: usize, of: impl IntoIterator<Item = usize>) -> Vec<Peer> {
        let others = of.into_iter().filter(|j| *j != i);
        others.map(|j| Peer { key: key(j), addr: self.addrs[j] }).collect()
    }
}

pub(crate) struct Node {
    pub(crate) transport: Transport,
    pub(crate) events: Receiver<Event>,
}

impl Node {
    pub(crate) fn start(runtime: &Runtime, config: TransportConfig) -> Self {
        let (tell, events) = mpsc::channel();
        let transport = Transport::start(config, runtime.handle(), move |event| {
            let _test_is_over = tell.send(event);
        });
        Self { transport: transport.unwrap(), events }
    }

    /// The next event that `pick` takes something from; others are passed over.
    pub(crate) fn wait<T>(&self, what: &str, mut pick: impl FnMut(Event) -> Option<T>) -> T {
        let end = Instant::now() + PATIENCE;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            match self.events.recv_timeout(left) {
                Ok(event) => {
                    if let Some(found) = pick(event) {
                        return found;
                    }
                }
                Err(error) => panic!("{what}: {error}"),
            }
        }
    }

    pub(crate) fn wait_connected(&self, peer: usize, on: Channel) {
        self.wait("connected", |event| match event {
            Event::Connected { peer: p, channel } => {
                (p == key(peer) && channel == on).then_some(())
            }
            _ => None,
        });
    }

    pub(crate) fn wait_disconnected(&self, peer: usize, on: Channel) {
        self.wait("disconnected", |event| match event {
            Event::Disconnected { peer: p, channel } => {
                (p == key(peer) && channel == on).then_some(())
            }
            _ => None,
        });
    }

    pub(crate) fn wait_frame(&self, from: usize) -> Bytes {
        self.wait("frame", |event| match event {
            Event::Frame { peer, body, .. } => (peer == key(from)).then_some(body),
            _ => None,
        })
    }

    pub(crate) fn send(&self, to: usize, channel: Channel, body: &[u8]) -> Sent {
        self.transport.send(&key(to), channel, Bytes::copy_from_slice(body))
    }
}

/// Waits, within bounds, for what no event tells of.
pub(crate) fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < end, "never: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}
