//! Each validator's signatures by the kind of key that it votes with.

use crate::bls::BlsSignature;
use crate::bls::BlsStatement;
use crate::bls::BlsVerifier;
use crate::committee::Committee;
use crate::ed25519::Signature;
use crate::proof::Proof;
use crate::scheme::Ed25519Scheme;
use crate::scheme::SignedStatement;
use crate::scheme::Statement;
use crate::scheme::VoteScheme;

/// BLS for those who have a vote key, which prove together by an aggregate; Ed25519 for those who have none. What nodes and
/// light clients verify with.
///
/// An aggregate is sound only because whoever has a vote key has shown that it is possessed: committees are made of
/// genesis, and of what the chain admitted.
#[derive(Debug, Default)]
pub struct KeyedScheme {
    bls: BlsVerifier,
}

impl VoteScheme for KeyedScheme {
    fn verify_each(&self, items: &[SignedStatement<'_>]) -> Vec<bool> {
        let keyed: Vec<_> = items.iter().map(with_vote_key).collect();
        let signed: Vec<_> = keyed.iter().copied().flatten().collect();
        let plain = items.iter().filter(|item| item.statement.signer.vote_key.is_none());
        let plain: Vec<_> = plain.copied().collect();
        let mut of_vote_keys = self.bls.verify_each(&signed).into_iter();
        let mut of_identities = Ed25519Scheme.verify_each(&plain).into_iter();
        let verdicts = items.iter().zip(keyed).map(|(item, keyed)| {
            let verdict = match (item.statement.signer.vote_key, keyed) {
                (None, _) => of_identities.next(),
                (Some(_), Some(_)) => of_vote_keys.next(),
                (Some(_), None) => None,
            };
            verdict == Some(true)
        });
        verdicts.collect()
    }

    fn prove(&self, committee: &Committee, signatures: Vec<Signature>) -> Proof {
        let sum = committee.has_vote_keys().then(|| sum(&signatures)).flatten();
        sum.map_or(Proof::Each(signatures), Proof::Aggregate)
    }

    fn verify_proof(&self, statements: &[Statement<'_>], proof: &Proof) -> bool {
        match proof {
            Proof::Each(_) => {
                let plain = statements.iter().all(|statement| statement.signer.vote_key.is_none());
                plain && Ed25519Scheme.verify_proof(statements, proof)
            }
            Proof::Aggregate(sum) => {
                let keyed: Option<Vec<_>> = statements.iter().map(statement_of).collect();
                keyed.is_some_and(|keyed| self.bls.verify_aggregate(&keyed, sum))
            }
        }
    }
}

fn statement_of(statement: &Statement<'_>) -> Option<BlsStatement> {
    let key = statement.signer.vote_key?;
    Some(BlsStatement { key, message: statement.message })
}

/// None of a signer without a vote key, and where the signature is none of BLS.
fn with_vote_key(item: &SignedStatement<'_>) -> Option<(BlsStatement, BlsSignature)> {
    Some((statement_of(&item.statement)?, BlsSignature::from_signature(&item.signature)?))
}

fn sum(signatures: &[Signature]) -> Option<BlsSignature> {
    let signatures: Option<Vec<_>> = signatures.iter().map(BlsSignature::from_signature).collect();
    BlsSignature::aggregate(&signatures?)
}
