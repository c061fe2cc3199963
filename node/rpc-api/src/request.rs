//! What can be asked: one type a method, its parameters as fields.

use heddle_types::Address;
use heddle_types::Amount;
use heddle_types::AssetId;
use heddle_types::BlockHash;
use heddle_types::Bytes;
use heddle_types::Height;
use heddle_types::ProgramId;
use heddle_types::TxId;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::execution::BlockExecution;
use crate::limits;
use crate::number;
use crate::params::ParamError;
use crate::params::Params;
use crate::receipt::Simulation;
use crate::receipt::TransactionInfo;
use crate::reply::Account;
use crate::reply::Block;
use crate::reply::Evidence;
use crate::reply::Fee;
use crate::reply::PerformanceSample;
use crate::reply::Sent;
use crate::reply::StateProof;
use crate::reply::StateReply;
use crate::reply::Status;
use crate::reply::Supply;
use crate::reply::ValidatorSet;
use crate::subscription::Subscribed;
use crate::text;

/// One method of the API.
pub trait Request: Serialize + Sized {
    /// Its name.
    const METHOD: &'static str;
    /// What it answers.
    type Reply: Serialize + DeserializeOwned;

    /// From a request's parameters, strictly.
    ///
    /// # Errors
    /// The first parameter that is missing, wrong or unknown.
    fn from_params(params: Params) -> Result<Self, ParamError>;
}

macro_rules! no_params {
    ($($(#[$meta:meta])* $name:ident($method:literal) -> $reply:ty;)+) => {$(
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
        pub struct $name {}

        impl Request for $name {
            const METHOD: &'static str = $method;
            type Reply = $reply;

            fn from_params(params: Params) -> Result<Self, ParamError> {
                params.finish("none")?;
                Ok(Self {})
            }
        }
    )+};
}

no_params! {
    /// `getStatus`: where this node is.
    GetStatus("getStatus") -> Status;
    /// `getSupply`: everything held anywhere, by asset.
    GetSupply("getSupply") -> Supply;
    /// `getEvidence`: proofs of equivocation that this node holds.
    GetEvidence("getEvidence") -> Vec<Evidence>;
    /// `getValidators`: the committee, and who is to decide next.
    GetValidators("getValidators") -> ValidatorSet;
}

/// `getBlock`: a final block, by height or by hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum GetBlock {
    /// The block at a height.
    Height {
        /// Its height; genesis is 0.
        #[serde(with = "number")]
        height: Height,
    },
    /// The block of a hash.
    Hash {
        /// Its hash.
        #[serde(with = "text")]
        hash: BlockHash,
    },
}

impl Request for GetBlock {
    const METHOD: &'static str = "getBlock";
    type Reply = Block;

    fn from_params(mut params: Params) -> Result<Self, ParamError> {
        let request = match (params.has("height"), params.optional_text("hash")?) {
            (true, None) => Self::Height { height: params.number("height")? },
            (false, Some(hash)) => Self::Hash { hash },
            (true, Some(_)) => {
                return Err(ParamError::new("params", "height and hash", "one of height and hash"));
            }
            (false, None) => {
                params.finish("height, hash")?;
                return Err(ParamError::new("params", "neither", "one of height and hash"));
            }
        };
        params.finish("height, hash")?;
        Ok(request)
    }
}

/// `getBlockExecution`: what happened here while a block was executed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct GetBlockExecution {
    /// The block's height.
    #[serde(with = "number")]
    pub height: Height,
}

impl Request for GetBlockExecution {
    const METHOD: &'static str = "getBlockExecution";
    type Reply = BlockExecution;

    fn from_params(mut params: Params) -> Result<Self, ParamError> {
        let height = params.number("height")?;
        params.finish("height")?;
        Ok(Self { height })
    }
}

/// `getTransaction`: what became of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct GetTransaction {
    /// Which.
    #[serde(with = "text")]
    pub id: TxId,
}

impl Request for GetTransaction {
    const METHOD: &'static str = "getTransaction";
    type Reply = TransactionInfo;

    fn from_params(mut params: Params) -> Result<Self, ParamError> {
        let id = params.text("id")?;
        params.finish("id")?;
        Ok(Self { id })
    }
}

macro_rules! transaction_only {
    ($($(#[$meta:meta])* $name:ident($method:literal) -> $reply:ty;)+) => {$(
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
        pub struct $name {
            /// The signed transaction's canonical bytes.
            #[serde(with = "text")]
            pub transaction: Bytes,
        }

        impl Request for $name {
            const METHOD: &'static str = $method;
            type Reply = $reply;

            fn from_params(mut params: Params) -> Result<Self, ParamError> {
                let transaction = params.text("transaction")?;
                params.finish("transaction")?;
                Ok(Self { transaction })
            }
        }
    )+};
}

transaction_only! {
    /// `sendTransaction`: admits it here; it is not yet ordered when the reply comes.
    SendTransaction("sendTransaction") -> Sent;
    /// `simulateTransaction`: runs it on the newest state and throws its effects away.
    SimulateTransaction("simulateTransaction") -> Simulation;
}

/// `sendTransactionAndWait`: admits it here and waits until it is final.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SendTransactionAndWait {
    /// The signed transaction's canonical bytes.
    #[serde(with = "text")]
    pub transaction: Bytes,
    /// How long to wait, up to [`limits::WAIT_MS_MAX`]; then the status is `pending`.
    pub timeout_ms: u64,
}

