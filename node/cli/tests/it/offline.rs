//! Keys, and transactions built, signed and shown without a node.

use std::fs;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use heddle_types::CheckedTransaction;
use heddle_types::Transaction;
use heddle_types::decode_exact;
use serde_json::Value;
use tempfile::TempDir;

use super::Said;
use super::fails;
use super::heddle;
use super::heddle_with;

fn net() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().to_str().unwrap();
    let said = heddle(&["localnet", "init", "--home", home, "--accounts", "2", "--port-base", "0"]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    dir
}

fn path(dir: &Path, name: &str) -> String {
    dir.join(name).to_str().unwrap().to_owned()
}

fn key_file(dir: &TempDir, name: &str) -> String {
    path(dir.path(), &format!("accounts/{name}.json"))
}

fn address(dir: &TempDir, name: &str) -> String {
    heddle(&["keys", "show", &key_file(dir, name), "--json"]).field("address")
}

fn build(dir: &TempDir, more: &[&str]) -> Said {
    let genesis = path(dir.path(), "validator-0/genesis.json");
    let (alice, bob) = (address(dir, "alice"), address(dir, "bob"));
    let args = ["tx", "build", "transfer", "--from", &alice, "--to", &bob, "--genesis", &genesis];
    heddle(&[args.as_slice(), more].concat())
}

#[test]
fn a_new_key_is_only_its_owners_and_is_never_overwritten() {
    let dir = tempfile::tempdir().unwrap();
    let file = path(dir.path(), "me.json");
    let made = heddle(&["keys", "new", "--out", &file, "--json"]);
    assert_eq!(made.code, 0, "{}", made.stderr);
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(heddle(&["keys", "show", &file, "--json"]).json(), made.json());
    let document: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    let secret = document["secretKey"].as_str().unwrap();
    assert!(!made.stdout.contains(secret));
    fails(2, &["keys", "new", "--out", &file], &["already"]);
    fs::set_permissions(&file, Permissions::from_mode(0o640)).unwrap();
    fails(2, &["keys", "show", &file], &["0640", "0600", &format!("chmod 600 {file}")]);
    fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
    fs::write(&file, "{").unwrap();
    fails(1, &["keys", "show", &file], &["me.json"]);
}

#[test]
fn what_is_built_and_signed_is_a_valid_transfer() {
    let dir = net();
    let built = build(&dir, &["--amount", "1500000000", "--nonce", "3:7", "--max-fee", "77"]);
    assert_eq!(built.code, 0, "{}", built.stderr);
    let signed =
        heddle(&["tx", "sign", "--from", &key_file(&dir, "alice"), &built.field("unsigned")]);
    assert_eq!(signed.code, 0, "{}", signed.stderr);
    assert_eq!(signed.field("id"), built.field("id"));

    let bytes = hex::decode(signed.field("transaction")).unwrap();
    let transaction: Transaction = decode_exact(&bytes).unwrap();
    assert!(CheckedTransaction::check(transaction).unwrap().signature_ok());

    let shown = heddle(&["tx", "show", &format!("0x{}", signed.field("transaction")), "--json"]);
    let shown = shown.json();
    assert_eq!(shown["id"], signed.json()["id"]);
    assert_eq!((&shown["signatureOk"], &shown["nonce"]), (&true.into(), &"3:7".into()));
    assert_eq!((&shown["maxFee"], &shown["validUntil"]), (&"77".into(), &Value::Null));
    let transfer = &shown["calls"][0]["meaning"]["transfer"];
    assert_eq!(transfer["amount"], "1500000000");
    assert_eq!(transfer["to"], address(&dir, "bob"));
    let unsigned = heddle(&["tx", "show", &built.field("unsigned"), "--json"]).json();
    assert_eq!((&unsigned["signed"], &unsigned["id"]), (&false.into(), &shown["id"]));
}

#[test]
fn an_expiry_is_kept() {
    let dir = net();
    let built = build(&dir, &["--amount", "1", "--nonce", "0:0", "--valid-until", "9"]);
    let shown = heddle(&["tx", "show", &built.field("unsigned"), "--json"]).json();
    assert_eq!(shown["validUntil"], "9");
}

#[test]
fn many_are_signed_one_a_line() {
    let dir = net();
    let lines: Vec<String> = (0..3)
        .map(|i| build(&dir, &["--amount", "1", "--nonce", &format!("0:{i}")]).field("unsigned"))
        .collect();
    let key = key_file(&dir, "alice");
    let said =
        heddle_with(&["tx", "sign", "--from", &key, "-"], &format!("{}\n\n", lines.join("\n")));
    assert_eq!(said.code, 0, "{}", said.stderr);
    let ids: Vec<Value> = said
        .stdout
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["id"].clone())
        .collect();
    assert_eq!(ids.len(), 3);
    assert!(ids[0] != ids[1] && ids[1] != ids[2]);
}

#[test]
fn a_key_signs_for_its_own_account_only() {
    let dir = net();
    let built = build(&dir, &["--amount", "1", "--nonce", "0:0"]).field("unsigned");
    fails(1, &["tx", "sign", "--from", &key_file(&dir, "bob"), &built], &["sender"]);
}

#[test]
fn what_is_no_transaction_is_refused_by_field() {
    let dir = net();
    let key = key_file(&dir, "alice");
    let built = build(&dir, &["--amount", "1", "--nonce", "0:0"]).field("unsigned");
    fails(2, &["tx", "sign", "--from", &key, "zz"], &["hex"]);
    fails(2, &["tx", "sign", "--from", &key, &built[..built.len() - 2]], &["the input ends here"]);
    fails(2, &["tx", "sign", "--from", &key, &format!("{built}00")], &["1 bytes after its end"]);
    fails(2, &["tx", "show", ""], &["the input ends here"]);
    fails(2, &["tx", "show", &"00".repeat(20_000)], &["20000 bytes"]);
    fails(2, &["tx", "simulate", &built, "--rpc", "http://127.0.0.1:1"], &["transaction"]);
}

#[test]
fn a_line_without_an_end_is_refused_in_bounded_memory() {
    let dir = net();
    let said =
        heddle_with(&["tx", "sign", "--from", &key_file(&dir, "alice"), "-"], &"0".repeat(1 << 20));
    assert_eq!(said.code, 2, "{}", said.stderr);
    assert!(said.stderr.contains("a line longer than"), "{}", said.stderr);
}

#[test]
fn sending_prints_one_document_a_line_whatever_becomes_of_them() {
    let dir = net();
    let built = build(&dir, &["--amount", "1", "--nonce", "0:0"]).field("unsigned");
    let signed = heddle(&["tx", "sign", "--from", &key_file(&dir, "alice"), &built]);
    let input = format!("zz\n{}\n", signed.field("transaction"));
    let said = heddle_with(&["tx", "send", "--rpc", "http://127.0.0.1:1", "-"], &input);
    assert_eq!(said.code, 3, "{}", said.stderr);
    let lines: Vec<Value> = said.stdout.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!(lines.len(), 2);
    assert!(lines.iter().all(|line| line["error"]["message"].is_string()), "{}", said.stdout);
}

#[test]
fn a_genesis_that_was_edited_is_refused() {
    let dir = net();
    let file = dir.path().join("validator-0/genesis.json");
    let text =
        fs::read_to_string(&file).unwrap().replace("\"1000000000000000\"", "\"2000000000000000\"");
    fs::write(&file, text).unwrap();
    let said = build(&dir, &["--amount", "1", "--nonce", "0:0"]);
    assert_eq!(said.code, 1, "{}", said.stderr);
    assert!(said.stderr.contains("chainId"), "{}", said.stderr);
}
