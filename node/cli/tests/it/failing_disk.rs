//! Disks that fail: real nodes whose writes and syncs get an error, from a library put before libc (`failing_disk/shim.c`). A few places;
//! many with `HEDDLE_DISK_FAULTS=all`. Where there is no C compiler, it says so and that is all.

use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use serde_json::Value;
use serde_json::json;

use super::net::Net;
use super::net::Process;
use super::net::eventually;

const SECOND: Duration = Duration::from_secs(1);
/// Whose disk fails.
const VICTIM: usize = 3;

/// What fails when, and what the node's last line begins with.
#[derive(Clone, Debug)]
struct Fault {
    /// See `shim.c`: `write`, `sync` or `clean`.
    call: &'static str,
    /// Of which files.
    files: &'static str,
    /// The how many-th.
    nth: u32,
    /// What of the home the node names.
    named: &'static str,
}

const SAFETY: (&str, &str) = ("*/validator-3/safety", "safety");
const LOG: (&str, &str) = ("*/validator-3/db/*.log", "db");
const TABLE: (&str, &str) = ("*/validator-3/db/*.sst", "db");
const MANIFEST: (&str, &str) = ("*/validator-3/db/MANIFEST-*", "db");

const fn fault(
    call: &'static str,
    (files, named): (&'static str, &'static str),
    nth: u32,
) -> Fault {
    Fault { call, files, nth, named }
}

/// The cases of every run, or all of a durability.
fn faults(few: Vec<Fault>, durability: &str) -> Vec<Fault> {
    if std::env::var("HEDDLE_DISK_FAULTS").is_err() {
        return few;
    }
    // A safety file is synced once in 64 views.
    let is_rare = |fault: &Fault| fault.files == SAFETY.0 && fault.call != "write" && fault.nth > 3;
    let places = [SAFETY, LOG, TABLE, MANIFEST];
    let calls = ["write", "sync", "clean"];
    let all = places.iter().flat_map(|place| calls.iter().map(move |call| (*place, *call)));
    let all = all.flat_map(|(place, call)| [1, 2, 3, 9, 40].map(|nth| fault(call, place, nth)));
    all.filter(|fault| durability == "strict" || !is_rare(fault)).collect()
}

/// The library, compiled; none where there is no compiler.
fn shim(dir: &Path) -> Option<String> {
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/failing_disk/shim.c");
    let library = dir.join("shim.so").to_str().unwrap().to_owned();
    let mut cc = Command::new("cc");
    cc.args(["-O1", "-shared", "-fPIC", "-o", &library, source, "-ldl"]);
    let Ok(status) = cc.status() else {
        eprintln!("left out: there is no C compiler");
        return None;
    };
    assert!(status.success(), "{source}");
    Some(library)
}

/// A localnet, and what was reported to be final in it.
struct Harmed {
    net: Net,
    home: String,
    shim: String,
    final_height: u64,
    paid: Vec<Value>,
}

impl Harmed {
    fn start(lines: &str, shim: String) -> Self {
        let net = Net::init();
        let home = net.validator(VICTIM);
        let config = format!("{home}/config.toml");
        let kept = fs::read_to_string(&config).unwrap();
        fs::write(&config, lines.to_owned() + &kept).unwrap();
        net.start_again();
        Self { net, home, shim, final_height: 0, paid: Vec::new() }
    }

    /// The victim runs on a disk that fails there, and pays, until it ends; what it did with the file after that.
    fn end_by(&mut self, fault: &Fault) -> String {
        self.net.localnet(&["kill", "3"]);
        let place = |name: &str| Path::new(&self.net.home).join(name);
        let (stderr, told) = (place("stderr"), place("told"));
        let _ = fs::remove_file(&told);
        let armed = format!("{}:{}:{}", fault.call, fault.files, fault.nth);
        let (shim, log) = (self.shim.clone(), told.to_str().unwrap().to_owned());
        let variables = [("LD_PRELOAD", &*shim), ("DISK_FAULT", &armed), ("DISK_FAULT_LOG", &log)];
        let mut node = Process::node_with(&self.home, &variables, &stderr);
        let code = eventually(&format!("the end by {fault:?}"), 30 * SECOND, || {
            // Whatever it says of itself it has to keep.
            let said = self.net.final_height(VICTIM).unwrap_or(0);
            self.final_height = self.final_height.max(said);
            if said > 0 {
                self.paid.extend(self.net.try_pay(VICTIM));
            }
            node.has_ended()
        });
        let said = fs::read_to_string(stderr).unwrap();
        let line = said.lines().last().unwrap_or_default();
        let begin = format!("error: 4 {}/{}: found ", self.home, fault.named);
        assert!(code == 4 && line.starts_with(&begin), "{fault:?}: {code}: {said}");
        fs::read_to_string(told).unwrap()
    }