impl Request for SendTransactionAndWait {
    const METHOD: &'static str = "sendTransactionAndWait";
    type Reply = TransactionInfo;

    fn from_params(mut params: Params) -> Result<Self, ParamError> {
        let transaction = params.text("transaction")?;
        let timeout_ms = params.integer("timeoutMs", limits::WAIT_MS_MAX)?;
        params.finish("transaction, timeoutMs")?;
        Ok(Self { transaction, timeout_ms })
    }
}

/// `getAccount`: what an account holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct GetAccount {
    /// Whose.
    #[serde(with = "text")]
    pub address: Address,
}

impl Request for GetAccount {
    const METHOD: &'static str = "getAccount";
    type Reply = Account;

    fn from_params(mut params: Params) -> Result<Self, ParamError> {
        let address = params.text("address")?;
        params.finish("address")?;
        Ok(Self { address })
    }
}

/// `getProof`: what is at a key at the last certified root, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct GetProof {
    /// The program.
    #[serde(with = "crate::key::program")]
    pub program: ProgramId,
    /// The program's own bytes.
    #[serde(with = "text")]
    pub key: Bytes,
}

impl Request for GetProof {
    const METHOD: &'static str = "getProof";
    type Reply = StateProof;

    fn from_params(mut params: Params) -> Result<Self, ParamError> {
        let program = params.program("program")?;
        let key = key_bytes(&mut params, "key")?
            .ok_or_else(|| ParamError::new("key", "nothing", KEY_EXPECTED))?;
        params.finish("program, key")?;
        Ok(Self { program, key })
    }
}

/// `getState`: one value, or a page of those whose keys begin with a prefix.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum GetState {
    /// One value.
    Key {
        /// The program.
        #[serde(with = "crate::key::program")]
        program: ProgramId,
        /// The program's own bytes.
        #[serde(with = "text")]
        key: Bytes,
    },
    /// A page, in key order.
    Prefix {
        /// The program.
        #[serde(with = "crate::key::program")]
        program: ProgramId,
        /// What the keys begin with; empty for all.
        #[serde(with = "text")]
        prefix: Bytes,
        /// The page before's `cursor`: keys after it.
        #[serde(with = "text::option", skip_serializing_if = "Option::is_none")]
        cursor: Option<Bytes>,
        /// Items at most, 1 to [`limits::PAGE_ITEMS_MAX`].
        limit: u64,
    },
}

const KEY_EXPECTED: &str = "an even number of hex digits, at most 118";

impl Request for GetState {
    const METHOD: &'static str = "getState";
    type Reply = StateReply;

    fn from_params(mut params: Params) -> Result<Self, ParamError> {
        const KNOWN: &str = "program and key, or program, prefix, cursor, limit";
        let program = params.program("program")?;
        let key = key_bytes(&mut params, "key")?;
        let prefix = key_bytes(&mut params, "prefix")?;
        let request = match (key, prefix) {
            (Some(key), None) => Self::Key { program, key },
            (None, Some(prefix)) => {
                let cursor = key_bytes(&mut params, "cursor")?;
                let limit = params.optional_integer("limit", limits::PAGE_ITEMS_MAX)?;
                let limit = limit.unwrap_or(limits::PAGE_ITEMS_MAX);
                if limit == 0 {
                    return Err(ParamError::new("limit", "0", "an integer from 1 to 1000"));
                }
                Self::Prefix { program, prefix, cursor, limit }
            }
            (Some(_), Some(_)) => {
                return Err(ParamError::new("params", "key and prefix", "one of key and prefix"));
            }
            (None, None) => {
                return Err(ParamError::new("params", "neither", "one of key and prefix"));
            }
        };
        params.finish(KNOWN)?;
        Ok(request)
    }
}

fn key_bytes(params: &mut Params, field: &str) -> Result<Option<Bytes>, ParamError> {
    let bytes = params.optional_text::<Bytes>(field)?;
    match bytes {
        Some(bytes) if bytes.len() > heddle_types::limits::KEY_BYTES_MAX => {
            let found = format!("{} hex digits", 2 * bytes.len());
            Err(ParamError::new(field, found, KEY_EXPECTED))
        }
        bytes => Ok(bytes),
    }
}

