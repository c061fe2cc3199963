//! What proves that an epoch ended, and what does not.

use heddle_types::*;

use crate::fixture::*;

fn next() -> Committee {
    let members = (1..6).map(|n| Validator::new(key(n).public_key(), 2));
    Committee::new(CHAIN, Epoch::new(1), members.collect()).unwrap()
}

fn child(parent: &BlockHeader, next_committee: Option<Hash32>) -> BlockHeader {
    BlockHeader {
        view: parent.view.next(),
        height: parent.height.next(),
        parent: parent.hash(),
        next_committee,
        ..parent.clone()
    }
}

fn sign(end: &mut EpochEnd, voters: impl IntoIterator<Item = u8>) {
    let data = end.tail.last().unwrap_or(&end.closing).vote_data();
    end.cert = commit_cert(data, VoteKind::CommitVote, voters);
}

/// Epoch 0 of four validators ends with a block at height 6, certified by the last of `tail` blocks.
pub(crate) fn end(tail: usize) -> EpochEnd {
    let name = Some(next().hash());
    let before = header();
    let closing = child(&before, name);
    let mut blocks = vec![closing.clone()];
    for _ in 0..tail {
        blocks.push(child(blocks.last().unwrap(), name));
    }
    let members = next().validators().to_vec();
    let mut end =
        EpochEnd { before, closing, tail: blocks.split_off(1), cert: commit(0..3), members };
    sign(&mut end, 0..3);
    end
}

fn verified(end: &EpochEnd) -> Result<Committee, EpochEndError> {
    end.verify(&committee(4), &Ed25519Scheme)
}

/// A proof with one change, signed again by three of four.
fn changed(tail: usize, change: impl Fn(&mut EpochEnd)) -> Result<Committee, EpochEndError> {
    let mut end = end(tail);
    change(&mut end);
    sign(&mut end, 0..3);
    verified(&end)
}

#[test]
fn a_proof_gives_the_committee_that_the_closing_block_names() {
    for tail in [0, 1, 3] {
        assert_eq!(verified(&end(tail)), Ok(next()));
        assert_eq!(end(tail).successor(), Ok(next()));
    }
}

#[test]
fn the_next_epoch_begins_with_the_closing_block_in_view_0() {
    let end = end(2);
    let (epoch, view) = (Epoch::new(1), View::ZERO);
    assert_eq!(end.genesis(), VoteData { epoch, view, ..end.closing.vote_data() });
    assert_eq!(end.epoch(), Epoch::ZERO);
}

#[test]
fn another_epoch_or_chain_is_refused() {
    let (found, expected) = (Epoch::new(1), Epoch::ZERO);
    let other = Err(EpochEndError::OtherEpoch { found, expected });
    assert_eq!(changed(0, |end| end.closing.epoch = Epoch::new(1)), other);
    let other = Err(EpochEndError::OtherEpoch { found: expected, expected });
    assert_eq!(changed(0, |end| end.closing.chain = ChainId::ZERO), other);
}

#[test]
fn other_members_than_those_named_are_refused() {
    let other = Err(EpochEndError::OtherMembers);
    assert_eq!(changed(0, |end| end.members[0].power = 3), other);
    assert_eq!(changed(0, |end| end.members.truncate(4)), other);
    assert_eq!(changed(0, |end| end.members.swap(0, 1)), other);
    assert_eq!(changed(0, |end| end.closing.next_committee = None), other);
    let none = Err(EpochEndError::Members(CommitteeError::Size { found: 0 }));
    assert_eq!(changed(0, |end| end.members.clear()), none);
}

#[test]
fn a_committee_named_for_another_epoch_is_refused() {
    let later = Committee::new(CHAIN, Epoch::new(2), next().validators().to_vec()).unwrap();
    let named = changed(0, |end| end.closing.next_committee = Some(later.hash()));
    assert_eq!(named, Err(EpochEndError::OtherMembers));
}

#[test]
fn a_block_of_the_tail_is_not_taken_for_the_closing_one() {
    let mut end = end(2);
    end.before = std::mem::replace(&mut end.closing, end.tail.remove(0));
    assert_eq!(verified(&end), Err(EpochEndError::Before));
}

