//! What clearing can be asked to do.

use borsh::BorshDeserialize;
use borsh::BorshSerialize;

use heddle_num::Quote;
use heddle_sdk::BlockSpace;
use heddle_sdk::Described;
use heddle_types::Address;
use heddle_types::Amount;
use heddle_types::AssetId;
use heddle_types::Call;
use heddle_types::Canonical;
use heddle_types::ProgramId;
use heddle_types::UnixMillis;
use heddle_types::encode;

use crate::ids::AccountId;
use crate::ids::MarketId;
use crate::limits::FEE_TIERS_MAX;
use crate::params::MarketParams;

/// A call of clearing. The signer is who pays in, owns the account, or governs. Amounts are base units of the collateral asset and not
/// zero.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum ClearingCall {
    /// Opens a sub-account of the signer with its first collateral. Its number is not known beforehand: the transaction is an open one, or
    /// declares the account's key besides.
    Open {
        /// Which of the signer's.
        sub: u8,
        /// Isolated margin: the only market that it may hold.
        isolated: Option<MarketId>,
        /// The collateral asset.
        asset: AssetId,
        /// How much.
        amount: Amount,
    },
    /// Pays collateral of the signer into any account.
    Deposit {
        /// Which.
        account: AccountId,
        /// The collateral asset.
        asset: AssetId,
        /// How much.
        amount: Amount,
    },
    /// Pays collateral out to the owner.
    Withdraw {
        /// From where.
        account: AccountId,
        /// The collateral asset.
        asset: AssetId,
        /// How much.
        amount: Amount,
    },
    /// Moves collateral between two accounts of the signer.
    Move {
        /// From where.
        from: AccountId,
        /// To where.
        to: AccountId,
        /// How much.
        amount: Amount,
    },
    /// Lets somebody trade for an account, or changes how long and how much.
    SetAgent {
        /// For which.
        account: AccountId,
        /// Who.
        agent: Address,
        /// Before which time.
        expiry: UnixMillis,
        /// The notional that it may place orders for.
        budget: Quote,
    },
    /// Lets an agent trade no more.
    RevokeAgent {
        /// For which.
        account: AccountId,
        /// Who.
        agent: Address,
    },
    /// Gives collateral of the signer to the insurance fund.
    Donate {
        /// The collateral asset.
        asset: AssetId,
        /// How much.
        amount: Amount,
    },
    /// Lets an account take over positions of accounts in distress, or no more.
    SetBackstop {
        /// Which.
        account: AccountId,
        /// Whether it does.
        volunteers: bool,
    },
    /// Changes a market's parameters. The authority only.
    SetParams {
        /// All of them. Unit and tick stay.
        params: Box<MarketParams>,
    },
    /// Changes the volumes from which each fee tier holds. The authority only.
    SetFeeVolumes {
        /// Rising from zero.
        volumes: [Quote; FEE_TIERS_MAX],
    },
    /// Makes somebody else the authority. The authority only.
    SetAuthority {
        /// Who.
        authority: Address,
    },
}

impl Canonical for ClearingCall {
    const NAME: &'static str = "clearing call";
    const BYTES_MAX: usize = 1 + MarketParams::BYTES_MAX;
}

impl ClearingCall {
    /// As a transaction's call.
    pub fn to_call(&self) -> Call {
        Call { program: ProgramId::CLEARING, data: encode(self).into() }
    }

    /// Collateral on its way in has its own share of every block: who is short of margin can save the account, whatever the load.
    pub(crate) const fn space(&self) -> BlockSpace {
        match self {
            Self::Deposit { .. } => BlockSpace::Reserved,
            Self::Open { .. }
            | Self::Withdraw { .. }
            | Self::Move { .. }
            | Self::SetAgent { .. }
            | Self::RevokeAgent { .. }
            | Self::Donate { .. }
            | Self::SetBackstop { .. }
            | Self::SetParams { .. }
            | Self::SetFeeVolumes { .. }
            | Self::SetAuthority { .. } => BlockSpace::Ordinary,
        }
    }

    pub(crate) fn describe(&self) -> Described {
        let text = |text: &dyn std::fmt::Display| text.to_string();
        let (name, fields) = match self {
            Self::Open { sub, isolated, asset, amount } => {
                let isolated = isolated.map_or_else(|| "none".to_owned(), |market| text(&market));
                let sub = ("sub", text(sub));
                ("Open", vec![sub, ("isolated", isolated), money(asset), units(amount)])
            }
            Self::Deposit { account, asset, amount } => {
                ("Deposit", vec![("account", text(account)), money(asset), units(amount)])
            }
            Self::Withdraw { account, asset, amount } => {
                ("Withdraw", vec![("account", text(account)), money(asset), units(amount)])
            }
            Self::Move { from, to, amount } => {
                ("Move", vec![("from", text(from)), ("to", text(to)), units(amount)])
            }
            Self::SetAgent { account, agent, expiry, budget } => {
                let (expiry, budget) = (("expiry", text(&expiry.get())), ("budget", text(budget)));
                let agent = ("agent", text(agent));
                ("SetAgent", vec![("account", text(account)), agent, expiry, budget])
            }
            Self::RevokeAgent { account, agent } => {
                ("RevokeAgent", vec![("account", text(account)), ("agent", text(agent))])
            }
            Self::Donate { asset, amount } => ("Donate", vec![money(asset), units(amount)]),
            Self::SetBackstop { account, volunteers } => {
                let volunteers = ("volunteers", text(volunteers));
                ("SetBackstop", vec![("account", text(account)), volunteers])
            }
            Self::SetParams { params } => ("SetParams", vec![("market", text(&params.market))]),
            Self::SetFeeVolumes { volumes } => {
                let volumes: Vec<_> = volumes.iter().map(|volume| text(volume)).collect();
                ("SetFeeVolumes", vec![("volumes", volumes.join(" "))])
            }
            Self::SetAuthority { authority } => {
                ("SetAuthority", vec![("authority", text(authority))])
            }
        };
        Described { name, fields }
    }
}

fn money(asset: &AssetId) -> (&'static str, String) {
    ("asset", asset.to_string())
}

fn units(amount: &Amount) -> (&'static str, String) {
    ("amount", amount.to_string())
}