/// `getFee`: what transactions cost, and what this one is likely to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct GetFee {
    /// The signed transaction's canonical bytes, for an estimate.
    #[serde(with = "text::option", skip_serializing_if = "Option::is_none")]
    pub transaction: Option<Bytes>,
}

impl Request for GetFee {
    const METHOD: &'static str = "getFee";
    type Reply = Fee;

    fn from_params(mut params: Params) -> Result<Self, ParamError> {
        let transaction = params.optional_text("transaction")?;
        params.finish("transaction")?;
        Ok(Self { transaction })
    }
}

/// `getPerformanceSamples`: how much went through lately.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct GetPerformanceSamples {
    /// The newest ones, at most [`limits::SAMPLES_MAX`].
    pub limit: u64,
}

impl Request for GetPerformanceSamples {
    const METHOD: &'static str = "getPerformanceSamples";
    type Reply = Vec<PerformanceSample>;

    fn from_params(mut params: Params) -> Result<Self, ParamError> {
        let limit = params.optional_integer("limit", limits::SAMPLES_MAX)?;
        params.finish("limit")?;
        Ok(Self { limit: limit.unwrap_or(limits::SAMPLES_MAX) })
    }
}

/// `requestAirdrop`: the faucet of a development chain sends the native asset, or mints another one of which it is the authority.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct RequestAirdrop {
    /// To whom.
    #[serde(with = "text")]
    pub address: Address,
    /// How much.
    #[serde(with = "text")]
    pub amount: Amount,
    /// Of what; the native asset unless it is said.
    #[serde(with = "text")]
    pub asset: AssetId,
}

impl Request for RequestAirdrop {
    const METHOD: &'static str = "requestAirdrop";
    type Reply = Sent;

    fn from_params(mut params: Params) -> Result<Self, ParamError> {
        let address = params.text("address")?;
        let amount = params.text("amount")?;
        let asset = params.optional_text("asset")?.unwrap_or(AssetId::HDL);
        params.finish("address, amount, asset")?;
        Ok(Self { address, amount, asset })
    }
}

/// `subscribeBlocks`: each executed final block, in order. WebSocket only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SubscribeBlocks {
    /// The first sequence wanted, which for blocks is the height; without it the next block.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from_seq: Option<u64>,
}

impl Request for SubscribeBlocks {
    const METHOD: &'static str = "subscribeBlocks";
    type Reply = Subscribed;

    fn from_params(mut params: Params) -> Result<Self, ParamError> {
        let from_seq = params.optional_integer("fromSeq", limits::INTEGER_MAX)?;
        params.finish("fromSeq")?;
        Ok(Self { from_seq })
    }
}

/// `subscribeTransaction`: the transaction now, and each change until it is final or expired. WebSocket only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SubscribeTransaction {
    /// Which.
    #[serde(with = "text")]
    pub id: TxId,
    /// What to number the first message. Its data is the transaction as it is now, so nothing is lost by resuming.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from_seq: Option<u64>,
}

impl Request for SubscribeTransaction {
    const METHOD: &'static str = "subscribeTransaction";
    type Reply = Subscribed;

    fn from_params(mut params: Params) -> Result<Self, ParamError> {
        let id = params.text("id")?;
        let from_seq = params.optional_integer("fromSeq", limits::INTEGER_MAX)?;
        params.finish("id, fromSeq")?;
        Ok(Self { id, from_seq })
    }
}

/// `unsubscribe`: no more messages of a subscription. WebSocket only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Unsubscribe {
    /// Which, as `subscribe…` answered.
    pub subscription: u64,
}

impl Request for Unsubscribe {
    const METHOD: &'static str = "unsubscribe";
    type Reply = bool;

    fn from_params(mut params: Params) -> Result<Self, ParamError> {
        let subscription = params.integer("subscription", limits::INTEGER_MAX)?;
        params.finish("subscription")?;
        Ok(Self { subscription })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;
    use serde_json::json;

    use super::*;

    #[test]
    fn an_airdrop_is_of_the_native_asset_unless_another_one_is_named() {
        let read = |params: Value| {
            let params = Params::new(Some(params)).unwrap();
            RequestAirdrop::from_params(params).map_err(|error| error.to_string())
        };
        let address = hex::encode([7; 32]);
        let native = read(json!({ "address": address, "amount": "5" })).unwrap();
        assert_eq!(native.asset, AssetId::HDL);
        let dollars = json!({ "address": address, "amount": "5", "asset": "USD" });
        let found = read(dollars.clone()).unwrap();
        assert_eq!(found.asset.to_string(), "USD");
        assert_eq!(serde_json::to_value(found).unwrap(), dollars);
        let wrong = read(json!({ "address": address, "amount": "5", "asset": "usd" }));
        assert!(wrong.unwrap_err().contains("an asset's symbol"));
    }
}
