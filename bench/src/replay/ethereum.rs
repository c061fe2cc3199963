//! `replay --ethereum`: transfers of real blocks as signed transfers between derived keys, and a check of every balance.

mod cast;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fs;
use std::num::NonZeroU128;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use heddle_rpc_api::Account;
use heddle_types::Amount;
use heddle_types::AssetId;
use heddle_types::TxId;
use serde::Serialize;

use crate::deliver;
use crate::deliver::Delivered;
use crate::error::BenchError;
use crate::expected::Balances;
use crate::expected::Charge;
use crate::fund;
use crate::network;
use crate::network::Network;
use crate::network::Roots;
use crate::output;
use crate::target::Found;
use crate::target::Target;
use crate::trace;
use crate::wallet;
use crate::wallet::Signed;
use cast::Cast;

/// What is replayed, and what is done with the result.
#[derive(Clone, Debug)]
pub(crate) struct Plan<'a> {
    /// A directory of access traces.
    pub(crate) dir: &'a Path,
    /// How many wei make one base unit of HDL.
    pub(crate) scale: NonZeroU128,
    pub(crate) target: &'a Target,
    /// Whether all balances are compared.
    pub(crate) check: bool,
    /// Where the final balances are written.
    pub(crate) balances: Option<&'a Path>,
}

/// What a replay found.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ReplayResult {
    sent: usize,
    #[serde(rename = "final")]
    finals: usize,
    failed: usize,
    refused: usize,
    seconds: f64,
    fees_paid: String,
    deposits_paid: String,
    parties: usize,
    senders: usize,
    height: u64,
    roots: Vec<String>,
    equal: bool,
    checked: bool,
    balances_checked: usize,
    mismatches: usize,
    nonces_right: Option<bool>,
    supply_constant: Option<bool>,
    first_refusal: Option<String>,
}

impl ReplayResult {
    fn is_good(&self) -> bool {
        let complete = self.finals == self.sent && self.failed == 0 && self.equal;
        let right = self.mismatches == 0
            && self.nonces_right != Some(false)
            && self.supply_constant != Some(false);
        complete && right
    }

    fn text(&self) -> String {
        let verdict = if self.is_good() { "all right" } else { "NOT right" };
        format!(
            "{verdict}: {} of {} final, {} failed, in {:.2} s; roots {} at height {}; {} balances checked, {} wrong",
            self.finals,
            self.sent,
            self.failed,
            self.seconds,
            if self.equal { "equal" } else { "DIFFER" },
            self.height,
            self.balances_checked,
            self.mismatches
        )
    }
}

pub(crate) async fn run(args: &Plan<'_>, json: bool) -> Result<bool, BenchError> {
    let found = args.target.find()?;
    let transfers =
        trace::read_dir(args.dir, args.scale).map_err(|e| BenchError::failed(e.to_string()))?;
    let cast = Cast::new(&transfers);
    output::progress(format_args!(
        "{} transfers between {} parties, {} of them senders",
        cast.flows.len(),
        cast.parties.len(),
        cast.senders().count()
    ));
    let network = Network::connect(&found.urls).await?;
    let result = replay(args, &network, &cast, &found).await?;
    output::result(json, &result, ReplayResult::text)?;
    Ok(result.is_good())
}

/// What a run leaves to be checked.
struct Evidence {
    before: Vec<Account>,
    supplies: Vec<BTreeMap<AssetId, Amount>>,
    delivered: Delivered,
    charges: BTreeMap<usize, Charge>,
}

async fn replay(
    args: &Plan<'_>,
    network: &Network,
    cast: &Cast,
    found: &Found,
) -> Result<ReplayResult, BenchError> {
    let supplies = network.supplies().await?;
    let before = network.accounts(&cast.addresses()).await?;
    let funding = cast.funding().ok_or_else(|| {
        BenchError::failed(
            "--scale: found sums past 2^120 base units, expected less; give a larger scale",
        )
    })?;
    output::progress(format_args!("funding {} senders", funding.len()));
    let wanted: Vec<_> =
        funding.iter().map(|(party, amount)| (cast.parties[*party].address, *amount)).collect();
    fund::fund(network, &found.faucet, &wanted).await?;

    let signed = sign(network, cast, &before);
    output::progress(format_args!("sending {} signed transfers", signed.len()));
    let start = Instant::now();
    let delivered = deliver::deliver(network, &signed).await?;
    let roots = network.settle(delivered.height()).await?;
    let seconds = start.elapsed().as_secs_f64();

    let charges = charges(network, &signed, &delivered).await?;
    let evidence = Evidence { before, supplies, delivered, charges };
    let mut result = summary(cast, &evidence, &roots, seconds);
    if args.check || args.balances.is_some() {
        let after = network.accounts(&cast.addresses()).await?;
        if args.check {
            let supply_constant =
                network.supplies().await?.iter().all(|supply| *supply == evidence.supplies[0]);
            result.supply_constant = Some(supply_constant);
            check(cast, &funding, &evidence, &after, &mut result);
        }
        if let Some(path) = args.balances {
            write_balances(path, cast, &after)?;
        }
    }
    Ok(result)
}

