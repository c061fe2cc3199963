//! What is answered, but for receipts.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use heddle_types::Address;
use heddle_types::Amount;
use heddle_types::AssetId;
use heddle_types::BlockHash;
use heddle_types::BlsPublicKey;
use heddle_types::Bytes;
use heddle_types::ChainId;
use heddle_types::Epoch;
use heddle_types::Hash32;
use heddle_types::Height;
use heddle_types::PublicKey;
use heddle_types::StateRoot;
use heddle_types::TxId;
use heddle_types::ValidatorIndex;
use heddle_types::View;
use serde::Deserialize;
use serde::Serialize;

use crate::certificate::Certificate;
use crate::number;
use crate::text;

/// The reply of `getStatus`. `executed_height <= final_height <= height`, and none of them goes back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    /// The genesis hash.
    #[serde(with = "text")]
    pub chain_id: ChainId,
    /// The node's version.
    pub version: String,
    /// Whether it is a member of the committee; a follower is not.
    pub validator: bool,
    /// Its key.
    #[serde(with = "text")]
    pub public_key: PublicKey,
    /// The view that it is in.
    #[serde(with = "number")]
    pub view: View,
    /// The highest certified block.
    #[serde(with = "number")]
    pub height: Height,
    /// The highest final block.
    #[serde(with = "number")]
    pub final_height: Height,
    /// The highest block executed here.
    #[serde(with = "number")]
    pub executed_height: Height,
    /// The state root after `executed_height`.
    #[serde(with = "text")]
    pub state_root: StateRoot,
    /// Whether it is up to date.
    pub sync_state: SyncState,
    /// Whether it votes.
    pub voting: bool,
    /// Why not.
    pub voting_reason: Option<String>,
    /// How long it gives a leader.
    pub view_timeout_ms: u64,
    /// How many peers are connected.
    pub peers: u64,
    /// What waits to be ordered.
    pub mempool: MempoolStatus,
}

/// Whether a node is up to date.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum SyncState {
    /// It has not heard enough yet to know.
    Starting,
    /// It fetches what others have.
    Syncing,
    /// It is.
    Synced,
    /// It stopped taking part for good.
    Halted,
}

/// What waits to be ordered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MempoolStatus {
    /// How many transactions.
    pub transactions: u64,
    /// Their encoded size.
    pub bytes: u64,
}

/// The reply of `getBlock`: a final block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Block {
    /// Its height; genesis is 0.
    #[serde(with = "number")]
    pub height: Height,
    /// Its header's hash.
    #[serde(with = "text")]
    pub hash: BlockHash,
    /// The block that it extends.
    #[serde(with = "text")]
    pub parent_hash: BlockHash,
    /// Its epoch.
    #[serde(with = "number")]
    pub epoch: Epoch,
    /// Its view.
    #[serde(with = "number")]
    pub view: View,
    /// Its proposer's key.
    #[serde(with = "text")]
    pub proposer: PublicKey,
    /// Its time, in milliseconds since 1970.
    pub time_ms: u64,
    /// The transactions that were executed, in order; those skipped are left out.
    #[serde(with = "text::list")]
    pub transaction_ids: Vec<TxId>,
    /// How many were skipped.
    pub skipped: u64,
    /// The state root after this height, once executed here.
    #[serde(with = "text::option")]
    pub state_root: Option<StateRoot>,
    /// The root of its receipts, once executed here.
    #[serde(with = "text::option")]
    pub receipts_root: Option<Hash32>,
    /// The commit certificate of this block, or of its nearest final descendant that has one.
    pub certificate: Certificate,
}

/// The reply of the methods that send.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent {
    /// The transaction's id.
    #[serde(with = "text")]
    pub id: TxId,
}

/// The reply of `getAccount`. An unknown account has nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Whose.
    #[serde(with = "text")]
    pub address: Address,
    /// The next sequence by lane; unused lanes, which begin at 0, are left out.
    pub nonces: BTreeMap<u8, u64>,
    /// What it holds by asset.
    #[serde(with = "text::map")]
    pub balances: BTreeMap<AssetId, Amount>,
}

/// The reply of `getSupply`: everything held anywhere, by asset.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Supply(#[serde(with = "text::map")] pub BTreeMap<AssetId, Amount>);

