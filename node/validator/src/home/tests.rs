//! A home's files: what is written is read back, and everything else is refused by name.

mod config;
mod files;
mod fuzz;
mod genesis;
mod key;

use std::path::Path;

use heddle_types::Address;
use heddle_types::Amount;
use heddle_types::Genesis;
use heddle_types::GenesisAccount;
use heddle_types::GenesisSection;
use heddle_types::Millis;
use heddle_types::ProgramId;
use heddle_types::SecretKey;
use heddle_types::UnixMillis;
use heddle_types::Validator;

use super::Config;
use super::DurabilityChoice;
use super::ExecutionChoice;
use super::Home;
use super::Keeping;
use super::KeyFile;
use super::LogLevel;
use super::Peer;
use super::SyncChoice;

fn key(number: u8) -> KeyFile {
    KeyFile::new(SecretKey::from_seed([number; 32]))
}

fn genesis() -> Genesis {
    let validators = (1..=4).map(|number| Validator::new(key(number).public_key(), 1));
    let mut accounts: Vec<_> = (10..13)
        .map(|number| GenesisAccount {
            address: key(number).address(),
            amount: Amount::from_units(1_000_000_000_000_000),
        })
        .collect();
    accounts.sort_by_key(|account| account.address);
    Genesis {
        version: Genesis::VERSION,
        time: UnixMillis::new(1_700_000_000_000),
        dev: true,
        faucet: Some(Address::of_key(&key(10).public_key())),
        validators: validators.collect(),
        possessions: Vec::new(),
        accounts,
        sections: vec![section(ProgramId::LEDGER, &[0; 4])],
    }
}

fn section(program: ProgramId, data: &[u8]) -> GenesisSection {
    GenesisSection { program, data: data.to_vec().into() }
}

fn config() -> Config {
    let peer = |number: u8| Peer {
        public_key: key(number).public_key(),
        quic: format!("127.0.0.1:{}", 26_001 + 10 * u16::from(number - 1)).parse().unwrap(),
    };
    Config {
        rpc: "127.0.0.1:26000".parse().unwrap(),
        quic: "127.0.0.1:26001".parse().unwrap(),
        peers: vec![peer(2), peer(3), peer(4)],
        follow: vec![peer(3), peer(9)],
        idle_interval: Millis::new(250),
        threads: std::num::NonZeroU16::new(2),
        execution: ExecutionChoice::Declared,
        durability: DurabilityChoice::Lease,
        block_transactions: std::num::NonZeroU16::new(40),
        log_level: LogLevel::Warn,
        rpc_hosts: vec!["node.example".to_owned()],
        keeping: Keeping {
            prune: std::num::NonZeroU64::new(5000),
            snapshot_interval: std::num::NonZeroU64::new(1),
            sync: SyncChoice::Replay,
        },
    }
}

fn write_home(dir: &Path) -> Home {
    Home::write(dir, &config(), &genesis(), &key(1)).unwrap()
}
