//! Paying accounts from the faucet before a run.

use std::sync::Arc;

use heddle_types::Address;
use heddle_types::Amount;
use heddle_types::limits::CALLS_MAX;
use heddle_validator::home::KeyFile;

use crate::deliver;
use crate::error::BenchError;
use crate::network;
use crate::network::Network;
use crate::wallet;
use crate::wallet::Draft;

/// Lanes that funding uses, one a route, so that no transaction waits for one at another node. People use low lanes by hand
/// and nodes the highest for airdrops; these are between, and differ from one process to the next.
const FIRST_LANE: u32 = 16;
const LANES: u32 = 192;
const LANES_PER_RUN: u32 = 8;

/// Pays each of `wanted` and waits until all of it is final on every node.
pub(crate) async fn fund(
    network: &Network,
    faucet: &KeyFile,
    wanted: &[(Address, Amount)],
) -> Result<(), BenchError> {
    if wanted.is_empty() {
        return Ok(());
    }
    let account = network.accounts(&[faucet.address()]).await?.remove(0);
    let needed =
        cost(wanted).ok_or_else(|| too_much(network::native_balance(&account), "2^120"))?;
    if network::native_balance(&account) < needed {
        return Err(too_much(network::native_balance(&account), &needed.to_string()));
    }
    let lanes = lanes();
    let mut next: Vec<u64> =
        lanes.iter().map(|lane| network::next_sequence(&account, *lane)).collect();
    let drafts: Vec<Draft> = wanted
        .chunks(CALLS_MAX)
        .enumerate()
        .map(|(position, payments)| {
            let lane = position % lanes.len();
            let sequence = next[lane];
            next[lane] += 1;
            Draft { sender: 0, lane: lanes[lane], sequence, payments: payments.to_vec() }
        })
        .collect();
    let signed = wallet::sign_all(network.chain(), std::slice::from_ref(faucet.secret()), &drafts);
    let signed = Arc::new(signed);
    let delivered = deliver::deliver(network, &signed).await?;
    if let Some(refusal) = delivered.refused.first() {
        return Err(BenchError::failed(format!("funding: {}", refusal.why)));
    }
    if delivered.heights.iter().any(Option::is_none) {
        return Err(BenchError::unknown(
            "funding: found payments that did not become final; see the nodes' logs",
        ));
    }
    network.settle(delivered.height()).await?;
    let ids: Vec<_> = signed.iter().map(|signed| signed.id).collect();
    match network.charges(&ids).await?.iter().position(|charge| !charge.ok) {
        Some(position) => {
            let id = ids[position];
            Err(BenchError::failed(format!("funding: {id} failed; see heddle tx for its receipt")))
        }
        None => Ok(()),
    }
}

/// What `wanted` costs the faucet at most: the payments, their fees, and a deposit for each account.
fn cost(wanted: &[(Address, Amount)]) -> Option<Amount> {
    let mut sum = Amount::ZERO;
    for (_, amount) in wanted {
        sum = sum.checked_add(*amount)?.checked_add(wallet::balance_deposit())?;
    }
    let txs = u64::try_from(wanted.len().div_ceil(CALLS_MAX)).ok()?;
    sum.checked_add(wallet::fee_max(CALLS_MAX).checked_mul(txs)?)
}

fn too_much(found: Amount, needed: &str) -> BenchError {
    BenchError::failed(format!(
        "--faucet: found {found} base units, expected at least {needed}; use a richer key, a larger --scale or less load"
    ))
}

fn lanes() -> Vec<u8> {
    let first = std::process::id() % (LANES / LANES_PER_RUN) * LANES_PER_RUN + FIRST_LANE;
    (first..first + LANES_PER_RUN).filter_map(|lane| u8::try_from(lane).ok()).collect()
}
