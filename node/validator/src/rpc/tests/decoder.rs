//! A seeded fuzzer of the JSON-RPC decoder: whatever comes, it answers, and never panics.

use serde_json::Value;

use crate::rpc::jsonrpc::Decoded;
use crate::rpc::jsonrpc::decode;

/// xorshift64*: good enough to vary inputs, and the same everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound as u64).unwrap()
    }
}

const GOOD: &str = r#"[{"jsonrpc":"2.0","id":"a\"[","method":"getBlock","params":{"height":1}},
    {"jsonrpc":"2.0","method":"x","params":[[[{}]]]}]"#;
const PIECES: [&str; 16] = [
    "[",
    "]",
    "{",
    "}",
    "\"",
    "\\",
    ",",
    ":",
    "null",
    "1e999999",
    "-0",
    "99999999999999999999999999",
    "\"id\":",
    "\"method\":\"getStatus\"",
    "\"jsonrpc\":\"2.0\"",
    "\u{7f}\\u0000\\ud800",
];

fn check(input: &[u8]) {
    match decode(input) {
        Ok(Decoded::Single(_)) => {}
        Ok(Decoded::Batch(calls)) => assert!((1..=100).contains(&calls.len())),
        Err(error) => assert!(error.message.len() < 400, "{} bytes", error.message.len()),
    }
}

#[test]
fn mutated_requests_are_answered() {
    let mut random = Random(0x5eed_0001);
    for _ in 0..20_000 {
        let mut input = GOOD.as_bytes().to_vec();
        for _ in 0..1 + random.below(6) {
            let at = random.below(input.len());
            match random.below(3) {
                0 => input[at] = random.next().to_le_bytes()[0],
                1 => input.truncate(at + 1),
                _ => {
                    let piece = PIECES[random.below(PIECES.len())];
                    input.splice(at..at, piece.bytes());
                }
            }
        }
        check(&input);
    }
}

#[test]
fn sequences_of_pieces_and_of_bytes_are_answered() {
    let mut random = Random(0x5eed_0002);
    for _ in 0..20_000 {
        let len = random.below(60);
        let pieces: String = (0..len).map(|_| PIECES[random.below(PIECES.len())]).collect();
        check(pieces.as_bytes());
        let bytes: Vec<u8> = (0..len).map(|_| random.next().to_le_bytes()[0]).collect();
        check(&bytes);
    }
}

#[test]
fn huge_numbers_and_deep_nesting_are_answered() {
    check("9".repeat(1_000_000).as_bytes());
    check(format!("{{\"id\":{}}}", "1".repeat(500_000)).as_bytes());
    check("[".repeat(1_000_000).as_bytes());
    check("{\"a\":".repeat(200_000).as_bytes());
    check(format!("\"{}\"", "\\\"".repeat(500_000)).as_bytes());
}

#[test]
fn a_good_request_survives_its_own_encoding() {
    let Ok(Decoded::Batch(calls)) = decode(GOOD.as_bytes()) else { panic!("no batch") };
    let first = calls[0].as_ref().unwrap();
    assert_eq!(first.id, Some(Value::from("a\"[")));
    assert_eq!(calls[1].as_ref().unwrap().id, None);
}
