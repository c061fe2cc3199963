//! Hosts, origins, content types, time, sizes and the number of connections.

use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::time::sleep;
use tokio::time::timeout;

use super::mock::TestServer;
use super::mock::read_to_end;
use super::mock::status;
use crate::rpc::Health;
use crate::rpc::RpcConfig;

const STATUS: &str = r#"{"jsonrpc":"2.0","id":1,"method":"getStatus"}"#;

fn post_with(headers: &str) -> String {
    format!(
        "POST / HTTP/1.1\r\nconnection: close\r\ncontent-length: {}\r\n{headers}\r\n{STATUS}",
        STATUS.len()
    )
}

async fn check(server: &TestServer, headers: &str, expected: u16) {
    let request = post_with(&format!("content-type: application/json\r\n{headers}"));
    assert_eq!(status(&server.raw(request).await), expected, "{headers:?}");
}

#[tokio::test]
async fn a_host_that_is_not_a_loopback_name_or_listed_is_refused() {
    let config = RpcConfig { allowed_hosts: vec!["Node.Example".to_owned()], ..Default::default() };
    let server = TestServer::start(config).await;
    check(&server, "host: 127.0.0.1:26000\r\n", 200).await;
    check(&server, "host: 127.0.0.1\r\n", 200).await;
    check(&server, "host: LocalHost:1\r\n", 200).await;
    check(&server, "host: [::1]:26000\r\n", 200).await;
    check(&server, "host: [::1]\r\n", 200).await;
    check(&server, "host: node.example:80\r\n", 200).await;
    check(&server, "host: evil.example\r\n", 403).await;
    check(&server, "host: localhost.evil.example\r\n", 403).await;
    check(&server, "host: 127.0.0.1.evil.example:26000\r\n", 403).await;
    check(&server, "host: localhost:evil.example\r\n", 403).await;
    check(&server, "host: [::1]evil.example\r\n", 403).await;
    check(&server, "host: evil@localhost\r\n", 403).await;
    check(&server, "host:\r\n", 403).await;
    check(&server, "", 403).await;
    check(&server, "host: localhost\r\nhost: evil.example\r\n", 403).await;
}

#[tokio::test]
async fn a_foreign_target_is_refused_whatever_the_host_says() {
    let server = TestServer::start(RpcConfig::default()).await;
    let request =
        "GET http://evil.example/health HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    assert_eq!(status(&server.raw(request).await), 403);
}

#[tokio::test]
async fn a_foreign_or_null_origin_is_refused() {
    let server = TestServer::start(RpcConfig::default()).await;
    check(&server, "host: localhost\r\norigin: http://localhost:26000\r\n", 200).await;
    check(&server, "host: localhost\r\norigin: http://127.0.0.1:26000\r\n", 200).await;
    check(&server, "host: localhost\r\norigin: http://evil.example\r\n", 403).await;
    check(&server, "host: localhost\r\norigin: https://localhost.evil.example\r\n", 403).await;
    check(&server, "host: localhost\r\norigin: null\r\n", 403).await;
    check(&server, "host: localhost\r\norigin: file://localhost\r\n", 403).await;
    check(&server, "host: localhost\r\norigin:\r\n", 403).await;
}

