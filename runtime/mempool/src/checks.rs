//! What is asked of a transaction before it is taken in.

use heddle_types::Amount;
use heddle_types::AuthScheme;
use heddle_types::BlockSpace;
use heddle_types::CheckedTransaction;

use crate::config::Config;
use crate::lane::LaneKey;
use crate::pool::AccountView;
use crate::pool::Held;
use crate::pool::Mempool;
use crate::pool::Origin;
use crate::refusal::Refusal;

impl Mempool {
    pub(crate) fn check_alone(&self, tx: &CheckedTransaction) -> Result<(LaneKey, u64), Refusal> {
        let transaction = tx.transaction();
        if transaction.body.chain != self.config.chain {
            return Err(Refusal::WrongChain);
        }
        let auths = std::iter::once(&transaction.auth).chain(&transaction.payer_auth);
        if auths.into_iter().any(|auth| auth.scheme() != AuthScheme::Ed25519) {
            return Err(Refusal::UnsupportedAuth);
        }
        let place = LaneKey::of(tx).ok_or(Refusal::UnsupportedNonce)?;
        if tx.signature_ok() { Ok(place) } else { Err(Refusal::BadSignature) }
    }

    pub(crate) fn check_height(&self, tx: &CheckedTransaction) -> Result<(), Refusal> {
        let valid_until = tx.transaction().body.valid_until;
        if valid_until <= self.executed {
            return Err(Refusal::Expired { valid_until, executed: self.executed });
        }
        Ok(())
    }

    pub(crate) fn check_nonce(
        &self,
        key: &LaneKey,
        sequence: u64,
        executed: u64,
        origin: Origin,
    ) -> Result<(), Refusal> {
        let lane = self.lanes.get(key);
        let expected = self.next_of(key, executed);
        if sequence < lane.map_or(executed, |lane| lane.floor.max(executed)) {
            return Err(Refusal::NonceUsed { sequence, expected });
        }
        if lane.is_some_and(|lane| lane.pending.contains_key(&sequence)) {
            return Err(Refusal::NonceTaken { sequence, expected });
        }
        let ahead_max = match origin {
            Origin::Local => 0,
            Origin::Forwarded => {
                let Config { ordinary, reserved, .. } = &self.config;
                ordinary.sender_txs_max.saturating_add(reserved.sender_txs_max) as u64
            }
        };
        // The last sequence of all has no successor, so it is never used.
        if sequence == u64::MAX || sequence.saturating_sub(expected) > ahead_max {
            return Err(Refusal::NonceGap { sequence, expected });
        }
        Ok(())
    }

    pub(crate) fn check_fees(
        &self,
        tx: &CheckedTransaction,
        account: &AccountView,
        required: Amount,
    ) -> Result<(), Refusal> {
        let body = &tx.transaction().body;
        if body.max_fee < required {
            return Err(Refusal::FeeTooLow { offered: body.max_fee, required });
        }
        let owed = self.owed.get(&body.payer()).copied().unwrap_or_default();
        let owed = owed.checked_add(body.max_fee);
        if owed.is_none_or(|owed| owed > account.fee_balance) {
            return Err(Refusal::InsufficientFeeFunds {
                balance: account.fee_balance,
                required: owed.unwrap_or(Amount::MAX),
            });
        }
        Ok(())
    }

    pub(crate) fn check_room(
        &self,
        tx: &CheckedTransaction,
        space: BlockSpace,
        is_gapped: bool,
    ) -> Result<(), Refusal> {
        let room = self.config.room(space);
        let sender = self.senders.get(&tx.transaction().body.sender);
        let of_sender = sender.map_or(Held::default(), |sender| *sender.held.of(space));
        if of_sender.txs >= room.sender_txs_max
            || of_sender.bytes.saturating_add(tx.bytes()) > room.sender_bytes_max
        {
            return Err(Refusal::SenderLimit);
        }
        let held = self.held.of(space);
        if held.txs >= room.txs_max
            || held.bytes.saturating_add(tx.bytes()) > room.bytes_max
            || (is_gapped && self.gapped.of(space).len() >= room.gapped_max)
        {
            return Err(Refusal::PoolFull);
        }
        Ok(())
    }
}
