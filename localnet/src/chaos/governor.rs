//! The authority, who changes the validators' power all along, and with it the epoch.

use std::sync::Arc;
use std::time::Duration;

use heddle_client::ClientError;
use heddle_client::RpcClient;
use heddle_rpc_api::CandidateInfo;
use heddle_types::Call;
use heddle_types::ChainId;
use heddle_types::Transaction;
use heddle_validator::home::KeyFile;
use heddle_validators::ValidatorsCall;

use super::ChaosError;
use super::follow::Watch;
use super::load;
use crate::cluster::Cluster;
use crate::cluster::ClusterError;
use crate::cluster::FAUCET;
use crate::simulator::Dice;

/// The least power of a validator, and how much more one may have. Any one of four may be down, whatever the others' powers are:
/// three have 30 of at most 42, or as much of as much more.
const POWER_MIN: u64 = 10;
const POWER_MORE_MAX: u64 = 2;

/// Changes powers.
pub(super) struct Governor {
    key: KeyFile,
    chain: ChainId,
    sequence: u64,
    dice: Dice,
}

impl Governor {
    /// With the key of the cluster's authority, which is the faucet's.
    pub(super) fn new(cluster: &Cluster, seed: u64) -> Result<Self, ChaosError> {
        let faucet = cluster.accounts().iter().find(|account| account.name == FAUCET);
        let faucet = faucet.ok_or_else(|| {
            ChaosError::plan(
                "a localnet without a faucet".to_owned(),
                "one, whose key may change powers",
            )
        })?;
        Ok(Self {
            key: KeyFile::read(&faucet.key_file).map_err(ClusterError::from)?,
            chain: cluster.genesis().chain_id(),
            sequence: 0,
            dice: Dice::new(seed),
        })
    }

    /// Changes a power so often, until the load is to end.
    pub(super) async fn govern(
        mut self,
        watch: Arc<Watch>,
        clients: Vec<RpcClient>,
        pause: Duration,
    ) {
        while !watch.has_load_ended() {
            let place = self.dice.below(clients.len() as u64);
            let client = &clients[usize::try_from(place).unwrap_or(0)];
            if self.change(client).await.is_ok() {
                watch.seen().power_changes += 1;
            }
            let mut left = pause;
            while !left.is_zero() && !watch.has_load_ended() {
                let step = left.min(Duration::from_millis(100));
                tokio::time::sleep(step).await;
                left -= step;
            }
        }
    }

    async fn change(&mut self, client: &RpcClient) -> Result<(), ClientError> {
        let candidates = client.committee().await?.candidates;
        let calls = self.calls(&candidates);
        let body = load::body(self.key.address(), (self.chain, self.sequence), calls);
        match client.send(&Transaction::sign(body, self.key.secret())).await {
            Ok(_) => self.sequence += 1,
            Err(ClientError::Refused(refusal)) => {
                self.sequence = refusal.data.expected.unwrap_or(self.sequence);
                return Err(ClientError::Refused(refusal));
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// At first all get the least power, in one transaction. Then one gets another.
    fn calls(&mut self, candidates: &[CandidateInfo]) -> Vec<Call> {
        let set = |one: &CandidateInfo, power| {
            ValidatorsCall::SetPower { public_key: one.public_key, power }.to_call()
        };
        let few = candidates.iter().filter(|one| one.power < POWER_MIN);
        let calls: Vec<Call> = few.map(|one| set(one, POWER_MIN)).collect();
        if !calls.is_empty() || candidates.is_empty() {
            return calls;
        }
        let place = self.dice.below(candidates.len() as u64);
        let one = &candidates[usize::try_from(place).unwrap_or(0)];
        let step = 1 + self.dice.below(POWER_MORE_MAX);
        vec![set(one, POWER_MIN + (one.power - POWER_MIN + step) % (POWER_MORE_MAX + 1))]
    }
}
