//! Accounts that pay each other at a steady rate through all validators, whatever becomes of it.
//!
//! Now and then one sends what may be refused for ever: a transfer that soon expires, or another with a sequence that is in use.

use std::sync::Arc;
use std::time::Duration;

use heddle_client::ClientError;
use heddle_client::RpcClient;
use heddle_ledger::transfer_call;
use heddle_types::Access;
use heddle_types::Address;
use heddle_types::Amount;
use heddle_types::AssetId;
use heddle_types::Call;
use heddle_types::ChainId;
use heddle_types::Height;
use heddle_types::Nonce;
use heddle_types::Transaction;
use heddle_types::TransactionBody;
use heddle_validator::home::KeyFile;

use super::ChaosError;
use super::follow::Watch;
use crate::cluster::Cluster;
use crate::cluster::ClusterError;
use crate::cluster::FAUCET;
use crate::simulator::Dice;

/// The most that one transaction may cost in fees: 0.01 HDL.
const MAX_FEE: Amount = Amount::from_units(10_000_000);
/// How many of a thousand transfers soon expire.
const SHORT_PERMILLE: u64 = 20;
/// How many of a thousand have a twin with the same sequence, sent elsewhere.
const TWIN_PERMILLE: u64 = 20;
/// How soon what expires soon does, in heights.
const SHORT_HEIGHTS: u64 = 3;

/// An account that pays.
pub(super) struct Payer {
    key: KeyFile,
    to: Address,
    chain: ChainId,
    sequence: u64,
    dice: Dice,
}

/// All named accounts of a cluster, each paying the next.
pub(super) fn payers(cluster: &Cluster, seed: u64) -> Result<Vec<Payer>, ChaosError> {
    let named = cluster.accounts().iter().filter(|account| account.name != FAUCET);
    let named: Vec<_> = named.collect();
    let next = named.iter().cycle().skip(1);
    let payer =
        |((number, from), to): ((u64, &&crate::cluster::Account), &&crate::cluster::Account)| {
            Ok(Payer {
                key: KeyFile::read(&from.key_file).map_err(ClusterError::from)?,
                to: to.address,
                chain: cluster.genesis().chain_id(),
                sequence: 0,
                dice: Dice::new(seed.wrapping_add(number)),
            })
        };
    (0..).zip(&named).zip(next).map(payer).collect()
}

impl Payer {
    /// Pays until the load is to end.
    pub(super) async fn pay(mut self, watch: Arc<Watch>, clients: Vec<RpcClient>, pause: Duration) {
        while !watch.has_load_ended() {
            tokio::time::sleep(pause).await;
            let is_short = self.dice.chance(SHORT_PERMILLE);
            let valid_until =
                if is_short { watch.highest().saturating_add(SHORT_HEIGHTS) } else { u64::MAX };
            let transfer = self.sign(1, valid_until);
            let client = self.any(&clients);
            let sent = client.send(&transfer).await;
            note(&watch, &transfer, &sent);
            match sent {
                Ok(_) => {
                    if self.dice.chance(TWIN_PERMILLE) {
                        let twin = self.sign(2, u64::MAX);
                        let client = self.any(&clients);
                        note(&watch, &twin, &client.send(&twin).await);
                    }
                    self.sequence += 1;
                }
                Err(ClientError::Refused(refusal)) => {
                    // What was lost with a pool is sent again.
                    self.sequence = refusal.data.expected.unwrap_or(self.sequence);
                }
                // Nobody knows; the same bytes are sent again.
                Err(_) => {}
            }
        }
    }

    fn any<'a>(&mut self, clients: &'a [RpcClient]) -> &'a RpcClient {
        let index = self.dice.below(clients.len() as u64);
        &clients[usize::try_from(index).unwrap_or(0)]
    }

    fn sign(&self, units: u64, valid_until: u64) -> Transaction {
        let calls = vec![transfer_call(self.to, AssetId::HDL, Amount::from_units(units))];
        let body = body(self.key.address(), (self.chain, self.sequence), calls);
        let body = TransactionBody { valid_until: Height::new(valid_until), ..body };
        Transaction::sign(body, self.key.secret())
    }
}

/// What somebody sends on its first lane; it does not expire.
pub(super) fn body(
    sender: Address,
    (chain, sequence): (ChainId, u64),
    calls: Vec<Call>,
) -> TransactionBody {
    TransactionBody {
        version: TransactionBody::VERSION,
        chain,
        sender,
        payer: None,
        nonce: Nonce::Lane { lane: 0, sequence },
        valid_until: Height::new(u64::MAX),
        max_fee: MAX_FEE,
        access: Access::DERIVED,
        calls,
    }
}

fn note<T>(watch: &Watch, transfer: &Transaction, sent: &Result<T, ClientError>) {
    let mut seen = watch.seen();
    seen.load.sent += 1;
    match sent {
        Ok(_) => seen.load.accepted += 1,
        Err(ClientError::Refused(refusal)) => {
            seen.load.refused += 1;
            if refusal.data.never {
                seen.refused.insert(transfer.id(), refusal.message.clone());
            }
        }
        Err(_) => seen.load.unanswered += 1,
    }
}