/// The reply of `getProof`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateProof {
    /// The program's value; null when there is none, which is proved likewise.
    #[serde(with = "text::option")]
    pub value: Option<Bytes>,
    /// The canonical bytes of the state entry, which the proof is for: deposit and value.
    #[serde(with = "text::option")]
    pub entry: Option<Bytes>,
    /// The proof's bytes.
    #[serde(with = "text")]
    pub proof: Bytes,
    /// The height whose root the proof leads to.
    #[serde(with = "number")]
    pub height: Height,
    /// The canonical bytes of the header that names that root.
    #[serde(with = "text")]
    pub header: Bytes,
    /// The canonical bytes of its descendants up to the one that the certificate is of, oldest first; often none.
    #[serde(with = "text::list")]
    pub descendants: Vec<Bytes>,
    /// The commit certificate of that header's block or of a descendant.
    pub certificate: Certificate,
}

/// The reply of `getState`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum StateReply {
    /// A page.
    Page(StatePage),
    /// One value, null when there is none.
    Value(#[serde(with = "text::option")] Option<Bytes>),
}

/// A page of state, in key order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatePage {
    /// The items.
    pub items: Vec<StateItem>,
    /// Where the next page begins; null after the last.
    #[serde(with = "text::option")]
    pub cursor: Option<Bytes>,
}

/// A key and its value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateItem {
    /// The program's own bytes.
    #[serde(with = "text")]
    pub key: Bytes,
    /// The program's value.
    #[serde(with = "text")]
    pub value: Bytes,
}

/// The reply of `getFee`, in the native asset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Fee {
    /// For any transaction.
    #[serde(with = "text")]
    pub base: Amount,
    /// For each call besides.
    #[serde(with = "text")]
    pub per_call: Amount,
    /// For the transaction asked about, or for one of one call.
    #[serde(with = "text")]
    pub estimate: Amount,
}

/// One item of `getEvidence`: two signatures of one validator that must not both be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Evidence {
    /// Whose.
    #[serde(with = "text")]
    pub public_key: PublicKey,
    /// The epoch.
    #[serde(with = "number")]
    pub epoch: Epoch,
    /// The view.
    #[serde(with = "number")]
    pub view: View,
    /// What was signed twice.
    pub kind: EvidenceKind,
    /// The canonical bytes of one.
    #[serde(with = "text")]
    pub first: Bytes,
    /// The canonical bytes of the other.
    #[serde(with = "text")]
    pub second: Bytes,
}

/// What was signed twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum EvidenceKind {
    /// Two proposals of one view.
    Proposal,
    /// Two votes.
    Vote,
    /// Two commit votes.
    CommitVote,
}

/// The reply of `getCommittee`: who decides, and who is to decide next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ValidatorSet {
    /// The epoch that this node is in.
    #[serde(with = "number")]
    pub epoch: Epoch,
    /// Its committee.
    pub validators: Vec<ValidatorInfo>,
    /// Who admits validators and sets their power; null where nobody can, because the chain's validators stay.
    #[serde(with = "text::option")]
    pub authority: Option<Address>,
    /// The committee that the executed state wants, in its order. It decides from the next epoch on if it differs from `validators`;
    /// empty where they stay.
    pub candidates: Vec<CandidateInfo>,
}

/// One who is to decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CandidateInfo {
    /// Its key.
    #[serde(with = "text")]
    pub public_key: PublicKey,
    /// What it votes with, where that is not its key.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "text::option")]
    pub vote_key: Option<BlsPublicKey>,
    /// Its weight in quorums.
    pub power: u64,
    /// The account that answers for it.
    #[serde(with = "text")]
    pub operator: Address,
    /// Where it listens for other validators.
    pub quic: SocketAddr,
}

/// One item of `getValidators`: a member of the committee.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ValidatorInfo {
    /// Its position in the committee.
    #[serde(with = "number")]
    pub index: ValidatorIndex,
    /// Its key.
    #[serde(with = "text")]
    pub public_key: PublicKey,
    /// What it votes with, where that is not its key.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "text::option")]
    pub vote_key: Option<BlsPublicKey>,
    /// Its weight in quorums.
    pub power: u64,
}

/// One item of `getPerformanceSamples`, the newest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PerformanceSample {
    /// The last final height of the interval.
    #[serde(with = "number")]
    pub height: Height,
    /// Its end, in milliseconds since 1970.
    pub time_ms: u64,
    /// Its length.
    pub interval_ms: u64,
    /// Blocks that became final in it.
    pub blocks: u64,
    /// Transactions executed in them.
    pub transactions: u64,
}
