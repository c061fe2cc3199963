//! Requests, batches, parameters and sends, through the typed client where it can.

use std::time::Duration;
use std::time::Instant;

use heddle_client::ClientError;
use heddle_client::RpcClient;
use heddle_rpc_api::ErrorKind;
use heddle_rpc_api::EventFilter;
use heddle_rpc_api::GetBlockEvents;
use heddle_rpc_api::TxStatus;
use heddle_types::Address;
use heddle_types::Amount;
use heddle_types::AssetId;
use heddle_types::Bytes;
use heddle_types::Height;
use heddle_types::ProgramId;
use heddle_types::encode;
use serde_json::Value;
use serde_json::json;

use super::mock::TestServer;
use super::mock::block;
use super::mock::block_events;
use super::mock::execution;
use super::mock::send_request;
use super::mock::settled;
use super::mock::transaction;
use crate::rpc::Health;
use crate::rpc::RpcConfig;

async fn start() -> TestServer {
    TestServer::start(RpcConfig::default()).await
}

async fn check_code(server: &TestServer, body: &[u8], code: i32) {
    let began = Instant::now();
    let (status, reply) = server.post(body).await;
    let shown = String::from_utf8_lossy(&body[..body.len().min(60)]);
    assert_eq!(status, 200, "{shown}");
    assert_eq!(reply["error"]["code"], code, "{shown}: {reply}");
    assert_eq!(reply["id"], Value::Null);
    assert!(reply["error"]["data"]["kind"].is_string(), "{reply}");
    assert!(began.elapsed() < Duration::from_secs(1), "{shown}");
}

