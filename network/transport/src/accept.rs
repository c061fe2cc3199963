//! Being dialled.

use std::sync::Arc;
use std::time::Instant;

use heddle_types::PublicKey;
use heddle_wire::Hello;
use heddle_wire::Purpose;
use heddle_wire::Session;
use quinn::Connection;
use quinn::Endpoint;
use quinn::Incoming;
use quinn::RecvStream;
use quinn::VarInt;
use tokio::sync::OwnedSemaphorePermit;
use tracing::debug;

use crate::close::CloseCode;
use crate::event::Elsewhere;
use crate::event::Event;
use crate::hello;
use crate::hello::HandshakeError;
use crate::limits;
use crate::link::Link;
use crate::peers::NoPlace;
use crate::peers::PeerEntry;
use crate::peers::Taken;
use crate::public;
use crate::shared::Shared;
use crate::tls;

/// Takes connections until the endpoint closes. Each has its own task: a slow one keeps nobody waiting.
pub(crate) async fn accept_all(shared: Arc<Shared>, endpoint: Endpoint) {
    while let Some(incoming) = endpoint.accept().await {
        let Ok(permit) = Arc::clone(&shared.handshakes).try_acquire_owned() else {
            shared.counters.refused.add(1);
            incoming.refuse();
            continue;
        };
        let under_way = limits::HANDSHAKES_MAX - shared.handshakes.available_permits();
        if under_way > limits::HANDSHAKES_UNPROVEN_MAX && incoming.may_retry() {
            // Ours to send and theirs to answer; if it cannot be sent, the connection is refused by being dropped.
            let _dropped = incoming.retry();
            continue;
        }
        tokio::spawn(serve(Arc::clone(&shared), incoming, permit));
    }
}

async fn serve(shared: Arc<Shared>, incoming: Incoming, permit: OwnedSemaphorePermit) {
    let connection = match tokio::time::timeout(limits::HANDSHAKE_TIMEOUT, incoming).await {
        Ok(Ok(connection)) => connection,
        Ok(Err(error)) => return debug!(%error, "handshake failed"),
        Err(_late) => return debug!("handshake took too long"),
    };
    let Some(key) = tls::peer_key(&connection) else {
        return refuse(&shared, &connection, CloseCode::UnknownKey);
    };
    if tls::alpn(&connection).as_deref() == Some(tls::PUBLIC_ALPN) {
        drop(permit);
        return public::serve(&shared, connection, key).await;
    }
    // Validators have streams of frames only.
    connection.set_max_concurrent_bi_streams(VarInt::from_u32(0));
    match serve_validator(&shared, &connection, key, permit).await {
        Ok(()) => {}
        Err(code) => refuse(&shared, &connection, code),
    }
}

fn refuse(shared: &Shared, connection: &Connection, code: CloseCode) {
    shared.counters.refused.add(1);
    debug!(from = %connection.remote_address(), ?code, "refused");
    code.close(connection);
}

async fn serve_validator(
    shared: &Shared,
    connection: &Connection,
    key: PublicKey,
    permit: OwnedSemaphorePermit,
) -> Result<(), CloseCode> {
    if key == shared.key {
        let from = connection.remote_address();
        shared.tell(Event::SameKeyElsewhere(Elsewhere::ConnectedHere { from }));
        return Err(CloseCode::OwnKey);
    }
    let entry = shared.peers.by_key(&key).ok_or(CloseCode::UnknownKey)?;
    if entry.penalty(Instant::now()).is_some() {
        return Err(CloseCode::BadFrame);
    }
    let pending = Arc::clone(&entry.pending).try_acquire_owned().map_err(|_| CloseCode::Busy)?;
    let hearing = tokio::time::timeout(limits::HANDSHAKE_TIMEOUT, hear(shared, connection));
    let (hello, recv) = hearing.await.map_err(|_late| CloseCode::BadHello)?.map_err(|error| {
        debug!(peer = %entry.key, %error, "no hello");
        CloseCode::BadHello
    })?;
    drop(permit);
    entry.settle(hello.instance).await.map_err(|Taken| CloseCode::SameKeyElsewhere)?;
    match hello.purpose {
        Purpose::Probe => {
            // The peer is up: whoever waits before dialling it need not.
            entry.nudge.notify_waiters();
            CloseCode::ProbeHeard.close(connection);
            Ok(())
        }
        Purpose::Public => Err(CloseCode::BadHello),
        Purpose::Channel(_) if shared.dials(&key) => Err(CloseCode::WrongDirection),
        Purpose::Channel(channel) => {
            let link = Link::new(connection.clone(), hello.instance, channel);
            drop(pending);
            carry(shared, &entry, (link, hello), recv).await
        }
    }
}

async fn carry(
    shared: &Shared,
    entry: &PeerEntry,
    (link, hello): (Link, Hello),
    recv: RecvStream,
) -> Result<(), CloseCode> {
    let mut send = link.connection.open_uni().await.map_err(|_| CloseCode::Broken)?;
    let said = hello::say(&mut send, &shared.hello(hello.purpose)).await;
    said.map_err(|_| CloseCode::Broken)?;
    let ran = shared.run_link(entry, Arc::new(link), (send, recv)).await;
    ran.map_err(NoPlace::close_code)
}

async fn hear(
    shared: &Shared,
    connection: &Connection,
) -> Result<(Hello, RecvStream), HandshakeError> {
    let mut recv = connection.accept_uni().await?;
    let mut session = Session::accepted(shared.chain);
    let hello = hello::hear(&mut recv, &mut session).await?;
    Ok((hello, recv))
}
