//! What a real node answers to transactions and requests that are not what they should be.

use std::fs;
use std::time::Duration;

use heddle_types::Access;
use heddle_types::Address;
use heddle_types::Amount;
use heddle_types::AssetId;
use heddle_types::Auth;
use heddle_types::ChainId;
use heddle_types::Height;
use heddle_types::Nonce;
use heddle_types::Transaction;
use heddle_types::TransactionBody;
use heddle_types::encode;
use heddle_validator::home::KeyFile;
use serde_json::Value;
use serde_json::json;

use super::http;
use super::net::Net;
use super::net::VALIDATORS;
use super::net::eventually;

const SECOND: Duration = Duration::from_secs(1);
/// What a log may grow by while a node is told nonsense. One line for each of thousands would be far more.
const LOG_BYTES_MAX: u64 = 64 * 1024;

/// A named account of a localnet, whose next transaction has `sequence`.
struct Sender {
    key: KeyFile,
    chain: ChainId,
    to: Address,
    sequence: u64,
}

impl Sender {
    fn new(net: &Net, name: &str) -> Self {
        let key = KeyFile::read(net.key_file(name).as_ref()).unwrap();
        let to = net.account("bob").parse().unwrap();
        Self { key, chain: net.chain().parse().unwrap(), to, sequence: 0 }
    }

    fn body(&self) -> TransactionBody {
        TransactionBody {
            version: TransactionBody::VERSION,
            chain: self.chain,
            sender: self.key.address(),
            payer: None,
            nonce: Nonce::Lane { lane: 0, sequence: self.sequence },
            valid_until: Height::new(u64::MAX),
            max_fee: Amount::from_units(1_000_000),
            access: Access::DERIVED,
            calls: vec![heddle_ledger::transfer_call(self.to, AssetId::HDL, Amount::from_units(1))],
        }
    }

    /// A transfer's bytes, after `change` to what is signed.
    fn signed(&self, change: impl FnOnce(&mut TransactionBody)) -> Vec<u8> {
        let mut body = self.body();
        change(&mut body);
        encode(&Transaction::sign(body, self.key.secret()))
    }

    /// A transfer's bytes, after `change` to what was signed.
    fn altered(&self, change: impl FnOnce(&mut Transaction)) -> Vec<u8> {
        let mut transaction = Transaction::sign(self.body(), self.key.secret());
        change(&mut transaction);
        encode(&transaction)
    }
}

fn send(net: &Net, index: usize, bytes: &[u8]) -> Value {
    let params = json!({ "transaction": hex::encode(bytes) });
    net.try_call(index, "sendTransaction", params).unwrap()
}

/// Every validator refuses these bytes by this kind, and says "never" or not.
fn check(net: &Net, bytes: &[u8], kind: &str, never: bool) {
    for index in 0..VALIDATORS {
        let reply = send(net, index, bytes);
        let data = &reply["error"]["data"];
        assert_eq!((&data["kind"], &data["never"]), (&json!(kind), &json!(never)), "{reply}");
        assert!(data["hint"].is_string() && data["retryable"].is_boolean(), "{reply}");
        assert!(reply["error"]["message"].as_str().unwrap().len() < 300, "{reply}");
        assert_eq!(reply.get("result"), None);
    }
}

/// The error that a raw body gets.
fn error(net: &Net, body: &[u8]) -> Value {
    let (code, reply) = http::post(&net.address_of(0), body).unwrap();
    assert_eq!(code, 200);
    let reply: Value = serde_json::from_slice(&reply).unwrap();
    assert!(reply["error"]["data"]["kind"].is_string(), "{reply}");
    assert!(reply.to_string().len() < 1000, "{reply}");
    reply["error"].clone()
}

fn log_bytes(net: &Net) -> u64 {
    let log = |index| fs::metadata(format!("{}/node.log", net.validator(index))).unwrap().len();
    (0..VALIDATORS).map(log).max().unwrap()
}

fn is_final(net: &Net, index: usize, id: &Value) -> Value {
    eventually("a final transaction", 10 * SECOND, || {
        let found = net.call(index, "getTransaction", json!({ "id": id }));
        (found["status"] == "final").then_some(found)
    })
}

/// Each validator is healthy and takes part, and a transfer through each becomes final.
fn assert_healthy(net: &Net) {
    for index in 0..VALIDATORS {
        assert_eq!(http::get(&net.address_of(index), "/health").unwrap().0, 200);
        assert_eq!(net.transfer(index, "erin", "frank", "1")["receipt"]["ok"], true);
    }
    assert_eq!(net.call(0, "getEvidence", json!({})), json!([]));
}

