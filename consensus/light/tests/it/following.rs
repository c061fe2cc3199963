//! Headers and epochs.

use heddle_light::Checkpoint;
use heddle_light::FinalHeader;
use heddle_light::LightError;
use heddle_light::limits;
use heddle_types::BlockHeader;
use heddle_types::ChainId;
use heddle_types::CommitCert;
use heddle_types::Epoch;
use heddle_types::EpochEndError;
use heddle_types::Hash32;
use heddle_types::Height;
use heddle_types::Proof;
use heddle_types::View;

use crate::chain::Signers;

#[test]
fn a_certified_header_is_believed_and_is_the_next_checkpoint() {
    let signers = Signers::of(0);
    let mut client = signers.client();
    let header = signers.header(None);
    client.accept(&signers.final_header(&header)).unwrap();
    let expected = Checkpoint {
        height: header.height,
        block: Some(header.hash()),
        time: header.time,
        ..signers.checkpoint()
    };
    assert_eq!(client.checkpoint(), expected);
}

#[test]
fn a_header_is_believed_by_the_certificate_of_a_descendant() {
    let signers = Signers::of(0);
    let first = signers.header(None);
    let second = signers.header(Some(&first));
    let third = signers.header(Some(&second));
    let certificate = signers.certify(&third, 3);
    let shown = FinalHeader { header: first, descendants: vec![second, third], certificate };
    signers.client().accept(&shown).unwrap();

    let mut gap = shown.clone();
    gap.descendants.remove(0);
    assert_eq!(signers.client().accept(&gap), Err(LightError::NotLinked { position: 0 }));
    let mut other = shown.clone();
    other.certificate = signers.certify(&other.descendants[0], 3);
    assert_eq!(signers.client().accept(&other), Err(LightError::Certificate));
    let mut long = shown;
    long.descendants = vec![long.header.clone(); limits::DESCENDANTS_MAX + 1];
    let found = limits::DESCENDANTS_MAX + 1;
    assert_eq!(signers.client().accept(&long), Err(LightError::TooMany { found }));
}

#[test]
fn two_of_four_certify_nothing() {
    let signers = Signers::of(0);
    let mut shown = signers.final_header(&signers.header(None));
    shown.certificate = signers.certify(&shown.header, 2);
    assert_eq!(signers.client().accept(&shown), Err(LightError::Certificate));
}

#[test]
fn block_0_is_not_certified_by_having_no_signatures() {
    let signers = Signers::of(0);
    let header = BlockHeader { view: View::ZERO, ..signers.header(None) };
    let certificate = CommitCert::genesis(header.vote_data());
    let shown = FinalHeader { certificate, ..signers.final_header(&header) };
    assert_eq!(signers.client().accept(&shown), Err(LightError::Certificate));
}

#[test]
fn whatever_is_changed_in_a_header_costs_its_certificate() {
    let signers = Signers::of(0);
    let good = signers.final_header(&signers.header(None));
    let mut root = good.clone();
    root.header.executed.root.0.0[0] ^= 1;
    assert_eq!(signers.client().accept(&root), Err(LightError::Certificate));
    let mut chain = good.clone();
    chain.header.chain = ChainId(Hash32([8; 32]));
    assert_eq!(signers.client().accept(&chain), Err(LightError::OtherChain));
    let mut epoch = good;
    epoch.header.epoch = Epoch::new(1);
    let expected = LightError::OtherEpoch { found: Epoch::new(1), expected: Epoch::ZERO };
    assert_eq!(signers.client().accept(&epoch), Err(expected));
}

#[test]
fn an_older_header_and_another_of_the_same_height_are_refused() {
    let signers = Signers::of(0);
    let mut client = signers.client();
    let first = signers.header(None);
    let second = signers.header(Some(&first));
    client.accept(&signers.final_header(&second)).unwrap();
    let (found, newest) = (Height::new(1), Height::new(2));
    let older = client.accept(&signers.final_header(&first));
    assert_eq!(older, Err(LightError::Older { found, newest }));

    let mut fork = second.clone();
    fork.time = fork.time.after(heddle_types::Millis::new(1));
    let forked = client.accept(&signers.final_header(&fork));
    let (found, known) = (fork.hash(), second.hash());
    assert_eq!(forked, Err(LightError::Fork { height: newest, found, known }));
    assert_eq!(client.checkpoint().block, Some(known));
}