#[tokio::test]
async fn what_is_no_request_is_one_error_at_once() {
    let server = start().await;
    check_code(&server, b"", -32700).await;
    check_code(&server, b"{", -32700).await;
    check_code(&server, b"\"\xff\"", -32700).await;
    check_code(&server, b"{} {}", -32700).await;
    check_code(&server, b"1e999", -32700).await;
    check_code(&server, b"[]", -32600).await;
    check_code(&server, b"{}", -32600).await;
    check_code(&server, b"null", -32600).await;
    check_code(&server, br#"{"jsonrpc":"1.0","method":"getStatus"}"#, -32600).await;
    check_code(&server, br#"{"jsonrpc":"2.0","method":5}"#, -32600).await;
    check_code(&server, br#"{"jsonrpc":"2.0","id":{},"method":"getStatus"}"#, -32600).await;
    let nested = |depth: usize| [vec![b'['; depth], vec![b']'; depth]].concat();
    check_code(&server, &nested(65), ErrorKind::TooLarge.code()).await;
    check_code(&server, &nested(500_000), ErrorKind::TooLarge.code()).await;
    let batch = vec![json!({"jsonrpc": "2.0", "id": 1, "method": "getStatus"}); 101];
    check_code(&server, json!(batch).to_string().as_bytes(), ErrorKind::TooLarge.code()).await;
}

#[tokio::test]
async fn nesting_up_to_64_is_read_and_brackets_in_strings_do_not_count() {
    let server = start().await;
    let nested = [vec![b'['; 64], vec![b']'; 64]].concat();
    let (_, reply) = server.post(nested).await;
    assert_eq!(reply[0]["error"]["code"], -32600, "{reply}");
    let method = "\\\"[".repeat(200);
    let body = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{method}"}}"#);
    assert_eq!(server.post(body).await.1["error"]["code"], -32601);
}

#[tokio::test]
async fn a_batch_is_answered_in_order_and_its_notifications_are_not() {
    let server = start().await;
    let batch = json!([
        {"jsonrpc": "2.0", "id": "a", "method": "getStatus"},
        {"jsonrpc": "2.0", "method": "getStatus"},
        5,
        {"jsonrpc": "2.0", "id": null, "method": "nothing"},
    ]);
    let (_, replies) = server.post(batch.to_string()).await;
    assert_eq!(replies.as_array().unwrap().len(), 3);
    assert_eq!(replies[0]["id"], "a");
    assert_eq!(replies[0]["result"]["finalHeight"], 2);
    assert_eq!(replies[1]["error"]["code"], -32600);
    assert_eq!(replies[2]["error"]["code"], -32601);
}

#[tokio::test]
async fn a_batch_of_100_is_answered() {
    let server = start().await;
    let batch = vec![json!({"jsonrpc": "2.0", "id": 1, "method": "getStatus"}); 100];
    let (_, replies) = server.post(json!(batch).to_string()).await;
    assert_eq!(replies.as_array().unwrap().len(), 100);
}

#[tokio::test]
async fn notifications_are_carried_out_without_a_reply() {
    let server = start().await;
    let mut send = send_request(1, 3);
    send.as_object_mut().unwrap().remove("id");
    assert_eq!(server.post(send.to_string()).await, (204, Value::Null));
    assert_eq!(server.post(json!([send]).to_string()).await, (204, Value::Null));
    assert_eq!(*server.mock.sent.lock(), [[3], [3]]);
}

async fn check_params(server: &TestServer, method: &str, params: Value, message: &str) {
    let error = server.error(method, params).await;
    assert_eq!((error.code, error.data.kind), (-32602, ErrorKind::Malformed), "{error}");
    assert!(!error.data.never);
    assert_eq!(error.message, message);
}

#[tokio::test]
async fn wrong_and_unknown_parameters_are_named() {
    let server = start().await;
    let check =
        async |method, params, message| check_params(&server, method, params, message).await;
    check(
        "getStatus",
        json!({"x": 1}),
        "x: found an unknown parameter, expected only these parameters: none",
    )
    .await;
    check(
        "getStatus",
        json!({"x": null}),
        "x: found an unknown parameter, expected only these parameters: none",
    )
    .await;
    check(
        "getStatus",
        json!([1]),
        "params: found an array of 1, expected an object of named parameters",
    )
    .await;
    check("getBlock", json!({}), "params: found neither, expected one of height and hash").await;
    check(
        "getBlock",
        json!({"height": -1}),
        "height: found -1, expected an integer from 0 to 9007199254740991",
    )
    .await;
    check(
        "getBlock",
        json!({"height": 1.5}),
        "height: found 1.5, expected an integer from 0 to 9007199254740991",
    )
    .await;
    check(
        "getBlock",
        json!({"height": 1_u64 << 53}),
        "height: found 9007199254740992, expected an integer from 0 to 9007199254740991",
    )
    .await;
    check("getBlock", json!({"hash": "0x12"}), "hash: found \"0x12\", expected 64 hex digits")
        .await;
    check("getTransaction", json!({}), "id: found nothing, expected 64 hex digits").await;
    check("getAccount", json!({"address": 5}), "address: found 5, expected 64 hex digits").await;
    check(
        "sendTransaction",
        json!({"transaction": "0x1"}),
        "transaction: found \"0x1\", expected an even number of hex digits",
    )
    .await;
    check(
        "sendTransactionAndWait",
        json!({"transaction": "", "timeoutMs": 10_001}),
        "timeoutMs: found 10001, expected an integer from 0 to 10000",
    )
    .await;
    check(
        "getState",
        json!({"program": 1, "prefix": "", "limit": 1001}),
        "limit: found 1001, expected an integer from 0 to 1000",
    )
    .await;
    check(
        "getState",
        json!({"program": 1, "prefix": "", "limit": 0}),
        "limit: found 0, expected an integer from 1 to 1000",
    )
    .await;
    check("getState", json!({"program": 1, "key": "", "cursor": ""}), "cursor: found an unknown parameter, expected only these parameters: program and key, or program, prefix, cursor, limit").await;
}

#[tokio::test]
async fn bytes_that_are_no_transaction_are_malformed_and_named() {
    let server = start().await;
    let good = encode(&transaction(0));
    let check = async |bytes: &[u8], kind: ErrorKind, part: &str| {
        let error =
            server.error("sendTransaction", json!({"transaction": hex::encode(bytes)})).await;
        assert_eq!(error.data.kind, kind, "{error}");
        assert!(error.message.contains(part), "{error}");
        assert!(!error.data.never);
    };
    check(&good[..good.len() - 1], ErrorKind::Malformed, "auth").await;
    check(&[good.as_slice(), b"x"].concat(), ErrorKind::Malformed, "1 bytes after its end").await;
    check(&[&[9], &good[1..]].concat(), ErrorKind::Malformed, "body.version: 9, expected 1").await;
    check(&vec![0; 16 * 1024 + 1], ErrorKind::TooLarge, "16385 bytes").await;
    assert!(server.mock.sent.lock().is_empty());
}

#[tokio::test]
async fn methods_that_do_not_exist_here_are_32601() {
    let server = start().await;
    let dev = ["requestAirdrop", "dev_setLinks", "dev_setClock"];
    for method in dev.iter().chain(&["nothing", "subscribeBlocks", "getIdl", "rpc.discover"]) {
        let error = server.error(method, json!({})).await;
        assert_eq!((error.code, error.data.kind), (-32601, ErrorKind::MethodNotFound), "{method}");
    }
}

#[tokio::test]
async fn nothing_is_answered_before_the_node_is_ready() {
    let server = start().await;
    *server.mock.health.lock() = Health::Starting { reason: "reading the chain".to_owned() };
    assert_eq!(server.error("getStatus", json!({})).await.data.kind, ErrorKind::Behind);
    let (_, reply) = server.post(send_request(1, 0).to_string()).await;
    assert_eq!(reply["error"]["data"]["kind"], "behind");
    assert!(server.mock.sent.lock().is_empty());
}

#[tokio::test]
async fn faults_are_set_on_a_development_chain_even_while_the_node_is_not_ready() {
    let server = TestServer::start_on(RpcConfig::default(), true).await;
    *server.mock.health.lock() = Health::Starting { reason: "cut off".to_owned() };
    let request = json!({"jsonrpc": "2.0", "id": 1, "method": "dev_setLinks", "params": {"links": [{"peer": 3, "cut": true}]}});
    let (_, reply) = server.post(request.to_string()).await;
    let link = json!({"peer": 3, "cut": true, "delayMs": 0, "jitterMs": 0, "lossPercent": 0});
    assert_eq!(reply["result"], json!([link]));
    let request =
        json!({"jsonrpc": "2.0", "id": 1, "method": "dev_setClock", "params": {"offsetMs": -5}});
    let (_, reply) = server.post(request.to_string()).await;
    assert_eq!(reply["result"], json!({ "wallMs": 5 }));
}

#[tokio::test]
async fn consecutive_sends_of_a_batch_reach_the_node_together_and_in_order() {
    let server = start().await;
    let status = json!({"jsonrpc": "2.0", "id": 9, "method": "getStatus"});
    let bad = json!({"jsonrpc": "2.0", "id": 8, "method": "sendTransaction", "params": {"transaction": "00"}});
    let batch = json!([
        send_request(1, 0),
        bad,
        send_request(2, 1),
        status,
        send_request(3, 1000),
        send_request(4, 2)
    ]);
    let (_, replies) = server.post(batch.to_string()).await;
    let ids: Vec<_> = replies.as_array().unwrap().iter().map(|reply| reply["id"].clone()).collect();
    assert_eq!(ids, [1, 8, 2, 9, 3, 4]);
    assert_eq!(replies[0]["result"]["id"], transaction(0).id().to_string());
    assert_eq!(replies[4]["error"]["data"]["expected"], 5);
    assert_eq!(*server.mock.sent.lock(), [vec![0, 1], vec![1000, 2]]);
}

#[tokio::test]
async fn sending_and_waiting_ends_when_the_transaction_is_final() {
    let server = start().await;
    let client = RpcClient::new(&server.url()).unwrap();
    let tx = transaction(0);
    let (id, mock) = (tx.id(), server.mock.clone());
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(100)).await;
        mock.known.lock().insert(id, settled(id, 11));
        mock.feed.publish(&block(11)).unwrap();
    });
    let began = Instant::now();
    let info = client.send_and_wait(&tx, Duration::from_secs(5)).await.unwrap();
    assert_eq!(info, settled(id, 11));
    assert!(began.elapsed() < Duration::from_secs(1));
}

