//! One method for each of the API that is about markets.

use heddle_rpc_api as api;
use heddle_rpc_api::AccountName;
use heddle_rpc_api::MarketName;

use crate::ClientError;
use crate::RpcClient;

/// `# Errors` of all of these: any [`ClientError`].
#[expect(clippy::missing_errors_doc, reason = "stands once, above")]
impl RpcClient {
    /// `getMarkets`.
    pub async fn markets(&self) -> Result<Vec<api::Market>, ClientError> {
        self.call(&api::GetMarkets {}).await
    }

    /// `getOrderBook`: at most `depth` levels of each side.
    pub async fn order_book(
        &self,
        market: MarketName,
        depth: u64,
    ) -> Result<api::OrderBook, ClientError> {
        self.call(&api::GetOrderBook { market, depth }).await
    }

    /// `getMarginAccount`.
    pub async fn margin_account(
        &self,
        account: AccountName,
    ) -> Result<api::MarginAccount, ClientError> {
        self.call(&api::GetMarginAccount(account)).await
    }

    /// `getOpenOrders`, of one market or of all.
    pub async fn open_orders(
        &self,
        account: AccountName,
        market: Option<MarketName>,
    ) -> Result<Vec<api::OpenOrder>, ClientError> {
        self.call(&api::GetOpenOrders { account, market }).await
    }

    /// `getTrades`: the newest `limit`.
    pub async fn trades(
        &self,
        market: MarketName,
        limit: u64,
    ) -> Result<Vec<api::Trade>, ClientError> {
        self.call(&api::GetTrades { market, limit }).await
    }

    /// `getFundingHistory`: the newest `limit`.
    pub async fn funding_history(
        &self,
        market: MarketName,
        limit: u64,
    ) -> Result<Vec<api::FundingPayment>, ClientError> {
        self.call(&api::GetFundingHistory { market, limit }).await
    }

    /// `getLiquidations`: the newest `limit`.
    pub async fn liquidations(
        &self,
        market: MarketName,
        limit: u64,
    ) -> Result<Vec<api::Liquidation>, ClientError> {
        self.call(&api::GetLiquidations { market, limit }).await
    }
}
