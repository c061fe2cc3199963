//! A chain as its validators would sign it.

use std::sync::Arc;

use heddle_light::Checkpoint;
use heddle_light::FinalHeader;
use heddle_light::LightClient;
use heddle_state::State;
use heddle_types::BlockHash;
use heddle_types::BlockHeader;
use heddle_types::BlsSecretKey;
use heddle_types::BlsSigner;
use heddle_types::ChainId;
use heddle_types::ChangeSet;
use heddle_types::CommitCert;
use heddle_types::Committee;
use heddle_types::Ed25519Signer;
use heddle_types::Entry;
use heddle_types::Epoch;
use heddle_types::EpochEnd;
use heddle_types::ExecutedRoot;
use heddle_types::Hash32;
use heddle_types::Height;
use heddle_types::KeyedScheme;
use heddle_types::Payload;
use heddle_types::ProgramId;
use heddle_types::SecretKey;
use heddle_types::StateKey;
use heddle_types::UnixMillis;
use heddle_types::Validator;
use heddle_types::ValidatorIndex;
use heddle_types::Value;
use heddle_types::View;
use heddle_types::VoteKind;
use heddle_types::VoteSigner;
use heddle_types::VoterSignature;

const CHAIN: ChainId = ChainId(Hash32([7; 32]));

/// The state of all tests: one entry.
pub(crate) fn state() -> (State, StateKey, Entry) {
    let key = key(b"there");
    let entry = Entry { deposit: None, value: Value::new(b"something") };
    let mut state = State::empty();
    state.apply(&ChangeSet::new(vec![
        (key, Some(entry.clone())),
        (self::key(b"elsewhere"), Some(entry.clone())),
    ]));
    (state, key, entry)
}

pub(crate) fn key(name: &[u8]) -> StateKey {
    StateKey::new(ProgramId(1), &[name]).unwrap()
}

fn secret(epoch: u64, index: u8) -> SecretKey {
    SecretKey::from_seed([index + 10 * u8::try_from(epoch).unwrap(); 32])
}

/// A committee with its keys.
#[derive(Clone)]
pub(crate) struct Signers {
    pub(crate) committee: Committee,
    signers: Vec<Arc<dyn VoteSigner>>,
}

impl Signers {
    /// Four of equal power, other ones for each epoch.
    pub(crate) fn of(epoch: u64) -> Self {
        let signer = |index| Arc::new(Ed25519Signer(secret(epoch, index))) as _;
        Self::new(epoch, (1..=4).map(signer).collect())
    }

    /// The same four with vote keys.
    pub(crate) fn with_vote_keys(epoch: u64) -> Self {
        let signer = |index| {
            let secret = secret(epoch, index);
            Arc::new(BlsSigner::new(secret.public_key(), BlsSecretKey::derive(&secret))) as _
        };
        Self::new(epoch, (1..=4).map(signer).collect())
    }

    fn new(epoch: u64, signers: Vec<Arc<dyn VoteSigner>>) -> Self {
        let member = |signer: &Arc<dyn VoteSigner>| Validator {
            vote_key: signer.vote_key(),
            ..Validator::new(signer.public_key(), 1)
        };
        let members = signers.iter().map(member).collect();
        let committee = Committee::new(CHAIN, Epoch::new(epoch), members).unwrap();
        Self { committee, signers }
    }

    /// A certificate by the first `count` of them.
    pub(crate) fn certify(&self, header: &BlockHeader, count: u16) -> CommitCert {
        let data = header.vote_data();
        let message = data.message(VoteKind::CommitVote);
        let part = |voter: u16| VoterSignature {
            voter: ValidatorIndex::new(voter),
            signature: self.signers[usize::from(voter)].sign(&message),
        };
        let votes: Vec<_> = (0..count).map(part).collect();
        CommitCert::new(data, &votes, &self.committee, &KeyedScheme::default())
    }

    pub(crate) fn final_header(&self, header: &BlockHeader) -> FinalHeader {
        let certificate = self.certify(header, 3);
        FinalHeader { header: header.clone(), descendants: Vec::new(), certificate }
    }

    pub(crate) fn client(&self) -> LightClient {
        LightClient::new(&self.checkpoint(), Arc::new(KeyedScheme::default())).unwrap()
    }

    pub(crate) fn checkpoint(&self) -> Checkpoint {
        Checkpoint {
            chain: CHAIN,
            epoch: self.committee.epoch(),
            members: self.committee.validators().to_vec(),
            height: Height::ZERO,
            block: None,
            time: UnixMillis::new(0),
        }
    }

    /// A child of `parent`, or the first block.
    pub(crate) fn header(&self, parent: Option<&BlockHeader>) -> BlockHeader {
        let (state, ..) = state();
        let height = parent.map_or(Height::new(1), |parent| parent.height.next());
        BlockHeader {
            version: BlockHeader::VERSION,
            chain: CHAIN,
            epoch: self.committee.epoch(),
            view: View::new(height.get()),
            height,
            parent: parent.map_or(BlockHash::ZERO, BlockHeader::hash),
            payload: Payload::EMPTY.hash(),
            executed: ExecutedRoot { height: Height::ZERO, root: state.root() },
            time: UnixMillis::new(1000 + height.get()),
            proposer: ValidatorIndex::ZERO,
            next_committee: None,
        }
    }

    /// The end of their epoch with the child of `before`, and `tail` empty blocks on it.
    pub(crate) fn end(&self, before: &BlockHeader, next: &Self, tail: usize) -> EpochEnd {
        let next_committee = Some(next.committee.hash());
        let closing = BlockHeader { next_committee, ..self.header(Some(before)) };
        let mut blocks = vec![closing.clone()];
        for _ in 0..tail {
            blocks.push(BlockHeader { next_committee, ..self.header(blocks.last()) });
        }
        EpochEnd {
            before: before.clone(),
            cert: self.certify(blocks.last().unwrap(), 3),
            tail: blocks.split_off(1),
            closing,
            members: next.committee.validators().to_vec(),
        }
    }
}
