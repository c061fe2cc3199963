//! The socket under QUIC, which asks what becomes of each datagram.

use std::fmt;
use std::future::poll_fn;
use std::io;
use std::io::IoSliceMut;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::task::Context;
use std::task::Poll;
use std::time::Instant;

use parking_lot::Mutex;
use quinn::AsyncUdpSocket;
use quinn::UdpPoller;
use quinn::udp::RecvMeta;
use quinn::udp::Transmit;
use tokio::sync::Notify;
use tokio::sync::watch;

use super::LinkFault;
use super::links::Datagram;
use super::links::Links;
use crate::limits;

/// The faults of this node's links, shared by its socket, the task that sends what is late, and whoever sets them.
#[derive(Debug)]
pub(crate) struct LinkFaults {
    /// Whether there are any. Relaxed: a send beside a change may see either.
    any: AtomicBool,
    links: Mutex<Links>,
    /// There is something to send earlier than what was waited for.
    sooner: Notify,
}

impl LinkFaults {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            any: AtomicBool::new(false),
            links: Mutex::new(Links::new(seed, limits::DELAYED_BYTES_MAX)),
            sooner: Notify::new(),
        }
    }

    /// Replaces all faults.
    pub(crate) fn replace(&self, faults: impl Iterator<Item = (SocketAddr, LinkFault)>) {
        let mut links = self.links.lock();
        links.replace(faults);
        self.any.store(!links.is_empty(), Ordering::Relaxed);
    }

    /// Whether the link was faulty, and has therefore taken all of `transmit`'s segments.
    fn take(&self, transmit: &Transmit<'_>, now: Instant) -> bool {
        let mut links = self.links.lock();
        if !links.is_faulty(transmit.destination) {
            return false;
        }
        let before = links.next_due();
        let segment_bytes = transmit.segment_size.unwrap_or(transmit.contents.len()).max(1);
        for segment in transmit.contents.chunks(segment_bytes) {
            let datagram = Datagram {
                to: transmit.destination,
                bytes: segment.to_vec(),
                ecn: transmit.ecn,
                src_ip: transmit.src_ip,
            };
            links.take(now, datagram);
        }
        if links.next_due() != before {
            self.sooner.notify_one();
        }
        true
    }

    fn pop_due(&self) -> Option<Datagram> {
        self.links.lock().pop_due(Instant::now())
    }

    /// Sends what is late when its time has come, until the transport stops.
    pub(crate) async fn send_late(
        self: Arc<Self>,
        socket: Arc<dyn AsyncUdpSocket>,
        mut stopping: watch::Receiver<bool>,
    ) {
        let mut poller = Arc::clone(&socket).create_io_poller();
        loop {
            let due = self.links.lock().next_due();
            let due_now = async {
                match due {
                    Some(due) => tokio::time::sleep_until(due.into()).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = due_now => {}
                () = self.sooner.notified() => continue,
                _ = stopping.wait_for(|stopping| *stopping) => return,
            }
            while let Some(datagram) = self.pop_due() {
                send(socket.as_ref(), &mut poller, &datagram).await;
            }
        }
    }
}

/// Sends one datagram. What the system refuses is lost, as it would be on the way.
async fn send(
    socket: &dyn AsyncUdpSocket,
    poller: &mut Pin<Box<dyn UdpPoller>>,
    datagram: &Datagram,
) {
    let transmit = Transmit {
        destination: datagram.to,
        ecn: datagram.ecn,
        contents: &datagram.bytes,
        segment_size: None,
        src_ip: datagram.src_ip,
    };
    while let Err(error) = socket.try_send(&transmit) {
        let is_full = error.kind() == io::ErrorKind::WouldBlock;
        if !is_full || poll_fn(|cx| poller.as_mut().poll_writable(cx)).await.is_err() {
            return;
        }
    }
}

/// A socket whose links may be faulty.
pub(crate) struct FaultySocket {
    socket: Arc<dyn AsyncUdpSocket>,
    faults: Arc<LinkFaults>,
}

impl FaultySocket {
    pub(crate) fn new(socket: Arc<dyn AsyncUdpSocket>, faults: Arc<LinkFaults>) -> Self {
        Self { socket, faults }
    }
}

impl fmt::Debug for FaultySocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FaultySocket").field("socket", &self.socket).finish_non_exhaustive()
    }
}

impl AsyncUdpSocket for FaultySocket {
    fn create_io_poller(self: Arc<Self>) -> Pin<Box<dyn UdpPoller>> {
        Arc::clone(&self.socket).create_io_poller()
    }

    fn try_send(&self, transmit: &Transmit<'_>) -> io::Result<()> {
        let any = self.faults.any.load(Ordering::Relaxed);
        if any && self.faults.take(transmit, Instant::now()) {
            return Ok(());
        }
        self.socket.try_send(transmit)
    }

    fn poll_recv(
        &self,
        cx: &mut Context<'_>,
        bufs: &mut [IoSliceMut<'_>],
        meta: &mut [RecvMeta],
    ) -> Poll<io::Result<usize>> {
        self.socket.poll_recv(cx, bufs, meta)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    fn max_transmit_segments(&self) -> usize {
        self.socket.max_transmit_segments()
    }

    fn max_receive_segments(&self) -> usize {
        self.socket.max_receive_segments()
    }

    fn may_fragment(&self) -> bool {
        self.socket.may_fragment()
    }
}
