//! The client that was written from `docs/PROTOCOL.md`, in another language and without our code, against real nodes.

use std::env;
use std::path::Path;
use std::process::Command;
use std::process::Output;

use serde_json::json;

use super::net::Net;

/// Runs Python with these arguments; `HEDDLE_PYTHON` names one that is not the `python3` of the path.
fn python(args: &[&str]) -> Option<Output> {
    let program = env::var_os("HEDDLE_PYTHON").unwrap_or_else(|| "python3".into());
    Command::new(program).args(args).env_remove("HEDDLE_RPC").output().ok()
}

fn run(args: &[&str]) -> (Option<i32>, String) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/examples/transfer.py");
    let output = python(&[&[script.to_str().unwrap()], args].concat()).unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(said).unwrap())
}

#[test]
fn the_client_of_the_protocol_page_sends_a_transfer_and_sees_it_final() {
    let modules = python(&["-c", "import blake3, nacl.signing"]);
    if !modules.is_some_and(|output| output.status.success()) {
        eprintln!(
            "left out: the_client_of_the_protocol_page_sends_a_transfer_and_sees_it_final (no python3 with pynacl and blake3)"
        );
        return;
    }
    let (code, said) = run(&["--selftest"]);
    assert_eq!(code, Some(0), "{said}");

    let net = Net::start();
    let (key, to, url) = (net.key_file("alice"), net.account("bob"), net.url(2));
    let transfer = |amount| run(&["--from", &key, "--to", &to, "--amount", amount, "--rpc", &url]);
    let before = net.call(2, "getAccount", json!({ "address": to }))["balances"]["HDL"].clone();
    let (code, said) = transfer("1500000000");
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("\nfinal at height "), "{said}");
    let after = net.call(2, "getAccount", json!({ "address": to }))["balances"]["HDL"].clone();
    let units = |balance: serde_json::Value| balance.as_str().unwrap().parse::<u128>().unwrap();
    assert_eq!(units(after), units(before) + 1_500_000_000);

    // More than alice has: final, and failed.
    let (code, said) = transfer("2000000000000000000");
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("the transfer failed: "), "{said}");
    assert_eq!(transfer("0").0, Some(2));
    net.localnet(&["stop"]);
    let (code, said) = transfer("1");
    assert_eq!(code, Some(3), "{said}");
}
