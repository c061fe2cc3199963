//! What all nodes of a test agree on, and the hand-made pieces of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use heddle_hotstuff::CheckedProposal;
use heddle_hotstuff::Config;
use heddle_hotstuff::Executed;
use heddle_hotstuff::Now;
use heddle_hotstuff::PacemakerConfig;
use heddle_hotstuff::Recovered;
use heddle_hotstuff::Turn;
use heddle_types::Access;
use heddle_types::Address;
use heddle_types::Amount;
use heddle_types::Auth;
use heddle_types::BlockHash;
use heddle_types::BlockHeader;
use heddle_types::Call;
use heddle_types::ChainId;
use heddle_types::CheckedBlock;
use heddle_types::CheckedTransaction;
use heddle_types::CommitCert;
use heddle_types::CommitVote;
use heddle_types::Committee;
use heddle_types::Domain;
use heddle_types::Epoch;
use heddle_types::EpochEnd;
use heddle_types::ExecutedRoot;
use heddle_types::Hash32;
use heddle_types::Height;
use heddle_types::Instant;
use heddle_types::Millis;
use heddle_types::Nonce;
use heddle_types::ProgramId;
use heddle_types::Proof;
use heddle_types::QuorumCert;
use heddle_types::SafetyRecord;
use heddle_types::Signature;
use heddle_types::StateRoot;
use heddle_types::Timeout;
use heddle_types::TimeoutCert;
use heddle_types::TimeoutData;
use heddle_types::TimeoutEntry;
use heddle_types::Transaction;
use heddle_types::TransactionBody;
use heddle_types::UnixMillis;
use heddle_types::Validator;
use heddle_types::ValidatorIndex;
use heddle_types::View;
use heddle_types::Vote;
use heddle_types::VoteData;
use heddle_types::VoteKind;
use heddle_types::VoteScheme;
use heddle_types::VoterSignature;
use heddle_types::Voters;

use crate::scheme;

/// The wall clock when the monotonic one stands at zero.
pub(crate) const WALL: u64 = 1_000_000;
pub(crate) const TIMEOUT_MS: u64 = 100;
pub(crate) const IDLE_MS: u64 = 1000;
pub(crate) const EPOCH_BLOCKS_MIN: u64 = 4;

#[derive(Clone)]
pub(crate) struct World {
    pub(crate) committee: Arc<Committee>,
    pub(crate) genesis: Arc<CheckedBlock>,
}

pub(crate) fn index(value: u16) -> ValidatorIndex {
    ValidatorIndex::new(value)
}

pub(crate) fn view(value: u64) -> View {
    View::new(value)
}

pub(crate) fn at_ms(ms: u64) -> Now {
    at_micros(ms * 1000)
}

pub(crate) fn at_micros(micros: u64) -> Now {
    Now { instant: Instant::from_micros(micros), wall: UnixMillis::new(WALL + micros / 1000) }
}

/// The fake execution: a hash chain.
pub(crate) fn execute(before: StateRoot, block: &CheckedBlock) -> StateRoot {
    StateRoot(Hash32::of(Domain::STATE_LEAF, &[before.as_bytes(), block.hash().as_bytes()]))
}

pub(crate) fn transaction(number: u64) -> Arc<CheckedTransaction> {
    let body = TransactionBody {
        version: 1,
        chain: ChainId::ZERO,
        sender: Address([1; 32]),
        payer: None,
        nonce: Nonce::Lane { lane: 0, sequence: number },
        valid_until: Height::new(u64::MAX),
        max_fee: Amount::ZERO,
        access: Access::DERIVED,
        calls: vec![Call { program: ProgramId::LEDGER, data: vec![].into() }],
    };
    let auth = Auth::Ed25519(Signature([0; 64]));
    Arc::new(CheckedTransaction::check(Transaction { body, auth, payer_auth: None }).unwrap())
}

/// The blocks on a closing block by which it became final.
pub(crate) fn tail(end: &EpochEnd) -> Vec<Arc<CheckedBlock>> {
    let block = |header: &BlockHeader| Arc::new(CheckedBlock::build(header.clone(), vec![]));
    end.tail.iter().map(block).collect()
}

