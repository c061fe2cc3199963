//! Following blocks and transactions over a WebSocket.

use std::collections::BTreeMap;
use std::collections::VecDeque;

use futures_util::SinkExt;
use futures_util::StreamExt;
use heddle_rpc_api as api;
use heddle_rpc_api::GapMessage;
use heddle_rpc_api::Item;
use heddle_rpc_api::Request;
use heddle_rpc_api::TransactionInfo;
use heddle_types::Height;
use heddle_types::TxId;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::Message;

use crate::ClientError;
use crate::NodeUrl;
use crate::client::Envelope;
use crate::client::Reply;
use crate::limits;

/// A WebSocket to a node.
#[derive(Debug)]
pub struct Subscriber {
    url: NodeUrl,
    socket: WebSocketStream<TcpStream>,
    topics: BTreeMap<u64, Topic>,
    early: VecDeque<String>,
    last_id: u64,
}

/// What a subscription tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Update {
    /// A block was executed.
    Block(Box<Item<api::Block>>),
    /// What programs reported in a block.
    Events(Box<Item<api::BlockEvents>>),
    /// A transaction is, or came to be, where this says.
    Transaction(Box<Item<TransactionInfo>>),
    /// These were missed.
    Gap(GapMessage),
}

#[derive(Clone, Copy, Debug)]
enum Topic {
    Blocks,
    Events,
    Transaction,
}

/// What distinguishes the messages of a node.
#[derive(Deserialize)]
struct Head {
    subscription: Option<u64>,
    gap: Option<api::Gap>,
}

impl Subscriber {
    /// Connects to the node at `url`, `http://HOST:PORT`.
    ///
    /// # Errors
    /// [`ClientError::Url`] or [`ClientError::NoAnswer`].
    pub async fn connect(url: &str) -> Result<Self, ClientError> {
        let url: NodeUrl = url.parse()?;
        let connect = async {
            let stream = TcpStream::connect(url.address()).await;
            let stream = stream.map_err(|e| ClientError::no_answer(&url, e))?;
            let target = format!("ws://{}/", url.authority());
            client_async(target, stream).await.map_err(|e| ClientError::no_answer(&url, e))
        };
        let (socket, _) = timeout(limits::TIMEOUT, connect)
            .await
            .map_err(|_| ClientError::no_answer(&url, "no connection in time"))??;
        let (topics, early) = (BTreeMap::new(), VecDeque::new());
        Ok(Self { url, socket, topics, early, last_id: 0 })
    }

    /// Follows executed final blocks, from a height that is still kept or from the next. Its number.
    ///
    /// # Errors
    /// Any [`ClientError`].
    pub async fn blocks(&mut self, from: Option<Height>) -> Result<u64, ClientError> {
        let request = api::SubscribeBlocks { from_seq: from.map(Height::get) };
        let number = self.call(&request).await?.subscription;
        self.topics.insert(number, Topic::Blocks);
        Ok(number)
    }

    /// Follows what programs report, block by block, from a height that is still kept or from the next: a message for each block,
    /// with the events that `filter` wants. One with a `next` had more; [`crate::RpcClient::block_events`] gives them. Its number.
    ///
    /// # Errors
    /// Any [`ClientError`].
    pub async fn events(
        &mut self,
        filter: api::EventFilter,
        from: Option<Height>,
    ) -> Result<u64, ClientError> {
        let request = api::SubscribeEvents { filter, from_seq: from.map(Height::get) };
        let number = self.call(&request).await?.subscription;
        self.topics.insert(number, Topic::Events);
        Ok(number)
    }

    /// Follows a transaction until it is settled: as it is now, then each change. Its number.
    ///
    /// # Errors
    /// Any [`ClientError`].
    pub async fn transaction(&mut self, id: TxId) -> Result<u64, ClientError> {
        let request = api::SubscribeTransaction { id, from_seq: None };
        let number = self.call(&request).await?.subscription;
        self.topics.insert(number, Topic::Transaction);
        Ok(number)
    }

    /// Ends a subscription. Messages already on their way may still come. False when there was none.
    ///
    /// # Errors
    /// Any [`ClientError`].
    pub async fn unsubscribe(&mut self, subscription: u64) -> Result<bool, ClientError> {
        self.call(&api::Unsubscribe { subscription }).await
    }

    /// The next message of any subscription; waits as long as it takes. Safe to cancel.
    ///
    /// # Errors
    /// [`ClientError::NoAnswer`] when the connection ended, [`ClientError::Malformed`].
    pub async fn next(&mut self) -> Result<Update, ClientError> {
        let text = match self.early.pop_front() {
            Some(text) => text,
            None => self.read().await?,
        };
        let head: Head = self.decode(&text)?;
        let topic = head.subscription.and_then(|number| self.topics.get(&number));
        match (topic, head.subscription, head.gap) {
            (Some(_), Some(subscription), Some(gap)) => {
                Ok(Update::Gap(GapMessage { subscription, gap }))
            }
            (Some(Topic::Blocks), _, None) => Ok(Update::Block(self.decode(&text)?)),
            (Some(Topic::Events), _, None) => Ok(Update::Events(self.decode(&text)?)),
            (Some(Topic::Transaction), _, None) => Ok(Update::Transaction(self.decode(&text)?)),
            (None, _, _) | (_, None, _) => {
                Err(ClientError::malformed(&self.url, "a message of no subscription"))
            }
        }
    }

    async fn call<R: Request>(&mut self, request: &R) -> Result<R::Reply, ClientError> {
        self.last_id += 1;
        let id = self.last_id;
        let envelope = serde_json::to_string(&Envelope::new(id, request))
            .map_err(|e| ClientError::malformed(&self.url, e))?;
        let sent = self.socket.send(Message::text(envelope)).await;
        sent.map_err(|e| ClientError::no_answer(&self.url, e))?;
        let reply = timeout(limits::TIMEOUT, self.read_reply(id)).await;
        let late = |_| ClientError::no_answer(&self.url, "no reply in time");
        reply.map_err(late)??.into_result::<R>(&self.url)
    }

    /// The reply to request `id`; messages of subscriptions that come before it are kept.
    async fn read_reply(&mut self, id: u64) -> Result<Reply, ClientError> {
        loop {
            let text = self.read().await?;
            let head: Head = self.decode(&text)?;
            if head.subscription.is_some() {
                if self.early.len() >= limits::EARLY_MESSAGES_MAX {
                    return Err(ClientError::no_answer(&self.url, "messages but no reply"));
                }
                self.early.push_back(text);
                continue;
            }
            let reply: Reply = self.decode(&text)?;
            // A reply to nobody is about this connection as a whole.
            if reply.id.is_none_or(|found| found == id) {
                return Ok(reply);
            }
        }
    }

    async fn read(&mut self) -> Result<String, ClientError> {
        loop {
            match self.socket.next().await {
                Some(Ok(Message::Text(text))) => return Ok(text.to_string()),
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
                Some(Ok(Message::Binary(_))) => {
                    return Err(ClientError::malformed(&self.url, "binary, expected text"));
                }
                Some(Ok(Message::Close(_))) | None => {
                    return Err(ClientError::no_answer(&self.url, "the connection ended"));
                }
                Some(Err(e)) => return Err(ClientError::no_answer(&self.url, e)),
            }
        }
    }

    fn decode<T: DeserializeOwned>(&self, text: &str) -> Result<T, ClientError> {
        serde_json::from_str(text).map_err(|e| ClientError::malformed(&self.url, e))
    }
}
