//! A home's files are damaged one at a time, and the node started alone: it ends with the exit code of what is wrong and the file's name,
//! or says nothing that was not true before. Twelve cases, or as many as `HEDDLE_DAMAGES` says.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::path::PathBuf;

use heddle_localnet::simulator::Dice;
use serde_json::Value;

use super::net::Net;
use super::truth::Outcome;
use super::truth::Truth;
use super::truth::copy;
use super::truth::files;

/// Who is damaged.
const VICTIM: usize = 3;

/// Damages one file; says how.
fn damage(home: &Path, neighbour: &Path, dice: &mut Dice) -> (PathBuf, String) {
    let all = files(home);
    let file = &all[usize::try_from(dice.below(all.len() as u64)).unwrap()];
    let path = home.join(file);
    let bytes = fs::read(&path).unwrap();
    let len = bytes.len() as u64;
    let at = |dice: &mut Dice| usize::try_from(dice.below(len)).unwrap();
    let how = match dice.below(6) {
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
        4 => {
            fs::remove_file(&path).unwrap();
            "removed".to_owned()
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

#[test]
fn a_damaged_home_is_refused_or_tells_the_truth() {
    let net = Net::start();
    let pay = |_| net.transfer(VICTIM, "alice", "bob", "1");
    let mut sent: Vec<Value> = (0..10).map(pay).collect();
    // What was in the log of a database that is opened again is in tables then.
    net.localnet(&["stop"]);
    net.start_again();
    sent.extend((0..10).map(pay));
    let truth = Truth::of(&net, VICTIM, sent);
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
        match truth.start(&net, &file) {
            Ok(Outcome::Answered(given)) => true_answers += given,
            Ok(Outcome::Refused(code)) => *refused.entry(code).or_default() += 1,
            Err(why) => wrong.push(case(why)),
        }
        wrong.extend(truth.verify(&net).err().map(case));
    }
    eprintln!("refused with code: {refused:?}; true answers of those that ran: {true_answers}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    copy(&whole, &home);
    assert_eq!(truth.start(&net, &home), Ok(Outcome::Answered(truth.size())));
}