/// Members by the numbers of their keys, each with its power.
pub(crate) fn members(powers: &[(u16, u64)]) -> Vec<Validator> {
    let member = |(key, power): &(u16, u64)| Validator::new(scheme::key(*key), *power);
    powers.iter().map(member).collect()
}

/// The same members, each with a vote key.
pub(crate) fn with_vote_keys(powers: &[(u16, u64)]) -> Vec<Validator> {
    let vote_key = |(key, _): &(u16, u64)| Some(scheme::vote_key(*key).public_key());
    let members = powers.iter().zip(members(powers));
    members.map(|(power, member)| Validator { vote_key: vote_key(power), ..member }).collect()
}

impl World {
    pub(crate) fn new(len: u16) -> Self {
        Self::of(members(&(0..len).map(|key| (key, 1)).collect::<Vec<_>>()))
    }

    /// These are the validators.
    pub(crate) fn of(validators: Vec<Validator>) -> Self {
        let chain = ChainId(Hash32([7; 32]));
        let committee = Arc::new(Committee::new(chain, Epoch::ZERO, validators).unwrap());
        let header = BlockHeader {
            version: BlockHeader::VERSION,
            chain,
            epoch: Epoch::ZERO,
            view: View::ZERO,
            height: Height::ZERO,
            parent: BlockHash::ZERO,
            payload: Hash32::ZERO,
            executed: ExecutedRoot { height: Height::ZERO, root: StateRoot::ZERO },
            time: UnixMillis::new(WALL - 1000),
            proposer: ValidatorIndex::ZERO,
            next_committee: None,
        };
        Self { committee, genesis: Arc::new(CheckedBlock::build(header, vec![])) }
    }

    pub(crate) fn config(&self, me: u16) -> Config {
        Config {
            committee: Arc::clone(&self.committee),
            genesis: self.genesis.header().vote_data(),
            scheme: scheme::of(&self.committee),
            signer: Some(scheme::signer(&self.committee, me)),
            pacemaker: PacemakerConfig {
                timeout_base: Millis::new(TIMEOUT_MS),
                timeout_max: Millis::new(2000),
                idle_interval: Millis::new(IDLE_MS),
            },
            epoch_blocks_min: EPOCH_BLOCKS_MIN,
            leaders: BTreeMap::new(),
        }
    }

    pub(crate) fn first_record(&self) -> SafetyRecord {
        let genesis = QuorumCert::genesis(self.genesis.header().vote_data());
        SafetyRecord::first(self.committee.chain(), self.committee.epoch(), genesis)
    }

    pub(crate) fn recovered(&self, safety: Option<SafetyRecord>) -> Recovered {
        Recovered {
            safety,
            lease: None,
            high_tc: None,
            last_final: Arc::clone(&self.genesis),
            commit: CommitCert::genesis(self.genesis.header().vote_data()),
            executed: vec![self.executed(self.genesis.header().executed)],
            turns: vec![Turn::from(self.genesis.header())],
            blocks: vec![],
            nonce: [9; 32],
        }
    }

    /// What executing a height gives while nobody is to join or leave.
    pub(crate) fn executed(&self, root: ExecutedRoot) -> Executed {
        Executed { root, candidates: self.committee.validators().into() }
    }

    /// An empty block on `parent`, proposed by the leader of `view`, that claims genesis's root.
    pub(crate) fn block(&self, parent: &CheckedBlock, view: u64) -> Arc<CheckedBlock> {
        self.block_at(parent, view, parent.header().time.get() + 1)
    }

    pub(crate) fn block_at(
        &self,
        parent: &CheckedBlock,
        view: u64,
        time: u64,
    ) -> Arc<CheckedBlock> {
        let header = BlockHeader {
            view: View::new(view),
            height: parent.header().height.next(),
            parent: parent.hash(),
            executed: self.genesis.header().executed,
            time: UnixMillis::new(time),
            proposer: self.committee.leader(View::new(view)),
            ..self.genesis.header().clone()
        };
        Arc::new(CheckedBlock::build(header, vec![]))
    }

