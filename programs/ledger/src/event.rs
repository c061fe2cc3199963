//! What the ledger reports.

use borsh::BorshDeserialize;
use borsh::BorshSerialize;

use heddle_sdk::Abort;
use heddle_sdk::Described;
use heddle_sdk::Workspace;
use heddle_types::Address;
use heddle_types::Amount;
use heddle_types::AssetId;
use heddle_types::Canonical;
use heddle_types::decode_exact;

/// What the ledger reports. The variant's number is the event's kind, the fields in order are its data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LedgerEvent {
    /// Kind 1: something was paid.
    Transfer(Transfer),
    /// Kind 2: something was made.
    Mint(Issue),
    /// Kind 3: something was destroyed.
    Burn(Issue),
    /// Kind 4: an asset was created.
    AssetCreated(Creation),
}

/// Who paid whom what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Transfer {
    /// Who paid.
    pub from: Address,
    /// Who received.
    pub to: Address,
    /// What.
    pub asset: AssetId,
    /// How much.
    pub amount: Amount,
}

/// How much of an asset was made for, or destroyed of, an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Issue {
    /// Whose.
    pub account: Address,
    /// What.
    pub asset: AssetId,
    /// How much.
    pub amount: Amount,
}

/// A new asset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Creation {
    /// Its symbol.
    pub asset: AssetId,
    /// Decimals of one whole.
    pub decimals: u8,
    /// Who may mint and burn it.
    pub authority: Address,
}

impl LedgerEvent {
    /// The event of this kind and these bytes; none when there is none.
    pub fn decode(kind: u16, data: &[u8]) -> Option<Self> {
        match kind {
            1 => decode_exact(data).ok().map(Self::Transfer),
            2 => decode_exact(data).ok().map(Self::Mint),
            3 => decode_exact(data).ok().map(Self::Burn),
            4 => decode_exact(data).ok().map(Self::AssetCreated),
            _ => None,
        }
    }

    /// In words.
    pub fn describe(&self) -> Described {
        match self {
            Self::Transfer(transfer) => Described {
                name: "Transfer",
                fields: vec![
                    ("from", transfer.from.to_string()),
                    ("to", transfer.to.to_string()),
                    ("asset", transfer.asset.to_string()),
                    ("amount", transfer.amount.to_string()),
                ],
            },
            Self::Mint(issue) => Described { name: "Mint", fields: issue.fields("to") },
            Self::Burn(issue) => Described { name: "Burn", fields: issue.fields("from") },
            Self::AssetCreated(creation) => Described {
                name: "AssetCreated",
                fields: vec![
                    ("asset", creation.asset.to_string()),
                    ("decimals", creation.decimals.to_string()),
                    ("authority", creation.authority.to_string()),
                ],
            },
        }
    }

    pub(crate) fn emit(&self, state: &mut Workspace<'_>) -> Result<(), Abort> {
        match self {
            Self::Transfer(transfer) => emit(state, 1, transfer),
            Self::Mint(issue) => emit(state, 2, issue),
            Self::Burn(issue) => emit(state, 3, issue),
            Self::AssetCreated(creation) => emit(state, 4, creation),
        }
    }
}

/// Encodes in place: an event needs no memory of its own.
fn emit<T: Canonical>(state: &mut Workspace<'_>, kind: u16, event: &T) -> Result<(), Abort> {
    let mut bytes = [0; Transfer::BYTES_MAX];
    let mut rest = bytes.as_mut_slice();
    event.serialize(&mut rest).expect("no event is longer than a transfer's");
    let left = rest.len();
    state.emit(kind, &bytes[..bytes.len().saturating_sub(left)])
}

impl Issue {
    fn fields(&self, account: &'static str) -> Vec<(&'static str, String)> {
        vec![
            (account, self.account.to_string()),
            ("asset", self.asset.to_string()),
            ("amount", self.amount.to_string()),
        ]
    }
}

impl Canonical for Transfer {
    const NAME: &'static str = "transfer event";
    const BYTES_MAX: usize = 92;
}

const _: () = assert!(Issue::BYTES_MAX <= Transfer::BYTES_MAX);
const _: () = assert!(Creation::BYTES_MAX <= Transfer::BYTES_MAX);

impl Canonical for Issue {
    const NAME: &'static str = "mint or burn event";
    const BYTES_MAX: usize = 60;
}

impl Canonical for Creation {
    const NAME: &'static str = "asset event";
    const BYTES_MAX: usize = 45;
}
