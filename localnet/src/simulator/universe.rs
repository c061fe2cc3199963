//! What all runs share: the chain, its keys, its programs and a stock of signed transfers.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::OnceLock;

use heddle_sdk::Programs;
use heddle_sdk::genesis_state;
use heddle_state::State;
use heddle_types::Access;
use heddle_types::Address;
use heddle_types::Amount;
use heddle_types::AssetId;
use heddle_types::CheckedBlock;
use heddle_types::CheckedTransaction;
use heddle_types::CommitCert;
use heddle_types::Committee;
use heddle_types::ExecutedRoot;
use heddle_types::Genesis;
use heddle_types::GenesisAccount;
use heddle_types::Height;
use heddle_types::Nonce;
use heddle_types::QuorumCert;
use heddle_types::SecretKey;
use heddle_types::StateView;
use heddle_types::Transaction;
use heddle_types::TransactionBody;
use heddle_types::UnixMillis;
use heddle_types::Validator;
use heddle_types::ValidatorIndex;
use heddle_types::VoteData;

use super::disk::Disk;
use super::disk::Lease;
use super::disk::Outcome;
use super::scheme::MacSigner;

/// Accounts that send.
pub(crate) const ACCOUNTS: usize = 4;
/// Transfers that each account has signed beforehand.
pub(crate) const TRANSFERS_EACH: usize = 12;
/// When the chain begins.
pub(crate) const GENESIS_MS: u64 = 1_700_000_000_000;

/// A chain of a number of validators.
pub(crate) struct Universe {
    pub(crate) committee: Arc<Committee>,
    /// By node; those of the first committee come first.
    pub(crate) signers: Vec<MacSigner>,
    pub(crate) genesis: VoteData,
    pub(crate) programs: Arc<Programs>,
    /// By account, then by sequence.
    pub(crate) transfers: Vec<Vec<Arc<CheckedTransaction>>>,
    first_disk: Disk,
    /// Who should decide after so many steps of [`Self::candidates`].
    rotation: Vec<Arc<[Validator]>>,
}

/// The power of a member, and the most that one has: any one of four may be faulty.
const POWER: u64 = 10;
const POWER_MORE: u64 = 13;
/// After so many transfers of the first account other validators should decide.
const TRANSFERS_A_STEP: usize = 2;

impl Universe {
    /// The chain of `nodes` nodes, of which the first `members` decide; made once a process.
    pub(crate) fn of(nodes: usize, members: usize) -> Arc<Self> {
        type Made = BTreeMap<(usize, usize), Arc<Universe>>;
        static MADE: OnceLock<Mutex<Made>> = OnceLock::new();
        let made = MADE.get_or_init(Mutex::default);
        let mut made = made.lock().expect("making a universe does not panic");
        let universe = made.entry((nodes, members));
        Arc::clone(universe.or_insert_with(|| Arc::new(Self::make(nodes, members))))
    }

    /// Who should decide by a state: where there are more nodes than members, others after every few transfers of the first
    /// account.
    pub(crate) fn candidates(&self, state: &State) -> Arc<[Validator]> {
        let sender = self.transfers[0][0].transaction().body.sender;
        let nonce = state.entry(&heddle_sdk::native::nonce_key(&sender, 0));
        let sent = heddle_sdk::native::next_sequence(nonce.as_ref());
        let step = usize::try_from(sent).unwrap_or(0) / TRANSFERS_A_STEP;
        Arc::clone(&self.rotation[step % self.rotation.len()])
    }

    /// By which index a node is known where `committee` decides: a member by its place, another by one that follows theirs.
    pub(crate) fn index(&self, committee: &Committee, node: usize) -> ValidatorIndex {
        let guest = u16::try_from(committee.len() + node).unwrap_or(u16::MAX);
        let member = committee.index_of(&self.signers[node].0);
        member.unwrap_or(ValidatorIndex::new(guest))
    }

    /// The node of that index.
    pub(crate) fn node(&self, committee: &Committee, index: ValidatorIndex) -> Option<usize> {
        (0..self.signers.len()).find(|node| self.index(committee, *node) == index)
    }

    /// A disk as `init` leaves it, for lease mode if leases are for so many views.
    pub(crate) fn new_disk(&self, lease_views: Option<u64>) -> Disk {
        let mut disk = self.first_disk.clone();
        disk.lease = lease_views.map(Lease::of);
        disk
    }

