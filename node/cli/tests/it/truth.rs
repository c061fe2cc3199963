//! What a node said before its home was harmed, and whether what it does afterwards is right: it tells the same, or tells nothing, or ends
//! with the exit code of what is wrong and the file's name.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;
use std::time::Instant;

use serde_json::Value;
use serde_json::json;

use super::heddle;
use super::net::Net;
use super::net::Process;

/// What says nothing to the node: who holds the home, and what it and its database wrote for people.
const MEANINGLESS: [&str; 3] = ["lock", "node.log", "LOG"];
/// How long a node has to answer or to end.
const DECIDES_MAX: Duration = Duration::from_secs(20);

/// What every node said before any harm.
pub(crate) struct Truth {
    /// Who will be harmed.
    victim: usize,
    blocks: BTreeMap<u64, Value>,
    transactions: Vec<Value>,
    balances: Vec<Value>,
}

/// What came of starting a harmed home.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It ended, with this code and the file's name.
    Refused(i32),
    /// It gave so many answers, all of them true.
    Answered(usize),
}

impl Truth {
    /// Of the blocks so far, of these transactions, and of two accounts.
    pub(crate) fn of(net: &Net, victim: usize, transactions: Vec<Value>) -> Self {
        let last = transactions.iter().filter_map(|sent| sent["height"].as_u64()).max().unwrap();
        let last = last.max(net.highest());
        let blocks = (1..=last).map(|height| (height, net.common_block(height))).collect();
        let balance =
            |name: &str| net.call(victim, "getAccount", json!({ "address": net.account(name) }));
        let balances = ["alice", "bob"].map(balance).to_vec();
        Self { victim, blocks, transactions, balances }
    }

    /// The same while accounts go on paying: of blocks and transactions only.
    pub(crate) fn of_the_past(net: &Net, victim: usize, transactions: Vec<Value>) -> Self {
        Self { balances: Vec::new(), ..Self::of(net, victim, transactions) }
    }

    /// How many answers there are to it.
    pub(crate) fn size(&self) -> usize {
        self.blocks.len() + self.transactions.len() + self.balances.len()
    }

    /// Asks the victim for all of it; each answer is the same, or none is given. How many there were.
    pub(crate) fn check(&self, net: &Net) -> Result<usize, String> {
        let (mut given, mut wrong) = (0, None);
        let mut compare = |found: Option<Value>, expected: &Value| {
            if let Some(found) = found {
                given += 1;
                if found != *expected {
                    wrong.get_or_insert_with(|| format!("found {found}, expected {expected}"));
                }
            }
        };
        for (height, block) in &self.blocks {
            let found = self.ask(net, "getBlock", json!({ "height": height })).map(|mut found| {
                found.as_object_mut().unwrap().remove("certificate");
                found
            });
            compare(found, block);
        }
        for sent in &self.transactions {
            compare(self.ask(net, "getTransaction", json!({ "id": sent["id"] })), sent);
        }
        for account in &self.balances {
            let address = json!({ "address": account["address"] });
            compare(self.ask(net, "getAccount", address), account);
        }
        wrong.map_or(Ok(given), Err)
    }

    /// Starts the harmed node alone.
    pub(crate) fn start(&self, net: &Net, file: &Path) -> Result<Outcome, String> {
        let home = net.validator(self.victim);
        let mut node = Process::node(&home);
        let end = Instant::now() + DECIDES_MAX;
        loop {
            if let Some(code) = node.has_ended() {
                let line = last_line(&home);
                let is_clear = matches!(code, 2 | 3 | 4 | 6)
                    && line.starts_with(&format!("error: {code} {home}"));
                return if is_clear { Ok(Outcome::Refused(code)) } else { Err(line) };
            }
            // Alone it may rightly wait for others before it answers what it cannot be sure of.
            if net.try_call(self.victim, "getStatus", json!({})).is_some() {
                return self.check(net).map(Outcome::Answered);
            }
            if Instant::now() >= end {
                // Another port, or another host, is no damage that can be seen.
                let is_config = file == Path::new("config.toml");
                return if is_config {
                    Ok(Outcome::Answered(0))
                } else {
                    Err("stands still".to_owned())
                };
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// What `node verify` says of the harmed home is true, or it says that something is wrong.
    pub(crate) fn verify(&self, net: &Net) -> Result<(), String> {
        let said = heddle(&["node", "verify", "--home", &net.validator(self.victim), "--json"]);
        if said.code == 0 {
            let height = said.json()["height"].as_u64().unwrap();
            let known = self.blocks.get(&height).map(|block| &block["stateRoot"]);
            let is_true = known.is_none_or(|root| *root == said.json()["stateRoot"]);
            return if is_true { Ok(()) } else { Err(format!("verify: {}", said.stdout)) };
        }
        let is_clear = matches!(said.code, 1..=6 | 11) && !said.stderr.contains("panicked");
        if is_clear { Ok(()) } else { Err(format!("verify: {} {}", said.code, said.stderr)) }
    }

    /// A result; none when the node does not answer, or refuses.
    fn ask(&self, net: &Net, method: &str, params: Value) -> Option<Value> {
        net.try_call(self.victim, method, params)?.get("result").cloned()
    }
}

/// The last line of a home's log.
pub(crate) fn last_line(home: &str) -> String {
    let log = fs::read_to_string(format!("{home}/node.log")).unwrap();
    log.lines().last().unwrap_or_default().to_owned()
}

/// Replaces a folder by a copy of another, with the files' rights: a key that others can read is refused for another reason.
pub(crate) fn copy(from: &Path, to: &Path) {
    let _ = fs::remove_dir_all(to);
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().flatten() {
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if entry.file_type().unwrap().is_dir() {
            copy(&from, &to);
        } else {
            fs::copy(&from, &to).unwrap();
        }
    }
}

/// A home's files that mean something to the node, by their paths in it.
pub(crate) fn files(home: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![home.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().flatten() {
            let name = entry.file_name().into_string().unwrap();
            let meta = entry.metadata().unwrap();
            let is_meant = !MEANINGLESS.iter().any(|prefix| name.starts_with(prefix));
            if meta.is_dir() {
                folders.push(entry.path());
            } else if meta.len() > 0 && is_meant {
                found.push(entry.path().strip_prefix(home).unwrap().to_owned());
            }
        }
    }
    found.sort();
    found
}
