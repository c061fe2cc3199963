use heddle_types::BlockHash;
use heddle_types::BlockHeader;
use heddle_types::ChainId;
use heddle_types::Epoch;
use heddle_types::ExecutedRoot;
use heddle_types::Hash32;
use heddle_types::Height;
use heddle_types::Proof;
use heddle_types::QuorumCert;
use heddle_types::SafetyRecord;
use heddle_types::StateRoot;
use heddle_types::TimeoutCert;
use heddle_types::TimeoutEntry;
use heddle_types::UnixMillis;
use heddle_types::ValidatorIndex;
use heddle_types::View;
use heddle_types::VoteData;

use super::Justification;

pub(super) fn view(number: u64) -> View {
    View::new(number)
}

pub(super) fn hash(number: u64) -> BlockHash {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&number.to_le_bytes());
    BlockHash(Hash32(bytes))
}

/// Of the block that is named like its view, at the height like its view.
pub(super) fn qc(number: u64) -> QuorumCert {
    QuorumCert::genesis(VoteData {
        chain: ChainId::ZERO,
        epoch: Epoch::ZERO,
        view: view(number),
        height: Height::new(number),
        block: hash(number),
    })
}

pub(super) fn tc(number: u64, highest: u64) -> TimeoutCert {
    let entry = |high_qc_view| TimeoutEntry { voter: ValidatorIndex::ZERO, high_qc_view };
    TimeoutCert {
        chain: ChainId::ZERO,
        epoch: Epoch::ZERO,
        view: view(number),
        entries: vec![entry(view(highest)), entry(view(0))],
        proof: Proof::NONE,
    }
}

/// A block of `number` on the block of view `parent`.
pub(super) fn header(number: u64, parent: u64) -> BlockHeader {
    BlockHeader {
        version: 1,
        chain: ChainId::ZERO,
        epoch: Epoch::ZERO,
        view: view(number),
        height: Height::new(parent + 1),
        parent: hash(parent),
        payload: Hash32::ZERO,
        executed: ExecutedRoot { height: Height::ZERO, root: StateRoot::ZERO },
        time: UnixMillis::new(0),
        proposer: ValidatorIndex::ZERO,
        next_committee: None,
    }
}

/// Voted in view 5, gave up view 3, proposed in view 2, holds the QC of view 4.
fn record() -> SafetyRecord {
    let mut record = SafetyRecord::first(ChainId::ZERO, Epoch::ZERO, qc(4));
    record.vote.view = view(5);
    record.timeout = view(3);
    record.proposal.view = view(2);
    record
}

fn may_vote(record: &SafetyRecord, header: &BlockHeader, qc: u64, tc: Option<(u64, u64)>) -> bool {
    let (qc, tc) = (self::qc(qc), tc.map(|(at, highest)| self::tc(at, highest)));
    let why = Justification { qc: &qc, tc: tc.as_ref() };
    super::vote(record, header, hash(99), why).is_some()
}

#[test]
fn r1_votes_ascend_and_leave_views_given_up_alone() {
    assert!(may_vote(&record(), &header(6, 5), 5, None));
    assert!(!may_vote(&record(), &header(5, 4), 4, None));
    assert!(!may_vote(&record(), &header(4, 3), 3, None));
    let given_up = SafetyRecord { timeout: view(6), ..record() };
    assert!(!may_vote(&given_up, &header(6, 5), 5, None));
    assert!(may_vote(&given_up, &header(7, 6), 6, None));
}

#[test]
fn r2_the_parent_is_the_block_of_the_qc() {
    assert!(!may_vote(&record(), &BlockHeader { parent: hash(4), ..header(6, 5) }, 5, None));
    let heights = [4, 5, 7].map(Height::new);
    for height in heights {
        assert!(!may_vote(&record(), &BlockHeader { height, ..header(6, 5) }, 5, None));
    }
    assert!(!may_vote(&record(), &header(6, 6), 6, Some((5, 4))), "a parent of the same view");
}