#[test]
fn a_bad_transaction_is_refused_by_kind_and_never_is_said_only_when_true() {
    let net = Net::start();
    let before = log_bytes(&net);
    let alice = Sender::new(&net, "alice");
    let good = alice.signed(|_| {});

    for end in [0, 1, 8, 100, good.len() - 1] {
        check(&net, &good[..end], "malformed", false);
    }
    check(&net, &[good.as_slice(), &[0]].concat(), "malformed", false);
    check(&net, &[0xff; 300], "malformed", false);
    check(&net, &vec![0; 16 * 1024 + 1], "tooLarge", false);
    check(&net, &alice.signed(|body| body.version = 2), "malformed", false);
    check(&net, &alice.signed(|body| body.calls.clear()), "malformed", false);
    check(&net, &alice.signed(|body| body.payer = Some(alice.to)), "malformed", false);
    check(&net, &alice.signed(|body| body.chain = ChainId::ZERO), "wrongChain", true);
    let flipped = alice.altered(|transaction| match &mut transaction.auth {
        Auth::Ed25519(signature) | Auth::Eip712(signature, _) => signature.0[40] ^= 1,
    });
    check(&net, &flipped, "badSignature", true);
    let foreign = alice.altered(|transaction| transaction.body.sender = alice.to);
    check(&net, &foreign, "badSignature", true);
    let reserved = alice.signed(|body| body.nonce = Nonce::Window { millis: 1 });
    check(&net, &reserved, "unsupported", false);
    check(&net, &alice.signed(|body| body.max_fee = Amount::from_units(1)), "feeTooLow", false);
    check(&net, &alice.signed(|body| body.max_fee = Amount::MAX), "insufficientFeeFunds", false);
    check(&net, &alice.signed(|body| body.valid_until = Height::ZERO), "expired", true);
    for sequence in [1, 2, u64::from(u32::MAX), u64::MAX] {
        let gapped = alice.signed(|body| body.nonce = Nonce::Lane { lane: 0, sequence });
        check(&net, &gapped, "nonceGap", false);
    }

    // None of it was counted against the sender.
    let sent = send(&net, 2, &good);
    let told = is_final(&net, 2, &sent["result"]["id"]);
    (0..VALIDATORS).for_each(|index| assert_eq!(is_final(&net, index, &told["id"]), told));
    for index in 0..VALIDATORS {
        assert_eq!(send(&net, index, &good)["result"], json!({ "id": told["id"] }));
    }
    let other = alice.signed(|body| body.max_fee = Amount::from_units(2_000_000));
    check(&net, &other, "nonceUsed", true);
    assert_eq!(send(&net, 1, &other)["error"]["data"]["expected"], 1);
    assert!(log_bytes(&net) - before < LOG_BYTES_MAX);
    assert_healthy(&net);
}

#[test]
fn what_is_pending_may_still_become_final_so_never_is_not_said() {
    let net = Net::start();
    let mut alice = Sender::new(&net, "alice");
    // Without a quorum nothing that is sent becomes final.
    for index in ["2", "3"] {
        net.localnet(&["pause", index]);
    }
    let first = alice.signed(|_| {});
    let sent = send(&net, 0, &first)["result"].clone();
    let other = alice.signed(|body| body.max_fee = Amount::from_units(2_000_000));
    let refused = send(&net, 0, &other)["error"]["data"].clone();
    assert_eq!((&refused["kind"], &refused["never"]), (&json!("nonceUsed"), &json!(false)));
    assert_eq!(refused["expected"], 1);
    assert_eq!(send(&net, 0, &first)["result"], sent);
    alice.sequence = 5;
    let refused = send(&net, 0, &alice.signed(|_| {}))["error"]["data"].clone();
    assert_eq!((&refused["kind"], &refused["expected"]), (&json!("nonceGap"), &json!(1)));
    let waited = json!({ "transaction": hex::encode(&first), "timeoutMs": 200 });
    let waited = net.call(0, "sendTransactionAndWait", waited);
    assert_eq!((&waited["status"], &waited["id"]), (&json!("pending"), &sent["id"]));
    for index in ["2", "3"] {
        net.localnet(&["resume", index]);
    }
    (0..VALIDATORS).for_each(|index| assert_eq!(is_final(&net, index, &sent["id"])["index"], 0));
}

