//! `heddle light`, through a node that is honest and one that is not.

use std::fs;
use std::io::Read;
use std::io::Write;
use std::net::TcpListener;
use std::net::TcpStream;
use std::thread;

use serde_json::Value;
use serde_json::json;

use super::Said;
use super::fails;
use super::heddle;
use super::http;
use super::net::Net;

/// Passes questions on to a node, and changes results on their way back.
struct Liar {
    url: String,
}

impl Liar {
    fn before(node: String, lie: fn(&str, &mut Value)) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        // Ends with the test's process.
        thread::spawn(move || {
            for stream in listener.incoming() {
                // Whoever went away wants no answer.
                let _ = answer(stream.unwrap(), &node, lie);
            }
        });
        Self { url }
    }
}

fn answer(mut stream: TcpStream, node: &str, lie: fn(&str, &mut Value)) -> std::io::Result<()> {
    let body = question(&mut stream)?;
    let request: Value = serde_json::from_slice(&body)?;
    let (code, reply) = http::post(node, &body)?;
    assert_eq!(code, 200);
    let mut reply: Value = serde_json::from_slice(&reply)?;
    lie(request["method"].as_str().unwrap(), &mut reply["result"]);
    let reply = reply.to_string();
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        reply.len()
    );
    stream.write_all(&[head.as_bytes(), reply.as_bytes()].concat())
}

fn question(stream: &mut TcpStream) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut piece = [0; 4096];
    loop {
        let read = stream.read(&mut piece)?;
        if read == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        bytes.extend_from_slice(&piece[..read]);
        let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        let length: usize = length.unwrap().parse().unwrap();
        if bytes.len() >= end + 4 + length {
            return Ok(bytes[end + 4..][..length].to_vec());
        }
    }
}

fn light(trust: &str, args: &[&str], url: &str) -> Said {
    heddle(&[&["light"], args, &["--trust", trust, "--rpc", url, "--json"]].concat())
}

#[test]
fn what_an_account_holds_is_proved_and_lies_are_refused() {
    let net = Net::start();
    net.transfer(0, "alice", "bob", "1000");
    let trust = format!("{}/trust.json", net.home);
    let genesis = format!("{}/genesis.json", net.validator(0));
    let made = heddle(&["light", "init", "--genesis", &genesis, "--trust", &trust, "--json"]);
    assert_eq!(made.code, 0, "{}", made.stderr);
    fails(1, &["light", "init", "--genesis", &genesis, "--trust", &trust], &[&trust]);
    let beginning = fs::read(&trust).unwrap();

    let bob = net.account("bob");
    let followed = light(&trust, &["follow"], &net.url(0));
    assert_eq!(followed.code, 0, "{}", followed.stderr);
    assert_eq!(followed.json()["validators"], 4);
    assert!(followed.json()["height"].as_u64() > Some(0), "{}", followed.stdout);
    let known: Value = serde_json::from_slice(&fs::read(&trust).unwrap()).unwrap();
    assert_eq!(known["height"], followed.json()["height"]);

    // The proof is for the newest certified root, which the transfer's may be a moment after.
    let held = (0..100).find_map(|_| {
        let said = light(&trust, &["account", &bob], &net.url(1));
        // The other node may be a block behind the first.
        (said.code == 0 && said.json()["amount"] == "1000000000001000").then(|| said.json())
    });
    assert!(held.is_some(), "{}", light(&trust, &["account", &bob], &net.url(1)).stdout);
    let nothing = light(&trust, &["account", &"ab".repeat(32)], &net.url(0));
    assert_eq!(nothing.json()["amount"], "0", "{}", nothing.stderr);

    let lies: [fn(&str, &mut Value); 4] = [
        |method, result| swap(method, result, "proof"),
        |method, result| swap(method, result, "header"),
        |method, result| {
            if method == "getProof" {
                result["certificate"]["signers"].as_array_mut().unwrap().truncate(2);
                result["certificate"]["signatures"].as_array_mut().unwrap().truncate(2);
            }
        },
        |method, result| {
            if method == "getEpochEnd" {
                result["proof"] = json!("00");
            }
        },
    ];
    for lie in lies {
        // A header that was proved before needs no proof again.
        fs::write(&trust, &beginning).unwrap();
        let liar = Liar::before(net.address_of(0), lie);
        let said = light(&trust, &["account", &bob], &liar.url);
        assert_eq!(said.code, 1, "{} {}", said.stdout, said.stderr);
        assert!(said.stderr.contains("ask another node"), "{}", said.stderr);
    }
    let honest = Liar::before(net.address_of(0), |_, _| {});
    let said = light(&trust, &["account", &bob], &honest.url);
    assert_eq!(said.json()["amount"], "1000000000001000", "{}", said.stderr);
}

/// Changes the last hex digit of what a proof shows.
fn swap(method: &str, result: &mut Value, field: &str) {
    if method == "getProof" {
        let mut text = result[field].as_str().unwrap().to_owned();
        let last = text.pop().unwrap();
        text.push(if last == '0' { '1' } else { '0' });
        result[field] = json!(text);
    }
}

#[test]
fn a_chain_that_is_not_the_trusted_one_and_a_damaged_file_are_refused() {
    let net = Net::start();
    let trust = format!("{}/trust.json", net.home);
    let genesis = format!("{}/genesis.json", net.validator(0));
    assert_eq!(heddle(&["light", "init", "--genesis", &genesis, "--trust", &trust]).code, 0);
    let whole = fs::read_to_string(&trust).unwrap();
    fs::write(&trust, whole.replace(net.chain(), &"0".repeat(64))).unwrap();
    fails(
        1,
        &["light", "follow", "--trust", &trust, "--rpc", &net.url(0)],
        &["chain", "ask a node"],
    );
    fs::write(&trust, &whole[..whole.len() / 2]).unwrap();
    fails(1, &["light", "follow", "--trust", &trust, "--rpc", &net.url(0)], &[&trust, "restore"]);
    fails(
        1,
        &["light", "follow", "--trust", "/nowhere/at/all"],
        &["/nowhere/at/all", "light init"],
    );
}