#[test]
fn r3_views_are_skipped_by_certificate_only_and_nothing_certified_is_left_behind() {
    assert!(!may_vote(&record(), &header(8, 5), 5, None));
    assert!(may_vote(&record(), &header(8, 5), 5, Some((7, 5))));
    assert!(may_vote(&record(), &header(8, 5), 5, Some((7, 4))));
    assert!(!may_vote(&record(), &header(8, 5), 5, Some((7, 6))));
    assert!(!may_vote(&record(), &header(8, 5), 5, Some((6, 5))));
    assert!(!may_vote(&record(), &header(8, 5), 5, Some((8, 5))));
}

#[test]
fn r4_a_commit_vote_needs_its_qc_in_the_record_and_its_view_not_given_up() {
    let after = super::commit_vote(&record(), &qc(4)).unwrap();
    assert_eq!((after.commit_vote.view, after.commit_vote.block), (view(4), hash(4)));
    assert_eq!(super::commit_vote(&after, &qc(4)), None, "once a view");
    assert_eq!(super::commit_vote(&record(), &qc(5)), None, "not held");
    for given_up in [4, 5] {
        let record = SafetyRecord { timeout: view(given_up), ..record() };
        assert_eq!(super::commit_vote(&record, &qc(4)), None);
    }
}

#[test]
fn r5_a_timeout_is_of_a_view_entered_and_not_left() {
    assert_eq!(super::timeout(&record(), view(5), None).unwrap().timeout, view(5));
    assert!(super::timeout(&record(), view(6), None).is_none());
    assert!(super::timeout(&record(), view(7), Some(&tc(6, 4))).is_some());
    assert!(super::timeout(&record(), view(7), Some(&tc(6, 5))).is_none());
    assert!(super::timeout(&record(), view(7), Some(&tc(5, 4))).is_none());
    let voted = |number| {
        let mut record = record();
        record.vote.view = view(number);
        record
    };
    assert!(super::timeout(&voted(6), view(5), None).is_none());
    assert!(
        super::timeout(&SafetyRecord { timeout: view(6), ..record() }, view(5), None).is_none()
    );
    let again = SafetyRecord { timeout: view(5), ..record() };
    assert!(super::timeout(&again, view(5), None).is_some(), "said again");
}

#[test]
fn r6_proposals_ascend_and_precede_the_own_vote() {
    let propose = |record: &SafetyRecord, number| {
        super::propose(record, view(number), hash(1)).map(|record| record.proposal.view)
    };
    assert_eq!(propose(&record(), 6), Some(view(6)));
    assert_eq!(propose(&record(), 5), None, "voted");
    let mut proposed = record();
    proposed.proposal.view = view(7);
    assert_eq!(propose(&proposed, 7), None);
    assert_eq!(propose(&proposed, 6), None);
    assert_eq!(propose(&SafetyRecord { timeout: view(6), ..record() }, 6), None, "given up");
}

#[test]
fn r8_the_high_qc_never_goes_back() {
    assert_eq!(super::adopt(&record(), &qc(3)).high_qc, qc(4));
    assert_eq!(super::adopt(&record(), &qc(5)).high_qc, qc(5));
}

#[test]
fn r9_l3_who_was_mute_starts_with_a_certificate_above_its_floor() {
    let holds = |number| SafetyRecord { high_qc: qc(number), ..record() };
    assert!(super::unmute(&holds(8), view(9)).is_none());
    assert!(super::unmute(&holds(9), view(9)).is_none(), "m+1, or C");
    let record = super::unmute(&holds(10), view(9)).unwrap();
    let SafetyRecord { vote, commit_vote, proposal, timeout, .. } = record;
    assert_eq!([vote.view, commit_vote.view, proposal.view, timeout], [view(9); 4]);
    assert!(super::unmute(&holds(10), view(u64::MAX)).is_none());
}