#[test]
fn epochs_are_followed_one_after_the_other() {
    let all = [Signers::of(0), Signers::of(1), Signers::of(2)];
    let mut client = all[0].client();
    let mut before = all[0].header(None);
    for (tail, pair) in all.windows(2).enumerate() {
        let end = pair[0].end(&before, &pair[1], tail);
        client.end_epoch(&end).unwrap();
        assert_eq!(client.committee(), &pair[1].committee);
        assert_eq!(client.checkpoint().block, Some(end.closing.hash()));
        before = pair[1].header(Some(&end.closing));
    }
    client.accept(&all[2].final_header(&all[2].header(Some(&before)))).unwrap();
}

#[test]
fn the_block_that_closed_an_epoch_is_believed_in_the_next() {
    let (old, new) = (Signers::of(0), Signers::of(1));
    let mut client = old.client();
    let end = old.end(&old.header(None), &new, 1);
    client.end_epoch(&end).unwrap();
    client.accept(&old.final_header(&end.closing)).unwrap();
    // What the old committee signs besides counts no more.
    let late = old.final_header(&old.header(Some(&end.closing)));
    let expected = LightError::OtherEpoch { found: Epoch::ZERO, expected: Epoch::new(1) };
    assert_eq!(client.accept(&late), Err(expected));
}

#[test]
fn an_epoch_is_not_skipped_and_not_ended_by_strangers() {
    let all = [Signers::of(0), Signers::of(1), Signers::of(2)];
    let second = all[1].end(&all[1].header(None), &all[2], 0);
    let (found, expected) = (Epoch::new(1), Epoch::ZERO);
    let refused = all[0].client().end_epoch(&second);
    assert_eq!(refused, Err(EpochEndError::OtherEpoch { found, expected }.into()));
    let mut forged = all[0].end(&all[0].header(None), &all[1], 0);
    forged.cert = all[1].certify(&forged.closing, 4);
    assert_eq!(all[0].client().end_epoch(&forged), Err(EpochEndError::Cert.into()));
}

#[test]
fn an_epoch_does_not_end_below_what_is_final() {
    let (old, new) = (Signers::of(0), Signers::of(1));
    let mut client = old.client();
    let first = old.header(None);
    let end = old.end(&first, &new, 1);
    let second = old.header(Some(&first));
    let third = old.header(Some(&second));
    client.accept(&old.final_header(&third)).unwrap();
    let (found, expected) = (Height::new(2), Height::new(3));
    assert_eq!(client.end_epoch(&end), Err(LightError::EpochEndsBelow { found, expected }));

    // But a block of the tail may be the newest that was seen.
    let mut client = old.client();
    client.accept(&old.final_header(&end.tail[0])).unwrap();
    client.end_epoch(&end).unwrap();
    assert_eq!(client.checkpoint().height, Height::new(2));
}

#[test]
fn committees_with_vote_keys_are_followed_by_their_aggregates() {
    let [first, second] = [0, 1].map(Signers::with_vote_keys);
    let mut client = first.client();
    let header = first.header(None);
    let shown = first.final_header(&header);
    assert!(matches!(shown.certificate.proof, Proof::Aggregate(_)));
    client.accept(&shown).unwrap();
    let end = first.end(&header, &second, 2);
    client.end_epoch(&end).unwrap();
    assert_eq!(client.committee(), &second.committee);
    client.accept(&second.final_header(&second.header(Some(&end.closing)))).unwrap();
}

#[test]
fn an_aggregate_of_too_few_of_others_or_of_something_else_certifies_nothing() {
    let signers = Signers::with_vote_keys(0);
    let header = signers.header(None);
    let other = signers.header(Some(&header));
    let good = signers.certify(&header, 3);
    let all = signers.certify(&header, 4);
    let elsewhere = Signers::with_vote_keys(1).certify(&header, 3);
    let of_other = signers.certify(&other, 3).proof;
    let bad = [
        signers.certify(&header, 2),
        CommitCert { voters: all.voters, ..good.clone() },
        CommitCert { voters: good.voters, ..all },
        CommitCert { proof: of_other, ..good.clone() },
        CommitCert { proof: elsewhere.proof, ..good.clone() },
        CommitCert { proof: Proof::NONE, ..good },
    ];
    for certificate in bad {
        let shown = FinalHeader { certificate, ..signers.final_header(&header) };
        assert_eq!(signers.client().accept(&shown), Err(LightError::Certificate));
    }
}
