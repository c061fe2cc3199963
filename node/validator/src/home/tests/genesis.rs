use std::fs;
use std::path::Path;

use heddle_types::Amount;
use heddle_types::BlsSecretKey;
use heddle_types::Genesis;
use heddle_types::ProgramId;
use heddle_types::Validator;

use super::config;
use super::genesis;
use super::key;
use super::section;
use crate::exit::ExitCode;
use crate::home::Home;
use crate::home::HomeError;
use crate::home::read_genesis;
use crate::home::write_genesis;

fn written() -> (tempfile::TempDir, String) {
    let dir = tempfile::tempdir().unwrap();
    write_genesis(&dir.path().join("genesis.json"), &genesis()).unwrap();
    let text = fs::read_to_string(dir.path().join("genesis.json")).unwrap();
    (dir, text)
}

fn read(dir: &Path, text: &str) -> HomeError {
    let path = dir.join("genesis.json");
    fs::write(&path, text).unwrap();
    let error = read_genesis(&path).expect_err(text);
    assert_eq!(error.code(), ExitCode::WrongChain);
    error
}

fn check(from: &str, to: &str, field: &str) {
    let (dir, text) = written();
    assert!(text.contains(from), "{from}");
    let line = read(dir.path(), &text.replacen(from, to, 1)).to_string();
    assert!(line.contains(&format!("found {field}")), "{line}");
}

#[test]
fn a_genesis_that_was_written_reads_back_as_the_same_chain() {
    let (dir, _) = written();
    let read = read_genesis(&dir.path().join("genesis.json")).unwrap();
    assert_eq!((read.chain_id(), &read), (genesis().chain_id(), &genesis()));
}

/// The same validators with vote keys.
fn with_vote_keys() -> Genesis {
    let secrets = (1..=4).map(|number| BlsSecretKey::derive(key(number).secret()));
    let secrets = secrets.collect::<Vec<_>>();
    let validators = genesis().validators.into_iter().zip(&secrets);
    Genesis {
        validators: validators
            .map(|(one, secret)| Validator { vote_key: Some(secret.public_key()), ..one })
            .collect(),
        possessions: secrets.iter().map(BlsSecretKey::prove_possession).collect(),
        ..genesis()
    }
}

#[test]
fn vote_keys_and_their_proofs_stand_with_their_validators() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("genesis.json");
    write_genesis(&path, &with_vote_keys()).unwrap();
    assert_eq!(read_genesis(&path).unwrap(), with_vote_keys());
    let text = fs::read_to_string(&path).unwrap();
    let refused = |from: &str, to: &str| {
        assert!(text.contains(from), "{from}");
        read(dir.path(), &text.replacen(from, to, 1)).to_string()
    };
    let [key, proof] = [
        with_vote_keys().validators[1].vote_key.unwrap().to_string(),
        with_vote_keys().possessions[1].to_string(),
    ];
    let line = refused("\"voteProof\"", "\"voteProofs\"");
    assert!(line.contains("validators[0].voteProofs: an unknown field"), "{line}");
    let line = refused(&key, &key[1..]);
    assert!(line.contains("validators[1].voteKey") && line.contains("192 hex digits"), "{line}");
    let line = refused(&proof, "");
    assert!(line.contains("validators[1].voteProof") && line.contains("96 hex digits"), "{line}");
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    let mut alone = json;
    alone["validators"][2].as_object_mut().unwrap().remove("voteKey");
    let line = read(dir.path(), &alone.to_string()).to_string();
    assert!(line.contains("voteKey and voteProof, both or neither"), "{line}");
}

#[test]
fn a_vote_key_that_nobody_proved_begins_no_chain() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("genesis.json");
    let mut genesis = with_vote_keys();
    genesis.possessions.swap(0, 1);
    write_genesis(&path, &genesis).unwrap();
    let error = read_genesis(&path).unwrap_err();
    assert_eq!(error.code(), ExitCode::WrongChain);
    let line = error.to_string();
    assert!(line.contains("validators[0].voteProof: does not prove"), "{line}");
}

