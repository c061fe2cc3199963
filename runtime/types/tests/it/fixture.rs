//! One value of every type, and keys.

use heddle_types::*;

pub(crate) const CHAIN: ChainId = ChainId(Hash32([0x11; 32]));

pub(crate) fn key(n: u8) -> SecretKey {
    SecretKey::from_seed([n; 32])
}

pub(crate) fn body(sender: &SecretKey) -> TransactionBody {
    TransactionBody {
        version: 1,
        chain: CHAIN,
        sender: Address::of_key(&sender.public_key()),
        payer: None,
        nonce: Nonce::Lane { lane: 3, sequence: 7 },
        valid_until: Height::new(1000),
        max_fee: Amount::from_units(20_000),
        access: Access::DERIVED,
        calls: vec![Call { program: ProgramId::LEDGER, data: Bytes(vec![0xaa, 0xbb]) }],
    }
}

pub(crate) fn transaction() -> Transaction {
    Transaction::sign(body(&key(1)), &key(1))
}

/// Paid by key 2, with extra keys and two calls.
pub(crate) fn sponsored() -> Transaction {
    let mut body = body(&key(1));
    body.payer = Some(Address::of_key(&key(2).public_key()));
    body.access = Access::Declared {
        extra: vec![(state_key(b"a"), AccessMode::Read), (state_key(b"b"), AccessMode::Append)],
    };
    body.calls.push(Call { program: ProgramId(9), data: Bytes(Vec::new()) });
    let id = body.id(AuthScheme::Ed25519, Some(AuthScheme::Ed25519));
    let sign = |key: SecretKey| Auth::Ed25519(key.sign(id.as_bytes()));
    Transaction { auth: sign(key(1)), payer_auth: Some(sign(key(2))), body }
}

pub(crate) fn state_key(bytes: &[u8]) -> StateKey {
    StateKey::new(ProgramId::LEDGER, &[bytes]).unwrap()
}

pub(crate) fn committee(size: u8) -> Committee {
    let validators = (0..size).map(|n| Validator::new(key(n).public_key(), 1));
    Committee::new(CHAIN, Epoch::ZERO, validators.collect()).unwrap()
}

pub(crate) fn header() -> BlockHeader {
    BlockHeader {
        version: 1,
        chain: CHAIN,
        epoch: Epoch::ZERO,
        view: View::new(9),
        height: Height::new(5),
        parent: BlockHash(Hash32([0x22; 32])),
        payload: Payload::EMPTY.hash(),
        executed: ExecutedRoot { height: Height::new(4), root: StateRoot(Hash32([0x33; 32])) },
        time: UnixMillis::new(1_700_000_000_000),
        proposer: ValidatorIndex::new(1),
        next_committee: None,
    }
}

pub(crate) fn block(transactions: Vec<Transaction>) -> Block {
    let payload = Payload::Inline(transactions);
    Block { header: BlockHeader { payload: payload.hash(), ..header() }, payload }
}

/// The sixth batch of lane 1.
pub(crate) fn batch_header() -> BatchHeader {
    BatchHeader {
        chain: CHAIN,
        epoch: Epoch::ZERO,
        lane: ValidatorIndex::new(1),
        sequence: 6,
        parent: Hash32([0x55; 32]),
        body: Hash32::ZERO,
        bytes: 0,
        transactions: 0,
    }
}

pub(crate) fn batch(transactions: Vec<Transaction>) -> Batch {
    let checked = CheckedTransaction::check_all(transactions, |_, _| false).unwrap();
    let checked = checked.into_iter().map(std::sync::Arc::new).collect();
    CheckedBatch::build(batch_header(), checked, &Ed25519Signer(key(1))).to_batch()
}

pub(crate) fn vote_data() -> VoteData {
    header().vote_data()
}

pub(crate) fn signatures(
    kind: VoteKind,
    data: &VoteData,
    voters: impl IntoIterator<Item = u8>,
) -> Vec<VoterSignature> {
    let message = data.message(kind);
    let sign = |n: u8| VoterSignature {
        voter: ValidatorIndex::new(u16::from(n)),
        signature: key(n).sign(message.as_bytes()),
    };
    voters.into_iter().map(sign).collect()
}

pub(crate) fn qc(voters: impl IntoIterator<Item = u8>) -> QuorumCert {
    let data = vote_data();
    QuorumCert::new(data, &signatures(VoteKind::Vote, &data, voters), &committee(4), &Ed25519Scheme)
}