    fn make(nodes: usize, members: usize) -> Self {
        let keys: Vec<SecretKey> = (0..nodes).map(|i| key("validator", i)).collect();
        let accounts: Vec<SecretKey> = (0..ACCOUNTS).map(|i| key("account", i)).collect();
        let rotation = rotation(&keys, members);
        let genesis = genesis(&rotation[0], &accounts);
        let committee = genesis.committee().expect("the genesis above is valid");
        let programs = heddle_validator::node::programs();
        let changes = genesis_state(&programs, &genesis).expect("the genesis above is valid");
        let mut state = State::empty();
        let root = state.apply(&changes);
        let block = Arc::new(CheckedBlock::build(genesis.header(root), Vec::new()));
        let data = block.header().vote_data();
        let executed = ExecutedRoot { height: Height::ZERO, root };
        let changes = Arc::new(changes);
        let cert = CommitCert::genesis(data);
        let candidates = Arc::clone(&rotation[0]);
        let outcome = Outcome { block, cert, executed, changes, candidates };
        let safety = heddle_types::SafetyRecord::first(
            committee.chain(),
            committee.epoch(),
            QuorumCert::genesis(data),
        );
        Self {
            transfers: transfers(&committee, &accounts),
            committee: Arc::new(committee),
            signers: keys.iter().map(|key| MacSigner(key.public_key())).collect(),
            genesis: data,
            programs: Arc::new(programs),
            first_disk: Disk::new(safety, outcome, state),
            rotation,
        }
    }
}

/// Each step another row of `members` nodes, in a circle; at every other step one of them has more power than the rest.
fn rotation(keys: &[SecretKey], members: usize) -> Vec<Arc<[Validator]>> {
    let steps = if keys.len() > members { 1 + TRANSFERS_EACH / TRANSFERS_A_STEP } else { 1 };
    let of = |step: usize| {
        let member = |place: usize| {
            let is_heavy = step % 2 == 1 && place == step % members;
            let key = keys[(place + step) % keys.len()].public_key();
            Validator::new(key, if is_heavy { POWER_MORE } else { POWER })
        };
        (0..members).map(member).collect()
    };
    (0..steps).map(of).collect()
}

fn key(what: &str, index: usize) -> SecretKey {
    SecretKey::from_seed(*blake3::hash(format!("{what} {index}").as_bytes()).as_bytes())
}

fn genesis(members: &[Validator], accounts: &[SecretKey]) -> Genesis {
    let mut funded: Vec<GenesisAccount> = accounts
        .iter()
        .map(|key| GenesisAccount {
            address: Address::of_key(&key.public_key()),
            amount: Amount::from_units(1_000_000_000_000),
        })
        .collect();
    funded.sort_by_key(|account| account.address);
    Genesis {
        version: Genesis::VERSION,
        time: UnixMillis::new(GENESIS_MS),
        dev: true,
        validators: members.to_vec(),
        possessions: Vec::new(),
        accounts: funded,
        faucet: None,
        sections: Vec::new(),
    }
}

fn transfers(committee: &Committee, accounts: &[SecretKey]) -> Vec<Vec<Arc<CheckedTransaction>>> {
    let transfer = |from: usize, sequence: usize| {
        let to = Address::of_key(
            &accounts[(from + 1 + sequence % (ACCOUNTS - 1)) % ACCOUNTS].public_key(),
        );
        let amount = Amount::from_units(1_000 + sequence as u64);
        let body = TransactionBody {
            version: TransactionBody::VERSION,
            chain: committee.chain(),
            sender: Address::of_key(&accounts[from].public_key()),
            payer: None,
            nonce: Nonce::Lane { lane: 0, sequence: sequence as u64 },
            valid_until: Height::new(u64::MAX),
            max_fee: Amount::from_units(1_000_000),
            access: Access::DERIVED,
            calls: vec![heddle_ledger::transfer_call(to, AssetId::HDL, amount)],
        };
        let checked = CheckedTransaction::check(Transaction::sign(body, &accounts[from]));
        Arc::new(checked.expect("the transfer above is well formed"))
    };
    (0..ACCOUNTS).map(|from| (0..TRANSFERS_EACH).map(|n| transfer(from, n)).collect()).collect()
}
