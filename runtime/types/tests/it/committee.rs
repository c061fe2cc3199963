//! Who decides, and what a quorum is.

use heddle_types::*;

use crate::fixture::CHAIN;
use crate::fixture::committee;
use crate::fixture::key;

fn weighted(powers: &[u64]) -> Result<Committee, CommitteeError> {
    let validators = powers
        .iter()
        .enumerate()
        .map(|(n, power)| Validator::new(key(u8::try_from(n).unwrap()).public_key(), *power));
    Committee::new(CHAIN, Epoch::ZERO, validators.collect())
}

fn index(n: u16) -> ValidatorIndex {
    ValidatorIndex::new(n)
}

#[test]
fn two_quorums_always_share_an_honest_validator_and_one_forms_without_the_faulty() {
    for n in 1..=50_u8 {
        let committee = committee(n);
        let (n, quorum, faulty) = (u64::from(n), committee.quorum_power(), committee.fault_power());
        assert!(3 * faulty < n, "n = {n}");
        assert!(3 * (faulty + 1) >= n, "n = {n}: as many faults as can be tolerated");
        assert!(2 * quorum > n + faulty, "n = {n}: intersection");
        assert!(quorum + faulty <= n, "n = {n}: liveness");
    }
    assert_eq!((committee(4).quorum_power(), committee(7).quorum_power()), (3, 5));
}

#[test]
fn quorums_are_by_power_and_not_by_head() {
    let committee = weighted(&[10, 1, 1, 1]).unwrap();
    assert_eq!((committee.quorum_power(), committee.fault_power()), (9, 4));
    assert!(committee.is_quorum([index(0)]));
    assert!(!committee.is_quorum([index(1), index(2), index(3)]));
    let largest = weighted(&[(1 << 61) - 1, 1 << 60, 1 << 60]).unwrap();
    assert!(largest.quorum_power() > largest.fault_power());
}

#[test]
fn voters_that_repeat_descend_or_are_unknown_are_no_quorum() {
    let committee = committee(4);
    let power = |voters: &[u16]| committee.power_of(voters.iter().map(|n| index(*n)));
    assert_eq!(power(&[0, 1, 3]), Some(3));
    assert_eq!(power(&[]), Some(0));
    assert_eq!(power(&[0, 1, 1]), None);
    assert_eq!(power(&[1, 0, 2]), None);
    assert_eq!(power(&[0, 1, 4]), None);
}

#[test]
fn no_committee_forms_of_nobody_too_many_the_weightless_or_the_same_twice() {
    assert_eq!(weighted(&[]), Err(CommitteeError::Size { found: 0 }));
    assert_eq!(weighted(&[1; 51]), Err(CommitteeError::Size { found: 51 }));
    assert_eq!(weighted(&[1, 0]), Err(CommitteeError::Power { position: 1, power: 0 }));
    let half = 1 << 61;
    let expected = CommitteeError::Power { position: 1, power: half };
    assert_eq!(weighted(&[half, half]), Err(expected));
    assert_eq!(
        weighted(&[1, u64::MAX]),
        Err(CommitteeError::Power { position: 1, power: u64::MAX })
    );
    let same = Validator::new(key(1).public_key(), 1);
    let twice = Committee::new(CHAIN, Epoch::ZERO, vec![same.clone(), same]);
    assert_eq!(twice, Err(CommitteeError::Duplicate { position: 1 }));
}

#[test]
fn all_members_have_a_vote_key_of_their_own_or_none_has() {
    let with = |vote_keys: &[Option<u8>]| {
        let members = vote_keys.iter().zip(1..).map(|(vote_key, n)| Validator {
            vote_key: vote_key.map(|byte| BlsPublicKey([byte; 96])),
            ..Validator::new(key(n).public_key(), 1)
        });
        Committee::new(CHAIN, Epoch::ZERO, members.collect())
    };
    assert!(!with(&[None, None]).unwrap().has_vote_keys());
    assert!(with(&[Some(1), Some(2)]).unwrap().has_vote_keys());
    let mixed = |position| Err(CommitteeError::VoteKeys { position });
    assert_eq!(with(&[Some(1), Some(2), None]), mixed(2));
    assert_eq!(with(&[None, Some(2), Some(2)]), mixed(1));
    let twice = Err(CommitteeError::DuplicateVoteKey { position: 2 });
    assert_eq!(with(&[Some(1), Some(2), Some(1)]), twice);
    assert_ne!(with(&[Some(1)]).unwrap().hash(), with(&[Some(2)]).unwrap().hash());
    assert_ne!(with(&[Some(1)]).unwrap().hash(), with(&[None]).unwrap().hash());
}

#[test]
fn voters_are_a_set() {
    let voters: Voters = [5, 0, 63, 5].map(index).into_iter().collect();
    assert_eq!(voters.iter().collect::<Vec<_>>(), [0, 5, 63].map(index));
    assert_eq!((voters.len(), voters.is_empty()), (3, false));
    assert!(voters.contains(index(63)));
    assert!(!voters.contains(index(64)) && !voters.contains(index(1)));
    assert_eq!(encode(&voters), (1_u64 << 63 | 1 << 5 | 1).to_le_bytes());
    assert!(Voters::NONE.is_empty() && Voters::NONE.iter().next().is_none());
}

#[test]
fn views_are_led_in_turn() {
    let committee = committee(3);
    let leaders: Vec<_> = (0..4).map(|view| committee.leader(View::new(view)).get()).collect();
    assert_eq!(leaders, [0, 1, 2, 0]);
    assert_eq!(committee.leader(View::new(u64::MAX)).get(), u16::try_from(u64::MAX % 3).unwrap());
    assert_eq!(committee.index_of(&key(2).public_key()), Some(index(2)));
    assert_eq!(committee.index_of(&key(3).public_key()), None);
}
