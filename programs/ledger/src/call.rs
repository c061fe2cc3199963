//! What the ledger can be asked to do.

use borsh::BorshDeserialize;
use borsh::BorshSerialize;

use heddle_sdk::Described;
use heddle_types::Address;
use heddle_types::Amount;
use heddle_types::AssetId;
use heddle_types::Call;
use heddle_types::Canonical;
use heddle_types::ProgramId;
use heddle_types::encode;

/// A call of the ledger. The signer is who pays out, creates, mints or burns.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum LedgerCall {
    /// Pays `amount` of `asset` to `to`.
    Transfer {
        /// Who receives.
        to: Address,
        /// What.
        asset: AssetId,
        /// How much; not zero.
        amount: Amount,
    },
    /// Creates an asset, of which there is none yet.
    CreateAsset {
        /// Its symbol; not taken.
        asset: AssetId,
        /// How many decimals one whole of it has: at most [`LedgerCall::DECIMALS_MAX`].
        decimals: u8,
        /// Who may mint and burn it.
        authority: Address,
    },
    /// Makes `amount` of `asset` and gives it to `to`. The asset's authority only.
    Mint {
        /// What.
        asset: AssetId,
        /// Who receives.
        to: Address,
        /// How much; not zero.
        amount: Amount,
    },
    /// Destroys `amount` of the signer's own `asset`. The asset's authority only.
    Burn {
        /// What.
        asset: AssetId,
        /// How much; not zero.
        amount: Amount,
    },
}

impl LedgerCall {
    /// The most decimals that an asset may have.
    pub const DECIMALS_MAX: u8 = 24;

    /// As a transaction's call.
    pub fn to_call(&self) -> Call {
        Call { program: ProgramId::LEDGER, data: encode(self).into() }
    }

    /// The transfer that these bytes are; none when they are another call or malformed.
    pub(crate) fn decode_transfer(call: &[u8]) -> Option<Self> {
        let call: &[u8; 61] = call.try_into().ok()?;
        let (tag, rest) = call.split_first_chunk::<1>()?;
        let (to, rest) = rest.split_first_chunk::<32>()?;
        let (asset, amount) = rest.split_first_chunk::<{ AssetId::LEN }>()?;
        if *tag != [0] {
            return None;
        }
        Some(Self::Transfer {
            to: Address(*to),
            asset: AssetId::from_bytes(*asset).ok()?,
            amount: Amount::new(u128::from_le_bytes(amount.try_into().ok()?))?,
        })
    }

    pub(crate) fn describe(&self) -> Described {
        match self {
            Self::Transfer { to, asset, amount } => Described {
                name: "Transfer",
                fields: vec![
                    ("to", to.to_string()),
                    ("asset", asset.to_string()),
                    ("amount", amount.to_string()),
                ],
            },
            Self::CreateAsset { asset, decimals, authority } => Described {
                name: "CreateAsset",
                fields: vec![
                    ("asset", asset.to_string()),
                    ("decimals", decimals.to_string()),
                    ("authority", authority.to_string()),
                ],
            },
            Self::Mint { asset, to, amount } => Described {
                name: "Mint",
                fields: vec![
                    ("asset", asset.to_string()),
                    ("to", to.to_string()),
                    ("amount", amount.to_string()),
                ],
            },
            Self::Burn { asset, amount } => Described {
                name: "Burn",
                fields: vec![("asset", asset.to_string()), ("amount", amount.to_string())],
            },
        }
    }
}

impl Canonical for LedgerCall {
    const NAME: &'static str = "ledger call";
    const BYTES_MAX: usize = 64;
}

/// A transfer, for clients.
pub fn transfer_call(to: Address, asset: AssetId, amount: Amount) -> Call {
    LedgerCall::Transfer { to, asset, amount }.to_call()
}
