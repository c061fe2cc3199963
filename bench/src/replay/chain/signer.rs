//! A key whose transactions are final in the order in which it signed them: all stand in one lane.

use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use heddle_rpc_api::GetTransaction;
use heddle_rpc_api::TransactionInfo;
use heddle_types::Access;
use heddle_types::Address;
use heddle_types::Call;
use heddle_types::Height;
use heddle_types::SecretKey;
use heddle_types::TxId;
use tokio::time::sleep;

use crate::deliver;
use crate::error::BenchError;
use crate::limits;
use crate::network;
use crate::network::Network;
use crate::wallet;
use crate::wallet::Letter;
use crate::wallet::Signed;

const POLL: Duration = Duration::from_millis(20);

/// A key, and the next sequence of its lane 0.
#[derive(Clone, Debug)]
pub(super) struct Signer {
    key: SecretKey,
    /// Its number among the signers of a run.
    number: usize,
    next: u64,
}

impl Signer {
    /// As the chain knows it.
    pub(super) async fn new(
        network: &Network,
        key: SecretKey,
        number: usize,
    ) -> Result<Self, BenchError> {
        let address = Address::of_key(&key.public_key());
        let account = network.accounts(&[address]).await?.remove(0);
        Ok(Self { key, number, next: network::next_sequence(&account, 0) })
    }

    pub(super) fn address(&self) -> Address {
        Address::of_key(&self.key.public_key())
    }

    /// Signs the next transaction.
    pub(super) fn sign(&mut self, network: &Network, access: Access, calls: Vec<Call>) -> Signed {
        let letter = Letter { sequence: self.next, access, calls };
        self.next += 1;
        wallet::sign_letter(network.chain(), (&self.key, self.number), letter)
    }
}

/// Sends transactions and waits until all are final; the height of the last.
pub(super) async fn send(
    network: &Network,
    signed: &Arc<Vec<Signed>>,
) -> Result<Height, BenchError> {
    let delivered = deliver::deliver(network, signed).await?;
    if let Some(refusal) = delivered.refused.first() {
        return Err(BenchError::failed(refusal.why.clone()));
    }
    if delivered.heights.iter().any(Option::is_none) {
        return Err(BenchError::unknown(
            "found transactions that did not become final; see the nodes' logs",
        ));
    }
    Ok(delivered.height())
}

/// The same for what must succeed; every node has executed it then.
pub(super) async fn send_all(
    network: &Network,
    what: &str,
    signed: Vec<Signed>,
) -> Result<Height, BenchError> {
    let signed = Arc::new(signed);
    let height = send(network, &signed).await?;
    network.settle(height).await?;
    let requests = signed.iter().map(|signed| GetTransaction { id: signed.id }).collect();
    for info in network.ask_all(requests).await? {
        check(what, &info)?;
    }
    Ok(height)
}

/// Waits until a transaction that somebody else sent is executed everywhere, and has succeeded.
pub(super) async fn wait_ok(network: &Network, what: &str, id: TxId) -> Result<(), BenchError> {
    let end = Instant::now() + limits::PATIENCE;
    loop {
        let info = network.nodes()[0].transaction(id).await?;
        if let (Some(height), Some(_)) = (info.height, &info.receipt) {
            check(what, &info)?;
            network.settle(height).await?;
            return Ok(());
        }
        if Instant::now() >= end {
            return Err(BenchError::unknown(format!(
                "{what}: found {id} not final after {} s; see the nodes' logs",
                limits::PATIENCE.as_secs()
            )));
        }
        sleep(POLL).await;
    }
}

fn check(what: &str, info: &TransactionInfo) -> Result<(), BenchError> {
    let error = info.receipt.as_ref().and_then(|receipt| receipt.error.as_ref());
    error.map_or(Ok(()), |error| {
        Err(BenchError::failed(format!(
            "{what}: found {} ({}), expected it to succeed; see getTransaction of {}",
            error.name, error.message, info.id
        )))
    })
}
