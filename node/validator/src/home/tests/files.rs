use std::fs;
use std::io::Write;
use std::path::Path;

use heddle_storage::SafetyFile;
use heddle_storage::SafetyMode;
use heddle_storage::SafetyState;
use heddle_storage::Storage;

use super::config;
use super::genesis;
use super::key;
use super::write_home;
use crate::exit::ExitCode;
use crate::home::Home;
use crate::home::HomeError;
use crate::home::NodeLog;
use crate::home::holder_of;
use crate::node::initialise;

fn load(dir: &Path) -> HomeError {
    let error = Home::load(dir).expect_err("the home is damaged");
    let line = error.to_string();
    assert!(line.starts_with(&format!("error: {} ", error.code().number())), "{line}");
    assert!(line.contains(&error.path().display().to_string()), "{line}");
    assert!(!line.contains('\n'), "{line}");
    error
}

#[test]
fn a_home_that_was_written_loads() {
    let dir = tempfile::tempdir().unwrap();
    let home = write_home(&dir.path().join("validator-0"));
    assert_eq!((home.config(), home.genesis()), (&config(), &genesis()));
    assert_eq!(home.validator_index().map(|index| index.get()), Some(0));
    assert!(home.dir().is_absolute());
}

#[test]
fn each_missing_file_has_its_exit_code() {
    for (name, code) in [
        ("config.toml", ExitCode::Usage),
        ("key.json", ExitCode::Usage),
        ("genesis.json", ExitCode::WrongChain),
    ] {
        let dir = tempfile::tempdir().unwrap();
        write_home(dir.path());
        fs::remove_file(dir.path().join(name)).unwrap();
        let error = load(dir.path());
        assert_eq!(error.code(), code, "{error}");
        assert!(error.path().ends_with(name), "{error}");
    }
}

#[test]
fn each_damaged_file_has_its_exit_code() {
    for (name, code) in [
        ("config.toml", ExitCode::Usage),
        ("key.json", ExitCode::Corrupt),
        ("genesis.json", ExitCode::WrongChain),
    ] {
        for garbage in ["", "\u{1b}[31m\n\u{0}", "{\"a\":1}"] {
            let dir = tempfile::tempdir().unwrap();
            write_home(dir.path());
            fs::write(dir.path().join(name), garbage).unwrap();
            let error = load(dir.path());
            assert_eq!(error.code(), code, "{error}");
            assert!(error.path().ends_with(name), "{error}");
        }
    }
}

#[test]
fn a_file_too_large_is_refused_unread() {
    let dir = tempfile::tempdir().unwrap();
    write_home(dir.path());
    let file = fs::File::create(dir.path().join("genesis.json")).unwrap();
    file.set_len(1 << 40).unwrap();
    assert!(matches!(load(dir.path()), HomeError::TooLarge { .. }));
}

#[test]
fn a_pipe_or_a_directory_in_a_files_place_is_an_error_and_no_wait() {
    let dir = tempfile::tempdir().unwrap();
    write_home(dir.path());
    let path = dir.path().join("config.toml");
    fs::remove_file(&path).unwrap();
    let fifo = rustix::fs::FileType::Fifo;
    let mode = rustix::fs::Mode::RWXU;
    rustix::fs::mknodat(rustix::fs::CWD, &path, fifo, mode, 0).unwrap();
    assert!(matches!(load(dir.path()), HomeError::NotAFile { .. }));
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    assert!(matches!(load(dir.path()), HomeError::NotAFile { .. }));
}

#[test]
fn a_home_that_is_not_there_is_bad_usage() {
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(load(&dir.path().join("none")).code(), ExitCode::Usage);
    fs::write(dir.path().join("file"), "").unwrap();
    assert_eq!(load(&dir.path().join("file")).code(), ExitCode::Usage);
}

#[test]
fn a_peer_is_another_validator_of_the_chain() {
    for number in [1, 9] {
        let dir = tempfile::tempdir().unwrap();
        let home = write_home(dir.path());
        let mut config = config();
        config.peers[1].public_key = key(number).public_key();
        config.write(&home.dir().join("config.toml")).unwrap();
        let error = load(dir.path());
        assert_eq!(error.code(), ExitCode::Usage);
        assert!(error.to_string().contains("peers[1].public_key"), "{error}");
    }
}

#[test]
fn a_home_is_locked_by_one_at_a_time() {
    let dir = tempfile::tempdir().unwrap();
    let home = write_home(dir.path());
    let lock = home.lock().unwrap();
    let error = home.lock().unwrap_err();
    assert_eq!(error.code(), ExitCode::InUse);
    assert!(error.to_string().contains(&std::process::id().to_string()), "{error}");
    assert_eq!(holder_of(home.dir()), Some(std::process::id()));
    drop(lock);
    assert_eq!(holder_of(home.dir()), None);
    home.lock().unwrap();
}

#[test]
fn a_home_that_a_process_lets_go_of_while_it_ends_is_waited_for() {
    let dir = tempfile::tempdir().unwrap();
    let home = write_home(dir.path());
    let path = home.dir().join("lock");
    let ending = fs::File::create(&path).unwrap();
    // Of a process that is gone: its files are not to be seen any more, and one is still held.
    fs::write(&path, "4194305\n").unwrap();
    rustix::fs::flock(&ending, rustix::fs::FlockOperation::LockExclusive).unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            std::thread::sleep(std::time::Duration::from_millis(100));
            drop(ending);
        });
        home.lock().unwrap();
    });
}

#[test]
fn a_home_is_not_written_over_another() {
    let dir = tempfile::tempdir().unwrap();
    write_home(dir.path());
    let error = Home::write(dir.path(), &config(), &genesis(), &key(2)).unwrap_err();
    assert!(matches!(error, HomeError::Exists { .. }));
    assert_eq!(Home::load(dir.path()).unwrap().key().public_key(), key(1).public_key());
}

#[test]
fn the_log_is_appended_to() {
    let dir = tempfile::tempdir().unwrap();
    for line in ["one\n", "two\n"] {
        NodeLog::open(dir.path()).write_all(line.as_bytes()).unwrap();
    }
    assert_eq!(fs::read_to_string(dir.path().join("node.log")).unwrap(), "one\ntwo\n");
}

#[test]
fn a_new_home_gets_its_first_data_once() {
    let dir = tempfile::tempdir().unwrap();
    let home = write_home(dir.path());
    initialise(&home).unwrap();
    let (chain, key) = (home.genesis().chain_id(), home.key().public_key());
    let (storage, _) = Storage::open(&home.db_path(), chain).unwrap();
    let state = SafetyFile::open(&home.safety_path(), chain, key, SafetyMode::Strict).unwrap();
    assert!(matches!(state, SafetyState::Ready(..)), "{state:?}");
    drop(storage);
    let line = initialise(&home).unwrap_err().to_string();
    assert!(line.starts_with(&format!("error: 2 {}: ", home.db_path().display())), "{line}");
    assert!(line.contains("found a database, expected none; open it or move it away"), "{line}");
    fs::remove_dir_all(home.db_path()).unwrap();
    assert!(initialise(&home).is_err(), "the safety file is there");
}
