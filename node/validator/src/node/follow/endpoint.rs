//! One endpoint: connected again and again, asked what is final, and asked for what the machine wants.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use bytes::Bytes;
use heddle_catchup::Request;
use heddle_catchup::RequestId;
use heddle_catchup::Response;
use heddle_transport::PublicClient;
use heddle_transport::PublicClientConfig;
use heddle_transport::PublicError;
use heddle_types::CheckedTransaction;
use heddle_types::Height;
use heddle_types::PublicKey;
use heddle_wire::PeerMessage;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::node::follow::Order;
use crate::node::follow::patience::End;
use crate::node::follow::patience::Patience;
use crate::node::told::Told;

/// Orders under way at one endpoint. It answers a few at a time; those beyond are dropped.
const UNDER_WAY_MAX: usize = 32;
/// How soon after a question what is final the next follows: as often as blocks come when there is much to do, and well within
/// what an endpoint allows.
const HEAD_INTERVAL: Duration = Duration::from_millis(20);
/// How long to wait when an endpoint will not say what is final.
const HEAD_PAUSE: Duration = Duration::from_secs(1);

/// One of the nodes that are followed.
pub(super) struct Endpoint {
    config: PublicClientConfig,
    told: Told,
}

impl Endpoint {
    pub(super) const fn new(config: PublicClientConfig, told: Told) -> Self {
        Self { config, told }
    }

    /// Connects until nobody can give orders any more.
    pub(super) async fn keep(self, mut orders: mpsc::Receiver<Order>) {
        let mut patience = Patience::default();
        loop {
            let since = Instant::now();
            let end = match PublicClient::connect(self.config.clone()).await {
                Ok(client) => self.ask(client, &mut orders).await,
                Err(error) => {
                    tracing::debug!(addr = %self.config.addr, %error, "cannot connect");
                    End::Gone
                }
            };
            let Some(wait) = patience.after(end, since.elapsed()) else { return };
            tokio::time::sleep(wait).await;
            // What was ordered meanwhile was asked of others.
            while orders.try_recv().is_ok() {}
        }
    }

    /// Asks for as long as the connection lasts and the endpoint does not lie.
    async fn ask(&self, client: PublicClient, orders: &mut mpsc::Receiver<Order>) -> End {
        let client = Arc::new(client);
        tracing::info!(endpoint = %self.config.key, addr = %self.config.addr, "following");
        self.told.on_up(self.config.key);
        let end = self.carry_out(&client, orders).await;
        self.told.on_down(self.config.key);
        tracing::info!(endpoint = %self.config.key, addr = %self.config.addr, ?end, "no longer following");
        end
    }

    async fn carry_out(
        &self,
        client: &Arc<PublicClient>,
        orders: &mut mpsc::Receiver<Order>,
    ) -> End {
        let mut under_way = JoinSet::new();
        let mut heads = pin!(self.hear_heads(client));
        loop {
            tokio::select! {
                _why = client.closed() => return End::Gone,
                lied = &mut heads => return lied,
                Some(done) = under_way.join_next() => {
                    if matches!(done, Ok(Err(Lied))) {
                        return End::Lied;
                    }
                }
                order = orders.recv() => match order {
                    None => return End::Stopping,
                    Some(Order::SetAside) => return End::Lied,
                    Some(_) if under_way.len() >= UNDER_WAY_MAX => {}
                    Some(Order::Ask { id, request }) => {
                        let told = (self.config.key, self.told.clone());
                        under_way.spawn(fetch(Arc::clone(client), told, (id, request)));
                    }
                    Some(Order::Submit(transactions)) => {
                        under_way.spawn(submit(Arc::clone(client), transactions));
                    }
                },
            }
        }
    }

    /// Asks what is final for as long as the endpoint tells it.
    async fn hear_heads(&self, client: &PublicClient) -> End {
        let mut highest = Height::ZERO;
        loop {
            let began = tokio::time::Instant::now();
            let above = highest.max(self.told.own_final());
            match client.head(above).await {
                Ok(None) => {}
                Ok(Some(cert)) if cert.data.height > above => {
                    highest = cert.data.height;
                    self.told.on_head(self.config.key, cert);
                }
                Ok(Some(_)) | Err(PublicError::WrongAnswer) => return End::Lied,
                Err(_) => tokio::time::sleep(HEAD_PAUSE).await,
            }
            tokio::time::sleep_until(began + HEAD_INTERVAL).await;
        }
    }
}

/// An endpoint answered with something that is no answer to what it was asked.
struct Lied;

async fn fetch(
    client: Arc<PublicClient>,
    (endpoint, told): (PublicKey, Told),
    (id, request): (RequestId, Request),
) -> Result<(), Lied> {
    match client.request(id, request).await {
        Ok(body) => told.checks.on_answer(endpoint, id, &body),
        // It says nothing, which is as good as having nothing: another is asked at once.
        Err(PublicError::NoAnswer) => told.checks.on_answer(endpoint, id, &nothing(id, request)),
        Err(PublicError::WrongAnswer) => return Err(Lied),
        // The connection ends, or catching up loses its patience by itself.
        Err(_) => {}
    }
    Ok(())
}

/// Whether they are taken or not: what is still pending here is sent again in a while, to others.
async fn submit(
    client: Arc<PublicClient>,
    transactions: Vec<Arc<CheckedTransaction>>,
) -> Result<(), Lied> {
    let count = transactions.len();
    match client.submit(transactions).await {
        Ok(true) => Ok(()),
        Ok(false) => {
            tracing::debug!(count, "an endpoint takes no more transactions now");
            Ok(())
        }
        Err(PublicError::WrongAnswer) => Err(Lied),
        Err(_) => Ok(()),
    }
}

fn nothing(id: RequestId, request: Request) -> Bytes {
    let response = match request {
        Request::Block { .. } => Response::Block(None),
        Request::Range { .. } => Response::Range { blocks: Vec::new(), cert: None },
    };
    heddle_wire::encode(&PeerMessage::Response { id, response }).into()
}
