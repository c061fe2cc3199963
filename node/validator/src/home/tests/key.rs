use std::fs;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;

use super::key;
use crate::exit::ExitCode;
use crate::home::KeyFile;

fn text() -> String {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("key.json");
    key(1).write_new(&path).unwrap();
    fs::read_to_string(path).unwrap()
}

fn check(from: &str, to: &str, field: &str) {
    let text = text();
    assert!(text.contains(from), "{from}");
    let error = KeyFile::parse(text.replace(from, to).as_bytes()).unwrap_err();
    assert_eq!(error.field, field, "{error}");
}

#[test]
fn a_key_that_was_written_reads_back_and_only_its_owner_may_read_it() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("key.json");
    key(1).write_new(&path).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o600);
    let read = KeyFile::read(&path).unwrap();
    assert_eq!(read.secret().to_seed(), [1; 32]);
    assert_eq!(read.address(), key(1).address());
}

#[test]
fn a_key_is_never_overwritten() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("key.json");
    key(1).write_new(&path).unwrap();
    let error = key(2).write_new(&path).unwrap_err();
    assert_eq!(error.code(), ExitCode::Usage);
    assert_eq!(KeyFile::read(&path).unwrap().secret().to_seed(), [1; 32]);
}

#[test]
fn a_key_that_others_can_read_is_refused_with_the_remedy() {
    for mode in [0o640, 0o604, 0o644, 0o620, 0o660, 0o777] {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("key.json");
        key(1).write_new(&path).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        let error = KeyFile::read(&path).unwrap_err();
        let line = error.to_string();
        assert_eq!(error.code(), ExitCode::Usage);
        assert!(line.contains(&format!("{mode:04o}")) && line.contains("0600"), "{line}");
        assert!(line.contains(&format!("chmod 600 {}", path.display())), "{line}");
    }
}

#[test]
fn the_wrong_field_is_named() {
    let public = key(1).public_key().to_string();
    let secret = hex::encode([1; 32]);
    check("\"ed25519\"", "\"rsa\"", "scheme");
    check("\"ed25519\"", "1", "scheme");
    check("\"scheme\"", "\"schema\"", "schema");
    check(&format!("\"publicKey\": \"{public}"), "\"publicKey\": \"00", "publicKey");
    check(&format!("\"address\": \"{public}"), &format!("\"address\": \"{secret}"), "address");
    check(&secret, &secret[2..], "secretKey");
    check(&secret, &format!("{}zz", &secret[2..]), "secretKey");
    check(&secret, &hex::encode([2; 32]), "publicKey");
    check(&format!("\"{secret}\""), "null", "secretKey");
}

#[test]
fn no_error_shows_the_secret() {
    let secret = hex::encode([1; 32]);
    for damaged in [format!("{secret}00"), format!("{}g", &secret[1..]), hex::encode([2; 32])] {
        let error = KeyFile::parse(text().replace(&secret, &damaged).as_bytes()).unwrap_err();
        assert!(!error.to_string().contains(&damaged[4..40]), "{error}");
    }
    assert!(!format!("{:?}", key(1)).contains(&secret));
}
