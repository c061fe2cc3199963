//! Peers and strangers that do not behave. The hostile end is written on quinn and rustls alone.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use bytes::Bytes;
use heddle_transport::Sent;
use heddle_types::ChainId;
use heddle_types::Hash32;
use heddle_types::PublicKey;
use heddle_types::SecretKey;
use heddle_wire::Channel;
use heddle_wire::Hello;
use heddle_wire::InstanceId;
use heddle_wire::Purpose;
use quinn::Connection;
use quinn::ConnectionError;
use quinn::Endpoint;
use quinn::SendStream;
use quinn::crypto::rustls::QuicClientConfig;
use rustls::DigitallySignedStruct;
use rustls::SignatureScheme;
use rustls::client::AlwaysResolvesClientRawPublicKeys;
use rustls::client::danger::HandshakeSignatureValid;
use rustls::client::danger::ServerCertVerified;
use rustls::client::danger::ServerCertVerifier;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::ServerName;
use rustls::pki_types::UnixTime;
use rustls::sign::CertifiedKey;
use tokio::runtime::Runtime;

use crate::net::CHAIN;
use crate::net::Node;
use crate::net::PATIENCE;
use crate::net::Plan;
use crate::net::eventually;
use crate::net::key;
use crate::net::runtime;

const UNKNOWN_KEY: u32 = 1;
const BAD_HELLO: u32 = 2;
const BAD_FRAME: u32 = 4;

/// Takes every server for the one it wants.
#[derive(Debug)]
struct Gullible;

impl ServerCertVerifier for Gullible {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![SignatureScheme::ED25519]
    }

    fn requires_raw_public_keys(&self) -> bool {
        true
    }
}

/// Says `claimed` is its key, and signs with `secret`.
fn client(secret: &SecretKey, claimed: PublicKey, alpn: &[u8]) -> quinn::ClientConfig {
    let pkcs8 =
        [[48, 46, 2, 1, 0, 48, 5, 6, 3, 43, 101, 112, 4, 34, 4, 32].as_slice(), &secret.to_seed()];
    let spki = [[48, 42, 48, 5, 6, 3, 43, 101, 112, 3, 33, 0].as_slice(), &claimed.0].concat();
    let key = PrivatePkcs8KeyDer::from(pkcs8.concat());
    let signing = rustls::crypto::ring::sign::any_eddsa_type(&key).unwrap();
    let certified = CertifiedKey::new(vec![CertificateDer::from(spki)], signing);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = rustls::ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Gullible))
        .with_client_cert_resolver(Arc::new(AlwaysResolvesClientRawPublicKeys::new(Arc::new(
            certified,
        ))));
    config.alpn_protocols = vec![alpn.to_vec()];
    quinn::ClientConfig::new(Arc::new(QuicClientConfig::try_from(config).unwrap()))
}

/// Dials as whoever `secret` is, claiming to be `claimed`. The endpoint lives as long as the connection.
pub(crate) fn dial_as(
    runtime: &Runtime,
    secret: &SecretKey,
    claimed: PublicKey,
    to: SocketAddr,
) -> Result<Connection, ConnectionError> {
    runtime.block_on(async {
        let endpoint = Endpoint::client("127.0.0.1:0".parse().unwrap()).unwrap();
        let config = client(secret, claimed, b"heddle/validator/1");
        endpoint.connect_with(config, to, "heddle").unwrap().await
    })
}

/// Why the node ended the connection, as its code.
fn closed_with(runtime: &Runtime, connection: &Connection) -> u64 {
    let reason = runtime.block_on(async {
        tokio::time::timeout(PATIENCE, connection.closed()).await.expect("the node closes")
    });
    match reason {
        ConnectionError::ApplicationClosed(close) => close.error_code.into_inner(),
        other => panic!("closed for another reason: {other}"),
    }
}

fn open(runtime: &Runtime, connection: &Connection, bytes: &[u8]) -> SendStream {
    runtime.block_on(async {
        let mut stream = connection.open_uni().await.unwrap();
        stream.write_all(bytes).await.unwrap();
        stream
    })
}

fn framed(body: &[u8]) -> Vec<u8> {
    [&u32::try_from(body.len()).unwrap().to_le_bytes(), body].concat()
}

fn hello(chain: ChainId, purpose: Purpose) -> Vec<u8> {
    framed(&Hello { chain, instance: InstanceId(5), purpose }.encode())
}

fn ctl_hello() -> Vec<u8> {
    hello(CHAIN, Purpose::Channel(Channel::Ctl))
}

