//! Requests, replies, refusals and events: the public schema, shared by server and clients.
//!
//! JSON-RPC 2.0; `docs/` describes the methods. Bytes are lower-case hex without prefix, amounts decimal strings in base
//! units, heights and counts integers below 2^53. This crate does no IO.

#![warn(clippy::float_arithmetic, clippy::iter_over_hash_type, clippy::wildcard_enum_match_arm)]
#![warn(clippy::cast_possible_truncation, clippy::cast_possible_wrap)]
#![warn(clippy::cast_sign_loss, clippy::cast_precision_loss)]

mod certificate;
mod decimal;
mod dev;
mod error;
mod event;
mod execution;
mod key;
mod light;
pub mod limits;
mod market;
mod number;
mod openrpc;
mod params;
mod receipt;
mod reply;
mod request;
mod subscription;
mod text;

pub use certificate::Certificate;
pub use decimal::{DecimalError, decimal, parse_decimal};
pub use dev::{Clock, LinkSetting, SetClock, SetLinks};
pub use error::{ErrorData, ErrorKind, NonceUse, RpcError};
pub use event::{
    BlockEvent, BlockEvents, Event, EventFilter, EventText, GetBlockEvents, SubscribeEvents,
};
pub use execution::{
    BlockExecution, Doing, ExecutionMode, ExecutionReason, HotKey, PhaseName, PhaseTime, Span,
};
pub use key::{Key, KeyAccess, Mode};
pub use light::{EpochEnd, FinalHeader, GetEpochEnd, GetFinalHeader};
pub use market::{
    AccountName, BookLevel, Breaker, Fees, Funding, FundingPayment, GetFundingHistory,
    GetLiquidations, GetMarginAccount, GetMarkets, GetOpenOrders, GetOrder, GetOrderBook,
    GetTrades, Liquidation, MarginAccount, MarginTier, Market, MarketName, OpenOrder, OrderBook,
    OrderName, OrderState, OrderStatus, Position, PriceBand, PriceUse, Trade, Trigger,
};
pub use number::Number;
pub use openrpc::openrpc;
pub use params::{ParamError, Params, found, parse_program};
pub use receipt::{ErrorText, Receipt, ReceiptError, Simulation, TransactionInfo, TxStatus};
pub use reply::{
    Account, Block, CandidateInfo, Evidence, EvidenceKind, Fee, MempoolStatus, PerformanceSample,
    Sent, StateItem, StatePage, StateProof, StateReply, Status, Supply, SyncState, ValidatorInfo,
    ValidatorSet,
};
pub use request::{
    GetAccount, GetBlock, GetBlockExecution, GetEvidence, GetFee, GetPerformanceSamples, GetProof,
    GetState, GetStatus, GetSupply, GetTransaction, GetValidators, Request, RequestAirdrop,
    SendTransaction, SendTransactionAndWait, SimulateTransaction, SubscribeBlocks,
    SubscribeTransaction, Unsubscribe,
};
pub use subscription::{Gap, GapMessage, Item, Message, Subscribed};
pub use text::Text;