/// For `data`, of signatures as of `kind`.
pub(crate) fn commit_cert(
    data: VoteData,
    kind: VoteKind,
    voters: impl IntoIterator<Item = u8>,
) -> CommitCert {
    CommitCert::new(data, &signatures(kind, &data, voters), &committee(4), &Ed25519Scheme)
}

/// Its aggregate is none.
pub(crate) fn aggregate_qc() -> QuorumCert {
    QuorumCert { proof: Proof::Aggregate(BlsSignature([0xbb; 48])), ..qc(0..3) }
}

pub(crate) fn commit(voters: impl IntoIterator<Item = u8>) -> CommitCert {
    let data = vote_data();
    commit_cert(data, VoteKind::CommitVote, voters)
}

/// Of view 12; signer n reports a certificate of view n.
pub(crate) fn tc(voters: impl IntoIterator<Item = u8>) -> TimeoutCert {
    let (epoch, view) = (Epoch::ZERO, View::new(12));
    let sign = |n: u8| {
        let high_qc_view = View::new(u64::from(n));
        let data = TimeoutData { chain: CHAIN, epoch, view, high_qc_view };
        let voter = ValidatorIndex::new(u16::from(n));
        (TimeoutEntry { voter, high_qc_view }, key(n).sign(data.message().as_bytes()))
    };
    let timeouts: Vec<_> = voters.into_iter().map(sign).collect();
    TimeoutCert::new(&committee(4), view, &timeouts, &Ed25519Scheme)
}

/// The signatures of a proof that has them.
pub(crate) fn each(proof: &mut Proof) -> &mut Vec<Signature> {
    match proof {
        Proof::Each(signatures) => signatures,
        Proof::Aggregate(_) => panic!("made of signatures"),
    }
}

pub(crate) fn vote() -> Vote {
    let data = vote_data();
    let signature = key(1).sign(data.message(VoteKind::Vote).as_bytes());
    Vote { data, voter: ValidatorIndex::new(1), signature }
}

pub(crate) fn commit_vote() -> CommitVote {
    let data = vote_data();
    let signature = key(1).sign(data.message(VoteKind::CommitVote).as_bytes());
    CommitVote { data, voter: ValidatorIndex::new(1), signature }
}

pub(crate) fn timeout() -> Timeout {
    let data = TimeoutData {
        chain: CHAIN,
        epoch: Epoch::ZERO,
        view: View::new(13),
        high_qc_view: View::new(9),
    };
    Timeout {
        signature: key(1).sign(data.message().as_bytes()),
        data,
        voter: ValidatorIndex::new(1),
        high_qc: qc(0..3),
        entry_tc: Some(tc(0..3)),
        own_vote: Some(vote()),
    }
}

pub(crate) fn proposal() -> Proposal {
    let block = block(vec![transaction()]);
    let signature = key(1).sign(block.header.hash().as_bytes());
    Proposal { block, qc: qc(0..3), tc: Some(tc(0..3)), signature }
}

pub(crate) fn receipt() -> Receipt {
    Receipt {
        id: transaction().id(),
        outcome: Outcome::Ok,
        fee_paid: Amount::from_units(10_110),
        deposit_paid: Amount::ZERO,
        events: vec![Event {
            program: ProgramId::LEDGER,
            kind: 1,
            data: EventData::new(&[1, 2, 3]),
        }]
        .into(),
    }
}

pub(crate) fn failed(failure: TxFailure) -> Receipt {
    Receipt { outcome: Outcome::Failed(failure), events: Events::default(), ..receipt() }
}

pub(crate) fn entry() -> Entry {
    let deposit = Deposit { payer: Address([0x44; 32]), amount: Amount::from_units(1_890_000) };
    Entry { deposit: Some(deposit), value: Value::new(&[5, 6, 7]) }
}

pub(crate) fn genesis() -> Genesis {
    let account = |n: u8| GenesisAccount {
        address: Address([n; 32]),
        amount: Amount::from_units(1_000_000_000_000_000),
    };
    Genesis {
        version: Genesis::VERSION,
        time: UnixMillis::new(1_700_000_000_000),
        dev: true,
        validators: committee(4).validators().to_vec(),
        possessions: Vec::new(),
        accounts: vec![account(0x55), account(0x66)],
        faucet: Some(Address([0x66; 32])),
        sections: vec![GenesisSection { program: ProgramId::ORACLE, data: vec![1, 2, 3].into() }],
    }
}

pub(crate) fn safety() -> SafetyRecord {
    SafetyRecord {
        vote: SafetyVote { view: View::new(9), block: BlockHash(Hash32([0x77; 32])) },
        high_tc: Some(tc(0..3).hash()),
        ..SafetyRecord::first(CHAIN, Epoch::ZERO, qc(0..3))
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
