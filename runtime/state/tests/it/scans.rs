//! Prefix scans, page by page.

use heddle_state::State;
use heddle_types::ChangeSet;
use heddle_types::Entry;
use heddle_types::ProgramId;
use heddle_types::StateKey;
use heddle_types::Value;

fn key(program: u32, bytes: &[u8]) -> StateKey {
    StateKey::new(ProgramId(program), &[bytes]).unwrap()
}

fn state() -> State {
    let keys = [key(1, b"a"), key(1, b"ab"), key(1, b"abc"), key(1, b"b"), key(2, b"ab")];
    State::from_entries(keys.map(|key| (key, Entry { deposit: None, value: Value::new(b"v") })))
}

fn check(prefix: &[u8], after: Option<&[u8]>, limit: usize, expected: &[&[u8]]) {
    let found = state().scan(ProgramId(1), prefix, after, limit);
    let found: Vec<&[u8]> = found.iter().map(|(key, _)| key.bytes()).collect();
    assert_eq!(found, expected);
}

#[test]
fn a_scan_gives_the_keys_with_the_prefix_in_order() {
    check(b"", None, 10, &[b"a", b"ab", b"abc", b"b"]);
    check(b"a", None, 10, &[b"a", b"ab", b"abc"]);
    check(b"ab", None, 10, &[b"ab", b"abc"]);
    check(b"c", None, 10, &[]);
}

#[test]
fn a_scan_goes_on_after_a_key_up_to_its_limit() {
    check(b"a", None, 2, &[b"a", b"ab"]);
    check(b"a", Some(b"ab"), 2, &[b"abc"]);
    check(b"a", Some(b"aa"), 1, &[b"ab"]);
    check(b"a", Some(b"z"), 2, &[]);
    check(b"b", Some(b"a"), 2, &[b"b"]);
    check(b"a", None, 0, &[]);
}

#[test]
fn a_prefix_or_cursor_longer_than_a_key_finds_nothing() {
    check(&[0; 60], None, 10, &[]);
    check(b"a", Some(&[0; 60]), 10, &[]);
}

#[test]
fn a_deleted_key_is_not_scanned_and_a_new_one_is() {
    let mut state = state();
    let entry = Entry { deposit: None, value: Value::new(b"w") };
    let changes = vec![(key(1, b"ab"), None), (key(1, b"aa"), Some(entry))];
    state.apply(&ChangeSet::new(changes));
    let found = state.scan(ProgramId(1), b"a", None, 10);
    let found: Vec<&[u8]> = found.iter().map(|(key, _)| key.bytes()).collect();
    assert_eq!(found, [&b"a"[..], b"aa", b"abc"]);
}