#[tokio::test]
async fn a_websocket_of_a_foreign_origin_or_host_is_refused() {
    let server = TestServer::start(RpcConfig::default()).await;
    let check = async |headers: &str, expected: u16| {
        let request = format!(
            "GET / HTTP/1.1\r\n{headers}upgrade: websocket\r\nconnection: upgrade\r\n\
             sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        let mut stream = server.connect().await;
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut reply = [0; 64];
        let len = stream.read(&mut reply).await.unwrap();
        assert_eq!(status(&String::from_utf8_lossy(&reply[..len])), expected, "{headers:?}");
    };
    check("host: localhost\r\n", 101).await;
    check("host: localhost\r\norigin: http://evil.example\r\n", 403).await;
    check("host: localhost\r\norigin: null\r\n", 403).await;
    check("host: evil.example\r\n", 403).await;
    check("", 403).await;
}

#[tokio::test]
async fn another_content_type_is_415() {
    let server = TestServer::start(RpcConfig::default()).await;
    let check = async |header: &str, expected: u16| {
        let reply = server.raw(post_with(&format!("host: localhost\r\n{header}"))).await;
        assert_eq!(status(&reply), expected, "{header:?}");
    };
    check("content-type: application/json\r\n", 200).await;
    check("content-type: Application/JSON; charset=utf-8\r\n", 200).await;
    check("content-type: text/plain\r\n", 415).await;
    check("content-type: application/x-www-form-urlencoded\r\n", 415).await;
    check("content-type: application/jsonp\r\n", 415).await;
    check("", 415).await;
}

#[tokio::test]
async fn headers_that_are_not_complete_in_time_are_408() {
    let header_timeout = Duration::from_millis(200);
    let server = TestServer::start(RpcConfig { header_timeout, ..Default::default() }).await;
    let reply = server.raw("POST / HTTP/1.1\r\nhost: local").await;
    assert_eq!(status(&reply), 408);
    assert_eq!(status(&server.raw("").await), 408);
}

#[tokio::test]
async fn headers_that_trickle_in_are_408_all_the_same() {
    let header_timeout = Duration::from_millis(300);
    let server = TestServer::start(RpcConfig { header_timeout, ..Default::default() }).await;
    let mut stream = server.connect().await;
    stream.write_all(b"GET /health HTTP/1.1\r\n").await.unwrap();
    for _ in 0..5 {
        sleep(Duration::from_millis(50)).await;
        stream.write_all(b"a: b\r\n").await.unwrap();
    }
    assert_eq!(status(&read_to_end(&mut stream).await), 408);
}

#[tokio::test]
async fn a_kept_connection_may_be_idle_longer_than_headers_may_take() {
    let header_timeout = Duration::from_millis(150);
    let server = TestServer::start(RpcConfig { header_timeout, ..Default::default() }).await;
    let mut stream = server.connect().await;
    let mut reply = [0; 4096];
    for _ in 0..2 {
        stream.write_all(b"GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
        let len = stream.read(&mut reply).await.unwrap();
        assert_eq!(status(&String::from_utf8_lossy(&reply[..len])), 200);
        sleep(Duration::from_millis(400)).await;
    }
    // And the second request's headers are timed again.
    stream.write_all(b"GET /health HTTP/1.1\r\nhost:").await.unwrap();
    assert_eq!(status(&read_to_end(&mut stream).await), 408);
}

#[tokio::test]
async fn a_body_that_is_not_complete_in_time_is_408() {
    let body_timeout = Duration::from_millis(200);
    let server = TestServer::start(RpcConfig { body_timeout, ..Default::default() }).await;
    let head = "POST / HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 50\r\n\r\n{";
    assert_eq!(status(&server.raw(head).await), 408);
}

async fn sends_on_and_on(server: &TestServer, framing: &str, chunk: &[u8]) {
    let mut stream = server.connect().await;
    let head = format!(
        "POST / HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n{framing}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let (mut reader, mut writer) = stream.split();
    let sending = async {
        // Never stops by itself.
        while writer.write_all(chunk).await.is_ok() {
            sleep(Duration::from_micros(200)).await;
        }
        std::future::pending::<()>().await;
    };
    let mut reply = Vec::new();
    tokio::select! {
        () = sending => {}
        read = timeout(Duration::from_secs(2), reader.read_to_end(&mut reply)) => {
            read.unwrap().unwrap();
        }
    }
    let reply = String::from_utf8(reply).unwrap();
    assert_eq!(status(&reply), 413);
    assert!(reply.contains("connection: close"), "{reply}");
    assert!(reply.contains(r#""kind":"tooLarge""#), "{reply}");
}

#[tokio::test]
async fn a_body_past_1_mib_is_413_and_close_while_the_client_still_sends() {
    let server = TestServer::start(RpcConfig::default()).await;
    sends_on_and_on(&server, "content-length: 1000000000", &[b' '; 16384]).await;
    let chunk = [b"4000\r\n".as_slice(), &[b' '; 0x4000], b"\r\n"].concat();
    sends_on_and_on(&server, "transfer-encoding: chunked", &chunk).await;
}

#[tokio::test]
async fn a_body_of_1_mib_is_read() {
    let server = TestServer::start(RpcConfig::default()).await;
    let mut body = STATUS.as_bytes().to_vec();
    body.resize(1024 * 1024, b' ');
    assert_eq!(server.post(&body).await.0, 200);
    body.push(b' ');
    assert_eq!(server.post(&body).await.0, 413);
}

#[tokio::test]
async fn a_client_that_ends_its_side_is_answered() {
    let server = TestServer::start(RpcConfig::default()).await;
    let mut stream = server.connect().await;
    let request = post_with("host: localhost\r\ncontent-type: application/json\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    assert_eq!(status(&read_to_end(&mut stream).await), 200);
}

async fn get(server: &TestServer, path: &str) -> String {
    let head = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
    server.raw(head).await
}

#[tokio::test]
async fn health_is_503_while_behind_and_ready_is_not() {
    let server = TestServer::start(RpcConfig::default()).await;
    let check = async |health: Health, on_health: u16, on_ready: u16| {
        *server.mock.health.lock() = health;
        assert_eq!(status(&get(&server, "/health").await), on_health);
        assert_eq!(status(&get(&server, "/ready").await), on_ready);
    };
    check(Health::Healthy, 200, 200).await;
    check(Health::Behind { reason: "12 heights".to_owned() }, 503, 200).await;
    check(Health::Starting { reason: "reading".to_owned() }, 503, 503).await;
}

#[tokio::test]
async fn the_page_metrics_and_description_are_served() {
    let server = TestServer::start(RpcConfig::default()).await;
    assert!(get(&server, "/").await.contains("<title>Heddle node</title>"));
    assert!(get(&server, "/metrics").await.ends_with("heddle_height 3\n# EOF\n"));
    assert!(get(&server, "/openrpc.json").await.contains(r#""name":"getStatus""#));
    assert_eq!(status(&get(&server, "/nothing").await), 404);
    let delete = "DELETE / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    assert_eq!(status(&server.raw(delete).await), 405);
}

#[tokio::test]
async fn one_connection_too_many_closes_the_longest_idle() {
    let server = TestServer::start(RpcConfig { connections_max: 3, ..Default::default() }).await;
    let mut streams = Vec::new();
    for _ in 0..3 {
        streams.push(server.connect().await);
        sleep(Duration::from_millis(20)).await;
    }
    // The first is active again, so that the second is now the longest idle.
    let ask = b"GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n";
    let mut reply = [0; 4096];
    streams[0].write_all(ask).await.unwrap();
    assert!(streams[0].read(&mut reply).await.unwrap() > 0);
    assert_eq!(status(&get(&server, "/health").await), 200);
    let end = timeout(Duration::from_secs(1), streams[1].read(&mut reply)).await.unwrap();
    assert!(end.is_err() || end.is_ok_and(|len| len == 0));
    for kept in [0, 2] {
        streams[kept].write_all(ask).await.unwrap();
        assert!(streams[kept].read(&mut reply).await.unwrap() > 0);
    }
}

#[tokio::test]
async fn a_server_told_to_stop_ends_at_once_although_connections_are_open() {
    let mut server = TestServer::start(RpcConfig::default()).await;
    let mut idle = server.connect().await;
    sleep(Duration::from_millis(20)).await;
    server.stop();
    timeout(Duration::from_secs(2), &mut server.task).await.unwrap().unwrap();
    assert_eq!(idle.read(&mut [0; 16]).await.unwrap_or(0), 0);
}
