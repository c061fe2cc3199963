//! Entries of state.

use heddle_light::FinalHeader;
use heddle_light::LightError;
use heddle_state::ProofError;
use heddle_types::Height;

use crate::chain;
use crate::chain::Signers;

#[test]
fn what_stands_at_a_key_is_believed_with_its_proof() {
    let signers = Signers::of(0);
    let mut client = signers.client();
    let (state, key, entry) = chain::state();
    let shown = signers.final_header(&signers.header(None));
    assert_eq!(client.read(&shown, &state.prove(&key), &key), Ok(Some(entry)));
    assert_eq!(client.checkpoint().height, Height::new(1));
}

#[test]
fn that_nothing_stands_there_is_proved_too() {
    let signers = Signers::of(0);
    let (state, ..) = chain::state();
    let key = chain::key(b"nowhere");
    let shown = signers.final_header(&signers.header(None));
    assert_eq!(signers.client().read(&shown, &state.prove(&key), &key), Ok(None));
}

#[test]
fn a_proof_of_another_key_or_state_is_refused_and_changes_nothing() {
    let signers = Signers::of(0);
    let (state, key, _) = chain::state();
    let shown = signers.final_header(&signers.header(None));
    let other = chain::key(b"elsewhere");
    let mut client = signers.client();
    let refused = client.read(&shown, &state.prove(&other), &key);
    assert!(matches!(refused, Err(LightError::Proof(ProofError::Root { .. }))), "{refused:?}");
    assert_eq!(client.checkpoint(), signers.checkpoint());

    let mut header = signers.header(None);
    header.executed.root = heddle_state::State::empty().root();
    let refused = client.read(&signers.final_header(&header), &state.prove(&key), &key);
    assert!(matches!(refused, Err(LightError::Proof(ProofError::Root { .. }))), "{refused:?}");
}

#[test]
fn a_good_proof_under_a_header_that_nobody_certified_is_refused() {
    let signers = Signers::of(0);
    let (state, key, _) = chain::state();
    let header = signers.header(None);
    let certificate = signers.certify(&header, 2);
    let shown = FinalHeader { certificate, ..signers.final_header(&header) };
    let refused = signers.client().read(&shown, &state.prove(&key), &key);
    assert_eq!(refused, Err(LightError::Certificate));
}