    pub(crate) fn propose(
        &self,
        block: &Arc<CheckedBlock>,
        qc: QuorumCert,
        tc: Option<TimeoutCert>,
    ) -> Arc<CheckedProposal> {
        let signature = self.sign(block.header().proposer.get(), &block.hash().0);
        Arc::new(CheckedProposal { block: Arc::clone(block), qc, tc, signature })
    }

    pub(crate) fn vote(&self, voter: u16, block: &CheckedBlock) -> Vote {
        let (data, signature) = self.signed(voter, block, VoteKind::Vote);
        Vote { data, voter: index(voter), signature }
    }

    pub(crate) fn commit_vote(&self, voter: u16, block: &CheckedBlock) -> CommitVote {
        let (data, signature) = self.signed(voter, block, VoteKind::CommitVote);
        CommitVote { data, voter: index(voter), signature }
    }

    pub(crate) fn qc(&self, voters: &[u16], block: &CheckedBlock) -> QuorumCert {
        let (votes, scheme) = (self.parts(voters, block, VoteKind::Vote), self.scheme());
        QuorumCert::new(block.header().vote_data(), &votes, &self.committee, scheme.as_ref())
    }

    pub(crate) fn genesis_qc(&self) -> QuorumCert {
        QuorumCert::genesis(self.genesis.header().vote_data())
    }

    pub(crate) fn commit_cert(&self, voters: &[u16], block: &CheckedBlock) -> CommitCert {
        let (votes, scheme) = (self.parts(voters, block, VoteKind::CommitVote), self.scheme());
        CommitCert::new(block.header().vote_data(), &votes, &self.committee, scheme.as_ref())
    }

    pub(crate) fn tc(&self, given_up: u64, voters: &[(u16, u64)]) -> TimeoutCert {
        let timeouts = voters.iter().map(|(voter, high)| {
            let signature = self.sign(*voter, &self.given_up(given_up, *high).message());
            (TimeoutEntry { voter: index(*voter), high_qc_view: View::new(*high) }, signature)
        });
        let timeouts: Vec<_> = timeouts.collect();
        TimeoutCert::new(&self.committee, View::new(given_up), &timeouts, self.scheme().as_ref())
    }

    pub(crate) fn timeout(
        &self,
        voter: u16,
        given_up: u64,
        high_qc: QuorumCert,
        entry_tc: Option<TimeoutCert>,
    ) -> Timeout {
        let data = self.given_up(given_up, high_qc.data.view.get());
        let signature = self.sign(voter, &data.message());
        Timeout { data, voter: index(voter), signature, high_qc, entry_tc, own_vote: None }
    }

    fn scheme(&self) -> Arc<dyn VoteScheme> {
        scheme::of(&self.committee)
    }

    /// As the validator with that key.
    pub(crate) fn sign(&self, voter: u16, message: &Hash32) -> Signature {
        scheme::signer(&self.committee, voter).sign(message)
    }

    fn signed(&self, voter: u16, block: &CheckedBlock, kind: VoteKind) -> (VoteData, Signature) {
        let data = block.header().vote_data();
        (data, self.sign(voter, &data.message(kind)))
    }

    fn parts(&self, voters: &[u16], block: &CheckedBlock, kind: VoteKind) -> Vec<VoterSignature> {
        let part = |voter: &u16| VoterSignature {
            voter: index(*voter),
            signature: self.signed(*voter, block, kind).1,
        };
        voters.iter().map(part).collect()
    }

    fn given_up(&self, given_up: u64, high_qc_view: u64) -> TimeoutData {
        TimeoutData {
            chain: self.committee.chain(),
            epoch: self.committee.epoch(),
            view: View::new(given_up),
            high_qc_view: View::new(high_qc_view),
        }
    }
}

/// Takes all but the first two of who signed.
pub(crate) fn weaken(voters: &mut Voters, proof: &mut Proof) {
    *voters = voters.iter().take(2).collect();
    *proof = Proof::Each(proof.signatures()[..2].to_vec());
}
