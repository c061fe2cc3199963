//! Disks that are really full: file systems in memory, of a few megabytes, that the test mounts and fills. Where it may not mount, it says
//! so and that is all.

use std::fs;
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use serde_json::json;

use super::http;
use super::net::Net;
use super::net::Process;
use super::net::eventually;
use super::truth::Truth;
use super::truth::copy;
use super::truth::last_line;

const SECOND: Duration = Duration::from_secs(1);
/// Whose disk is full.
const VICTIM: usize = 3;
/// Enough for a short chain, and too little for the room that the database would like to take in advance.
const BYTES: u64 = 8 << 20;

/// A file system of its own, over a folder whose content it has.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// None where mounting is not allowed.
    fn mount(at: &Path, bytes: u64) -> Option<Self> {
        let kept = at.with_extension("kept");
        fs::create_dir_all(at).unwrap();
        copy(at, &kept);
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={bytes}"), "tmpfs"]).arg(at);
        if !mount.stderr(Stdio::null()).status().is_ok_and(|status| status.success()) {
            eprintln!("left out: mounting a file system is not allowed here");
            return None;
        }
        let mounted = Self(at.to_owned());
        for entry in fs::read_dir(&kept).unwrap().flatten() {
            let to = at.join(entry.file_name());
            if entry.path().is_dir() {
                copy(&entry.path(), &to);
            } else {
                fs::copy(entry.path(), to).unwrap();
            }
        }
        Some(mounted)
    }

    /// Leaves room for nothing.
    fn fill(&self) {
        let mut ballast = File::options().append(true).create(true).open(self.ballast()).unwrap();
        for bytes in [1 << 16, 1 << 12, 1] {
            while ballast.write_all(&vec![0; bytes]).is_ok() {}
        }
    }

    fn empty(&self) {
        fs::remove_file(self.ballast()).unwrap();
    }

    fn ballast(&self) -> PathBuf {
        self.0.join("ballast")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}

/// A localnet whose victim has small disks.
struct Small {
    disks: Vec<SmallDisk>,
    net: Net,
    home: String,
}

impl Small {
    /// A running one, with small disks over these folders of the victim's home, and with these lines in its configuration.
    fn start(folders: &[&str], lines: &str) -> Option<Self> {
        let net = Net::init();
        let home = net.validator(VICTIM);
        let config = format!("{home}/config.toml");
        let kept = fs::read_to_string(&config).unwrap();
        fs::write(&config, lines.to_owned() + &kept).unwrap();
        let disk = |folder: &&str| SmallDisk::mount(&Path::new(&home).join(folder), BYTES);
        let disks = folders.iter().map(disk).collect::<Option<Vec<_>>>()?;
        let small = Self { disks, net, home };
        small.net.start_again();
        // The safety file was copied onto the new disk, so that the others have to be asked first.
        small.net.await_voting(VICTIM, 10 * SECOND);
        Some(small)
    }

    /// The victim as a process of the test's, and where it says what.
    fn own_process(&self) -> (Process, PathBuf) {
        self.net.localnet(&["kill", "3"]);
        let stderr = Path::new(&self.net.home).join("stderr");
        let node = Process::node_with(&self.home, &[], &stderr);
        self.net.await_voting(VICTIM, 10 * SECOND);
        (node, stderr)
    }

    /// The victim ends while the others go on, and says why, on stderr and in its log.
    fn assert_ends(&self, node: &mut Process, stderr: &Path, file: &str) {
        let code = eventually("the end of a node with a full disk", 20 * SECOND, || {
            self.net.try_pay(0);
            node.has_ended()
        });
        let said = fs::read_to_string(stderr).unwrap();
        assert_eq!(code, 4, "{said}");
        let line = said.lines().last().unwrap();
        assert!(line.starts_with(&format!("error: 4 {}/{file}: found ", self.home)), "{line}");
        assert!(line.to_lowercase().contains("no space left"), "{line}");
        // The log keeps room for it.
        assert_eq!(last_line(&self.home), line);
    }