#[test]
fn the_block_before_is_the_parent_and_does_not_close_the_epoch() {
    let other = Err(EpochEndError::Before);
    assert_eq!(changed(0, |end| end.before.time = UnixMillis::new(1)), other);
    assert_eq!(changed(0, |end| end.closing.parent = BlockHash::ZERO), other);
    assert_eq!(changed(0, |end| end.closing.height = Height::new(7)), other);
    // The first block of an epoch may close it: its parent closed the one before.
    let first = |epoch: u64| {
        let (_, closing) = (committee(4), header());
        let before = BlockHeader { next_committee: Some(Hash32::ZERO), ..closing };
        let after = Committee::new(CHAIN, Epoch::new(2), next().validators().to_vec()).unwrap();
        let closing = BlockHeader { epoch: Epoch::new(1), ..child(&before, Some(after.hash())) };
        let before = BlockHeader { epoch: Epoch::new(epoch), ..before };
        let closing = BlockHeader { parent: before.hash(), ..closing };
        let mut end = EpochEnd { before, closing, ..end(0) };
        sign(&mut end, 1..6);
        let members = (0..6).map(|n| Validator::new(key(n).public_key(), 1));
        let now = Committee::new(CHAIN, Epoch::new(1), members.collect()).unwrap();
        end.verify(&now, &Ed25519Scheme).map(|_| ())
    };
    assert_eq!(first(0), Ok(()));
    assert_eq!(first(1), other.map(|_: Committee| ()));
}

#[test]
fn a_tail_is_of_linked_empty_blocks_that_close_the_same_epoch() {
    let changes: [fn(&mut BlockHeader); 7] = [
        |header| header.parent = BlockHash::ZERO,
        |header| header.height = header.height.next(),
        |header| header.epoch = Epoch::new(1),
        |header| header.next_committee = None,
        |header| header.next_committee = Some(Hash32::ZERO),
        |header| header.payload = Hash32::ZERO,
        |header| header.executed.height = Height::new(7),
    ];
    for change in changes {
        let wrong = changed(3, |end| change(&mut end.tail[2]));
        assert_eq!(wrong, Err(EpochEndError::Tail { position: 2 }));
    }
    let executed = changed(3, |end| end.tail[2].executed.height = Height::new(6));
    assert_eq!(executed, Ok(next()));
}

#[test]
fn the_certificate_is_a_quorum_s_of_the_old_committee_for_the_last_block() {
    let wrong = Err(EpochEndError::Cert);
    for tail in [0, 1] {
        let mut few = end(tail);
        sign(&mut few, 0..2);
        assert_eq!(verified(&few), wrong);
        // Members of the next committee only.
        let mut foreign = end(tail);
        sign(&mut foreign, 1..6);
        assert_eq!(verified(&foreign), wrong);
        let mut unsigned = end(tail);
        each(&mut unsigned.cert.proof).clear();
        assert_eq!(verified(&unsigned), wrong);
    }
    let mut earlier = end(1);
    earlier.cert = end(0).cert;
    assert_eq!(verified(&earlier), wrong);
    let mut votes = end(0);
    let data = votes.cert.data;
    votes.cert = commit_cert(data, VoteKind::Vote, 0..3);
    assert_eq!(verified(&votes), wrong);
}

#[test]
fn view_0_needs_signatures_here() {
    let mut end = end(0);
    end.closing.view = View::ZERO;
    end.cert = CommitCert::genesis(end.closing.vote_data());
    assert_eq!(verified(&end), Err(EpochEndError::Cert));
}

#[test]
fn the_longest_proof_fits_its_limit() {
    let mut end = end(0);
    end.tail = vec![end.closing.clone(); limits::EPOCH_TAIL_MAX];
    let member = Validator { vote_key: Some(BlsPublicKey([7; 96])), ..end.members[0].clone() };
    end.members = vec![member; limits::VALIDATORS_MAX];
    let signatures = each(&mut end.cert.proof);
    *signatures = vec![signatures[0]; limits::VALIDATORS_MAX];
    let bytes = encode(&end);
    assert_eq!(decode_exact::<EpochEnd>(&bytes), Ok(end.clone()));
    end.tail.push(end.closing.clone());
    assert!(decode_exact::<EpochEnd>(&encode(&end)).is_err());
}
