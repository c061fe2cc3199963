//! Who trades in a replay: sub-accounts of one owner, each with more collateral than it can lose.

use heddle_clearing::AccountId;
use heddle_clearing::ClearingCall;
use heddle_clearing::Instruction;
use heddle_clearing::MarketId;
use heddle_ledger::LedgerCall;
use heddle_num::Lots;
use heddle_rpc_api::AccountName;
use heddle_rpc_api::GetMarginAccount;
use heddle_rpc_api::MarginAccount;
use heddle_types::Access;
use heddle_types::Address;
use heddle_types::Amount;
use heddle_types::AssetId;
use heddle_types::Call;
use heddle_types::limits::CALLS_MAX;
use heddle_validator::home::KeyFile;

use super::signer;
use super::signer::Signer;
use crate::error::BenchError;
use crate::fund;
use crate::network::Network;
use crate::orderflow::Roster;

/// Sub-accounts that have the levels; each may have 256 orders open.
const MAKERS: u8 = 239;
/// Sub-accounts that take.
const TAKERS: u8 = 16;
/// For fees and deposits: 100,000 HDL.
const NATIVE: Amount = Amount::from_units(100_000 * 1_000_000_000);
/// Collateral of each sub-account, in base units: of a dollar of six decimals a million million.
const CASH: u64 = 1_000_000_000_000_000_000;

/// The accounts of a replay.
#[derive(Debug)]
pub(super) struct Crowd {
    pub(super) owner: Signer,
    pub(super) makers: Vec<AccountId>,
    pub(super) takers: Vec<AccountId>,
}

/// Who pays.
#[derive(Debug)]
pub(super) enum Purse {
    /// A key that has enough of the native asset and may mint collateral.
    Key(Box<KeyFile>),
    /// The faucet of a development chain.
    Airdrop,
}

impl Purse {
    /// Pays native assets and collateral.
    async fn pay(
        &self,
        network: &Network,
        to: Address,
        (asset, amount): (AssetId, Amount),
    ) -> Result<(), BenchError> {
        match self {
            Self::Key(key) => {
                fund::fund(network, key, &[(to, NATIVE)]).await?;
                let mint = LedgerCall::Mint { asset, to, amount }.to_call();
                let mut issuer = Signer::new(network, key.secret().clone(), 0).await?;
                let minted = issuer.sign(network, Access::DERIVED, vec![mint]);
                let what = "minting collateral with --faucet's key";
                signer::send_all(network, what, vec![minted]).await?;
            }
            Self::Airdrop => {
                airdrop(network, to, (AssetId::HDL, NATIVE)).await?;
                airdrop(network, to, (asset, amount)).await?;
            }
        }
        Ok(())
    }
}

async fn airdrop(
    network: &Network,
    to: Address,
    (asset, amount): (AssetId, Amount),
) -> Result<(), BenchError> {
    let sent = network.nodes()[0].airdrop(to, asset, amount).await;
    let id = sent.map_err(|error| {
        BenchError::usage(format!(
            "--faucet: found none, and the chain gives nothing away ({error}), expected a key that pays; give --faucet KEYFILE \
             or --home DIR"
        ))
    })?;
    signer::wait_ok(network, "requestAirdrop", id).await
}

impl Crowd {
    /// Funds an owner and opens its sub-accounts.
    pub(super) async fn open(
        network: &Network,
        purse: &Purse,
        (mut owner, asset): (Signer, AssetId),
    ) -> Result<Self, BenchError> {
        let subs = 0..MAKERS + TAKERS;
        let cash = Amount::from_units(CASH);
        let sum = cash.checked_mul(u64::from(subs.end)).unwrap_or(Amount::MAX);
        purse.pay(network, owner.address(), (asset, sum)).await?;

        let open = |sub| ClearingCall::Open { sub, isolated: None, asset, amount: cash }.to_call();
        let calls: Vec<Call> = subs.clone().map(open).collect();
        // Numbers of accounts are not known before, so that nothing can be declared.
        let opened = calls.chunks(CALLS_MAX);
        let opened = opened.map(|calls| owner.sign(network, Access::Open, calls.to_vec()));
        let opened = opened.collect();
        signer::send_all(network, "opening margin accounts", opened).await?;

        let address = owner.address();
        let name = |sub| GetMarginAccount(AccountName::Owner { address, sub });
        let accounts = network.ask_all(subs.map(name).collect()).await?;
        let ids: Vec<AccountId> =
            accounts.iter().map(|account| AccountId::new(account.account)).collect();
        let (makers, takers) = ids.split_at(usize::from(MAKERS));
        Ok(Self { owner, makers: makers.to_vec(), takers: takers.to_vec() })
    }

    /// The accounts as those who place and take.
    pub(super) fn roster(&self, position_max: Lots) -> Roster {
        Roster::new(&self.makers, &self.takers).with_position_max(position_max)
    }

    /// What each account holds in a market, as a move from nothing.
    pub(super) async fn positions(
        &self,
        network: &Network,
        market: MarketId,
    ) -> Result<Vec<Instruction>, BenchError> {
        let all = self.makers.iter().chain(&self.takers);
        let name =
            |account: &AccountId| GetMarginAccount(AccountName::Number { account: account.get() });
        let accounts = network.ask_all(all.map(name).collect()).await?;
        let position = |account: &MarginAccount| {
            let here = account.positions.iter().find(|held| held.market == market.get())?;
            Some(Instruction::MovePosition(AccountId::new(account.account), here.lots))
        };
        Ok(accounts.iter().filter_map(position).collect())
    }
}
