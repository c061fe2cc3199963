//! The public protocol.

use std::time::Duration;

use bytes::Bytes;
use heddle_catchup::Request;
use heddle_catchup::RequestId;
use heddle_catchup::Response;
use heddle_transport::Event;
use heddle_transport::PublicClient;
use heddle_transport::PublicClientConfig;
use heddle_transport::Transport;
use heddle_transport::limits;
use heddle_types::ChainId;
use heddle_types::Hash32;
use heddle_types::Height;
use heddle_types::SecretKey;
use heddle_wire::Channel;
use heddle_wire::PeerMessage;
use heddle_wire::RawMessage;

use crate::net::CHAIN;
use crate::net::Plan;
use crate::net::runtime;

const REQUEST: Request = Request::Range { from: Height::new(5), max_blocks: 10, max_bytes: 1000 };

/// A node that answers every public request with an empty range.
fn answering(runtime: &tokio::runtime::Runtime, plan: &Plan) -> Transport {
    Transport::start(plan.config(0), runtime.handle(), |event| {
        if let Event::PublicRequest { id, request, reply } = event {
            assert_eq!(request, REQUEST);
            let response = Response::Range { blocks: Vec::new(), cert: None };
            reply.send(Bytes::from(heddle_wire::encode(&PeerMessage::Response { id, response })));
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
