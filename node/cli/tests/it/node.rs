//! How `heddle node run` refuses a home that is not in order.

use std::fs;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;

use heddle_validator::home::Home;
use tempfile::TempDir;

use super::heddle;

fn validator() -> (TempDir, String) {
    let dir = tempfile::tempdir().unwrap();
    let net = dir.path().to_str().unwrap().to_owned();
    let said = heddle(&["localnet", "init", "--port-base", "0", "--home", &net]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    (dir, format!("{net}/validator-0"))
}

/// Running `home` ends with `code`, and says why in the last line of stderr and of `node.log`.
fn check(home: &str, code: i32, file: &str) {
    let said = heddle(&["node", "run", "--home", home]);
    assert_eq!(said.code, code, "{}", said.stderr);
    let last = said.stderr.lines().last().unwrap();
    assert!(last.starts_with(&format!("error: {code} {home}/{file}: ")), "{last}");
    let log = fs::read_to_string(format!("{home}/node.log")).unwrap();
    assert_eq!(log.lines().last(), Some(last));
}

#[test]
fn a_wrong_config_is_exit_2() {
    let (_dir, home) = validator();
    fs::write(format!("{home}/config.toml"), "rcp = 1").unwrap();
    check(&home, 2, "config.toml");
}

#[test]
fn a_key_is_exit_2_when_missing_or_exposed_and_3_when_damaged() {
    let (_dir, home) = validator();
    let key = format!("{home}/key.json");
    fs::set_permissions(&key, Permissions::from_mode(0o644)).unwrap();
    check(&home, 2, "key.json");
    fs::set_permissions(&key, Permissions::from_mode(0o600)).unwrap();
    fs::write(&key, "{}").unwrap();
    check(&home, 3, "key.json");
    fs::remove_file(&key).unwrap();
    check(&home, 2, "key.json");
}

#[test]
fn another_chains_or_a_damaged_genesis_is_exit_6() {
    let (_dir, home) = validator();
    fs::write(format!("{home}/genesis.json"), "[]").unwrap();
    check(&home, 6, "genesis.json");
}

#[test]
fn a_home_in_use_is_exit_5() {
    let (_dir, home) = validator();
    let _lock = Home::load(home.as_ref()).unwrap().lock().unwrap();
    check(&home, 5, "lock");
}

#[test]
fn no_home_is_exit_2() {
    let said = heddle(&["node", "run", "--home", "/nonexistent"]);
    assert_eq!(said.code, 2);
    assert!(said.stderr.starts_with("error: 2 /nonexistent: "), "{}", said.stderr);
}
