//! The accounts that send and receive, and what they are to send.

use std::num::NonZeroU64;

use heddle_rpc_api::Account;
use heddle_types::Address;
use heddle_types::Amount;
use heddle_types::SecretKey;
use heddle_validator::home::KeyFile;
use rand_chacha::ChaCha8Rng;
use rand_core::Rng;
use rand_core::SeedableRng;

use crate::error::BenchError;
use crate::expected::Flow;
use crate::fund;
use crate::load::schedule::Schedule;
use crate::network;
use crate::network::Network;
use crate::wallet;
use crate::wallet::Draft;

const KEY_LABEL: &[u8] = b"heddle-load-v1";
/// What every transfer moves.
const AMOUNT: Amount = Amount::from_units(1);

/// The accounts of a run, from its seed.
#[derive(Debug)]
pub(crate) struct Accounts {
    pub(crate) keys: Vec<SecretKey>,
    pub(crate) addresses: Vec<Address>,
    seed: u64,
}

/// What is to be sent, and by which node.
#[derive(Debug)]
pub(crate) struct Traffic {
    pub(crate) drafts: Vec<Draft>,
    /// Each transaction's transfers.
    pub(crate) flows: Vec<Vec<Flow>>,
    /// Each transaction's node.
    pub(crate) nodes: Vec<usize>,
}

impl Accounts {
    pub(crate) fn derive(seed: u64, count: usize) -> Self {
        let key = |number: usize| {
            let mut hasher = blake3::Hasher::new();
            hasher.update(KEY_LABEL).update(&seed.to_le_bytes()).update(&number.to_le_bytes());
            SecretKey::from_seed(*hasher.finalize().as_bytes())
        };
        let keys: Vec<_> = (0..count).map(key).collect();
        let addresses = keys.iter().map(|key| Address::of_key(&key.public_key())).collect();
        Self { keys, addresses, seed }
    }

    /// Makes sure that every account can pay for `txs` transactions, and says how they stand then.
    pub(crate) async fn prepare(
        &self,
        network: &Network,
        faucet: &KeyFile,
        (txs, calls): (u64, u8),
    ) -> Result<Vec<Account>, BenchError> {
        let each = wallet::fee_max(calls.into())
            .checked_add(AMOUNT.checked_mul(calls.into()).unwrap_or(Amount::MAX))
            .and_then(|cost| cost.checked_mul(txs))
            // A balance of zero would be one that does not exist.
            .and_then(|cost| cost.checked_add(AMOUNT));
        let each = each
            .ok_or_else(|| BenchError::usage("--rate: found a cost past 2^120, expected less"))?;
        let stand = network.accounts(&self.addresses).await?;
        let missing = |account: &Account| each.checked_sub(network::native_balance(account));
        let wanted: Vec<(Address, Amount)> = stand
            .iter()
            .filter_map(|account| Some((account.address, missing(account)?)))
            .filter(|(_, amount)| *amount != Amount::ZERO)
            .collect();
        if wanted.is_empty() {
            return Ok(stand);
        }
        fund::fund(network, faucet, &wanted).await?;
        network.accounts(&self.addresses).await
    }

    /// How many transactions the busiest account sends at most.
    pub(crate) fn txs_each(&self, schedule: &Schedule, nodes: usize) -> u64 {
        let senders = (self.keys.len() / nodes).max(1) as u64;
        let share = schedule.count().div_ceil(nodes as u64);
        // Bursts differ in length, so that one node may get a little more than its share.
        share.div_ceil(senders).saturating_mul(2).saturating_add(8)
    }

    /// Who pays whom: each node has senders of its own that take turns, so that a lane's order never depends on two nodes;
    /// recipients are drawn from all accounts but the sender.
    pub(crate) fn traffic(
        &self,
        schedule: &Schedule,
        (nodes, calls): (usize, u8),
        stand: &[Account],
    ) -> Traffic {
        let mut dice = ChaCha8Rng::seed_from_u64(self.seed);
        let mut sequences: Vec<u64> =
            stand.iter().map(|account| network::next_sequence(account, 0)).collect();
        let mut turns: Vec<usize> = (0..nodes).collect();
        let mut traffic = Traffic { drafts: Vec::new(), flows: Vec::new(), nodes: Vec::new() };
        for (position, burst) in schedule.bursts().enumerate() {
            let node = position % nodes;
            for _ in burst.txs {
                let sender = turns[node];
                turns[node] = if sender + nodes < self.keys.len() { sender + nodes } else { node };
                let flows: Vec<Flow> = (0..calls).map(|_| self.flow(sender, &mut dice)).collect();
                let payment = |flow: &Flow| (self.addresses[flow.to], flow.amount);
                let payments = flows.iter().map(payment).collect();
                let sequence = sequences[sender];
                sequences[sender] += 1;
                traffic.drafts.push(Draft { sender, lane: 0, sequence, payments });
                traffic.flows.push(flows);
                traffic.nodes.push(node);
            }
        }
        traffic
    }

    fn flow(&self, from: usize, dice: &mut ChaCha8Rng) -> Flow {
        let others = NonZeroU64::new(self.keys.len() as u64 - 1).unwrap_or(NonZeroU64::MIN);
        let step = usize::try_from(dice.next_u64() % others).unwrap_or_default();
        Flow { from, to: (from + 1 + step) % self.keys.len(), amount: AMOUNT }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use heddle_types::Millis;

    use super::*;

    fn stand(accounts: &Accounts, sequence: u64) -> Vec<Account> {
        let account = |address: &Address| Account {
            address: *address,
            nonces: BTreeMap::from([(0, sequence)]),
            balances: BTreeMap::new(),
        };
        accounts.addresses.iter().map(account).collect()
    }

    #[test]
    fn each_sender_stays_at_one_node_in_order_and_pays_somebody_else() {
        let accounts = Accounts::derive(1, 66);
        let schedule = Schedule::new(NonZeroU64::new(5000).unwrap(), Millis::new(1000)).unwrap();
        let traffic = accounts.traffic(&schedule, (4, 2), &stand(&accounts, 9));
        let mut node_of = BTreeMap::new();
        let mut next = BTreeMap::new();
        for ((draft, flows), node) in traffic.drafts.iter().zip(&traffic.flows).zip(&traffic.nodes)
        {
            assert_eq!(node_of.entry(draft.sender).or_insert(*node), node);
            assert_eq!(draft.sequence, *next.entry(draft.sender).or_insert(9));
            next.insert(draft.sender, draft.sequence + 1);
            assert!(flows.iter().all(|flow| flow.to != flow.from && flow.to < 66), "{flows:?}");
            assert_eq!(draft.payments.len(), 2);
        }
        assert_eq!(traffic.drafts.len(), 5000);
        assert_eq!(node_of.len(), 66, "everybody sends");
        let busiest = next.values().max().unwrap() - 9;
        assert!(busiest <= accounts.txs_each(&schedule, 4), "{busiest}");
    }

    #[test]
    fn the_same_seed_gives_the_same_traffic_and_another_other_keys() {
        let schedule = Schedule::new(NonZeroU64::new(100).unwrap(), Millis::new(1000)).unwrap();
        let flows = |seed| {
            let accounts = Accounts::derive(seed, 64);
            accounts.traffic(&schedule, (4, 1), &stand(&accounts, 0)).flows
        };
        assert_eq!(flows(5), flows(5));
        assert_ne!(flows(5), flows(6));
        assert_ne!(Accounts::derive(5, 64).addresses, Accounts::derive(6, 64).addresses);
    }
}
