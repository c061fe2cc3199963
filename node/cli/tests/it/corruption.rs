//! A home's files are damaged one at a time, and the node started alone: it ends with the exit code of what is wrong and the file's name,
//! or says nothing that was not true before. Twelve cases, or as many as `HEDDLE_DAMAGES` says.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;
use std::time::Instant;

use heddle_localnet::simulator::Dice;
use serde_json::Value;
use serde_json::json;

use super::heddle;
use super::net::Net;
use super::net::Process;

/// Who is damaged.
const VICTIM: usize = 3;
/// How long a node has to answer or to end.
const DECIDES_MAX: Duration = Duration::from_secs(20);
/// What says nothing to the node: who holds the home, and what it and its database wrote for people.
const MEANINGLESS: [&str; 3] = ["lock", "node.log", "LOG"];

/// What every node said before any harm.
struct Truth {
    blocks: BTreeMap<u64, Value>,
    transactions: Vec<Value>,
    balances: Vec<Value>,
}

impl Truth {
    fn of(net: &Net, transactions: Vec<Value>) -> Self {
        let last = transactions.iter().filter_map(|sent| sent["height"].as_u64()).max().unwrap();
        let last = last.max(net.highest());
        let blocks = (1..=last).map(|height| (height, net.common_block(height))).collect();
        let balance =
            |name: &str| net.call(VICTIM, "getAccount", json!({ "address": net.account(name) }));
        let balances = ["alice", "bob"].map(balance).to_vec();
        Self { blocks, transactions, balances }
    }

    /// Asks a damaged node for all of it; each answer is the same, or none is given. How many there were.
    fn check(&self, net: &Net) -> Result<usize, String> {
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
            let found = result(net, "getBlock", json!({ "height": height })).map(|mut found| {
                found.as_object_mut().unwrap().remove("certificate");
                found
            });
            compare(found, block);
        }
        for sent in &self.transactions {
            let found = result(net, "getTransaction", json!({ "id": sent["id"] }));
            compare(found, sent);
        }
        for account in &self.balances {
            compare(result(net, "getAccount", json!({ "address": account["address"] })), account);
        }
        wrong.map_or(Ok(given), Err)
    }
}

/// A result; none when the node does not answer, or refuses.
fn result(net: &Net, method: &str, params: Value) -> Option<Value> {
    net.try_call(VICTIM, method, params)?.get("result").cloned()
}

fn copy(from: &Path, to: &Path) {
    let _ = fs::remove_dir_all(to);
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().flatten() {
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if entry.file_type().unwrap().is_dir() {
            copy(&from, &to);
        } else {
            // With its rights: a key that others can read is refused for another reason.
            fs::copy(&from, &to).unwrap();
        }
    }
}

/// A home's files that mean something to the node, by their paths in it.
fn files(home: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for dir in [home.to_owned(), home.join("db")] {
        for entry in fs::read_dir(dir).unwrap().flatten() {
            let name = entry.file_name().into_string().unwrap();
            let meta = entry.metadata().unwrap();
            let is_meant = !MEANINGLESS.iter().any(|prefix| name.starts_with(prefix));
            if meta.is_file() && meta.len() > 0 && is_meant {
                found.push(entry.path().strip_prefix(home).unwrap().to_owned());
            }
        }
    }
    found.sort();
    found
}

/// Damages one file; says how.
fn damage(home: &Path, neighbour: &Path, dice: &mut Dice) -> (PathBuf, String) {
    let all = files(home);
    let file = &all[usize::try_from(dice.below(all.len() as u64)).unwrap()];
    let path = home.join(file);
    let bytes = fs::read(&path).unwrap();
    let len = bytes.len() as u64;
    let at = |dice: &mut Dice| usize::try_from(dice.below(len)).unwrap();
    let how = match dice.below(5) {
        0 | 1 => {
            let mut bytes = bytes;
            let places: Vec<usize> = (0..=dice.below(4)).map(|_| at(dice)).collect();
            places.iter().for_each(|place| bytes[*place] ^= 1 << dice.below(8));
            fs::write(&path, &bytes).unwrap();
            format!("bits flipped at {places:?} of {len}")
        }
        2 => {
            let keep = at(dice);
            fs::write(&path, &bytes[..keep]).unwrap();
            format!("cut to {keep} of {len}")
        }
        3 => {
            let others = files(neighbour);
            let other = &others[usize::try_from(dice.below(others.len() as u64)).unwrap()];
            let of_neighbour = fs::read(neighbour.join(other)).unwrap();
            fs::write(&path, of_neighbour).unwrap();
            format!("replaced by {} of another home", other.display())
        }
        _ => {
            let other = &all[usize::try_from(dice.below(all.len() as u64)).unwrap()];
            let swapped = fs::read(home.join(other)).unwrap();
            fs::write(home.join(other), &bytes).unwrap();
            fs::write(&path, swapped).unwrap();
            format!("swapped with {}", other.display())
        }
    };
    (file.clone(), how)
}

