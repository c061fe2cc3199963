//! The rules here and those of the model that is searched (`heddle-model`) are the same: every argument up to view 4.

use heddle_model::Block;
use heddle_model::rules;
use heddle_model::rules::Rules;
use heddle_types::SafetyRecord;

use super::Justification;
use super::tests::hash;
use super::tests::header;
use super::tests::qc;
use super::tests::tc;
use super::tests::view;

const VIEWS: std::ops::Range<u8> = 0..5;
const RULES: Rules = Rules { flaw: None };

/// Every record of views up to 4 that a validator can have: it holds no QC above the view after which it signs.
fn records() -> impl Iterator<Item = rules::Record> {
    let pairs = VIEWS.flat_map(|vote| VIEWS.map(move |timeout| (vote, timeout)));
    pairs.flat_map(|(vote, timeout)| {
        let pairs = VIEWS.flat_map(|commit_vote| VIEWS.map(move |qc| (commit_vote, qc)));
        pairs.map(move |(commit_vote, qc)| {
            let high_qc = Block::new(qc, 0);
            rules::Record { vote, timeout, commit_vote, high_qc }
        })
    })
}

/// What the record says here.
fn ours(record: rules::Record) -> SafetyRecord {
    let rules::Record { vote, timeout, commit_vote, high_qc } = record;
    let mut ours = SafetyRecord::first(
        heddle_types::ChainId::ZERO,
        heddle_types::Epoch::ZERO,
        qc(high_qc.view().into()),
    );
    ours.vote.view = view(vote.into());
    ours.timeout = view(timeout.into());
    ours.commit_vote.view = view(commit_vote.into());
    ours
}

fn theirs(record: &SafetyRecord) -> [u64; 4] {
    let SafetyRecord { vote, timeout, commit_vote, high_qc, .. } = record;
    [vote.view, *timeout, commit_vote.view, high_qc.data.view].map(heddle_types::View::get)
}

/// Both forbid, or both lead to the same record.
fn check(ours: Option<SafetyRecord>, model: Option<rules::Record>, what: &str) {
    let model = model.map(|record| theirs(&self::ours(record)));
    assert_eq!(ours.as_ref().map(theirs), model, "{what}");
}

/// Every timeout certificate of views up to 4, and none.
fn certs() -> impl Iterator<Item = Option<rules::TimeoutCert>> {
    let certs = VIEWS.flat_map(|view| {
        VIEWS.map(move |highest_qc| Some(rules::TimeoutCert { view, highest_qc }))
    });
    std::iter::once(None).chain(certs)
}

fn ours_of(cert: Option<rules::TimeoutCert>) -> Option<heddle_types::TimeoutCert> {
    cert.map(|cert| tc(cert.view.into(), cert.highest_qc.into()))
}

#[test]
fn votes_are_the_models() {
    for record in records() {
        for (cert, at) in certs().flat_map(|cert| VIEWS.map(move |at| (cert, at))) {
            for parent in VIEWS {
                let (qc, tc) = (qc(parent.into()), ours_of(cert));
                let why = Justification { qc: &qc, tc: tc.as_ref() };
                let header = header(at.into(), parent.into());
                let voted = super::vote(&ours(record), &header, hash(at.into()), why);
                let model = RULES.vote(record, at, Block::new(parent, 0), cert);
                check(voted, model, &format!("{record:?} {at} {parent} {cert:?}"));
            }
        }
    }
}

#[test]
fn commit_votes_are_the_models() {
    for (record, at) in records().flat_map(|record| VIEWS.map(move |at| (record, at))) {
        let voted = super::commit_vote(&ours(record), &qc(at.into()));
        let model = RULES.commit_vote(record, Block::new(at, 0));
        check(voted, model, &format!("{record:?} {at}"));
    }
}

#[test]
fn timeouts_are_the_models() {
    for (record, at) in records().flat_map(|record| VIEWS.map(move |at| (record, at))) {
        for cert in certs() {
            let given_up = super::timeout(&ours(record), view(at.into()), ours_of(cert).as_ref());
            check(given_up, RULES.timeout(record, at, cert), &format!("{record:?} {at} {cert:?}"));
        }
    }
}

#[test]
fn what_is_adopted_and_who_signs_again_are_the_models() {
    for (record, at) in records().flat_map(|record| VIEWS.map(move |at| (record, at))) {
        let adopted = super::adopt(&ours(record), &qc(at.into()));
        let block = Block::new(at, 0);
        check(Some(adopted), Some(RULES.adopt(record, block)), &format!("{record:?} {at}"));
        let unmuted = super::unmute(&ours(record), view(RULES.floor(at).into()));
        let model = RULES.unmute(RULES.floor(at), record.high_qc);
        check(unmuted, model, &format!("{record:?} {at}"));
    }
}
