//! A node that is asked by followers and does not tell the truth: it passes questions on to an honest one, and then does something
//! to the answers.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;

use heddle_catchup::RequestId;
use heddle_catchup::Response;
use heddle_transport::Event;
use heddle_transport::PublicClient;
use heddle_transport::PublicClientConfig;
use heddle_transport::PublicReply;
use heddle_transport::Transport;
use heddle_transport::TransportConfig;
use heddle_types::ChainId;
use heddle_types::CheckedBlock;
use heddle_types::Height;
use heddle_types::Proof;
use heddle_types::PublicKey;
use heddle_types::SecretKey;
use heddle_wire::Channel;
use heddle_wire::PeerMessage;
use heddle_wire::PublicAnswer;
use heddle_wire::PublicRequest;
use heddle_wire::RawMessage;
use tokio::runtime::Runtime;

/// What it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lie {
    /// It tells of a final block a thousand heights above, with the signatures of another.
    FutureHead,
    /// It alters the last block of each answer.
    AlteredBlocks,
    /// It sends a certificate of too few.
    WeakCertificate,
    /// It sends what is no message.
    Nonsense,
    /// It sends more than any answer may have.
    Flood,
    /// It never answers for blocks.
    Stall,
    /// It ends every stream for blocks.
    HangUp,
}

impl Lie {
    pub(crate) const ALL: [Self; 7] = [
        Self::FutureHead,
        Self::AlteredBlocks,
        Self::WeakCertificate,
        Self::Nonsense,
        Self::Flood,
        Self::Stall,
        Self::HangUp,
    ];

    /// Whether whoever hears it knows that it is lied to, and not just left alone.
    pub(crate) fn is_proof(self) -> bool {
        !matches!(self, Self::Stall | Self::HangUp)
    }
}

/// It lies for as long as it lives.
pub(crate) struct Liar {
    pub(crate) key: PublicKey,
    pub(crate) quic: SocketAddr,
    asked: Arc<AtomicUsize>,
    _transport: Transport,
    _runtime: Runtime,
}

impl Liar {
    /// One that passes questions about `chain` on to the node at `honest`.
    pub(crate) fn start(lie: Lie, chain: ChainId, honest: (PublicKey, SocketAddr)) -> Self {
        let runtime = Runtime::new().unwrap();
        let secret = SecretKey::from_seed([201; 32]);
        let relay = PublicClientConfig {
            secret: SecretKey::from_seed([202; 32]),
            chain,
            addr: honest.1,
            key: honest.0,
        };
        let relay = Arc::new(runtime.block_on(PublicClient::connect(relay)).unwrap());
        let config = TransportConfig {
            listen: "127.0.0.1:0".parse().unwrap(),
            secret: secret.clone(),
            chain,
            peers: Vec::new(),
            instance: 1,
        };
        let asked = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&asked);
        let transport = Transport::start(config, runtime.handle(), move |event| {
            if let Event::PublicRequest { request, reply } = event {
                count.fetch_add(1, Ordering::Relaxed);
                tokio::spawn(answer(lie, Arc::clone(&relay), request, reply));
            }
        });
        let transport = transport.unwrap();
        let (key, quic) = (secret.public_key(), transport.local_addr());
        Self { key, quic, asked, _transport: transport, _runtime: runtime }
    }

    /// How often it was asked anything.
    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }
}

async fn answer(lie: Lie, relay: Arc<PublicClient>, request: PublicRequest, reply: PublicReply) {
    match request {
        PublicRequest::Head { above } => {
            let mut cert = relay.head(above).await.unwrap();
            if let (Lie::FutureHead, Some(cert)) = (lie, &mut cert) {
                cert.data.height = Height::new(cert.data.height.get() + 1_000);
            }
            reply.send(PublicAnswer::Head(cert).encode().into());
        }
        PublicRequest::CatchUp { id, request } => match lie {
            Lie::Nonsense => reply.send(vec![99, 99].into()),
            Lie::Flood => reply.send(vec![0; Channel::Bulk.frame_bytes_max() + 1].into()),
            Lie::Stall => std::mem::forget(reply),
            Lie::HangUp => drop(reply),
            Lie::FutureHead | Lie::AlteredBlocks | Lie::WeakCertificate => {
                let body = relay.request(id, request).await.unwrap();
                reply.send(altered(lie, id, &body).into());
            }
        },
        // Nobody here wants one.
        PublicRequest::Snapshot(_) => drop(reply),
        PublicRequest::Submit(_) => {
            reply.send(PublicAnswer::Submitted { taken: true }.encode().into());
        }
    }
}

fn altered(lie: Lie, id: RequestId, body: &[u8]) -> Vec<u8> {
    let RawMessage::Response { response, .. } = heddle_wire::decode(Channel::Bulk, body).unwrap()
    else {
        panic!("an honest node answers");
    };
    let Response::Range { blocks, mut cert } = response else { panic!("only ranges are wanted") };
    let check = |block| Arc::new(CheckedBlock::check(block, |_, _| false).unwrap());
    let mut blocks: Vec<_> = blocks.into_iter().map(check).collect();
    if let (Lie::AlteredBlocks, Some(last)) = (lie, blocks.last_mut()) {
        let mut header = last.header().clone();
        header.executed.height = Height::ZERO;
        *last = Arc::new(CheckedBlock::build(header, last.transactions().to_vec()));
    }
    if let (Lie::WeakCertificate, Some(cert)) = (lie, &mut cert) {
        cert.voters = cert.voters.iter().take(2).collect();
        if let Proof::Each(signatures) = &mut cert.proof {
            signatures.truncate(2);
        }
    }
    let response = Response::Range { blocks, cert };
    heddle_wire::encode(&PeerMessage::Response { id, response })
}