#[test]
fn a_bad_request_gets_one_error_that_names_the_field() {
    let net = Net::start();
    let call = |method: &str, params: &str| {
        format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{method}","params":{params}}}"#)
    };
    let deep = format!("{}{}", "[".repeat(5000), "]".repeat(5000));
    let batch = format!("[{}]", vec![call("getStatus", "{}"); 101].join(","));
    let cases: [(i64, &str, String); 18] = [
        (-32700, "", "garbage".to_owned()),
        (-32700, "", "{".to_owned()),
        (-32700, "", String::new()),
        (-32011, "64", deep),
        (-32600, "", "[]".to_owned()),
        (-32600, "", "{}".to_owned()),
        (-32011, "100", batch),
        (-32601, "nosuch", call("nosuch", "{}")),
        (-32601, "dev_", call("dev_nosuch", "{}")),
        (-32602, "surprise", call("getStatus", r#"{"surprise":1}"#)),
        (-32602, "height", call("getBlock", r#"{"height":-1}"#)),
        (-32602, "height", call("getBlock", r#"{"height":9007199254740992}"#)),
        (-32602, "height", call("getBlock", r#"{"height":1.5}"#)),
        (-32602, "address", call("getAccount", r#"{"address":"00"}"#)),
        (-32602, "id", call("getTransaction", "{}")),
        (-32602, "params", call("getStatus", "[1]")),
        (
            -32602,
            "timeoutMs",
            call("sendTransactionAndWait", r#"{"transaction":"","timeoutMs":10001}"#),
        ),
        (-32602, "transaction", call("sendTransaction", r#"{"transaction":"0"}"#)),
    ];
    for (code, word, body) in &cases {
        let error = error(&net, body.as_bytes());
        let shown = &body[..body.len().min(100)];
        assert_eq!(error["code"], *code, "{shown}: {error}");
        assert!(error["message"].as_str().unwrap().contains(word), "{shown}: {error}");
    }
    assert_eq!(error(&net, b"{\"jsonrpc\":\"\xff\"}")["code"], -32700);
    let absent = call("getBlock", r#"{"height":9007199254740991}"#);
    assert_eq!(error(&net, absent.as_bytes())["data"]["kind"], "notFound");
    assert_healthy(&net);
}

#[test]
fn a_flood_of_nonsense_neither_fills_the_log_nor_stops_the_chain() {
    let net = Net::start();
    let before = log_bytes(&net);
    let height = net.highest();
    let alice = Sender::new(&net, "alice");
    let bad = hex::encode(alice.altered(|transaction| transaction.body.sender = alice.to));
    let send = format!(
        r#"{{"jsonrpc":"2.0","id":1,"method":"sendTransaction","params":{{"transaction":"{bad}"}}}}"#
    );
    let batch = format!("[{}]", vec![send; 100].join(","));
    for _ in 0..20 {
        let (code, reply) = http::post(&net.address_of(0), batch.as_bytes()).unwrap();
        assert_eq!(code, 200);
        let replies: Vec<Value> = serde_json::from_slice(&reply).unwrap();
        assert_eq!(replies.len(), 100);
        assert!(replies.iter().all(|reply| reply["error"]["data"]["kind"] == "badSignature"));
    }
    let too_large = http::post(&net.address_of(0), &vec![b' '; (1 << 20) + 1]).unwrap();
    assert_eq!(too_large.0, 413);
    let address = net.address_of(0);
    let heads = [
        (415, format!("POST / HTTP/1.1\r\nHost: {address}\r\nContent-Type: text/plain\r\n")),
        (
            403,
            "POST / HTTP/1.1\r\nHost: example.org\r\nContent-Type: application/json\r\n".to_owned(),
        ),
        (403, format!("GET /health HTTP/1.1\r\nHost: {address}\r\nOrigin: null\r\n")),
        (400, "nonsense\r\n".to_owned()),
    ];
    for (code, head) in heads {
        let request = format!("{head}Connection: close\r\nContent-Length: 2\r\n\r\n{{}}");
        assert_eq!(http::exchange(&address, request.as_bytes()).unwrap().0, code, "{head}");
    }
    assert!(log_bytes(&net) - before < LOG_BYTES_MAX);
    net.await_above(0, height, 5 * SECOND);
    assert_healthy(&net);
}
