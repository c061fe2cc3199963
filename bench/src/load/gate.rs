//! What must be right after every run, however fast it was.

use std::collections::BTreeMap;

use heddle_rpc_api::Account;
use heddle_types::Amount;
use heddle_types::AssetId;
use heddle_types::Height;
use serde::Serialize;

use crate::error::BenchError;
use crate::expected::Balances;
use crate::load::accounts::Accounts;
use crate::load::accounts::Traffic;
use crate::load::outcome::Known;
use crate::network;
use crate::network::Network;

/// What must be right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Gate {
    /// All nodes have the same root at one height after the last transaction.
    pub(crate) roots_equal: bool,
    /// There is as much of every asset as before, as every node says.
    pub(crate) supply_conserved: bool,
    /// Every sender's next sequence is its first and one for each of its final transactions.
    pub(crate) nonces_right: bool,
    /// Every account holds what a computation outside the chain says.
    pub(crate) balances_right: bool,
}

/// How things stood before a run.
#[derive(Debug)]
pub(crate) struct Before {
    pub(crate) accounts: Vec<Account>,
    pub(crate) supplies: Vec<BTreeMap<AssetId, Amount>>,
}

impl Gate {
    /// Whether all of it is.
    pub(crate) const fn holds(&self) -> bool {
        self.roots_equal && self.supply_conserved && self.nonces_right && self.balances_right
    }

    /// Asks the nodes. All transactions of the run must be at or below `height`.
    pub(crate) async fn check(
        network: &Network,
        accounts: &Accounts,
        (before, traffic, known): (&Before, &Traffic, &[Known]),
        height: Height,
    ) -> Result<Self, BenchError> {
        let roots = network.settle(height).await?;
        let after = network.accounts(&accounts.addresses).await?;
        let supplies = network.supplies().await?;
        let (nonces_right, balances_right) = compare(before, traffic, known, &after);
        Ok(Self {
            roots_equal: roots.are_equal(),
            supply_conserved: supplies.iter().all(|supply| *supply == before.supplies[0]),
            nonces_right,
            balances_right,
        })
    }
}

fn compare(before: &Before, traffic: &Traffic, known: &[Known], after: &[Account]) -> (bool, bool) {
    let start: Vec<Amount> = before.accounts.iter().map(network::native_balance).collect();
    let mut balances = Balances::new(&start);
    let mut next: Vec<u64> =
        before.accounts.iter().map(|account| network::next_sequence(account, 0)).collect();
    let drafts = traffic.drafts.iter().zip(&traffic.flows).zip(known);
    for ((draft, flows), known) in drafts {
        if let Some(charge) = &known.charge {
            next[draft.sender] += 1;
            balances.apply(draft.sender, flows, charge);
        }
    }
    let found: Vec<Amount> = after.iter().map(network::native_balance).collect();
    let nonces_right =
        after.iter().zip(&next).all(|(account, next)| network::next_sequence(account, 0) == *next);
    (nonces_right, balances.mismatches(&found) == 0)
}
