use heddle_types::BlockHash;
use heddle_types::BlsSecretKey;
use heddle_types::BlsSigner;
use heddle_types::Ed25519Signer;
use heddle_types::Height;
use heddle_types::Millis;
use heddle_types::SecretKey;
use heddle_types::Validator;
use heddle_types::VoteSigner;

use super::*;
use crate::exit::ExitCode;
use crate::home::Config;
use crate::home::DurabilityChoice;
use crate::home::ExecutionChoice;
use crate::home::Home;
use crate::home::KeyFile;
use crate::home::LogLevel;
use crate::home::Peer;
use crate::node;

fn secret(number: u8) -> SecretKey {
    SecretKey::from_seed([number; 32])
}

/// A home of validator 0 among four.
fn home(dir: &std::path::Path) -> Home {
    let validators = (0..4).map(|number| Validator::new(secret(number).public_key(), 1));
    let genesis = heddle_types::Genesis {
        version: heddle_types::Genesis::VERSION,
        time: heddle_types::UnixMillis::new(1),
        dev: true,
        faucet: None,
        validators: validators.collect(),
        possessions: Vec::new(),
        accounts: Vec::new(),
        sections: Vec::new(),
    };
    let peer = |number: u8| Peer {
        public_key: secret(number).public_key(),
        quic: format!("127.0.0.1:{}", 1000 + u16::from(number)).parse().unwrap(),
    };
    let config = Config {
        rpc: "127.0.0.1:1".parse().unwrap(),
        quic: "127.0.0.1:2".parse().unwrap(),
        peers: (1..4).map(peer).collect(),
        follow: Vec::new(),
        idle_interval: Millis::new(1000),
        threads: None,
        execution: ExecutionChoice::default(),
        durability: DurabilityChoice::default(),
        block_transactions: None,
        log_level: LogLevel::default(),
        rpc_hosts: Vec::new(),
        keeping: crate::home::Keeping::default(),
    };
    let home = Home::write(&dir.join("home"), &config, &genesis, &KeyFile::new(secret(0))).unwrap();
    node::initialise(&home).unwrap();
    home
}

fn data(chain: ChainId, block: u8) -> VoteData {
    VoteData {
        chain,
        epoch: Epoch::ZERO,
        view: View::new(7),
        height: Height::new(5),
        block: BlockHash(Hash32([block; 32])),
    }
}

fn vote(chain: ChainId, block: u8, signer: u8) -> Vote {
    let data = data(chain, block);
    let signature = secret(signer).sign(data.message(VoteKind::Vote).as_bytes());
    Vote { data, voter: ValidatorIndex::new(2), signature }
}

fn evidence(home: &Home) -> Evidence {
    let chain = home.committee().chain();
    // The committee's order is its own.
    let signer = signer_of(home, 2);
    Evidence::Votes([vote(chain, 1, signer), vote(chain, 2, signer)])
}

/// Whose seed the key of a committee's member is made from.
fn signer_of(home: &Home, index: u16) -> u8 {
    let key = home.committee().validator(ValidatorIndex::new(index)).unwrap().public_key;
    (0..4).find(|number| secret(*number).public_key() == key).unwrap()
}

fn store(home: &Home, row: &EvidenceRow) {
    let chain = home.committee().chain();
    let (storage, _) = Storage::open(&home.db_path(), chain).unwrap();
    storage.put_evidence(row).unwrap();
}

#[test]
fn two_votes_of_a_view_are_shown_after_a_restart_and_exported_with_their_proof() {
    let dir = tempfile::tempdir().unwrap();
    let home = home(dir.path());
    let row = to_row(&evidence(&home));
    store(&home, &row);

    let opened = node::open::open(&home, node::Role::Validator).unwrap();
    let shown = opened.shared.evidence.lock().clone();
    let expected = in_reply(&row, home.committee()).unwrap();
    assert_eq!(shown, std::slice::from_ref(&expected));
    drop(opened);

    let report = crate::export_evidence(home.dir()).unwrap();
    assert_eq!(report.evidence.len(), 1);
    assert_eq!(report.evidence[0].evidence, expected);
    assert!(report.evidence[0].verified);
}