/// The highest key's node, dialled by a good peer (1), and by whoever poses as 0.
fn victim_and_friend(runtime: &Runtime) -> (Plan, Node, Node) {
    let plan = Plan::new(3);
    let victim = Node::start(runtime, plan.config(2));
    let friend = Node::start(runtime, plan.config(1));
    friend.wait_connected(2, Channel::Ctl);
    victim.wait_connected(1, Channel::Ctl);
    (plan, victim, friend)
}

fn assert_unharmed(victim: &Node, friend: &Node) {
    assert_eq!(friend.send(2, Channel::Ctl, b"ask"), Sent::Queued);
    assert_eq!(victim.wait_frame(1), b"ask".as_slice());
    assert_eq!(victim.send(1, Channel::Ctl, b"answer"), Sent::Queued);
    assert_eq!(friend.wait_frame(2), b"answer".as_slice());
}

#[test]
fn an_unknown_key_is_refused() {
    let runtime = runtime();
    let (plan, victim, friend) = victim_and_friend(&runtime);
    let stranger = SecretKey::from_seed([99; 32]);
    let connection = dial_as(&runtime, &stranger, stranger.public_key(), plan.addrs[2]).unwrap();
    assert_eq!(closed_with(&runtime, &connection), u64::from(UNKNOWN_KEY));
    assert_unharmed(&victim, &friend);
}

#[test]
fn a_key_that_is_claimed_but_not_held_is_refused() {
    let runtime = runtime();
    let (plan, victim, friend) = victim_and_friend(&runtime);
    let stranger = SecretKey::from_seed([99; 32]);
    let claimed = plan.secrets[0].public_key();
    // A client's TLS 1.3 handshake is over before the server has looked at its signature.
    let refused = match dial_as(&runtime, &stranger, claimed, plan.addrs[2]) {
        Err(error) => error,
        Ok(connection) => runtime.block_on(connection.closed()),
    };
    assert!(matches!(refused, ConnectionError::ConnectionClosed(_)), "{refused}");
    assert_unharmed(&victim, &friend);
}

#[test]
fn another_chain_is_refused() {
    let runtime = runtime();
    let plan = Plan::new(2);
    let mut other = plan.config(0);
    other.chain = ChainId(Hash32([8; 32]));
    let nodes = [Node::start(&runtime, other), Node::start(&runtime, plan.config(1))];
    eventually("refused", || nodes[1].transport.stats().refused >= 2);
    assert!(!nodes[1].transport.is_connected(&key(0), Channel::Ctl));
    assert!(!nodes[0].transport.is_connected(&key(1), Channel::Ctl));
}

#[test]
fn whoever_answers_with_another_key_than_the_dialled_one_is_refused() {
    let runtime = runtime();
    let plan = Plan::new(3);
    let impostor = Node::start(&runtime, plan.config(2));
    let mut config = plan.config(0);
    // Node 2 sits where node 1 should.
    config.peers.retain(|peer| peer.key == key(1));
    config.peers[0].addr = plan.addrs[2];
    let node = Node::start(&runtime, config);
    std::thread::sleep(Duration::from_millis(300));
    assert!(!node.transport.is_connected(&key(1), Channel::Ctl));
    assert!(!impostor.transport.is_connected(&key(0), Channel::Ctl));
}

#[test]
fn an_oversized_frame_ends_the_connection_and_bars_the_peer_for_a_while() {
    let runtime = runtime();
    let (plan, victim, friend) = victim_and_friend(&runtime);
    let as_peer =
        || dial_as(&runtime, &plan.secrets[0], plan.secrets[0].public_key(), plan.addrs[2]);
    let connection = as_peer().unwrap();
    let too_long = u32::try_from(Channel::Ctl.frame_bytes_max() + 1).unwrap();
    let _stream =
        open(&runtime, &connection, &[ctl_hello(), too_long.to_le_bytes().to_vec()].concat());
    victim.wait_connected(0, Channel::Ctl);
    assert_eq!(closed_with(&runtime, &connection), u64::from(BAD_FRAME));
    victim.wait_disconnected(0, Channel::Ctl);
    assert_eq!(victim.transport.stats().bad_frames, 1);
    let again = as_peer().unwrap();
    assert_eq!(closed_with(&runtime, &again), u64::from(BAD_FRAME));
    assert_unharmed(&victim, &friend);
}

