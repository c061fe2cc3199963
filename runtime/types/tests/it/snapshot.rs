//! What a snapshot's manifest certifies, and what it does not.

use heddle_types::*;

use crate::fixture;

/// A snapshot after `height`; `after` headers later a block is certified, whose header names the state.
pub(crate) fn manifest(height: u64, after: u64) -> SnapshotManifest {
    let root = StateRoot(Hash32([0x33; 32]));
    let first = height.saturating_sub(255);
    let mut headers: Vec<BlockHeader> = Vec::new();
    for number in first..=height + after {
        let is_last = number == height + after;
        let header = BlockHeader {
            height: Height::new(number),
            view: View::new(number + 3),
            parent: headers.last().map_or(BlockHash::ZERO, BlockHeader::hash),
            executed: ExecutedRoot {
                height: if is_last { Height::new(height) } else { Height::new(first) },
                root,
            },
            ..fixture::header()
        };
        headers.push(header);
    }
    let data = headers.last().unwrap().vote_data();
    let after = headers.split_off(headers.len() - usize::try_from(after).unwrap());
    let header = headers.pop().unwrap();
    SnapshotManifest {
        version: SnapshotManifest::VERSION,
        block: Block { header, payload: Payload::EMPTY },
        before: headers,
        after,
        cert: fixture::commit_cert(data, VoteKind::CommitVote, 0..3),
        ends: Vec::new(),
        depths: vec![1, 2, 2],
    }
}

/// Who decides in epoch 1.
fn next() -> Committee {
    let members = (4..8).map(|n| Validator::new(fixture::key(n).public_key(), 1));
    Committee::new(fixture::CHAIN, Epoch::new(1), members.collect()).unwrap()
}

/// As [`manifest`], on a chain whose epoch 0 ends with the block at `closing`.
fn across(closing: u64, height: u64, after: u64) -> SnapshotManifest {
    let mut manifest = manifest(height, after);
    let block = std::iter::once(&mut manifest.block.header);
    let headers = manifest.before.iter_mut().chain(block).chain(&mut manifest.after);
    let mut parent: Option<BlockHeader> = None;
    let mut before_closing = None;
    for header in headers {
        let number = header.height.get();
        header.parent = parent.as_ref().map_or(header.parent, BlockHeader::hash);
        if number == closing {
            header.next_committee = Some(next().hash());
            before_closing = parent.take();
        } else if number > closing {
            (header.epoch, header.view) = (Epoch::new(1), View::new(number - closing));
        }
        parent = Some(header.clone());
    }
    let block = std::iter::once(&manifest.block.header);
    let mut all = manifest.before.iter().chain(block).chain(&manifest.after);
    let closing = all.find(|header| header.height == Height::new(closing)).unwrap().clone();
    let sign = |header: &BlockHeader, voters: std::ops::Range<u8>| {
        let data = header.vote_data();
        let mut signatures = fixture::signatures(VoteKind::CommitVote, &data, voters.clone());
        signatures.iter_mut().for_each(|one| {
            one.voter = ValidatorIndex::new(one.voter.get() - u16::from(voters.start));
        });
        CommitCert::new(data, &signatures, &Ed25519Scheme)
    };
    let last = manifest.after.last().unwrap();
    manifest.cert = sign(last, if last.epoch == Epoch::ZERO { 0..3 } else { 4..7 });
    let cert = sign(&closing, 0..3);
    let (before, members) = (before_closing.unwrap(), next().validators().to_vec());
    manifest.ends = vec![EpochEnd { before, closing, tail: Vec::new(), cert, members }];
    manifest
}

#[test]
fn the_committee_that_signed_follows_from_the_ends_of_epochs() {
    for (closing, height) in [(20, 30), (20, 21), (20, 20), (299, 300)] {
        let manifest = across(closing, height, 2);
        let root = certify(&manifest).unwrap();
        assert_eq!(root.height, Height::new(height), "closed at {closing}");
        assert_eq!(decode_exact(&encode(&manifest)), Ok(manifest));
    }
    let honest = across(20, 30, 2);
    let without = SnapshotManifest { ends: Vec::new(), ..honest.clone() };
    let ends = ManifestError::Ends { found: Epoch::ZERO, expected: Epoch::new(1) };
    assert_eq!(certify(&without), Err(ends));
    let mut twice = honest.clone();
    twice.ends.push(twice.ends[0].clone());
    assert!(matches!(certify(&twice), Err(ManifestError::End(_))));
    let mut forged = honest.clone();
    forged.ends[0].members.swap(0, 1);
    assert!(matches!(certify(&forged), Err(ManifestError::End(_))));
    let mut unsigned = honest.clone();
    fixture::each(&mut unsigned.ends[0].cert.proof).pop();
    assert!(matches!(certify(&unsigned), Err(ManifestError::End(_))));
    let by_former = SnapshotManifest { cert: manifest(30, 2).cert, ..honest };
    assert!(certify(&by_former).is_err());
}

#[test]
fn an_epoch_that_ends_between_the_block_and_the_certificate_is_refused() {
    let refused = ManifestError::Epoch { found: Epoch::new(1), expected: Epoch::ZERO };
    assert_eq!(certify(&across(31, 30, 3)), Err(refused));
}

