//! Dialling peers, again and again.

use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use heddle_types::Domain;
use heddle_types::Hash32;
use heddle_types::PublicKey;
use heddle_wire::Channel;
use heddle_wire::InstanceId;
use heddle_wire::Purpose;
use heddle_wire::Session;
use quinn::Connection;
use quinn::Endpoint;
use quinn::RecvStream;
use quinn::SendStream;
use tracing::debug;

use crate::close::CloseCode;
use crate::event::Elsewhere;
use crate::event::Event;
use crate::hello;
use crate::hello::HandshakeError;
use crate::limits;
use crate::link::Link;
use crate::peers::PeerEntry;
use crate::peers::backoff;
use crate::shared::Shared;
use crate::tls::SERVER_NAME;

/// One peer to be dialled.
pub(crate) struct Dialer {
    pub(crate) shared: Arc<Shared>,
    pub(crate) endpoint: Endpoint,
    pub(crate) entry: Arc<PeerEntry>,
    pub(crate) config: quinn::ClientConfig,
}

impl Dialer {
    /// Keeps one channel up until the transport stops, or the peer is none any more.
    pub(crate) async fn keep(self, channel: Channel) {
        let mut failures = 0;
        while !self.is_over() {
            let started = Instant::now();
            let connected = tokio::select! {
                connected = self.connect(Purpose::Channel(channel)) => connected,
                // The peer says that it has just come up. What was sent before is lost and would be repeated too late.
                () = self.entry.nudge.notified() => continue,
                () = self.entry.wait_retired() => return,
            };
            match connected {
                Ok((connection, instance, streams)) => {
                    let link = Arc::new(Link::new(connection, instance, channel));
                    // Only one task dials a channel, so its place is free, and whoever answered there is who it is.
                    let _none_or_over = self.shared.run_link(&self.entry, link, streams).await;
                }
                Err(error) => self.on_refused(&error),
            }
            failures = if started.elapsed() > limits::GOOD_AFTER { 0 } else { failures + 1 };
            self.pause(failures).await;
        }
    }

    /// Tells a peer that dials this node that it is up, and asks whether another with this node's key is. Until it was heard, or
    /// the peer has dialled.
    pub(crate) async fn probe(self) {
        let mut failures = 0;
        while !self.is_over() && self.entry.link(Channel::Ctl).is_none() {
            let heard = tokio::time::timeout(limits::HANDSHAKE_TIMEOUT, self.try_probe()).await;
            match heard {
                Ok(Ok(reason)) if CloseCode::ProbeHeard.is_reason(&reason) => return,
                Ok(Ok(reason)) => self.on_refused(&reason.into()),
                Ok(Err(error)) => self.on_refused(&error),
                Err(late) => self.on_refused(&late.into()),
            }
            failures += 1;
            self.pause(failures).await;
        }
    }

    fn is_over(&self) -> bool {
        self.shared.is_stopping() || self.entry.is_retired()
    }

    async fn try_probe(&self) -> Result<quinn::ConnectionError, HandshakeError> {
        let connection = self.dial_once().await?;
        let mut send = connection.open_uni().await?;
        hello::say(&mut send, &self.shared.hello(Purpose::Probe)).await?;
        Ok(connection.closed().await)
    }

    async fn connect(
        &self,
        purpose: Purpose,
    ) -> Result<(Connection, InstanceId, (SendStream, RecvStream)), HandshakeError> {
        let connecting = async {
            let connection = self.dial().await?;
            let streams = self.exchange_hellos(&connection, purpose).await;
            match streams {
                Ok((instance, streams)) => Ok((connection, instance, streams)),
                Err(error) => {
                    // What ended the connection says more than what failed because it had ended.
                    let reason = connection.close_reason();
                    CloseCode::BadHello.close(&connection);
                    Err(reason.map_or(error, HandshakeError::Connection))
                }
            }
        };
        tokio::time::timeout(limits::HANDSHAKE_TIMEOUT, connecting).await?
    }

    /// A connection whose round trip is no longer than it must be.
    ///
    /// Of a peer that stood still while it was dialled, the first round trip is the time that it stood still. QUIC spreads what it sends over
    /// the round trip, and waits several of them for what is lost: a large proposal would take longer than its view. So where the first one
    /// is long, a second handshake has as much time to be quicker.
    async fn dial(&self) -> Result<Connection, HandshakeError> {
        let first = self.dial_once().await?;
        let round_trip = first.rtt();
        if round_trip <= limits::INITIAL_RTT {
            return Ok(first);
        }
        match tokio::time::timeout(round_trip, self.dial_once()).await {
            Ok(Ok(quicker)) => {
                debug!(peer = %self.entry.key, ?round_trip, again = ?quicker.rtt(), "dialled again");
                CloseCode::Replaced.close(&first);
                Ok(quicker)
            }
            Ok(Err(_)) | Err(_) => Ok(first),
        }
    }

    async fn dial_once(&self) -> Result<Connection, HandshakeError> {
        let config = self.config.clone();
        Ok(self.endpoint.connect_with(config, self.entry.addr(), SERVER_NAME)?.await?)
    }

    async fn exchange_hellos(
        &self,
        connection: &Connection,
        purpose: Purpose,
    ) -> Result<(InstanceId, (SendStream, RecvStream)), HandshakeError> {
        let mut send = connection.open_uni().await?;
        hello::say(&mut send, &self.shared.hello(purpose)).await?;
        let mut recv = connection.accept_uni().await?;
        let mut session = Session::dialled(self.shared.chain, purpose);
        let hello = hello::hear(&mut recv, &mut session).await?;
        Ok((hello.instance, (send, recv)))
    }

    fn on_refused(&self, error: &HandshakeError) {
        let peer = self.entry.key;
        debug!(%peer, %error, "not connected");
        let HandshakeError::Connection(reason) = error else { return };
        if CloseCode::SameKeyElsewhere.is_reason(reason) {
            self.shared.tell(Event::SameKeyElsewhere(Elsewhere::RefusedBy { peer }));
        }
    }

    async fn pause(&self, failures: u32) {
        if failures == 0 {
            return;
        }
        let penalty = self.entry.penalty(Instant::now()).unwrap_or_default();
        let wait = jittered(failures, &self.shared.key, &self.entry.key).max(penalty);
        let mut stopping = self.shared.stopping.subscribe();
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = self.entry.nudge.notified(), if penalty.is_zero() => {}
            _ = stopping.wait_for(|stopping| *stopping) => {}
            () = self.entry.wait_retired() => {}
        }
    }
}

/// The pause after so many failures, a quarter more or less by pair and count, so that not all dial at once.
fn jittered(failures: u32, own: &PublicKey, peer: &PublicKey) -> Duration {
    let seed =
        Hash32::of(Domain::HANDSHAKE, &[b"jitter", &own.0, &peer.0, &failures.to_le_bytes()]);
    let percent = 75 + u32::from(seed.as_bytes()[0]) * 50 / 255;
    backoff(failures.saturating_sub(1)) * percent / 100
}

#[cfg(test)]
mod tests;