#[test]
fn a_frame_that_the_driver_reports_ends_the_connection() {
    let runtime = runtime();
    let (plan, victim, friend) = victim_and_friend(&runtime);
    let connection =
        dial_as(&runtime, &plan.secrets[0], plan.secrets[0].public_key(), plan.addrs[2]).unwrap();
    let _stream = open(&runtime, &connection, &[ctl_hello(), framed(b"nonsense")].concat());
    let body = victim.wait_frame(0);
    let error = heddle_wire::decode(Channel::Ctl, &body).unwrap_err();
    victim.transport.report_bad_frame(&key(0), Channel::Ctl, &error);
    assert_eq!(closed_with(&runtime, &connection), u64::from(BAD_FRAME));
    assert_unharmed(&victim, &friend);
}

#[test]
fn a_garbled_hello_is_refused() {
    for bytes in [
        framed(b"hello"),
        framed(&[0; 59]),
        u32::MAX.to_le_bytes().to_vec(),
        0_u32.to_le_bytes().to_vec(),
        hello(CHAIN, Purpose::Public),
    ] {
        let runtime = runtime();
        let (plan, victim, friend) = victim_and_friend(&runtime);
        let connection =
            dial_as(&runtime, &plan.secrets[0], plan.secrets[0].public_key(), plan.addrs[2])
                .unwrap();
        let _stream = open(&runtime, &connection, &bytes);
        assert_eq!(closed_with(&runtime, &connection), u64::from(BAD_HELLO));
        assert_unharmed(&victim, &friend);
    }
}

#[test]
fn a_peer_that_never_says_hello_keeps_nobody_waiting() {
    let runtime = runtime();
    let plan = Plan::new(3);
    let victim = Node::start(&runtime, plan.config(2));
    let silent: Vec<_> = (0..3)
        .map(|_| dial_as(&runtime, &plan.secrets[0], plan.secrets[0].public_key(), plan.addrs[2]))
        .collect();
    let started = Instant::now();
    let friend = Node::start(&runtime, plan.config(1));
    friend.wait_connected(2, Channel::Ctl);
    victim.wait_connected(1, Channel::Ctl);
    assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());
    assert_unharmed(&victim, &friend);
    drop(silent);
}

#[test]
fn a_peer_that_reads_nothing_loses_its_connection_and_slows_nobody() {
    let runtime = runtime();
    let (plan, victim, friend) = victim_and_friend(&runtime);
    let connection =
        dial_as(&runtime, &plan.secrets[0], plan.secrets[0].public_key(), plan.addrs[2]).unwrap();
    let _stream = open(&runtime, &connection, &ctl_hello());
    victim.wait_connected(0, Channel::Ctl);
    let body = Bytes::from(vec![1; 1024 * 1024]);
    let mut sent = 0;
    while victim.transport.send(&key(0), Channel::Ctl, body.clone()) == Sent::Queued {
        sent += 1;
        assert!(sent < 100, "the queue has no bound");
        assert_unharmed(&victim, &friend);
    }
    victim.wait_disconnected(0, Channel::Ctl);
    assert_eq!(victim.transport.stats().stuck, 1);
    assert_unharmed(&victim, &friend);
}

#[test]
fn bulk_that_does_not_get_through_is_dropped_and_the_connection_stays() {
    let runtime = runtime();
    let (plan, victim, friend) = victim_and_friend(&runtime);
    let connection =
        dial_as(&runtime, &plan.secrets[0], plan.secrets[0].public_key(), plan.addrs[2]).unwrap();
    let _stream = open(&runtime, &connection, &hello(CHAIN, Purpose::Channel(Channel::Bulk)));
    victim.wait_connected(0, Channel::Bulk);
    let body = Bytes::from(vec![1; 1024 * 1024]);
    let dropped = (0..100)
        .filter(|_| victim.transport.send(&key(0), Channel::Bulk, body.clone()) == Sent::Dropped)
        .count();
    assert!(dropped > 50, "{dropped}");
    assert_eq!(victim.transport.stats().bulk_dropped, u64::try_from(dropped).unwrap());
    assert!(victim.transport.is_connected(&key(0), Channel::Bulk));
    assert_unharmed(&victim, &friend);
}

#[test]
fn garbage_on_the_socket_is_ignored() {
    let runtime = runtime();
    let (plan, victim, friend) = victim_and_friend(&runtime);
    let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let mut noise = Hash32([3; 32]);
    for i in 0..2000_usize {
        noise = Hash32::of(heddle_types::Domain::HANDSHAKE, &[noise.as_bytes()]);
        let datagram = noise.as_bytes().repeat(1 + i % 40);
        socket.send_to(&datagram[..datagram.len() - i % 32], plan.addrs[2]).unwrap();
    }
    assert_unharmed(&victim, &friend);
}
