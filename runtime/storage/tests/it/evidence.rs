//! Evidence is kept for good, once, and never too much of it.

use heddle_storage::EvidenceRow;
use heddle_types::Epoch;
use heddle_types::ValidatorIndex;
use heddle_types::View;
use tempfile::TempDir;

use crate::chain;

fn row(signer: u16, view: u64, kind: u8) -> EvidenceRow {
    EvidenceRow {
        signer: ValidatorIndex::new(signer),
        epoch: Epoch::new(1),
        view: View::new(view),
        kind,
        first: vec![1; 200],
        second: vec![],
    }
}

#[test]
fn evidence_is_there_after_a_restart_by_signer() {
    let dir = TempDir::new().unwrap();
    chain::create(&dir.path().join("db"));
    let (storage, _) = chain::open(&dir.path().join("db"));
    assert_eq!(storage.evidence().unwrap(), []);
    for row in [row(300, 7, 1), row(2, 9, 3), row(2, 9, 2)] {
        assert!(storage.put_evidence(&row).unwrap());
    }
    drop(storage);
    let (storage, recovery) = chain::open(&dir.path().join("db"));
    let kept = storage.evidence().unwrap();
    assert_eq!(kept, [row(2, 9, 2), row(2, 9, 3), row(300, 7, 1)]);
    // It stands beside other things, and is none of them.
    assert_eq!(recovery.timeout_certs, []);
}

#[test]
fn the_same_place_is_kept_once() {
    let dir = TempDir::new().unwrap();
    chain::create(&dir.path().join("db"));
    let (storage, _) = chain::open(&dir.path().join("db"));
    assert!(storage.put_evidence(&row(2, 9, 2)).unwrap());
    let other = EvidenceRow { first: vec![2], ..row(2, 9, 2) };
    assert!(!storage.put_evidence(&other).unwrap());
    assert_eq!(storage.evidence().unwrap(), [row(2, 9, 2)]);
}

#[test]
fn one_who_equivocates_without_end_fills_his_own_place_only() {
    let dir = TempDir::new().unwrap();
    chain::create(&dir.path().join("db"));
    let (storage, _) = chain::open(&dir.path().join("db"));
    let kept = (0..120).filter(|view| storage.put_evidence(&row(2, *view, 1)).unwrap()).count();
    assert_eq!(kept, 100);
    assert!(storage.put_evidence(&row(3, 1, 1)).unwrap());
    assert!(storage.put_evidence(&row(1, 1, 1)).unwrap());
}
