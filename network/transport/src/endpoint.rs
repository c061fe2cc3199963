//! The socket and QUIC's settings.

use std::io;
use std::net::SocketAddr;
use std::net::UdpSocket;
use std::sync::Arc;
use std::time::Duration;

use heddle_types::Domain;
use heddle_types::Hash32;
use heddle_types::PublicKey;
use heddle_types::SecretKey;
use quinn::AckFrequencyConfig;
use quinn::AsyncUdpSocket;
use quinn::ConnectionId;
use quinn::ConnectionIdGenerator;
use quinn::Endpoint;
use quinn::EndpointConfig;
use quinn::IdleTimeout;
use quinn::Runtime;
use quinn::TokioRuntime;
use quinn::VarInt;
use quinn::congestion::CubicConfig;
use quinn::crypto::CryptoError;
use quinn::crypto::HmacKey;
use socket2::Protocol;
use socket2::Socket;
use socket2::Type;

use crate::config::TransportConfig;
use crate::error::TransportError;
use crate::faults::FaultySocket;
use crate::faults::LinkFaults;
use crate::limits;
use crate::tls::Identity;

/// Binds `listen`. Within a runtime.
pub(crate) fn bind(listen: SocketAddr) -> Result<Arc<dyn AsyncUdpSocket>, TransportError> {
    let socket = open_socket(listen).and_then(|socket| TokioRuntime.wrap_udp_socket(socket));
    socket.map_err(|source| TransportError::Bind { addr: listen, source })
}

/// An endpoint on `socket` for being dialled and for dialling, whose links have the faults that are set. Within a runtime.
pub(crate) fn open(
    socket: Arc<dyn AsyncUdpSocket>,
    faults: Arc<LinkFaults>,
    config: &TransportConfig,
    identity: &Identity,
) -> Result<Endpoint, TransportError> {
    let TransportConfig { listen, secret, instance, .. } = config;
    let mut server = quinn::ServerConfig::with_crypto(Arc::new(identity.server()?));
    server.transport_config(Arc::new(quic_config(limits::PUBLIC_STREAMS_MAX)));
    server.migration(false);
    server.max_incoming(limits::HANDSHAKES_MAX);
    let mut config = EndpointConfig::new(Arc::new(ResetKey::of(secret)));
    let cid_key =
        Hash32::of(Domain::HANDSHAKE, &[b"cid", &secret.to_seed(), &instance.to_le_bytes()]);
    config.cid_generator(move || Box::new(CidGenerator { key: cid_key, made: 0 }));
    let socket = Arc::new(FaultySocket::new(socket, faults));
    Endpoint::new_with_abstract_socket(config, Some(server), socket, Arc::new(TokioRuntime))
        .map_err(|source| TransportError::Bind { addr: *listen, source })
}

/// How this node dials whoever has `expected`.
pub(crate) fn client_config(
    identity: &Identity,
    expected: PublicKey,
    alpn: &'static [u8],
) -> Result<quinn::ClientConfig, TransportError> {
    let mut config = quinn::ClientConfig::new(Arc::new(identity.client(expected, alpn)?));
    config.transport_config(Arc::new(quic_config(0)));
    Ok(config)
}

fn open_socket(listen: SocketAddr) -> io::Result<UdpSocket> {
    let domain = socket2::Domain::for_address(listen);
    let socket = Socket::new(domain, Type::DGRAM, Some(Protocol::UDP))?;
    // The system caps both; what it gives is enough to run, only less quick in bursts.
    let _capped = socket.set_recv_buffer_size(limits::SOCKET_BUFFER_BYTES);
    let _capped = socket.set_send_buffer_size(limits::SOCKET_BUFFER_BYTES);
    socket.bind(&listen.into())?;
    Ok(socket.into())
}

fn quic_config(request_streams_max: u32) -> quinn::TransportConfig {
    let mut ack_frequency = AckFrequencyConfig::default();
    ack_frequency.max_ack_delay(Some(limits::ACK_DELAY));
    let mut config = quinn::TransportConfig::default();
    config
        .max_concurrent_uni_streams(VarInt::from_u32(limits::FRAME_STREAMS_MAX))
        .max_concurrent_bidi_streams(VarInt::from_u32(request_streams_max))
        .stream_receive_window(VarInt::from_u32(limits::STREAM_WINDOW_BYTES))
        .receive_window(VarInt::from_u32(limits::RECEIVE_WINDOW_BYTES))
        .send_window(limits::SEND_WINDOW_BYTES)
        .max_idle_timeout(Some(IdleTimeout::from(VarInt::from_u32(limits::IDLE_TIMEOUT_MS))))
        .keep_alive_interval(Some(limits::KEEP_ALIVE))
        .datagram_receive_buffer_size(None)
        .ack_frequency_config(Some(ack_frequency))
        .initial_rtt(limits::INITIAL_RTT)
        .congestion_controller_factory(Arc::new(CubicConfig::default()));
    config
}

/// Makes stateless reset tokens. The key is the same after each start of a node, so that its peers learn of a restart from the first
/// packet that reaches it, instead of from silence.
struct ResetKey(Hash32);

impl ResetKey {
    const TOKEN_BYTES: usize = 32;

    fn of(secret: &SecretKey) -> Self {
        Self(Hash32::of(Domain::HANDSHAKE, &[b"reset", &secret.to_seed()]))
    }

    fn token(&self, data: &[u8]) -> Hash32 {
        Hash32::of(Domain::HANDSHAKE, &[b"token", self.0.as_bytes(), data])
    }
}

impl HmacKey for ResetKey {
    fn sign(&self, data: &[u8], signature_out: &mut [u8]) {
        signature_out.copy_from_slice(self.token(data).as_bytes());
    }

    fn signature_len(&self) -> usize {
        Self::TOKEN_BYTES
    }

    fn verify(&self, data: &[u8], signature: &[u8]) -> Result<(), CryptoError> {
        // The token is sent in the clear to whoever it is for; there is nothing to hide in how long this takes.
        if self.token(data).as_bytes() == signature { Ok(()) } else { Err(CryptoError) }
    }
}

/// Makes connection ids that differ between starts. Quinn's own generator would take ids of an earlier start for noise, and send no
/// reset for them.
struct CidGenerator {
    key: Hash32,
    made: u64,
}

impl CidGenerator {
    const CID_BYTES: usize = 8;
}

impl ConnectionIdGenerator for CidGenerator {
    fn generate_cid(&mut self) -> ConnectionId {
        self.made = self.made.wrapping_add(1);
        let id = Hash32::of(Domain::HANDSHAKE, &[self.key.as_bytes(), &self.made.to_le_bytes()]);
        ConnectionId::new(&id.as_bytes()[..Self::CID_BYTES])
    }

    fn cid_len(&self) -> usize {
        Self::CID_BYTES
    }

    fn cid_lifetime(&self) -> Option<Duration> {
        None
    }
}
