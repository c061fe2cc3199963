//! What can be asked about markets, as one type, so that the server need not know each.

use heddle_rpc_api as api;
use heddle_rpc_api::Params;
use heddle_rpc_api::Request;
use heddle_rpc_api::RpcError;
use serde_json::Value;

macro_rules! questions {
    ($($name:ident,)+) => {
        /// A question about markets, margin accounts or orders.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum Question {
            $(
                #[doc = concat!("See [`api::", stringify!($name), "`].")]
                $name(api::$name),
            )+
        }

        impl Question {
            /// The question that a method and its parameters are; none when the method is no such question.
            pub(super) fn read(method: &str, params: Option<Value>) -> Option<Result<Self, RpcError>> {
                let read = match method {
                    $(api::$name::METHOD => |params| api::$name::from_params(params).map(Self::$name),)+
                    _ => return None,
                };
                Some(Params::new(params).and_then(read).map_err(RpcError::from))
            }
        }
    };
}

questions! {
    GetMarkets,
    GetOrderBook,
    GetMarginAccount,
    GetOpenOrders,
    GetOrder,
    GetTrades,
    GetFundingHistory,
    GetLiquidations,
}
