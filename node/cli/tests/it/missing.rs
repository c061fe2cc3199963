//! A home from which one file is gone, each in turn: the node ends with the exit code of that and the file's name and leaves the rest as it
//! is, or does without, or waits for what it lacks until the others have given it back.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;

use super::net::Net;
use super::net::VALIDATORS;
use super::net::eventually;
use super::truth::Outcome;
use super::truth::Truth;
use super::truth::copy;
use super::truth::files;
use super::truth::last_line;

const SECOND: Duration = Duration::from_secs(1);
/// Whose files go.
const VICTIM: usize = 3;

/// What a home without a file is to its node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Loss {
    /// It ends with this code.
    Refused(i32),
    /// It has all that it had.
    None,
    /// It tells nothing until others have told it.
    Refetched,
}

/// What may come of a home without this file; more than one where it depends on what was in it.
fn expected(file: &str) -> &'static [Loss] {
    let name = file.rsplit('/').next().unwrap();
    match (file.starts_with("db/"), name) {
        (false, "config.toml" | "key.json") => &[Loss::Refused(2)],
        (false, "genesis.json") => &[Loss::Refused(6)],
        (true, "CURRENT") => &[Loss::Refused(3)],
        (true, _) if name.starts_with("MANIFEST") || name.ends_with(".sst") => &[Loss::Refused(3)],
        // What was in it may be in tables, too.
        (true, _) if name.ends_with(".log") => &[Loss::Refused(3), Loss::Refetched, Loss::None],
        // The safety record, the faucet's key, a snapshot's files, what the database can do without.
        _ => &[Loss::None],
    }
}

fn loss(truth: &Truth, outcome: Outcome) -> Result<Loss, String> {
    match outcome {
        Outcome::Refused(code) => Ok(Loss::Refused(code)),
        Outcome::Answered(0) => Ok(Loss::Refetched),
        Outcome::Answered(given) if given == truth.size() => Ok(Loss::None),
        Outcome::Answered(given) => Err(format!("{given} answers, there are {}", truth.size())),
    }
}

/// A stopped localnet of which the victim has table files, a log that is not in them, and a snapshot.
fn net_with_everything() -> (Net, Truth) {
    let net = Net::init();
    let path = format!("{}/config.toml", net.validator(VICTIM));
    let config = fs::read_to_string(&path).unwrap();
    fs::write(&path, "snapshot_interval = 40\n".to_owned() + &config).unwrap();
    net.start_again();
    let pay = |_| net.transfer(VICTIM, "alice", "bob", "1");
    let mut sent: Vec<Value> = (0..12).map(pay).collect();
    // What was in the log of a database that is opened again is in tables then.
    net.localnet(&["stop"]);
    net.start_again();
    sent.extend((0..12).map(pay));
    let snapshots = format!("{}/snapshots", net.validator(VICTIM));
    let has_snapshot = || files(snapshots.as_ref()).iter().any(|file| file.ends_with("manifest"));
    eventually("a snapshot", 10 * SECOND, || has_snapshot().then_some(()));
    let truth = Truth::of(&net, VICTIM, sent);
    net.localnet(&["stop"]);
    // Nothing of it is used again.
    let _ = fs::remove_dir_all(format!("{snapshots}/checkpoint"));
    (net, truth)
}

#[test]
fn a_home_without_a_file_is_refused_or_made_good_and_nothing_else_is_taken_from_it() {
    let (net, truth) = net_with_everything();
    let home = PathBuf::from(net.validator(VICTIM));
    let whole = home.with_file_name("whole");
    copy(&home, &whole);
    let (mut wrong, mut seen) = (Vec::new(), BTreeMap::<Loss, Vec<String>>::new());
    for file in files(&whole) {
        copy(&whole, &home);
        fs::remove_file(home.join(&file)).unwrap();
        let name = file.to_str().unwrap();
        match truth.start(&net, &file).and_then(|outcome| loss(&truth, outcome)) {
            Ok(loss) if expected(name).contains(&loss) => {
                seen.entry(loss).or_default().push(name.to_owned());
                if matches!(loss, Loss::Refused(_)) {
                    wrong.extend(refused_for_nothing_else(&net, &truth, (&whole, &file)));
                }
            }
            Ok(loss) => wrong.push(format!("{name}: {loss:?}, expected {:?}", expected(name))),
            Err(why) => wrong.push(format!("{name}: {why}")),
        }
        wrong.extend(truth.verify(&net).err().map(|why| format!("{name}: {why}")));
    }
    eprintln!("{seen:#?}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    for code in [2, 3, 6] {
        assert!(seen.contains_key(&Loss::Refused(code)), "{seen:?}");
    }
    for file in seen.get(&Loss::Refetched).into_iter().flatten() {
        copy(&whole, &home);
        fs::remove_file(home.join(file)).unwrap();
        assert_refetched(&net, &truth);
    }
}

/// A node that refused has named the file in its last line, and taken nothing more from its home: with the file it has all that it had.
fn refused_for_nothing_else(
    net: &Net,
    truth: &Truth,
    (whole, file): (&Path, &Path),
) -> Vec<String> {
    let home = PathBuf::from(net.validator(VICTIM));
    let line = last_line(home.to_str().unwrap());
    // The database knows its logs by their numbers.
    let name = file.file_stem().unwrap().to_str().unwrap().trim_start_matches('0');
    fs::copy(whole.join(file), home.join(file)).unwrap();
    let again = truth.start(net, file);
    let is_named = line.contains(name);
    let wrong = [
        (!is_named).then(|| format!("{}: {line}", file.display())),
        (again != Ok(Outcome::Answered(truth.size())))
            .then(|| format!("{} back: {again:?}", file.display())),
    ];
    wrong.into_iter().flatten().collect()
}

#[test]
fn an_emptied_or_removed_database_tells_nothing_alone_and_all_with_the_others() {
    let (net, truth) = net_with_everything();
    let home = PathBuf::from(net.validator(VICTIM));
    let whole = home.with_file_name("whole");
    copy(&home, &whole);
    for is_folder_left in [true, false] {
        copy(&whole, &home);
        fs::remove_dir_all(home.join("db")).unwrap();
        if is_folder_left {
            fs::create_dir(home.join("db")).unwrap();
        }
        assert_eq!(truth.start(&net, Path::new("db")), Ok(Outcome::Answered(0)));
        assert_refetched(&net, &truth);
        net.verify(VICTIM);
    }
}

/// Started with the others, the victim has all that it had, and its vote.
fn assert_refetched(net: &Net, truth: &Truth) {
    net.start_again();
    net.await_voting(VICTIM, 10 * SECOND);
    net.await_above(VICTIM, net.highest(), 10 * SECOND);
    assert_eq!(truth.check(net), Ok(truth.size()));
    assert_eq!(net.call(0, "getEvidence", serde_json::json!({})), serde_json::json!([]));
    (0..VALIDATORS).for_each(|index| drop(net.await_voting(index, 5 * SECOND)));
    net.localnet(&["stop"]);
}
