//! A key that sends transactions one after the other and does not wait for them.

use heddle_client::ClientError;
use heddle_rpc_api::GetAccount;
use heddle_rpc_api::GetStatus;
use heddle_rpc_api::SendTransaction;
use heddle_types::Access;
use heddle_types::Address;
use heddle_types::Amount;
use heddle_types::Call;
use heddle_types::ChainId;
use heddle_types::Height;
use heddle_types::Nonce;
use heddle_types::Transaction;
use heddle_types::TransactionBody;
use heddle_types::encode;
use heddle_validator::home::KeyFile;

use super::link::Link;

/// How many heights a transaction may wait: an old price is of no use.
const VALID_HEIGHTS: u64 = 50;
/// The most that one may cost in fees: 0.01 HDL.
const MAX_FEE: Amount = Amount::from_units(10_000_000);

/// A key, and the sequence that it uses next.
pub(super) struct Robot {
    key: KeyFile,
    chain: ChainId,
    next: Option<u64>,
}

impl Robot {
    pub(super) const fn new(key: KeyFile, chain: ChainId) -> Self {
        Self { key, chain, next: None }
    }

    pub(super) fn address(&self) -> Address {
        self.key.address()
    }

    /// Sends a call. A sequence that turns out to be another is corrected, once.
    pub(super) async fn send(&mut self, link: &mut Link, call: Call) -> Result<(), ClientError> {
        let height = link.call(&GetStatus {}).await?.final_height;
        let valid_until = Height::new(height.get().saturating_add(VALID_HEIGHTS));
        let sequence = match self.next {
            Some(sequence) => sequence,
            None => {
                let account = link.call(&GetAccount { address: self.address() }).await?;
                account.nonces.get(&0).copied().unwrap_or(0)
            }
        };
        let sent = self.try_send(link, &call, (sequence, valid_until)).await;
        let sent = match sent {
            Err(ClientError::Refused(refusal)) if refusal.data.expected.is_some() => {
                let expected = refusal.data.expected.unwrap_or(sequence);
                self.try_send(link, &call, (expected, valid_until)).await
            }
            sent => sent,
        };
        if sent.is_err() {
            self.next = None;
        }
        sent
    }

    async fn try_send(
        &mut self,
        link: &mut Link,
        call: &Call,
        (sequence, valid_until): (u64, Height),
    ) -> Result<(), ClientError> {
        let body = TransactionBody {
            version: TransactionBody::VERSION,
            chain: self.chain,
            sender: self.address(),
            payer: None,
            nonce: Nonce::Lane { lane: 0, sequence },
            valid_until,
            max_fee: MAX_FEE,
            access: Access::DERIVED,
            calls: vec![call.clone()],
        };
        let transaction = Transaction::sign(body, self.key.secret());
        link.call(&SendTransaction { transaction: encode(&transaction).into() }).await?;
        self.next = Some(sequence.saturating_add(1));
        Ok(())
    }
}