    /// With room again it goes on where it was, and has told nothing wrong.
    fn assert_goes_on(&self, truth: &Truth) {
        self.net.localnet(&["start-one", "3"]);
        let height = self.net.highest();
        self.net.await_voting(VICTIM, 10 * SECOND);
        self.net.await_above(VICTIM, height, 10 * SECOND);
        self.net.common_block(height);
        assert_eq!(truth.check(&self.net), Ok(truth.size()));
        assert_eq!(self.net.call(0, "getEvidence", json!({})), json!([]));
        self.net.localnet(&["stop"]);
        self.net.verify(VICTIM);
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        // Before the disks go, the last one first.
        let _ = self.net.try_localnet(&["stop"]);
        while let Some(disk) = self.disks.pop() {
            drop(disk);
        }
    }
}

#[test]
fn a_node_whose_database_has_no_room_ends_and_has_all_that_was_final_when_there_is_room_again() {
    let Some(small) = Small::start(&[""], "") else { return };
    let (mut node, stderr) = small.own_process();
    let sent: Vec<Value> = (0..5).filter_map(|_| small.net.try_pay(VICTIM)).collect();
    assert_eq!(sent.len(), 5);
    let truth = Truth::of_the_past(&small.net, VICTIM, sent);
    small.disks[0].fill();
    small.assert_ends(&mut node, &stderr, "db");
    // Still without room it says so again.
    let mut again = Process::node_with(&small.home, &[], &stderr);
    assert_eq!(again.ends(10 * SECOND), Some(4));
    small.disks[0].empty();
    small.assert_goes_on(&truth);
}

#[test]
fn a_safety_file_needs_no_room_once_it_is_there() {
    let Some(small) = Small::start(&["", "db"], "") else { return };
    let (mut node, stderr) = small.own_process();
    let sent: Vec<Value> = (0..3).filter_map(|_| small.net.try_pay(VICTIM)).collect();
    let truth = Truth::of_the_past(&small.net, VICTIM, sent);
    small.disks[0].fill();
    // Neither it nor the log, which has none, ends the node.
    let height = small.net.highest();
    (0..10).for_each(|_| assert!(small.net.try_pay(VICTIM).is_some()));
    small.net.await_above(VICTIM, height + 10, 5 * SECOND);
    assert_eq!(small.net.status(VICTIM).unwrap()["voting"], true);
    assert_eq!(node.has_ended(), None);

    // One that is to be made anew needs room, and without it nothing is signed.
    drop(node);
    fs::remove_file(format!("{}/safety", small.home)).unwrap();
    small.disks[0].fill();
    let mut node = Process::node_with(&small.home, &[], &stderr);
    small.assert_ends(&mut node, &stderr, "safety");
    small.disks[0].empty();
    small.assert_goes_on(&truth);
}

#[test]
fn a_snapshot_for_which_there_is_no_room_is_left_out_and_the_node_goes_on() {
    let Some(small) = Small::start(&["snapshots"], "snapshot_interval = 20\n") else { return };
    let sent: Vec<Value> = (0..3).filter_map(|_| small.net.try_pay(VICTIM)).collect();
    let truth = Truth::of_the_past(&small.net, VICTIM, sent);
    small.disks[0].fill();
    let folder = PathBuf::from(&small.home).join("snapshots");
    let failed = || {
        small.net.try_pay(VICTIM);
        let (_, text) = http::get(&small.net.address_of(VICTIM), "/metrics").unwrap();
        let text = String::from_utf8(text).unwrap();
        let line = text.lines().find(|line| line.starts_with("heddle_snapshots_failed_total "))?;
        line.split(' ').nth(1)?.parse::<u64>().ok().filter(|failed| *failed >= 2)
    };
    eventually("two snapshots that failed", 30 * SECOND, failed);
    let log = fs::read_to_string(format!("{}/node.log", small.home)).unwrap();
    assert!(log.contains("no snapshot could be taken"), "{log}");
    small.net.await_voting(VICTIM, SECOND);
    let is_part = |name: &String| ["new", "checkpoint"].iter().any(|part| name.starts_with(part));
    let parts = || names(&folder).into_iter().filter(is_part).collect::<Vec<_>>();
    eventually("no parts", 2 * SECOND, || parts().is_empty().then_some(()));
    small.disks[0].empty();
    let taken = || {
        small.net.try_pay(VICTIM);
        names(&folder).into_iter().any(|name| name.parse::<u64>().is_ok()).then_some(())
    };
    eventually("a snapshot", 30 * SECOND, taken);
    small.net.localnet(&["kill", "3"]);
    small.assert_goes_on(&truth);
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap().flatten();
    entries.map(|entry| entry.file_name().into_string().unwrap()).collect()
}
