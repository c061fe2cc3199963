//! What became of a transaction, as JSON.

use heddle_types::AccessTrace;
use heddle_types::Amount;
use heddle_types::Height;
use heddle_types::Outcome;
use heddle_types::ProgramError;
use heddle_types::ProgramId;
use heddle_types::StateKey;
use heddle_types::TxFailure;
use heddle_types::TxId;
use heddle_types::TxIndex;
use serde::Deserialize;
use serde::Serialize;

use crate::event::Event;
use crate::event::EventText;
use crate::key::Key;
use crate::key::KeyAccess;
use crate::number;
use crate::text;

/// The reply of `getTransaction`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransactionInfo {
    /// Which.
    #[serde(with = "text")]
    pub id: TxId,
    /// Where it stands. What was once reported `final` is never taken back.
    pub status: TxStatus,
    /// The height that holds it, once final.
    #[serde(with = "number::option")]
    pub height: Option<Height>,
    /// Its position among the block's transaction ids, once executed here.
    #[serde(with = "number::option")]
    pub index: Option<TxIndex>,
    /// What became of it, once executed here.
    pub receipt: Option<Receipt>,
}

/// Where a transaction stands.
///
/// ```text
/// unknown -> pending -> final
///               '-----> expired
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum TxStatus {
    /// This node has not seen it, or has forgotten it.
    Unknown,
    /// Admitted, not yet final.
    Pending,
    /// In a final block, for good.
    Final,
    /// The final height is past its `valid_until`: no block will hold it.
    Expired,
}

impl TransactionInfo {
    /// A transaction about which only its status is known.
    pub const fn without_receipt(id: TxId, status: TxStatus) -> Self {
        Self { id, status, height: None, index: None, receipt: None }
    }

    /// Whether nothing about it will change any more.
    pub const fn is_settled(&self) -> bool {
        match self.status {
            TxStatus::Unknown | TxStatus::Pending => false,
            TxStatus::Final => self.receipt.is_some(),
            TxStatus::Expired => true,
        }
    }
}

/// What became of an executed transaction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Receipt {
    /// Whether its calls took effect.
    pub ok: bool,
    /// Why not.
    pub error: Option<ReceiptError>,
    /// What the payer was charged in fees, in the native asset.
    #[serde(with = "text")]
    pub fee_paid: Amount,
    /// What the payer put down for keys that it created.
    #[serde(with = "text")]
    pub deposit_paid: Amount,
    /// What its programs reported, in order.
    pub events: Vec<Event>,
    /// Keys read. Keys are for people: no root commits to them.
    pub reads: Vec<Key>,
    /// Keys written or deleted.
    pub writes: Vec<Key>,
    /// Keys added to.
    pub adds: Vec<Key>,
    /// Keys appended to.
    pub appends: Vec<Key>,
}

/// Why a transaction's calls had no effect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceiptError {
    /// The program that refused; 0 is the runtime itself.
    pub program: u32,
    /// The program's own stable number.
    pub code: u16,
    /// Its name, such as `InsufficientFee`.
    pub name: String,
    /// For a person.
    pub message: String,
    /// The call that was refused, if one was.
    pub call: Option<u8>,
    /// The key touched, of `UndeclaredAccess`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub key: Option<Key>,
}

/// A program's name and message for one of its codes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorText {
    /// Its name.
    pub name: String,
    /// For a person.
    pub message: String,
}

/// The reply of `simulateTransaction`: a receipt, and what a declaration needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Simulation {
    /// What would become of it on the newest state here.
    #[serde(flatten)]
    pub receipt: Receipt,
    /// The access that a declaration needs.
    pub access: Vec<KeyAccess>,
}

impl Receipt {
    /// From an executed transaction's receipt and trace; `names` knows the programs' own errors, `describe` puts an event into words.
    pub fn new(
        receipt: &heddle_types::Receipt,
        trace: &AccessTrace,
        names: impl FnOnce(&ProgramError) -> ErrorText,
        describe: impl Fn(&heddle_types::Event) -> Option<EventText>,
    ) -> Self {
        let error = match &receipt.outcome {
            Outcome::Ok => None,
            Outcome::Failed(failure) => Some(ReceiptError::new(failure, names)),
        };
        Self {
            ok: error.is_none(),
            error,
            fee_paid: receipt.fee_paid,
            deposit_paid: receipt.deposit_paid,
            events: receipt.events.iter().map(|event| Event::new(event, describe(event))).collect(),
            reads: keys(&trace.reads),
            writes: keys(&trace.writes),
            adds: keys(&trace.adds),
            appends: keys(&trace.appends),
        }
    }
}

impl ReceiptError {
    /// From a failure; `names` knows the programs' own errors.
    pub fn new(failure: &TxFailure, names: impl FnOnce(&ProgramError) -> ErrorText) -> Self {
        match failure {
            TxFailure::Program(error) => {
                let ErrorText { name, message } = names(error);
                let (program, code) = (error.program.0, error.code);
                Self { program, code, name, message, call: Some(error.call), key: None }
            }
            TxFailure::InsufficientFee => Self::of_runtime(
                1,
                "InsufficientFee",
                "the payer could not pay the maximum fee or a deposit; what remained was taken",
            ),
            TxFailure::UndeclaredAccess(key) => {
                let message = format!("key {key} was touched more strongly than declared");
                let error = Self::of_runtime(2, "UndeclaredAccess", &message);
                Self { key: Some((&**key).into()), ..error }
            }
            TxFailure::ProgramPanic => Self::of_runtime(
                3,
                "ProgramPanic",
                "a program panicked or its arithmetic overflowed",
            ),
            TxFailure::OutOfMeter => Self::of_runtime(
                4,
                "OutOfMeter",
                "it used more work than its fee allows, or emitted more than the limits",
            ),
        }
    }

    fn of_runtime(code: u16, name: &str, message: &str) -> Self {
        let (name, message) = (name.to_owned(), message.to_owned());
        Self { program: ProgramId::SYSTEM.0, code, name, message, call: None, key: None }
    }
}

fn keys(keys: &[StateKey]) -> Vec<Key> {
    keys.iter().map(Key::from).collect()
}
