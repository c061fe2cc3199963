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

use std::collections::BTreeMap;
use std::sync::Arc;

use heddle_catchup::Request;
use heddle_catchup::RequestId;
use heddle_transport::PublicClientConfig;
use heddle_types::CheckedTransaction;
use heddle_types::PublicKey;
use heddle_wire::PeerMessage;
use tokio::runtime::Handle;
use tokio::sync::mpsc;

use crate::node::follow::endpoint::Endpoint;
use crate::node::told::Told;

/// Nodes that are followed at a time.
pub(crate) const ENDPOINTS_MAX: usize = 8;
/// Orders that wait for one endpoint. What does not fit is dropped: catching up asks another in time.
const ORDERS_MAX: usize = 256;

/// The nodes that this one follows, by key.
pub(crate) struct Endpoints(BTreeMap<PublicKey, mpsc::Sender<Order>>);

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
        let start = |config: PublicClientConfig| {
            let (orders, waiting) = mpsc::channel(ORDERS_MAX);
            let key = config.key;
            network.spawn(Endpoint::new(config, told.clone()).keep(waiting));
            (key, orders)
        };
        Self(configs.into_iter().map(start).collect())
    }

    /// Their keys, each once.
    pub(crate) fn keys(&self) -> Vec<PublicKey> {
        self.0.keys().copied().collect()
    }

    /// Whether this one is among them.
    pub(crate) fn has(&self, key: &PublicKey) -> bool {
        self.0.contains_key(key)
    }

    /// Sends what a follower's machine sends: questions, and its users' transactions. One that is not connected gets nothing.
    pub(crate) fn send(&self, to: &PublicKey, message: PeerMessage) {
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
    pub(crate) fn set_aside(&self, who: &PublicKey) {
        self.order(who, Order::SetAside);
    }

    fn order(&self, to: &PublicKey, order: Order) {
        if let Some(orders) = self.0.get(to) {
            let _is_full = orders.try_send(order);
        }
    }
}