/// What came of starting a damaged home.
enum Outcome {
    /// It ended, with this code and the file's name.
    Refused(i32),
    /// It gave so many answers, all of them true.
    Answered(usize),
}

/// Starts the damaged node alone.
fn start(net: &Net, truth: &Truth, file: &Path) -> Result<Outcome, String> {
    let home = net.validator(VICTIM);
    let mut node = Process::node(&home);
    let end = Instant::now() + DECIDES_MAX;
    loop {
        if let Some(code) = node.has_ended() {
            let log = fs::read_to_string(format!("{home}/node.log")).unwrap();
            let line = log.lines().last().unwrap_or_default();
            let is_clear =
                matches!(code, 2 | 3 | 4 | 6) && line.starts_with(&format!("error: {code} {home}"));
            return if is_clear { Ok(Outcome::Refused(code)) } else { Err(line.to_owned()) };
        }
        // Alone it may rightly wait for others before it answers what it cannot be sure of.
        if net.try_call(VICTIM, "getStatus", json!({})).is_some() {
            return truth.check(net).map(Outcome::Answered);
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

/// What `node verify` says of a damaged home is true, or it says that something is wrong.
fn verify(net: &Net, truth: &Truth) -> Result<(), String> {
    let said = heddle(&["node", "verify", "--home", &net.validator(VICTIM), "--json"]);
    if said.code == 0 {
        let height = said.json()["height"].as_u64().unwrap();
        let known = truth.blocks.get(&height).map(|block| &block["stateRoot"]);
        let is_true = known.is_none_or(|root| *root == said.json()["stateRoot"]);
        return if is_true { Ok(()) } else { Err(format!("verify: {}", said.stdout)) };
    }
    let is_clear = matches!(said.code, 1..=6 | 11) && !said.stderr.contains("panicked");
    if is_clear { Ok(()) } else { Err(format!("verify: {} {}", said.code, said.stderr)) }
}

#[test]
fn a_damaged_home_is_refused_or_tells_the_truth() {
    let net = Net::start();
    let pay = |_| net.transfer(VICTIM, "alice", "bob", "1");
    let mut sent: Vec<Value> = (0..10).map(pay).collect();
    // What was in the log of a database that is opened again is in tables then.
    net.localnet(&["stop"]);
    net.start_again();
    sent.extend((0..10).map(pay));
    let truth = Truth::of(&net, sent);
    net.localnet(&["stop"]);

    let home = PathBuf::from(net.validator(VICTIM));
    let whole = home.with_file_name("whole");
    copy(&home, &whole);
    let wanted = std::env::var("HEDDLE_DAMAGES").ok().map(|text| text.parse().unwrap());
    let (mut refused, mut true_answers) = (BTreeMap::<i32, u32>::new(), 0);
    let mut wrong = Vec::new();
    for seed in 0..wanted.unwrap_or(12_u64) {
        copy(&whole, &home);
        let neighbour = PathBuf::from(net.validator(VICTIM - 1));
        let (file, how) = damage(&home, &neighbour, &mut Dice::new(seed));
        let case = |why: String| format!("case {seed}: {}: {how}: {why}", file.display());
        match start(&net, &truth, &file) {
            Ok(Outcome::Answered(given)) => true_answers += given,
            Ok(Outcome::Refused(code)) => *refused.entry(code).or_default() += 1,
            Err(why) => wrong.push(case(why)),
        }
        wrong.extend(verify(&net, &truth).err().map(case));
    }
    eprintln!("refused with code: {refused:?}; true answers of those that ran: {true_answers}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    copy(&whole, &home);
    let Ok(Outcome::Answered(given)) = start(&net, &truth, &home) else {
        panic!("what is not damaged is refused")
    };
    assert!(given > truth.blocks.len(), "{given}");
}
