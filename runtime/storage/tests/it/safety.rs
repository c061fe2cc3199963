//! The safety file: what it holds survives, and what cannot be relied on mutes.

use std::fs;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::path::PathBuf;
use std::time::UNIX_EPOCH;

use heddle_storage::LEASE_VIEWS;
use heddle_storage::MuteReason;
use heddle_storage::Remembered;
use heddle_storage::SafetyFile;
use heddle_storage::SafetyMode;
use heddle_storage::SafetyState;
use heddle_types::ChainId;
use heddle_types::Epoch;
use heddle_types::Hash32;
use heddle_types::Height;
use heddle_types::LeaseLimit;
use heddle_types::PublicKey;
use heddle_types::QuorumCert;
use heddle_types::SafetyRecord;
use heddle_types::View;
use proptest::prelude::*;
use tempfile::TempDir;

use crate::chain;

const OWNER: PublicKey = PublicKey([3; 32]);

fn record(timeout: u64) -> SafetyRecord {
    let genesis = chain::genesis();
    let qc = QuorumCert::genesis(genesis.vote_data());
    let first = SafetyRecord::first(genesis.chain, Epoch::ZERO, qc);
    SafetyRecord { timeout: View::new(timeout), ..first }
}

/// A file to which `writes` records were written after the first.
fn written(writes: u64) -> (TempDir, PathBuf) {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("safety");
    let mut file = SafetyFile::create_first(&path, OWNER, &record(0)).unwrap();
    (1..=writes).for_each(|timeout| file.write(remembered(timeout)).unwrap());
    (dir, path)
}

fn remembered(timeout: u64) -> Remembered {
    Remembered { record: record(timeout), durable: Height::new(timeout / 2) }
}

fn open(path: &Path) -> Result<(SafetyFile, Remembered), MuteReason> {
    open_as(path, SafetyMode::Strict)
}

fn open_as(path: &Path, mode: SafetyMode) -> Result<(SafetyFile, Remembered), MuteReason> {
    match SafetyFile::open(path, chain::genesis().chain, OWNER, mode).unwrap() {
        SafetyState::Ready(file) => {
            let remembered = file.remembered().clone();
            Ok((*file, remembered))
        }
        SafetyState::Mute(reason, _) => Err(reason),
    }
}

/// Makes the file one that was written before the machine started.
fn reboot(path: &Path) {
    let mut bytes = fs::read(path).unwrap();
    for slot in bytes.chunks_exact_mut(4096) {
        // The first byte of the boot's id.
        slot[96] ^= 1;
        let hash = blake3::hash(&slot[..4064]);
        slot[4064..].copy_from_slice(hash.as_bytes());
    }
    let file = fs::File::options().write(true).open(path).unwrap();
    file.write_all_at(&bytes, 0).unwrap();
}

#[test]
fn the_newest_record_is_read_back_after_any_number_of_writes() {
    for writes in 0..5 {
        let (_dir, path) = written(writes);
        let (mut file, found) = open(&path).unwrap();
        assert_eq!(found, remembered(writes));
        file.write(remembered(100)).unwrap();
        drop(file);
        assert_eq!(open(&path).unwrap().1, remembered(100));
    }
}

/// After a sync that failed the system shows what need not be on the disk, and takes it for written: nothing may be signed with it before
/// it was written again.
#[test]
fn what_is_read_back_is_written_again_before_it_is_relied_on() {
    let (_dir, path) = written(3);
    let bytes = fs::read(&path).unwrap();
    fs::File::options().write(true).open(&path).unwrap().set_modified(UNIX_EPOCH).unwrap();
    assert_eq!(open(&path).unwrap().1, remembered(3));
    assert!(fs::metadata(&path).unwrap().modified().unwrap() > UNIX_EPOCH);
    assert_eq!(fs::read(&path).unwrap(), bytes);
}

#[test]
fn the_first_file_never_replaces_another() {
    let (_dir, path) = written(3);
    assert!(SafetyFile::create_first(&path, OWNER, &record(0)).is_err());
    assert_eq!(open(&path).unwrap().1, remembered(3));
}

#[test]
fn a_missing_file_mutes_until_it_is_recreated() {
    let (_dir, path) = written(3);
    fs::remove_file(&path).unwrap();
    assert_eq!(open(&path).unwrap_err(), MuteReason::Missing);
    SafetyFile::recreate(&path, OWNER, remembered(7), SafetyMode::Strict).unwrap();
    assert_eq!(open(&path).unwrap().1, remembered(7));
}

#[test]
fn a_copy_mutes_even_when_it_replaces_the_original() {
    let (dir, path) = written(3);
    let backup = dir.path().join("backup");
    fs::copy(&path, &backup).unwrap();
    assert_eq!(open(&backup).unwrap_err(), MuteReason::Copied);
    fs::rename(&backup, &path).unwrap();
    assert_eq!(open(&path).unwrap_err(), MuteReason::Copied);
}

#[test]
fn what_was_durable_is_known_of_a_copy_and_of_one_intact_slot() {
    let (dir, path) = written(9);
    let durable = |path: &Path| match SafetyFile::open(
        path,
        chain::genesis().chain,
        OWNER,
        SafetyMode::Strict,
    )
    .unwrap()
    {
        SafetyState::Mute(_, durable) => durable,
        SafetyState::Ready(_) => panic!("it is believed"),
    };
    let copy = dir.path().join("copy");
    fs::copy(&path, &copy).unwrap();
    assert_eq!(durable(&copy), remembered(9).durable);
    let file = fs::File::options().write(true).open(&copy).unwrap();
    // The first write goes to slot 0, so the tenth is in slot 1.
    file.write_all_at(&[0; 64], 0).unwrap();
    assert!(durable(&copy) >= remembered(8).durable);
    file.write_all_at(&[0; 64], 4096).unwrap();
    assert_eq!(durable(&copy), Height::ZERO);
}

