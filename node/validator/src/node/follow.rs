//! Following: asking nodes on the public protocol for what is final, instead of voting.
//!
//! ```text
//! endpoints (one task each) --what is final--> machine (verifies) --blocks wanted--> endpoints
//! endpoints --answers--> checks (workers) --> machine (verifies, commits) --> execution
//! RPC --> checks --> machine (pool) --transactions--> endpoints --> whoever orders them
//! ```
//!
//! An endpoint is a validator or another follower. Nothing that one says is believed: certificates, links and payloads are checked
//! where a validator's own catching up is. One that lies, or says what is no answer, is set aside for a while.

mod endpoint;
mod patience;

use std::sync::Arc;

use heddle_catchup::Request;
use heddle_catchup::RequestId;
use heddle_transport::PublicClientConfig;
use heddle_types::CheckedTransaction;
use heddle_types::ValidatorIndex;
use heddle_wire::PeerMessage;
use tokio::runtime::Handle;
use tokio::sync::mpsc;

use crate::node::follow::endpoint::Endpoint;
use crate::node::told::Told;

/// Nodes that are followed at a time.
pub(crate) const ENDPOINTS_MAX: usize = 8;
/// Orders that wait for one endpoint. What does not fit is dropped: catching up asks another in time.
const ORDERS_MAX: usize = 256;

/// The nodes that this one follows, by number.
pub(crate) struct Endpoints(Vec<mpsc::Sender<Order>>);

/// What the machine wants of an endpoint.
#[derive(Debug)]
enum Order {
    /// To be answered.
    Ask { id: RequestId, request: Request },
    /// To be passed on.
    Submit(Vec<Arc<CheckedTransaction>>),
    /// Nothing for a while: it lied.
    SetAside,
}

impl Endpoints {
    /// Keeps connections to all of `configs` on `network`'s threads, for as long as this lives.
    pub(crate) fn start(configs: Vec<PublicClientConfig>, told: Told, network: &Handle) -> Self {
        let start = |(number, config)| {
            let (orders, waiting) = mpsc::channel(ORDERS_MAX);
            let endpoint = Endpoint::new(ValidatorIndex::new(number), config, told.clone());
            network.spawn(endpoint.keep(waiting));
            orders
        };
        Self((0_u16..).zip(configs).map(start).collect())
    }

    /// Sends what a follower's machine sends: questions, and its users' transactions. One that is not connected gets nothing.
    pub(crate) fn send(&self, to: ValidatorIndex, message: PeerMessage) {
        match message {
            PeerMessage::Request { id, request } => self.order(to, Order::Ask { id, request }),
            PeerMessage::Transactions(transactions) => self.order(to, Order::Submit(transactions)),
            PeerMessage::Consensus(_)
            | PeerMessage::Response { .. }
            | PeerMessage::Ping(_)
            | PeerMessage::Pong(_) => {}
        }
    }

    /// The endpoint lied: it is not asked for a while, each time for longer.
    pub(crate) fn set_aside(&self, who: ValidatorIndex) {
        self.order(who, Order::SetAside);
    }

    fn order(&self, to: ValidatorIndex, order: Order) {
        if let Some(orders) = self.0.get(usize::from(to.get())) {
            let _is_full = orders.try_send(order);
        }
    }
}