#[test]
fn the_largest_amount_survives_and_one_more_does_not() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("genesis.json");
    let mut genesis = genesis();
    genesis.accounts.truncate(1);
    genesis.accounts[0].amount = Amount::MAX;
    write_genesis(&path, &genesis).unwrap();
    assert_eq!(read_genesis(&path).unwrap(), genesis);
    let text = fs::read_to_string(&path).unwrap();
    let more = (Amount::MAX.get() + 1).to_string();
    let line = read(dir.path(), &text.replace(&Amount::MAX.to_string(), &more)).to_string();
    assert!(line.contains("accounts[0].amount"), "{line}");
}

#[test]
fn the_wrong_field_is_named() {
    check("\"version\": 3", "\"version\": 1", "version: 1");
    check("\"version\": 3", "\"version\": \"2\"", "version: \"2\"");
    check("\"dev\": true", "\"dev\": 1", "dev: 1");
    check("\"timeMs\": 1700000000000", "\"timeMs\": -1", "timeMs: -1");
    check("\"timeMs\": 1700000000000", "\"timeMs\": 1e300", "timeMs: 1e");
    check("\"timeMs\": 1700000000000", "\"timeMs\": 9007199254740992", "timeMs: 9007199254740992");
    check("\"power\": 1", "\"power\": 0", "validators[0].power: 0");
    check("\"power\": 1", "\"power\": 1, \"x\": 1", "validators[0].x: an unknown field");
    check("\"1000000000000000\"", "1000000000000000", "accounts[0].amount: 1000000000000000");
    check("\"1000000000000000\"", "\"+1\"", "accounts[0].amount: \"+1\"");
    check("\"1000000000000000\"", "\"1.5\"", "accounts[0].amount: \"1.5\"");
    check("\"00000000\"", "\"00f\"", "sections[0].data: \"00f\"");
    check("\"00000000\"", "\"\"", "sections[0].data: \"\"");
    check("\"00000000\"", "7", "sections[0].data: 7");
    check("\"program\": 1", "\"program\": 0", "sections[0].program: 0");
    check("\"program\": 1", "\"program\": 4294967296", "sections[0].program: 4294967296");
    check("\"sections\"", "\"section\"", "section: an unknown field");
    check("\"faucet\": \"", "\"faucet\": \"zz", "faucet: \"zz");
}

#[test]
fn a_genesis_that_was_edited_does_not_have_its_chain_id() {
    check("\"1000000000000000\"", "\"2000000000000000\"", "chainId");
}

#[test]
fn a_section_that_no_program_takes_begins_no_chain() {
    let dir = tempfile::tempdir().unwrap();
    let sections = vec![section(ProgramId(77), &[1])];
    let unknown = Genesis { sections, ..genesis() };
    let home = Home::write(&dir.path().join("home"), &config(), &unknown, &key(1)).unwrap();
    let fatal = crate::node::initialise(&home).unwrap_err();
    assert_eq!(fatal.code, ExitCode::WrongChain);
    assert_eq!(fatal.path, home.dir().join("genesis.json"));
    assert_eq!(fatal.found, "sections[0].program: no program has the number 77");
    assert!(!home.db_path().exists(), "nothing was made");
}

#[test]
fn a_field_that_stands_twice_is_refused() {
    check("\"dev\": true", "\"dev\": true, \"dev\": true", "the name \"dev\" stands twice");
}

#[test]
fn deep_nesting_garbage_and_trailing_bytes_are_refused() {
    let (dir, text) = written();
    read(dir.path(), &"[".repeat(100_000));
    read(dir.path(), "");
    read(dir.path(), "null");
    read(dir.path(), &format!("{text}{{}}"));
    read(dir.path(), &text[..text.len() / 2]);
}
