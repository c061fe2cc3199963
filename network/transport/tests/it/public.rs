//! The public protocol.

use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

use bytes::Bytes;
use heddle_catchup::Request;
use heddle_catchup::RequestId;
use heddle_catchup::Response;
use heddle_transport::Event;
use heddle_transport::PublicClient;
use heddle_transport::PublicClientConfig;
use heddle_transport::PublicError;
use heddle_transport::Transport;
use heddle_transport::limits;
use heddle_types::Access;
use heddle_types::Address;
use heddle_types::Amount;
use heddle_types::Bytes as Data;
use heddle_types::Call;
use heddle_types::ChainId;
use heddle_types::CheckedTransaction;
use heddle_types::Hash32;
use heddle_types::Height;
use heddle_types::Nonce;
use heddle_types::ProgramId;
use heddle_types::SecretKey;
use heddle_types::Transaction;
use heddle_types::TransactionBody;
use heddle_wire::Channel;
use heddle_wire::PeerMessage;
use heddle_wire::PublicAnswer;
use heddle_wire::PublicRequest;
use heddle_wire::RawMessage;
use heddle_wire::SnapshotPart;

use crate::net::CHAIN;
use crate::net::Plan;
use crate::net::runtime;

const REQUEST: Request = Request::Range { from: Height::new(5), max_blocks: 10, max_bytes: 1000 };

/// A node that answers every public request: with an empty range, nothing final, and that transactions are taken.
fn answering(runtime: &tokio::runtime::Runtime, plan: &Plan) -> Transport {
    Transport::start(plan.config(0), runtime.handle(), |event| {
        let Event::PublicRequest { request, reply } = event else { return };
        match request {
            PublicRequest::CatchUp { id, request } => {
                assert_eq!(request, REQUEST);
                let response = Response::Range { blocks: Vec::new(), cert: None };
                let message = PeerMessage::Response { id, response };
                reply.send(Bytes::from(heddle_wire::encode(&message)));
            }
            PublicRequest::Head { .. } => reply.send(PublicAnswer::Head(None).encode().into()),
            PublicRequest::Snapshot(SnapshotPart::Manifest) => {
                reply.send(heddle_wire::encode_part(Some(&[7; 3_000_000])).into());
            }
            PublicRequest::Snapshot(SnapshotPart::Chunk { .. }) => {
                reply.send(heddle_wire::encode_part(None).into());
            }
            PublicRequest::Submit(_) => {
                reply.send(PublicAnswer::Submitted { taken: true }.encode().into());
            }
        }
    })
    .unwrap()
}

fn client_config(plan: &Plan, chain: ChainId) -> PublicClientConfig {
    let secret = SecretKey::from_seed([77; 32]);
    PublicClientConfig { secret, chain, addr: plan.addrs[0], key: plan.secrets[0].public_key() }
}

#[test]
fn anybody_may_ask_and_is_answered() {
    let runtime = runtime();
    let plan = Plan::new(2);
    let node = answering(&runtime, &plan);
    runtime.block_on(async {
        let client = PublicClient::connect(client_config(&plan, CHAIN)).await.unwrap();
        for i in 0..20 {
            let id = RequestId::new(i);
            let body = client.request(id, REQUEST).await.unwrap();
            let response = Response::Range { blocks: Vec::new(), cert: None };
            let expected = RawMessage::Response { id, response };
            assert_eq!(heddle_wire::decode(Channel::Bulk, &body).unwrap(), expected);
        }
        client.close().await;
    });
    assert_eq!(node.stats().public_requests, 20);
}

#[test]
fn parts_of_snapshots_are_asked_for() {
    let runtime = runtime();
    let plan = Plan::new(2);
    let _node = answering(&runtime, &plan);
    runtime.block_on(async {
        let client = PublicClient::connect(client_config(&plan, CHAIN)).await.unwrap();
        let manifest = client.snapshot_part(SnapshotPart::Manifest).await.unwrap();
        assert!(manifest.is_some_and(|bytes| bytes == [7; 3_000_000].as_slice()));
        let chunk = SnapshotPart::Chunk { height: Height::new(60), index: 3 };
        assert_eq!(client.snapshot_part(chunk).await.unwrap(), None);
        client.close().await;
    });
}

#[test]
fn who_asks_about_another_chain_is_refused() {
    let runtime = runtime();
    let plan = Plan::new(2);
    let node = answering(&runtime, &plan);
    runtime.block_on(async {
        let chain = ChainId(Hash32([8; 32]));
        let client = PublicClient::connect(client_config(&plan, chain)).await.unwrap();
        client.request(RequestId::new(1), REQUEST).await.unwrap_err();
    });
    assert_eq!(node.stats().public_requests, 0);
}