#[tokio::test]
async fn sending_and_waiting_in_vain_is_pending_and_no_error() {
    let server = start().await;
    let client = RpcClient::new(&server.url()).unwrap();
    let info = client.send_and_wait(&transaction(0), Duration::from_millis(50)).await.unwrap();
    assert_eq!((info.status, info.receipt), (TxStatus::Pending, None));
}

#[tokio::test]
async fn the_waits_of_a_batch_overlap() {
    let server = start().await;
    let wait = |sequence: u64| {
        let mut request = send_request(sequence, sequence);
        request["method"] = json!("sendTransactionAndWait");
        request["params"]["timeoutMs"] = json!(300);
        request
    };
    let began = Instant::now();
    let batch: Vec<_> = (0..10).map(wait).collect();
    let (_, replies) = server.post(json!(batch).to_string()).await;
    assert_eq!(replies[9]["result"]["status"], "pending");
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    assert_eq!(*server.mock.sent.lock(), [(0..10).collect::<Vec<_>>()]);
}

#[tokio::test]
async fn the_typed_client_reads_what_the_server_writes() {
    let server = start().await;
    let client = RpcClient::new(&server.url()).unwrap();
    assert_eq!(client.status().await.unwrap().final_height, Height::new(2));
    assert_eq!(client.block(Height::new(4)).await.unwrap(), block(4));
    assert_eq!(client.block_execution(Height::new(4)).await.unwrap(), execution(4));
    let account = client.account(Address::default()).await.unwrap();
    assert_eq!((account.nonces[&0], account.balances[&AssetId::HDL]), (7, Amount::MAX));
    assert_eq!(client.supply().await.unwrap().0[&AssetId::HDL], Amount::from_units(5));
    let value = |bytes: &[u8]| client.value(ProgramId::LEDGER, Bytes(bytes.to_vec()));
    assert_eq!(value(b"").await.unwrap(), None);
    assert_eq!(value(b"ab").await.unwrap(), Some(Bytes(b"ab".to_vec())));
    let page = client.state_page(ProgramId::LEDGER, Bytes::default(), None, 10).await.unwrap();
    assert_eq!(page.items, []);
    assert_eq!(client.get("/health").await.unwrap().1, "ok\n");
}

