//! The accept loop: how many connections there are, and how the server ends.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use rustix::process::Resource;
use rustix::process::getrlimit;
use tokio::net::TcpListener;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::sleep;
use tokio::time::timeout;
use tracing::warn;

use crate::rpc::Backend;
use crate::rpc::connection;
use crate::rpc::guard::Guard;
use crate::rpc::limits;
use crate::rpc::registry::Registry;

/// What an operator, or a test, may set.
#[derive(Clone, Debug)]
pub struct RpcConfig {
    /// Names, besides the loopback ones, that `Host` and `Origin` may have; with or without a port.
    pub allowed_hosts: Vec<String>,
    /// Connections at once; half of the limit on open files bounds it further.
    pub connections_max: usize,
    /// How long a request's headers may take.
    pub header_timeout: Duration,
    /// How long a request's body may take after that.
    pub body_timeout: Duration,
}

impl Default for RpcConfig {
    fn default() -> Self {
        Self {
            allowed_hosts: Vec::new(),
            connections_max: limits::CONNECTIONS_MAX,
            header_timeout: limits::HEADER_TIMEOUT,
            body_timeout: limits::BODY_TIMEOUT,
        }
    }
}

/// What all connections share.
#[derive(Debug)]
pub(super) struct Server<B> {
    pub(super) config: RpcConfig,
    pub(super) guard: Guard,
    pub(super) backend: Arc<B>,
    stop: watch::Sender<bool>,
}

impl<B> Server<B> {
    /// Ends when the server stops.
    pub(super) async fn stopped(&self) {
        // The sender lives as long as `self`, so that the wait ends by its value only.
        let _ = self.stop.subscribe().wait_for(|stop| *stop).await;
    }
}

/// Serves `backend` on `listener` until `shutdown` ends; then requests in progress get a second to finish.
///
/// Never ends before that, whatever happens to connections: binding, which can fail, is the caller's.
pub async fn serve<B: Backend>(
    listener: TcpListener,
    config: RpcConfig,
    backend: Arc<B>,
    shutdown: impl Future<Output = ()> + Send,
) {
    let connections_max = connections_max(config.connections_max);
    let guard = Guard::new(&config.allowed_hosts);
    let server = Arc::new(Server { config, guard, backend, stop: watch::Sender::new(false) });
    let registry = Arc::new(Registry::new());
    let mut connections = JoinSet::new();
    tokio::pin!(shutdown);
    loop {
        tokio::select! {
            () = &mut shutdown => break,
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
            accepted = accept(&listener, &registry) => {
                let Some(stream) = accepted else { continue };
                while registry.len() >= connections_max {
                    registry.close_longest_idle();
                }
                let place = registry.register();
                connections.spawn(connection::run(stream, place, Arc::clone(&server)));
            }
        }
    }
    drop(listener);
    server.stop.send_replace(true);
    let finished = async { while connections.join_next().await.is_some() {} };
    let _ = timeout(limits::STOP_GRACE, finished).await;
    connections.shutdown().await;
}

/// The next connection; none after an error that was dealt with.
async fn accept(listener: &TcpListener, registry: &Registry) -> Option<TcpStream> {
    match listener.accept().await {
        Ok((stream, _)) => {
            // Replies are written in one piece; waiting to fill a segment only delays them.
            let _ = stream.set_nodelay(true);
            Some(stream)
        }
        Err(e) if is_of_one_connection(&e) => None,
        Err(e) => {
            // Out of files or memory: make room, and let others make some, instead of spinning.
            warn!(error = %e, "cannot accept a connection");
            registry.close_longest_idle();
            sleep(limits::ACCEPT_BACKOFF).await;
            None
        }
    }
}

fn is_of_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::Interrupted
    )
}

fn connections_max(configured: usize) -> usize {
    let files = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    let half = usize::try_from(files / 2).unwrap_or(usize::MAX);
    configured.min(half).max(1)
}
