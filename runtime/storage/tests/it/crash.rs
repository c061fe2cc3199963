//! SIGKILL loses nothing that was acknowledged.

use std::env;
use std::io::BufRead;
use std::io::BufReader;
use std::path::Path;
use std::process::Command;
use std::process::Stdio;

use tempfile::TempDir;

use crate::chain;
use crate::chain::Chain;

const DIR: &str = "HEDDLE_STORAGE_TEST_DIR";

/// What the killed process does; a test of its own, empty unless started by the one below.
#[test]
fn a_writer_to_be_killed() {
    let Ok(dir) = env::var(DIR) else { return };
    let (storage, recovery) = chain::open(Path::new(&dir));
    let mut chain = Chain::at(recovery.last_final.header.height.get());
    loop {
        let (block, outcome) = chain.next();
        storage.put_block(&block).unwrap();
        storage.put_outcome(&outcome).unwrap();
        println!("durable {}", outcome.height);
    }
}

#[test]
fn a_killed_process_loses_nothing_that_it_acknowledged() {
    let dir = TempDir::new().unwrap();
    let db = dir.path().join("db");
    chain::create(&db);
    let mut acknowledged = 0;
    for round in 1..=4_u64 {
        let mut writer = Command::new(env::current_exe().unwrap())
            .args(["crash::a_writer_to_be_killed", "--exact", "--nocapture"])
            .env(DIR, &db)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(writer.stdout.take().unwrap()).lines();
        let heights = lines.filter_map(|line| {
            let line = line.unwrap();
            line.split_once("durable ").map(|(_, height)| height.parse::<u64>().unwrap())
        });
        for height in heights {
            acknowledged = height;
            if height >= round * 37 {
                writer.kill().unwrap();
            }
        }
        writer.wait().unwrap();
        let (storage, recovery) = chain::open(&db);
        let found = storage.last_final().height.get();
        assert!(found >= acknowledged, "{found} found, {acknowledged} acknowledged");
        chain::check(&storage, &recovery, found);
    }
    assert!(acknowledged >= 4 * 37);
}