#[tokio::test]
async fn the_typed_client_tells_refusals_from_silence() {
    let server = start().await;
    let client = RpcClient::new(&server.url()).unwrap();
    let refused = client.block(Height::new(11)).await.unwrap_err();
    assert_eq!(refused.refusal().unwrap().data.kind, ErrorKind::NotFound);
    assert!(!refused.is_outcome_unknown());
    let silent = RpcClient::new("http://127.0.0.1:1").unwrap().status().await.unwrap_err();
    assert!(matches!(silent, ClientError::NoAnswer { .. }), "{silent}");
    assert!(matches!(RpcClient::new("https://a").unwrap_err(), ClientError::Url { .. }));
}

#[tokio::test]
async fn an_execution_is_asked_for_by_height_alone() {
    let server = start().await;
    check_params(
        &server,
        "getBlockExecution",
        json!({}),
        "height: found nothing, expected an integer from 0 to 9007199254740991",
    )
    .await;
    check_params(
        &server,
        "getBlockExecution",
        json!({"height": 4, "hash": ""}),
        "hash: found an unknown parameter, expected only these parameters: height",
    )
    .await;
}

#[tokio::test]
async fn an_execution_that_is_not_kept_is_pruned_for_good() {
    let server = start().await;
    let error = server.error("getBlockExecution", json!({"height": 2})).await;
    assert_eq!((error.data.kind, error.data.retryable), (ErrorKind::Pruned, false), "{error}");
    assert!(error.message.starts_with("height: found 2, expected 3 or above"), "{error}");
    assert!(error.message.contains("this node's own"), "{error}");
    assert!(error.data.hint.contains("1024 blocks"), "{}", error.data.hint);
    let error = server.error("getBlockExecution", json!({"height": 11})).await;
    assert_eq!(error.data.kind, ErrorKind::NotFound, "{error}");
}

#[tokio::test]
async fn the_events_of_a_block_are_answered_in_pages() {
    let server = start().await;
    let client = RpcClient::new(&server.url()).unwrap();
    let filter = EventFilter { program: Some(ProgramId::EXCHANGE), ..EventFilter::default() };
    let first = GetBlockEvents { limit: 2, ..GetBlockEvents::all(Height::new(10), filter) };
    let page = client.block_events(&first).await.unwrap();
    assert_eq!(page, block_events(&first));
    assert_eq!((page.events.len(), page.next), (2, Some(3)));
    let second = GetBlockEvents { from: 3, ..first };
    let page = client.block_events(&second).await.unwrap();
    assert_eq!((page.events[0].index, page.next), (3, None));
    let error = server.error("getBlockEvents", json!({"height": 11})).await;
    assert_eq!(error.data.kind, ErrorKind::NotFound, "{error}");
    check_params(
        &server,
        "getBlockEvents",
        json!({"height": 4, "kind": -1}),
        "kind: found -1, expected an integer from 0 to 65535",
    )
    .await;
}

#[tokio::test]
async fn the_typed_client_sends_many_in_batches_and_keeps_their_order() {
    let server = start().await;
    let client = RpcClient::new(&server.url()).unwrap();
    let transactions = (0..250).map(|sequence| Bytes(encode(&transaction(sequence)))).collect();
    let outcomes = client.send_many(transactions).await;
    assert_eq!(outcomes.len(), 250);
    assert_eq!(outcomes[249].clone().unwrap(), transaction(249).id());
    let sizes: Vec<_> = server.mock.sent.lock().iter().map(Vec::len).collect();
    assert_eq!(sizes, [100, 100, 50]);
}

#[tokio::test]
async fn a_kept_connection_that_the_server_closed_is_replaced() {
    let server = TestServer::start(RpcConfig { connections_max: 1, ..Default::default() }).await;
    let client = RpcClient::new(&server.url()).unwrap();
    client.status().await.unwrap();
    let _other = server.connect().await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    client.status().await.unwrap();
}
