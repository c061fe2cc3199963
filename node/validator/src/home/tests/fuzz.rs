//! Seeded: damaged files are refused or read as something equal to what they say; nothing panics.

use std::fs;

use super::config;
use super::key;
use super::write_home;
use crate::home::Config;
use crate::home::KeyFile;
use crate::home::parse_json;
use crate::home::read_genesis;
use crate::home::write_genesis;

const ROUNDS: u64 = 2_000;

/// SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound as u64).unwrap()
    }

    fn damage(&mut self, good: &[u8]) -> Vec<u8> {
        const TOKENS: [&str; 12] =
            ["{", "}", "[", "]", "\"", ":", "=", "\n", "-1", "1e999", "null", "\u{0}"];
        let mut bytes = good.to_vec();
        for _ in 0..=self.below(3) {
            let at = self.below(bytes.len().max(1));
            match self.below(4) {
                0 => bytes.truncate(at),
                1 => drop(bytes.splice(at..at, TOKENS[self.below(12)].bytes())),
                2 if at < bytes.len() => bytes[at] = self.next().to_le_bytes()[0],
                _ => drop(bytes.splice(at..(at + self.below(8)).min(bytes.len()), [])),
            }
        }
        bytes
    }
}

#[test]
fn a_damaged_config_is_refused_or_means_what_it_says() {
    for seed in 0..ROUNDS {
        let bytes = Random(seed).damage(config().to_toml().as_bytes());
        if let Ok(read) = Config::parse(&bytes) {
            assert_eq!(Config::parse(read.to_toml().as_bytes()), Ok(read), "seed {seed}");
        }
    }
}

#[test]
fn a_damaged_key_is_refused_or_is_the_same_key() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("key.json");
    key(1).write_new(&path).unwrap();
    let good = fs::read(path).unwrap();
    for seed in 0..ROUNDS {
        if let Ok(read) = KeyFile::parse(&Random(seed).damage(&good)) {
            assert_eq!(read.public_key(), key(1).public_key(), "seed {seed}");
        }
    }
}

#[test]
fn a_damaged_genesis_is_refused_or_is_the_same_chain() {
    let dir = tempfile::tempdir().unwrap();
    let home = write_home(dir.path());
    let path = dir.path().join("damaged.json");
    write_genesis(&path, home.genesis()).unwrap();
    let good = fs::read(&path).unwrap();
    for seed in 0..ROUNDS {
        fs::write(&path, Random(seed).damage(&good)).unwrap();
        if let Ok(read) = read_genesis(&path) {
            assert_eq!(read.chain_id(), home.genesis().chain_id(), "seed {seed}");
        }
    }
}

#[test]
fn random_bytes_are_no_document() {
    for seed in 0..ROUNDS {
        let mut random = Random(seed);
        let bytes: Vec<u8> =
            (0..random.below(200)).map(|_| random.next().to_le_bytes()[0]).collect();
        assert!(KeyFile::parse(&bytes).is_err(), "seed {seed}");
        assert!(Config::parse(&bytes).is_err(), "seed {seed}");
        let _ = parse_json(&bytes);
    }
}