#[test]
fn one_address_has_a_bounded_number_of_connections() {
    let runtime = runtime();
    let plan = Plan::new(2);
    let node = answering(&runtime, &plan);
    runtime.block_on(async {
        let mut clients = Vec::new();
        for _ in 0..limits::PUBLIC_CONNECTIONS_PER_ADDRESS_MAX {
            let client = PublicClient::connect(client_config(&plan, CHAIN)).await.unwrap();
            client.request(RequestId::new(1), REQUEST).await.unwrap();
            clients.push(client);
        }
        let one_more = PublicClient::connect(client_config(&plan, CHAIN)).await.unwrap();
        one_more.request(RequestId::new(1), REQUEST).await.unwrap_err();
        assert_eq!(node.stats().refused, 1);
        clients.pop().unwrap().close().await;
        // The place is free as soon as the node has heard of it.
        let mut tries = 0;
        loop {
            let client = PublicClient::connect(client_config(&plan, CHAIN)).await.unwrap();
            if client.request(RequestId::new(1), REQUEST).await.is_ok() {
                break;
            }
            tries += 1;
            assert!(tries < 50, "the place was not given back");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    });
}

#[test]
fn whoever_waits_is_told_when_something_is_final() {
    let runtime = runtime();
    let plan = Plan::new(2);
    let waiting = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&waiting);
    let _node = Transport::start(plan.config(0), runtime.handle(), move |event| {
        if let Event::PublicRequest { request, reply } = event {
            assert_eq!(request, PublicRequest::Head { above: Height::new(6) });
            kept.lock().unwrap().push(reply);
        }
    })
    .unwrap();
    runtime.block_on(async {
        let client = PublicClient::connect(client_config(&plan, CHAIN)).await.unwrap();
        let asking = client.head(Height::new(6));
        let telling = async {
            while waiting.lock().unwrap().is_empty() {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            let reply = waiting.lock().unwrap().pop().unwrap();
            reply.send(PublicAnswer::Head(None).encode().into());
        };
        let (told, ()) = tokio::join!(asking, telling);
        assert_eq!(told.unwrap(), None);
    });
}

#[test]
fn one_address_may_not_wait_as_often_as_it_likes() {
    let runtime = runtime();
    let plan = Plan::new(2);
    let waiting = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&waiting);
    let node = Transport::start(plan.config(0), runtime.handle(), move |event| {
        if let Event::PublicRequest { reply, .. } = event {
            kept.lock().unwrap().push(reply);
        }
    })
    .unwrap();
    let ends = Duration::from_millis(500);
    runtime.block_on(async {
        let mut clients = Vec::new();
        let mut refused = 0;
        while refused == 0 {
            let client = PublicClient::connect(client_config(&plan, CHAIN)).await.unwrap();
            let client = Arc::new(client);
            // One that waits neither hears an answer nor is refused.
            for _ in 0..limits::PUBLIC_STREAMS_MAX {
                let asks = Arc::clone(&client);
                let asked = tokio::spawn(async move { asks.head(Height::ZERO).await });
                if let Ok(answer) = tokio::time::timeout(ends / 10, asked).await {
                    assert!(matches!(answer.unwrap(), Err(PublicError::NoAnswer)));
                    refused += 1;
                }
            }
            clients.push(client);
        }
        assert_eq!(waiting.lock().unwrap().len(), limits::PUBLIC_WAITING_PER_ADDRESS_MAX);
        assert_eq!(node.stats().public_refused, refused);
    });
}

#[test]
fn whoever_submits_too_much_is_refused_and_the_node_hears_nothing_of_it() {
    let runtime = runtime();
    let plan = Plan::new(2);
    let node = answering(&runtime, &plan);
    let much = vec![transaction(8_000); 30];
    runtime.block_on(async {
        let client = PublicClient::connect(client_config(&plan, CHAIN)).await.unwrap();
        assert!(client.submit(vec![transaction(10)]).await.unwrap());
        let mut taken = 0;
        for _ in 0..20 {
            taken += u64::from(client.submit(much.clone()).await.unwrap());
        }
        // 20 times 240 kB within well under four seconds, of 1 MiB a second.
        assert!((1..20).contains(&taken), "{taken} of 20 were taken");
        assert_eq!(node.stats().public_refused, 20 - taken);
        assert_eq!(node.stats().public_requests, 1 + taken);
        // Asking is still answered.
        client.request(RequestId::new(1), REQUEST).await.unwrap();
    });
}

#[test]
fn a_lie_of_another_kind_is_noticed() {
    let runtime = runtime();
    let plan = Plan::new(2);
    let _node = Transport::start(plan.config(0), runtime.handle(), |event| {
        if let Event::PublicRequest { reply, .. } = event {
            reply.send(PublicAnswer::Submitted { taken: true }.encode().into());
        }
    })
    .unwrap();
    runtime.block_on(async {
        let client = PublicClient::connect(client_config(&plan, CHAIN)).await.unwrap();
        let told = client.head(Height::ZERO).await;
        assert!(matches!(told, Err(PublicError::WrongAnswer)), "{told:?}");
    });
}

fn transaction(data_bytes: usize) -> Arc<CheckedTransaction> {
    let key = SecretKey::from_seed([9; 32]);
    let body = TransactionBody {
        version: TransactionBody::VERSION,
        chain: CHAIN,
        sender: Address::of_key(&key.public_key()),
        payer: None,
        nonce: Nonce::Lane { lane: 0, sequence: 0 },
        valid_until: Height::new(u64::MAX),
        max_fee: Amount::from_units(1),
        access: Access::DERIVED,
        calls: vec![Call { program: ProgramId::LEDGER, data: Data(vec![0; data_bytes]) }],
    };
    Arc::new(CheckedTransaction::check(Transaction::sign(body, &key)).unwrap())
}