fn certify(manifest: &SnapshotManifest) -> Result<ExecutedRoot, ManifestError> {
    let genesis = VoteData { view: View::ZERO, height: Height::ZERO, ..fixture::vote_data() };
    manifest.certify(&genesis, &fixture::committee(4), &Ed25519Scheme)
}

#[test]
fn a_quorum_and_linked_headers_certify_the_root() {
    let expected =
        |height| ExecutedRoot { height: Height::new(height), root: StateRoot(Hash32([0x33; 32])) };
    for (height, after) in [(0, 1), (1, 1), (5, 3), (255, 2), (256, 1), (700, 20)] {
        let manifest = manifest(height, after);
        assert_eq!(certify(&manifest), Ok(expected(height)));
        assert_eq!(manifest.claimed(), Some(expected(height)));
        assert_eq!(decode_exact(&encode(&manifest)), Ok(manifest));
    }
}

#[test]
fn no_field_of_any_header_and_no_transaction_can_be_changed() {
    let honest = manifest(300, 3);
    let mut root = honest.clone();
    root.after[2].executed.root = StateRoot(Hash32([9; 32]));
    assert_eq!(certify(&root), Err(ManifestError::Cert));
    let mut proposer = honest.clone();
    proposer.before[7].proposer = ValidatorIndex::new(3);
    let height = proposer.before[8].height;
    assert_eq!(certify(&proposer), Err(ManifestError::NotLinked { height }));
    let mut oldest = honest.clone();
    oldest.before[0].time = UnixMillis::new(1);
    let height = oldest.before[1].height;
    assert_eq!(certify(&oldest), Err(ManifestError::NotLinked { height }));
    let mut block = honest.clone();
    block.block.header.view = View::new(1);
    let height = Height::new(300);
    let next = height.next();
    assert!(matches!(certify(&block), Err(ManifestError::NotLinked { height }) if height == next));
    let mut payload = honest;
    payload.block.payload = Payload::Inline(vec![fixture::transaction()]);
    assert_eq!(certify(&payload), Err(ManifestError::Payload));
}

#[test]
fn headers_cannot_be_left_out() {
    let honest = manifest(300, 3);
    let mut fewer = honest.clone();
    fewer.before.remove(0);
    assert_eq!(certify(&fewer), Err(ManifestError::Before { found: 254, expected: 255 }));
    let mut gap = honest.clone();
    gap.after.remove(1);
    assert_eq!(certify(&gap), Err(ManifestError::NotLinked { height: Height::new(303) }));
    let mut none = honest;
    none.after.clear();
    assert_eq!(certify(&none), Err(ManifestError::NoRoot));
}

#[test]
fn a_root_of_another_height_is_none() {
    let mut other = manifest(300, 3);
    assert_eq!(other.after.pop().unwrap().executed.height, Height::new(300));
    let data = other.after.last().unwrap().vote_data();
    other.cert = fixture::commit_cert(data, VoteKind::CommitVote, 0..3);
    assert_eq!(certify(&other), Err(ManifestError::NoRoot));
}

#[test]
fn the_header_that_names_the_root_need_not_be_the_certified_one() {
    let mut longer = manifest(300, 3);
    let last = longer.after.last().unwrap();
    let executed = ExecutedRoot { height: Height::new(301), root: StateRoot(Hash32([0x44; 32])) };
    let (height, parent) = (last.height.next(), last.hash());
    longer.after.push(BlockHeader { height, parent, executed, ..last.clone() });
    assert_eq!(certify(&longer), Err(ManifestError::Cert));
    let data = longer.after.last().unwrap().vote_data();
    longer.cert = fixture::commit_cert(data, VoteKind::CommitVote, 0..3);
    assert_eq!(certify(&longer).map(|root| root.root), Ok(StateRoot(Hash32([0x33; 32]))));
}

#[test]
fn only_a_quorum_of_the_certificates_committee_counts() {
    let honest = manifest(10, 1);
    let data = honest.cert.data;
    let with = |kind, voters: std::ops::Range<u8>| SnapshotManifest {
        cert: fixture::commit_cert(data, kind, voters),
        ..honest.clone()
    };
    assert_eq!(certify(&with(VoteKind::CommitVote, 0..2)), Err(ManifestError::Cert));
    assert_eq!(certify(&with(VoteKind::Vote, 0..4)), Err(ManifestError::Cert));
    assert!(certify(&with(VoteKind::CommitVote, 1..4)).is_ok());
    let mut other = honest.clone();
    other.cert.data.epoch = Epoch::new(1);
    let unknown = ManifestError::Epoch { found: Epoch::new(1), expected: Epoch::ZERO };
    assert_eq!(certify(&other), Err(unknown));
    let of_another_block = SnapshotManifest { cert: manifest(11, 1).cert, ..honest.clone() };
    assert_eq!(certify(&of_another_block), Err(ManifestError::Cert));
    let other = SnapshotManifest { version: 2, ..honest };
    assert_eq!(certify(&other), Err(ManifestError::Version { found: 2 }));
}
