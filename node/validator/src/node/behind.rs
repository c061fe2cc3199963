//! Notices that the others have forgotten the block that this node needs next, and fetches a snapshot with which it can go on.
//!
//! ```text
//! nothing new is final for a while, though others have more
//!    -> somebody gives the next block            it was only slow
//!    -> nobody does, and somebody has a certified snapshot above it: forgotten
//!         -> sync = "replay"                     said in the log and by /health, and that is all
//!         -> fetched as by a home without a database; the node ends, and begins again with it
//! ```
//! The database is neither changed nor moved here: the next start moves it aside, once all of the snapshot is there.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

use crossbeam_channel::Receiver;
use crossbeam_channel::RecvTimeoutError;
use crossbeam_channel::TryRecvError;
use heddle_catchup::Request;
use heddle_catchup::RequestId;
use heddle_catchup::Response;
use heddle_transport::PublicClient;
use heddle_transport::PublicClientConfig;
use heddle_types::Height;
use heddle_wire::Channel;
use heddle_wire::RawMessage;
use heddle_wire::SnapshotPart;
use tokio::task::JoinSet;

use crate::exit::Fatal;
use crate::home::Home;
use crate::home::SyncChoice;
use crate::node::beginning::Beginning;
use crate::node::join;
use crate::node::join::Place;
use crate::node::shared::Shared;

/// How often it looks.
const INTERVAL: Duration = Duration::from_secs(1);
/// How long a node that lacks blocks may get none before the others are asked why: longer than any attempt of catching up takes.
const PATIENCE: Duration = Duration::from_secs(15);
/// How soon it is noticed that the node ends.
const STOP_INTERVAL: Duration = Duration::from_millis(100);

/// What a node says that was asked for a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    /// It has it.
    Has,
    /// It has not, but a certified snapshot above it.
    Forgot,
    /// Neither.
    Nothing,
}

/// Watches over one home.
pub(crate) struct Behind {
    home: Home,
    place: Arc<Place>,
}

impl Behind {
    /// Of a home.
    ///
    /// # Errors
    /// When the genesis is none for this version.
    pub(crate) fn of(home: &Home) -> Result<Self, Fatal> {
        let place = Arc::new(Place::of(home, &Beginning::of(home)?));
        Ok(Self { home: home.clone(), place })
    }

    /// Works until the other end of `stop` is gone, or a snapshot was fetched to begin again with.
    ///
    /// # Errors
    /// From the disk.
    pub(crate) fn run(&self, shared: &Shared, stop: &Receiver<()>) -> Result<(), Fatal> {
        let (mut last, mut since) = (Height::ZERO, Instant::now());
        while stop.recv_timeout(INTERVAL) == Err(RecvTimeoutError::Timeout) {
            let own = shared.durable.read().height;
            if own != last || !lacks_blocks(shared) {
                (last, since) = (own, Instant::now());
                shared.forgotten.store(0, Ordering::SeqCst);
            } else if since.elapsed() >= PATIENCE {
                if self.goes_on_above(own, shared, stop)? {
                    shared.begins_again.store(true, Ordering::SeqCst);
                    return Ok(());
                }
                since = Instant::now();
            }
        }
        Ok(())
    }

    /// Whether there is a snapshot to begin again with, because nobody has the next block any more.
    fn goes_on_above(
        &self,
        own: Height,
        shared: &Shared,
        stop: &Receiver<()>,
    ) -> Result<bool, Fatal> {
        join::runtime(&self.home)?.block_on(async {
            tokio::select! {
                fetched = self.fetch_above(own, shared) => fetched,
                () = stopped(stop) => Ok(false),
            }
        })
    }

    async fn fetch_above(&self, own: Height, shared: &Shared) -> Result<bool, Fatal> {
        let endpoints = join::endpoints(&self.home);
        if !self.is_forgotten(own.next(), endpoints.clone()).await {
            return Ok(false);
        }
        let next = own.next().get();
        if shared.forgotten.swap(next, Ordering::SeqCst) != next {
            let sync = self.home.config().keeping.sync.as_str();
            tracing::error!(
                next,
                sync,
                "the other nodes have forgotten the block that is needed next"
            );
        }
        if self.home.config().keeping.sync == SyncChoice::Replay {
            return Ok(false);
        }
        let fetched = join::fetch(Arc::clone(&self.place), endpoints, own).await?;
        Ok(fetched.is_some())
    }

    async fn is_forgotten(&self, next: Height, endpoints: Vec<PublicClientConfig>) -> bool {
        let mut asked = JoinSet::new();
        for config in endpoints {
            asked.spawn(ask(config, next, Arc::clone(&self.place)));
        }
        let answers = asked.join_all().await;
        answers.contains(&Answer::Forgot) && !answers.contains(&Answer::Has)
    }
}

/// Whether something is known to be final that is not here.
fn lacks_blocks(shared: &Shared) -> bool {
    shared.machine.read().status.as_ref().is_some_and(|status| status.catching_up)
}

async fn ask(config: PublicClientConfig, next: Height, place: Arc<Place>) -> Answer {
    let Ok(client) = PublicClient::connect(config).await else { return Answer::Nothing };
    let request = Request::Range { from: next, max_blocks: 1, max_bytes: 1 };
    let body = client.request(RequestId::default(), request).await;
    let is_given = |message| match message {
        RawMessage::Response { response: Response::Range { blocks, .. }, .. } => {
            blocks.first().is_some_and(|block| block.header.height == next)
        }
        _ => false,
    };
    if body.is_ok_and(|body| heddle_wire::decode(Channel::Bulk, &body).is_ok_and(is_given)) {
        return Answer::Has;
    }
    let Ok(Some(manifest)) = client.snapshot_part(SnapshotPart::Manifest).await else {
        return Answer::Nothing;
    };
    match place.snapshot(&manifest) {
        Some(snapshot) if snapshot.root().height >= next => Answer::Forgot,
        Some(_) | None => Answer::Nothing,
    }
}

async fn stopped(stop: &Receiver<()>) {
    while stop.try_recv() == Err(TryRecvError::Empty) {
        tokio::time::sleep(STOP_INTERVAL).await;
    }
}