    /// Its database is refused, and it does as it is told.
    fn refetch(&self, fault: &Fault, said: &str) {
        let db = format!("{}/db", self.home);
        let refusal = format!("error: 3 {db}: found ");
        assert!(said.contains(&refusal) && said.contains("move it away"), "{fault:?}: {said}");
        fs::remove_dir_all(&db).unwrap();
        self.net.localnet(&["start-one", "3"]);
    }

    /// Started on a good disk it goes on, with all that it had said; nobody has heard it say two things.
    fn assert_goes_on(&self, fault: &Fault) {
        let highest = self.net.highest().max(self.final_height);
        self.net.await_voting(VICTIM, 20 * SECOND);
        self.net.await_above(VICTIM, highest, 10 * SECOND);
        self.net.common_block(highest);
        for paid in self.paid.iter().rev().take(5) {
            let found = self.net.call(VICTIM, "getTransaction", json!({ "id": paid["id"] }));
            assert_eq!(found, *paid, "{fault:?}");
        }
        for index in 0..VICTIM {
            assert_eq!(self.net.call(index, "getEvidence", json!({})), json!([]), "{fault:?}");
        }
    }
}

fn run(durability: &str, few: Vec<Fault>) {
    let dir = tempfile::tempdir().unwrap();
    let Some(shim) = shim(dir.path()) else { return };
    let lines = format!("durability = \"{durability}\"\nsnapshot_interval = 40\n");
    let mut harmed = Harmed::start(&lines, shim);
    let faults = faults(few, durability);
    let mut refused = 0;
    for fault in &faults {
        let told = harmed.end_by(fault);
        // What failed is left as it is.
        let lines: Vec<&str> = told.lines().collect();
        assert!(lines.len() == 1 && lines[0].starts_with("failed "), "{fault:?}: {told}");
        let started = harmed.net.try_localnet(&["start-one", "3"]);
        if started.code != 0 {
            // Not every block is synced, and the log was about to go on in another file: that one has what came after the loss.
            let may_lose = durability == "lease" && fault.call == "sync" && fault.files == LOG.0;
            assert!(may_lose, "{fault:?}: {}", started.stderr);
            harmed.refetch(fault, &started.stderr);
            refused += 1;
        }
        harmed.assert_goes_on(fault);
    }
    harmed.net.localnet(&["stop"]);
    harmed.net.verify(VICTIM);
    let (faults, paid) = (faults.len(), harmed.paid.len());
    eprintln!("{faults} faults, {refused} databases refused, {paid} payments reported final");
}

#[test]
fn a_node_whose_write_or_sync_fails_ends_and_keeps_what_it_said() {
    run(
        "strict",
        vec![
            fault("clean", SAFETY, 40),
            fault("sync", LOG, 40),
            fault("write", LOG, 40),
            fault("sync", TABLE, 12),
            fault("sync", MANIFEST, 3),
        ],
    );
}

#[test]
fn a_node_in_lease_mode_whose_write_or_sync_fails_ends_and_keeps_what_it_said() {
    run(
        "lease",
        vec![fault("sync", SAFETY, 2), fault("clean", LOG, 9), fault("write", SAFETY, 40)],
    );
}

/// In lease mode the file itself goes: what the system still shows of it may not be what is on the disk later.
#[test]
fn a_safety_file_whose_sync_failed_in_lease_mode_is_removed_and_its_node_mute_until_the_others_answer()
 {
    let dir = tempfile::tempdir().unwrap();
    let Some(shim) = shim(dir.path()) else { return };
    let mut harmed = Harmed::start("durability = \"lease\"\n", shim);
    let fault = fault("clean", SAFETY, 2);
    harmed.end_by(&fault);
    assert!(!PathBuf::from(&harmed.home).join("safety").exists());
    harmed.net.localnet(&["kill", "2"]);
    harmed.net.localnet(&["start-one", "3"]);
    let mute = harmed.net.status(VICTIM).unwrap();
    assert_eq!(mute["voting"], false, "{mute}");
    harmed.net.localnet(&["start-one", "2"]);
    harmed.net.await_voting(VICTIM, 20 * SECOND);
    harmed.assert_goes_on(&fault);
}
