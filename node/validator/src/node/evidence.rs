//! Evidence as it is stored, as `getEvidence` shows it, and what it proves.

use heddle_hotstuff::Evidence;
use heddle_rpc_api::EvidenceKind;
use heddle_storage::EvidenceRow;
use heddle_storage::Storage;
use heddle_storage::StorageError;
use heddle_types::BlockHeader;
use heddle_types::Bytes;
use heddle_types::ChainId;
use heddle_types::CommitVote;
use heddle_types::Committee;
use heddle_types::Epoch;
use heddle_types::Hash32;
use heddle_types::KeyedScheme;
use heddle_types::Signature;
use heddle_types::SignedStatement;
use heddle_types::Statement;
use heddle_types::ValidatorIndex;
use heddle_types::View;
use heddle_types::Vote;
use heddle_types::VoteData;
use heddle_types::VoteKind;
use heddle_types::VoteScheme;
use heddle_types::decode_exact;
use heddle_types::encode;

use crate::node::committees::Committees;

/// In the form of the store.
pub(crate) fn to_row(evidence: &Evidence) -> EvidenceRow {
    match evidence {
        Evidence::Proposals(pair) => {
            let header = &pair[0].0;
            let place = (header.proposer, header.epoch, header.view);
            row(place, EvidenceKind::Proposal, [encode(&pair[0]), encode(&pair[1])])
        }
        Evidence::Votes(pair) => {
            let place = (pair[0].voter, pair[0].data.epoch, pair[0].data.view);
            row(place, EvidenceKind::Vote, [encode(&pair[0]), encode(&pair[1])])
        }
        Evidence::CommitVotes(pair) => {
            let place = (pair[0].voter, pair[0].data.epoch, pair[0].data.view);
            row(place, EvidenceKind::CommitVote, [encode(&pair[0]), encode(&pair[1])])
        }
    }
}

/// All that is stored, in the form of the reply.
///
/// # Errors
/// From reading.
pub(crate) fn replies(
    storage: &Storage,
    committees: &Committees,
) -> Result<Vec<heddle_rpc_api::Evidence>, StorageError> {
    let rows = storage.evidence()?;
    rows.iter().filter_map(|row| to_reply(row, (storage, committees)).transpose()).collect()
}

/// In the form of the reply; none when the signer was not in the committee of its epoch, or the kind is none, which cannot be.
///
/// # Errors
/// From reading who decided then.
pub(crate) fn to_reply(
    row: &EvidenceRow,
    (storage, committees): (&Storage, &Committees),
) -> Result<Option<heddle_rpc_api::Evidence>, StorageError> {
    let committee = committees.of(storage, row.epoch)?;
    Ok(committee.and_then(|committee| in_reply(row, &committee)))
}

fn in_reply(row: &EvidenceRow, committee: &Committee) -> Option<heddle_rpc_api::Evidence> {
    Some(heddle_rpc_api::Evidence {
        public_key: committee.validator(row.signer)?.public_key,
        epoch: row.epoch,
        view: row.view,
        kind: kind(row.kind)?,
        first: Bytes(row.first.clone()),
        second: Bytes(row.second.clone()),
    })
}

/// Whether the signer signed both statements, they are of this chain and of the epoch and view that the row names, and they name
/// different blocks. `committee` is that epoch's.
pub(crate) fn is_proof(row: &EvidenceRow, committee: &Committee) -> bool {
    let signer = committee.validator(row.signer);
    let said = [&row.first, &row.second].map(|bytes| Said::read(row.kind, bytes));
    let (Some(signer), [Some(first), Some(second)]) = (signer, said) else { return false };
    let place = (committee.chain(), row.signer, row.epoch, row.view);
    let signed = [&first, &second].map(|said| SignedStatement {
        statement: Statement { signer, message: said.message },
        signature: said.signature,
    });
    first.message != second.message
        && [first.place, second.place] == [place; 2]
        && KeyedScheme::default().verify_each(&signed) == [true; 2]
}

/// A signed statement: what was signed, and where it belongs.
struct Said {
    place: (ChainId, ValidatorIndex, Epoch, View),
    message: Hash32,
    signature: Signature,
}

impl Said {
    fn read(kind_code: u8, bytes: &[u8]) -> Option<Self> {
        match kind(kind_code)? {
            EvidenceKind::Proposal => {
                let (header, signature) = bytes.split_last_chunk::<64>()?;
                let header: BlockHeader = decode_exact(header).ok()?;
                let place = (header.chain, header.proposer, header.epoch, header.view);
                Some(Self { place, message: header.hash().0, signature: Signature(*signature) })
            }
            EvidenceKind::Vote => {
                let Vote { data, voter, signature } = decode_exact(bytes).ok()?;
                Some(Self::of_vote((data, VoteKind::Vote), voter, signature))
            }
            EvidenceKind::CommitVote => {
                let CommitVote { data, voter, signature } = decode_exact(bytes).ok()?;
                Some(Self::of_vote((data, VoteKind::CommitVote), voter, signature))
            }
        }
    }

    fn of_vote(
        (data, kind): (VoteData, VoteKind),
        voter: ValidatorIndex,
        signature: Signature,
    ) -> Self {
        let place = (data.chain, voter, data.epoch, data.view);
        Self { place, message: data.message(kind), signature }
    }
}

fn row(
    (signer, epoch, view): (ValidatorIndex, Epoch, View),
    kind: EvidenceKind,
    [first, second]: [Vec<u8>; 2],
) -> EvidenceRow {
    EvidenceRow { signer, epoch, view, kind: code(kind), first, second }
}

/// The number by which the store knows a kind.
const fn code(kind: EvidenceKind) -> u8 {
    match kind {
        EvidenceKind::Proposal => 1,
        EvidenceKind::Vote => 2,
        EvidenceKind::CommitVote => 3,
    }
}

const fn kind(code: u8) -> Option<EvidenceKind> {
    match code {
        1 => Some(EvidenceKind::Proposal),
        2 => Some(EvidenceKind::Vote),
        3 => Some(EvidenceKind::CommitVote),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