#[test]
fn what_proves_nothing_is_said_to_prove_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let home = home(dir.path());
    let committee = home.committee();
    let right = to_row(&evidence(&home));
    assert!(is_proof(&right, committee));

    let harmed = |harm: fn(&mut EvidenceRow)| {
        let mut row = right.clone();
        harm(&mut row);
        is_proof(&row, committee)
    };
    assert!(!harmed(|row| row.second = row.first.clone()));
    assert!(!harmed(|row| row.view = View::new(8)));
    assert!(!harmed(|row| row.signer = ValidatorIndex::new(1)));
    assert!(!harmed(|row| row.kind = 3));
    assert!(!harmed(|row| row.kind = 9));
    assert!(!harmed(|row| row.first[100] ^= 1));
    assert!(!harmed(|row| row.second.push(0)));
    let elsewhere = ChainId(Hash32([9; 32]));
    let signer = signer_of(&home, 2);
    let other = Evidence::Votes([vote(elsewhere, 1, signer), vote(elsewhere, 2, signer)]);
    assert!(!is_proof(&to_row(&other), committee));
}

#[test]
fn two_commit_votes_and_two_proposals_prove_as_much() {
    let dir = tempfile::tempdir().unwrap();
    let home = home(dir.path());
    let chain = home.committee().chain();
    let signer = signer_of(&home, 2);
    let commit = |block| {
        let data = data(chain, block);
        let signature = secret(signer).sign(data.message(VoteKind::CommitVote).as_bytes());
        CommitVote { data, voter: ValidatorIndex::new(2), signature }
    };
    let commits = Evidence::CommitVotes([commit(1), commit(2)]);
    assert!(is_proof(&to_row(&commits), home.committee()));

    let header = |time| BlockHeader {
        proposer: ValidatorIndex::new(2),
        view: View::new(7),
        chain,
        time: heddle_types::UnixMillis::new(time),
        ..home.genesis().header(heddle_types::StateRoot::default())
    };
    let sign = |header: BlockHeader| {
        let signature = secret(signer).sign(header.hash().0.as_bytes());
        (header, signature)
    };
    let proposals = Evidence::Proposals(Box::new([sign(header(8)), sign(header(9))]));
    assert!(is_proof(&to_row(&proposals), home.committee()));
}

#[test]
fn a_member_with_a_vote_key_is_proven_by_what_that_signed() {
    let signer =
        |number| BlsSigner::new(secret(number).public_key(), BlsSecretKey::derive(&secret(number)));
    let member = |number| Validator {
        vote_key: signer(number).vote_key(),
        ..Validator::new(secret(number).public_key(), 1)
    };
    let chain = ChainId(Hash32([4; 32]));
    let committee = Committee::new(chain, Epoch::ZERO, (0..4).map(member).collect()).unwrap();
    let row = |signer: &dyn VoteSigner| {
        let vote = |block| {
            let data = data(chain, block);
            let signature = signer.sign(&data.message(VoteKind::Vote));
            Vote { data, voter: ValidatorIndex::new(2), signature }
        };
        to_row(&Evidence::Votes([vote(1), vote(2)]))
    };
    assert!(is_proof(&row(&signer(2)), &committee));
    assert!(!is_proof(&row(&signer(1)), &committee));
    assert!(!is_proof(&row(&Ed25519Signer(secret(2))), &committee));
    let mut padded = row(&signer(2));
    *padded.first.last_mut().unwrap() = 1;
    assert!(!is_proof(&padded, &committee));
}

#[test]
fn a_home_in_use_is_not_read() {
    let dir = tempfile::tempdir().unwrap();
    let home = home(dir.path());
    let _lock = home.lock().unwrap();
    assert_eq!(crate::export_evidence(home.dir()).unwrap_err().code, ExitCode::InUse);
}
