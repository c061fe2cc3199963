//! Subscriptions: order, resuming, gaps, and messages past their limit.

use std::time::Duration;

use futures_util::SinkExt;
use futures_util::StreamExt;
use heddle_client::Subscriber;
use heddle_client::Update;
use heddle_rpc_api::EventFilter;
use heddle_rpc_api::Gap;
use heddle_rpc_api::GetBlockEvents;
use heddle_rpc_api::TxStatus;
use heddle_types::Height;
use heddle_types::ProgramId;
use serde_json::Value;
use serde_json::json;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

use super::mock::TestServer;
use super::mock::block;
use super::mock::block_events;
use super::mock::send_request;
use super::mock::settled;
use super::mock::transaction;
use crate::rpc::RpcConfig;

async fn start() -> TestServer {
    TestServer::start(RpcConfig::default()).await
}

async fn open(server: &TestServer) -> WebSocketStream<TcpStream> {
    let stream = server.connect().await;
    let url = format!("ws://127.0.0.1:{}/", server.port);
    tokio_tungstenite::client_async(url, stream).await.unwrap().0
}

async fn next(socket: &mut WebSocketStream<TcpStream>) -> Value {
    let message = timeout(Duration::from_secs(3), socket.next()).await.unwrap().unwrap().unwrap();
    serde_json::from_str(message.to_text().unwrap()).unwrap()
}

async fn call(socket: &mut WebSocketStream<TcpStream>, method: &str, params: Value) -> Value {
    let body = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
    socket.send(Message::text(body.to_string())).await.unwrap();
    next(socket).await
}

fn publish(server: &TestServer, heights: std::ops::RangeInclusive<u64>) {
    heights.for_each(|height| server.mock.feed.publish(&block(height)).unwrap());
}

#[tokio::test]
async fn the_same_methods_are_answered() {
    let server = start().await;
    let mut socket = open(&server).await;
    assert_eq!(call(&mut socket, "getStatus", json!({})).await["result"]["finalHeight"], 2);
    assert_eq!(call(&mut socket, "nothing", json!({})).await["error"]["code"], -32601);
    socket.send(Message::text(json!([send_request(1, 0)]).to_string())).await.unwrap();
    assert_eq!(next(&mut socket).await[0]["result"]["id"], transaction(0).id().to_string());
}

#[tokio::test]
async fn blocks_come_in_order_as_they_are_published() {
    let server = start().await;
    let mut socket = open(&server).await;
    let reply = call(&mut socket, "subscribeBlocks", json!({})).await;
    assert_eq!(reply["result"], json!({"subscription": 1}));
    publish(&server, 11..=12);
    for height in [11, 12] {
        let message = next(&mut socket).await;
        let expected = json!({
            "subscription": 1, "seq": height, "height": height, "data": block(height),
        });
        assert_eq!(message, expected);
    }
}

#[tokio::test]
async fn from_seq_resumes_without_loss_or_repetition() {
    let server = start().await;
    publish(&server, 11..=13);
    let mut subscriber = Subscriber::connect(&server.url()).await.unwrap();
    subscriber.blocks(Some(Height::new(12))).await.unwrap();
    publish(&server, 14..=14);
    for height in [12, 13, 14] {
        let Update::Block(item) = subscriber.next().await.unwrap() else { panic!("no block") };
        assert_eq!((item.seq, &item.data), (height, &block(height)));
    }
}

#[tokio::test]
async fn what_is_no_longer_kept_is_told_as_a_gap() {
    let server = start().await;
    publish(&server, 11..=20);
    let mut subscriber = Subscriber::connect(&server.url()).await.unwrap();
    subscriber.blocks(Some(Height::new(5))).await.unwrap();
    // The ring holds four blocks.
    let Update::Gap(gap) = subscriber.next().await.unwrap() else { panic!("no gap") };
    assert_eq!(gap.gap, Gap { from: 5, to: 16 });
    let Update::Block(item) = subscriber.next().await.unwrap() else { panic!("no block") };
    assert_eq!(item.seq, 17);
}

