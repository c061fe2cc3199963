//! Who takes part in a replay, and what each sender needs beforehand.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use heddle_types::Address;
use heddle_types::Amount;
use heddle_types::SecretKey;

use crate::expected::Flow;
use crate::trace::EthAddress;
use crate::trace::TracedTransfer;
use crate::wallet;
use crate::wallet::Draft;

const KEY_LABEL: &[u8] = b"heddle-replay-v1";

/// A party of the traces.
#[derive(Clone, Debug)]
pub(crate) struct Party {
    pub(crate) ethereum: EthAddress,
    pub(crate) key: SecretKey,
    pub(crate) address: Address,
}

impl Party {
    fn new(ethereum: EthAddress) -> Self {
        let key = derived_key(&ethereum);
        Self { ethereum, address: Address::of_key(&key.public_key()), key }
    }
}

/// The key that stands for an Ethereum address: its seed is `blake3("heddle-replay-v1" ‖ address)`.
pub(crate) fn derived_key(ethereum: &EthAddress) -> SecretKey {
    let mut hasher = blake3::Hasher::new();
    hasher.update(KEY_LABEL).update(&ethereum.0);
    SecretKey::from_seed(*hasher.finalize().as_bytes())
}

/// The parties in order of first appearance, and their transfers in order.
#[derive(Clone, Debug)]
pub(crate) struct Cast {
    pub(crate) parties: Vec<Party>,
    pub(crate) flows: Vec<Flow>,
}

impl Cast {
    pub(crate) fn new(transfers: &[TracedTransfer]) -> Self {
        let mut known = BTreeMap::new();
        let mut parties = Vec::new();
        let mut party = |ethereum: EthAddress| {
            *known.entry(ethereum).or_insert_with(|| {
                parties.push(Party::new(ethereum));
                parties.len() - 1
            })
        };
        let flow = |transfer: &TracedTransfer| Flow {
            from: party(transfer.from),
            to: party(transfer.to),
            amount: transfer.amount,
        };
        let flows = transfers.iter().map(flow).collect();
        Self { parties, flows }
    }

    pub(crate) fn addresses(&self) -> Vec<Address> {
        self.parties.iter().map(|party| party.address).collect()
    }

    /// Those who send, ascending.
    pub(crate) fn senders(&self) -> impl Iterator<Item = usize> {
        self.flows.iter().map(|flow| flow.from).collect::<BTreeSet<_>>().into_iter()
    }

    /// What each sender is paid beforehand: all that it sends, the maximum fee of each transfer, and a deposit for each
    /// transfer to somebody who is not funded and so may have no balance yet. Then no transfer depends on what its sender
    /// receives in the run. None when a sum is past the largest amount.
    pub(crate) fn funding(&self) -> Option<Vec<(usize, Amount)>> {
        let senders: BTreeSet<usize> = self.senders().collect();
        let mut sums = BTreeMap::<usize, Amount>::new();
        let fee = wallet::fee_max(1);
        for flow in &self.flows {
            let is_new = !senders.contains(&flow.to);
            let deposit = if is_new { wallet::balance_deposit() } else { Amount::ZERO };
            let sum = sums.entry(flow.from).or_default();
            *sum = sum.checked_add(flow.amount)?.checked_add(fee)?.checked_add(deposit)?;
        }
        Some(sums.into_iter().collect())
    }

    /// One transaction a transfer; sender `i` begins with sequence `first[i]` of lane 0.
    pub(crate) fn drafts(&self, first: &[u64]) -> Vec<Draft> {
        let mut next = first.to_vec();
        let draft = |flow: &Flow| {
            let sequence = next[flow.from];
            next[flow.from] += 1;
            let payments = vec![(self.parties[flow.to].address, flow.amount)];
            Draft { sender: flow.from, lane: 0, sequence, payments }
        };
        self.flows.iter().map(draft).collect()
    }
}