/// Signs the transfers in order; each sender goes on from its next sequence.
fn sign(network: &Network, cast: &Cast, before: &[Account]) -> Arc<Vec<Signed>> {
    let keys: Vec<_> = cast.parties.iter().map(|party| party.key.clone()).collect();
    let first: Vec<u64> = before.iter().map(|account| network::next_sequence(account, 0)).collect();
    Arc::new(wallet::sign_all(network.chain(), &keys, &cast.drafts(&first)))
}

async fn charges(
    network: &Network,
    signed: &[Signed],
    delivered: &Delivered,
) -> Result<BTreeMap<usize, Charge>, BenchError> {
    let finals = delivered.heights.iter().enumerate().filter(|(_, height)| height.is_some());
    let positions: Vec<usize> = finals.map(|(position, _)| position).collect();
    let ids: Vec<TxId> = positions.iter().map(|position| signed[*position].id).collect();
    Ok(positions.into_iter().zip(network.charges(&ids).await?).collect())
}

fn summary(cast: &Cast, evidence: &Evidence, roots: &Roots, seconds: f64) -> ReplayResult {
    let charges = evidence.charges.values();
    let sum =
        |part: fn(&Charge) -> Amount| -> u128 { charges.clone().map(|c| part(c).get()).sum() };
    let refused = &evidence.delivered.refused;
    ReplayResult {
        sent: cast.flows.len(),
        finals: evidence.charges.len(),
        failed: charges.clone().filter(|charge| !charge.ok).count(),
        refused: refused.len(),
        seconds,
        fees_paid: sum(|charge| charge.fee).to_string(),
        deposits_paid: sum(|charge| charge.deposit).to_string(),
        parties: cast.parties.len(),
        senders: cast.senders().count(),
        height: roots.height.get(),
        roots: roots.roots.iter().map(ToString::to_string).collect(),
        equal: roots.are_equal(),
        checked: false,
        balances_checked: 0,
        mismatches: 0,
        nonces_right: None,
        supply_constant: None,
        first_refusal: refused.first().map(|refusal| refusal.why.clone()),
    }
}

fn check(
    cast: &Cast,
    funding: &[(usize, Amount)],
    evidence: &Evidence,
    after: &[Account],
    result: &mut ReplayResult,
) {
    let start: Vec<Amount> = evidence.before.iter().map(network::native_balance).collect();
    let mut expected = Balances::new(&start);
    for (party, amount) in funding {
        expected.fund(*party, *amount);
    }
    let mut next: Vec<u64> =
        evidence.before.iter().map(|account| network::next_sequence(account, 0)).collect();
    for (position, charge) in &evidence.charges {
        let flow = cast.flows[*position];
        expected.apply(flow.from, &[flow], charge);
        next[flow.from] += 1;
    }
    let found: Vec<Amount> = after.iter().map(network::native_balance).collect();
    let nonces_right =
        after.iter().zip(&next).all(|(account, next)| network::next_sequence(account, 0) == *next);
    result.checked = true;
    result.balances_checked = found.len();
    result.mismatches = expected.mismatches(&found);
    result.nonces_right = Some(nonces_right);
}

fn write_balances(path: &Path, cast: &Cast, after: &[Account]) -> Result<(), BenchError> {
    let balance = |account| network::native_balance(account).to_string();
    let balances: BTreeMap<String, String> = cast
        .parties
        .iter()
        .zip(after)
        .map(|(party, account)| (party.ethereum.to_string(), balance(account)))
        .collect();
    let text = serde_json::to_string_pretty(&balances)
        .map_err(|e| BenchError::failed(format!("--balances: {e}")))?;
    fs::write(path, text + "\n").map_err(|e| BenchError::failed(format!("{}: {e}", path.display())))
}