#[tokio::test]
async fn a_reader_too_slow_is_told_what_it_missed() {
    let server = start().await;
    let mut subscriber = Subscriber::connect(&server.url()).await.unwrap();
    subscriber.blocks(None).await.unwrap();
    // Fill what the socket and the kernel hold while nobody reads.
    let big = heddle_rpc_api::Block {
        transaction_ids: vec![heddle_types::TxId::ZERO; 10_000],
        ..block(0)
    };
    for height in 11..=60 {
        let block = heddle_rpc_api::Block { height: Height::new(height), ..big.clone() };
        server.mock.feed.publish(&block).unwrap();
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let mut expected = 11;
    let mut gaps = 0;
    while expected <= 60 {
        match timeout(Duration::from_secs(3), subscriber.next()).await.unwrap().unwrap() {
            Update::Block(item) => {
                assert_eq!(item.seq, expected);
                expected += 1;
            }
            Update::Gap(gap) => {
                assert_eq!(gap.gap.from, expected);
                expected = gap.gap.to + 1;
                gaps += 1;
            }
            Update::Transaction(_) | Update::Events(_) => panic!("not subscribed"),
        }
    }
    assert!(gaps > 0, "the reader was never too slow");
}

fn market(n: u8) -> EventFilter {
    EventFilter { program: Some(ProgramId::EXCHANGE), kind: Some(7), prefix: Some(vec![n].into()) }
}

#[tokio::test]
async fn events_come_block_by_block_and_only_those_wanted() {
    let server = start().await;
    let mut socket = open(&server).await;
    let params = json!({"program": "exchange", "kind": 7, "prefix": "02"});
    let reply = call(&mut socket, "subscribeEvents", params).await;
    assert_eq!(reply["result"], json!({"subscription": 1}));
    publish(&server, 11..=12);
    for height in [11, 12] {
        let request = GetBlockEvents::all(Height::new(height), market(2));
        let data = block_events(&request);
        assert_eq!((data.events.len(), data.events[0].index), (1, 2));
        let expected = json!({"subscription": 1, "seq": height, "height": height, "data": data});
        assert_eq!(next(&mut socket).await, expected);
    }
}

#[tokio::test]
async fn a_block_without_events_that_are_wanted_is_told_too_so_that_sequences_have_no_holes() {
    let server = start().await;
    let mut subscriber = Subscriber::connect(&server.url()).await.unwrap();
    subscriber.events(market(9), None).await.unwrap();
    publish(&server, 11..=11);
    let Update::Events(item) = subscriber.next().await.unwrap() else { panic!("no events") };
    assert_eq!((item.seq, item.data.events.len(), item.data.next), (11, 0, None));
}

#[tokio::test]
async fn events_resume_from_a_sequence_and_tell_what_is_no_longer_kept() {
    let server = start().await;
    publish(&server, 11..=20);
    let mut subscriber = Subscriber::connect(&server.url()).await.unwrap();
    subscriber.events(EventFilter::default(), Some(Height::new(5))).await.unwrap();
    // The ring holds four blocks.
    let Update::Gap(gap) = subscriber.next().await.unwrap() else { panic!("no gap") };
    assert_eq!(gap.gap, Gap { from: 5, to: 16 });
    for height in 17..=20 {
        let Update::Events(item) = subscriber.next().await.unwrap() else { panic!("no events") };
        let all = GetBlockEvents::all(Height::new(height), EventFilter::default());
        assert_eq!((item.seq, item.data), (height, block_events(&all)));
    }
}

#[tokio::test]
async fn events_that_cannot_be_read_are_told_later_and_not_left_out() {
    let server = start().await;
    let mut subscriber = Subscriber::connect(&server.url()).await.unwrap();
    subscriber.events(market(1), None).await.unwrap();
    *server.mock.has_events.lock() = false;
    publish(&server, 11..=11);
    let silent = timeout(Duration::from_millis(200), subscriber.next()).await;
    assert!(silent.is_err(), "{silent:?}");
    *server.mock.has_events.lock() = true;
    publish(&server, 12..=12);
    for height in [11, 12] {
        let Update::Events(item) = subscriber.next().await.unwrap() else { panic!("no events") };
        assert_eq!(item.seq, height);
    }
}

#[tokio::test]
async fn a_transaction_is_told_as_it_is_and_then_as_it_ends() {
    let server = start().await;
    let id = transaction(0).id();
    let mut subscriber = Subscriber::connect(&server.url()).await.unwrap();
    subscriber.transaction(id).await.unwrap();
    let Update::Transaction(item) = subscriber.next().await.unwrap() else { panic!("no tx") };
    assert_eq!((item.seq, item.height, item.data.status), (0, None, TxStatus::Unknown));
    server.mock.known.lock().insert(id, settled(id, 11));
    publish(&server, 11..=11);
    let Update::Transaction(item) = subscriber.next().await.unwrap() else { panic!("no tx") };
    assert_eq!((item.seq, item.height, item.data), (1, Some(11), settled(id, 11)));
}

#[tokio::test]
async fn an_ended_subscription_is_silent() {
    let server = start().await;
    let mut socket = open(&server).await;
    call(&mut socket, "subscribeBlocks", json!({})).await;
    call(&mut socket, "subscribeBlocks", json!({})).await;
    let ended = call(&mut socket, "unsubscribe", json!({"subscription": 1})).await;
    assert_eq!(ended["result"], true);
    let ended = call(&mut socket, "unsubscribe", json!({"subscription": 1})).await;
    assert_eq!(ended["result"], false);
    publish(&server, 11..=11);
    assert_eq!(next(&mut socket).await["subscription"], 2);
    assert_eq!(call(&mut socket, "getSupply", json!({})).await["result"]["HDL"], "5");
}

#[tokio::test]
async fn subscriptions_are_bounded() {
    let server = start().await;
    let mut socket = open(&server).await;
    for _ in 0..64 {
        assert!(call(&mut socket, "subscribeBlocks", json!({})).await["error"].is_null());
    }
    let refused = call(&mut socket, "subscribeBlocks", json!({})).await;
    assert_eq!(refused["error"]["data"]["kind"], "tooLarge");
}

#[tokio::test]
async fn a_message_past_1_mib_is_one_error_and_close() {
    let server = start().await;
    let mut socket = open(&server).await;
    let _ = socket.send(Message::text(" ".repeat(1024 * 1024 + 1))).await;
    assert_eq!(next(&mut socket).await["error"]["data"]["kind"], "tooLarge");
    let end = timeout(Duration::from_secs(3), socket.next()).await.unwrap();
    assert!(matches!(end, Some(Ok(Message::Close(_)))), "{end:?}");
}

#[tokio::test]
async fn a_wait_does_not_hold_up_other_requests() {
    let server = start().await;
    let mut socket = open(&server).await;
    let mut wait = send_request(7, 0);
    wait["method"] = json!("sendTransactionAndWait");
    wait["params"]["timeoutMs"] = json!(300);
    socket.send(Message::text(wait.to_string())).await.unwrap();
    assert_eq!(call(&mut socket, "getSupply", json!({})).await["id"], 1);
    assert_eq!(next(&mut socket).await["id"], 7);
}