#[test]
fn another_chain_or_key_mutes() {
    let (_dir, path) = written(1);
    let chain = ChainId(Hash32([1; 32]));
    let other = SafetyFile::open(&path, chain, OWNER, SafetyMode::Strict).unwrap();
    assert!(matches!(other, SafetyState::Mute(MuteReason::WrongChain { .. }, Height::ZERO)));
    let other =
        SafetyFile::open(&path, chain::genesis().chain, PublicKey([4; 32]), SafetyMode::Strict)
            .unwrap();
    assert!(matches!(other, SafetyState::Mute(MuteReason::WrongOwner { .. }, Height::ZERO)));
}

#[test]
fn a_file_of_another_size_mutes() {
    for bytes in [0, 1, 4096, 8191, 8193] {
        let (_dir, path) = written(2);
        fs::File::options().write(true).open(&path).unwrap().set_len(bytes).unwrap();
        assert_eq!(open(&path).unwrap_err(), MuteReason::Size { bytes });
    }
}

#[test]
fn a_slot_put_back_to_an_older_write_mutes() {
    let (_dir, path) = written(2);
    let old = fs::read(&path).unwrap();
    let (mut file, _) = open(&path).unwrap();
    (3..=6).for_each(|timeout| file.write(remembered(timeout)).unwrap());
    for slot in [0, 1] {
        let now = fs::read(&path).unwrap();
        let file = fs::File::options().write(true).open(&path).unwrap();
        let at = slot * 4096;
        file.write_all_at(&old[at..at + 4096], at as u64).unwrap();
        assert!(matches!(open(&path).unwrap_err(), MuteReason::Counters { .. }));
        file.write_all_at(&now, 0).unwrap();
    }
}

#[test]
fn a_strict_record_is_believed_after_the_power_was_lost_and_one_under_a_lease_is_not() {
    let (_dir, path) = written(3);
    reboot(&path);
    let (file, found) = open_as(&path, SafetyMode::Lease).unwrap();
    assert_eq!(found, remembered(3));
    let mut file = file;
    file.write(remembered(4)).unwrap();
    drop(file);
    // The process ended, the machine did not.
    assert_eq!(open(&path).unwrap().1, remembered(4));
    reboot(&path);
    let limit = LeaseLimit { epoch: Epoch::ZERO, view: View::new(4 + LEASE_VIEWS) };
    assert_eq!(open(&path).unwrap_err(), MuteReason::PowerLost { limit });
}

#[test]
fn nothing_is_ever_signed_above_the_limit_that_is_known_after_the_power_was_lost() {
    let (_dir, path) = written(0);
    let (mut file, _) = open_as(&path, SafetyMode::Lease).unwrap();
    for timeout in 1..=3 * LEASE_VIEWS {
        file.write(remembered(timeout)).unwrap();
        let lost = path.with_extension("lost");
        fs::hard_link(&path, &lost).unwrap();
        let whole = fs::read(&path).unwrap();
        reboot(&path);
        let Err(MuteReason::PowerLost { limit }) = open(&lost) else { panic!("it is believed") };
        assert!((timeout..=timeout + LEASE_VIEWS).contains(&limit.view.get()), "{limit:?}");
        fs::File::options().write(true).open(&path).unwrap().write_all_at(&whole, 0).unwrap();
        fs::remove_file(&lost).unwrap();
    }
}

#[test]
fn a_validator_that_is_strict_again_is_believed_by_its_newest_record() {
    let (_dir, path) = written(0);
    let (mut file, _) = open_as(&path, SafetyMode::Lease).unwrap();
    (1..=5).for_each(|timeout| file.write(remembered(timeout)).unwrap());
    drop(file);
    let (mut file, _) = open(&path).unwrap();
    // Far above what the lease had allowed.
    file.write(remembered(10 * LEASE_VIEWS)).unwrap();
    reboot(&path);
    assert_eq!(open(&path).unwrap().1, remembered(10 * LEASE_VIEWS));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_changed_byte_in_either_slot_mutes(at in 0..8192_usize, flip in 1..=255_u8) {
        let (_dir, path) = written(3);
        let file = fs::File::options().write(true).open(&path).unwrap();
        let byte = fs::read(&path).unwrap()[at] ^ flip;
        file.write_all_at(&[byte], at as u64).unwrap();
        let slot = u8::from(at >= 4096);
        prop_assert_eq!(open(&path).unwrap_err(), MuteReason::Damaged { slot });
    }

    #[test]
    fn a_torn_write_of_either_slot_mutes(slot in 0..2_u64, from in 0..4096_usize) {
        let (_dir, path) = written(3);
        let file = fs::File::options().write(true).open(&path).unwrap();
        file.write_all_at(&vec![0xee; 4096 - from], slot * 4096 + from as u64).unwrap();
        prop_assert_eq!(open(&path).unwrap_err(), MuteReason::Damaged { slot: slot as u8 });
    }

    #[test]
    fn garbage_of_the_right_size_mutes(bytes in proptest::collection::vec(any::<u8>(), 8192)) {
        let (_dir, path) = written(0);
        let file = fs::File::options().write(true).open(&path).unwrap();
        file.write_all_at(&bytes, 0).unwrap();
        prop_assert_eq!(open(&path).unwrap_err(), MuteReason::Damaged { slot: 0 });
    }
}
