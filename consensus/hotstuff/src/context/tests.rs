use std::collections::BTreeMap;
use std::sync::Arc;

use heddle_types::BlsSignature;
use heddle_types::ChainId;
use heddle_types::Committee;
use heddle_types::Ed25519Scheme;
use heddle_types::Epoch;
use heddle_types::Millis;
use heddle_types::Proof;
use heddle_types::PublicKey;
use heddle_types::QuorumCert;
use heddle_types::SafetyRecord;
use heddle_types::Signature;
use heddle_types::Validator;
use heddle_types::ValidatorIndex;
use heddle_types::VoteData;
use heddle_types::VoterSignature;
use heddle_types::decode_exact;
use heddle_types::encode;

use super::Context;
use crate::pacemaker::PacemakerConfig;
use crate::replica::Config;

fn context(powers: &[u64]) -> Context {
    let validators = powers
        .iter()
        .zip(0_u8..)
        .map(|(power, number)| Validator::new(PublicKey([number; 32]), *power));
    let committee = Committee::new(ChainId::ZERO, Epoch::ZERO, validators.collect()).unwrap();
    let pacemaker = PacemakerConfig {
        timeout_base: Millis::new(1),
        timeout_max: Millis::new(1),
        idle_interval: Millis::new(1),
    };
    Context::new(&Config {
        committee: Arc::new(committee),
        genesis: data(),
        scheme: Arc::new(Ed25519Scheme),
        signer: None,
        pacemaker,
        epoch_blocks_min: 1,
        leaders: BTreeMap::new(),
    })
}

fn data() -> VoteData {
    VoteData {
        chain: ChainId::ZERO,
        epoch: Epoch::ZERO,
        view: heddle_types::View::ZERO,
        height: heddle_types::Height::ZERO,
        block: heddle_types::BlockHash::ZERO,
    }
}

/// By the first `len` members, each with a signature of its own.
fn qc(len: u8) -> QuorumCert {
    let part = |voter: u8| VoterSignature {
        voter: ValidatorIndex::new(u16::from(voter)),
        signature: Signature([voter; 64]),
    };
    context(&[1; 50]).quorum_cert(data(), &(0..len).map(part).collect::<Vec<_>>())
}

#[test]
fn a_certificate_of_all_fifty_is_trimmed_to_what_a_safety_record_has_room_for() {
    let qc = context(&[1; 50]).trim(&qc(50));
    assert_eq!(qc.voters.len(), 34);
    let mut record = SafetyRecord::first(ChainId::ZERO, Epoch::ZERO, qc);
    record.high_tc = Some(heddle_types::Hash32::ZERO);
    assert_eq!(decode_exact::<SafetyRecord>(&encode(&record)), Ok(record));
}

#[test]
fn the_heaviest_signatures_are_kept_by_ascending_voter() {
    let context = context(&[1, 5, 1, 3, 2]);
    let trimmed = context.trim(&qc(5));
    assert!(trimmed.voters.iter().eq([1, 3, 4].map(ValidatorIndex::new)));
    assert_eq!(trimmed.proof.signatures(), [1, 3, 4].map(|voter| Signature([voter; 64])));
    assert!(context.committee.is_quorum(trimmed.voters.iter()));
}

#[test]
fn an_aggregate_is_kept_as_it_is() {
    let aggregate = Proof::Aggregate(BlsSignature([1; 48]));
    let qc = QuorumCert { proof: aggregate, ..qc(50) };
    assert_eq!(context(&[1; 50]).trim(&qc), qc);
}
