//! Answers the public protocol: what is final, blocks for those that catch up, and transactions for whoever orders them.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use heddle_storage::Storage;
use heddle_transport::PublicReply;
use heddle_transport::limits::PUBLIC_WAIT;
use heddle_types::CommitCert;
use heddle_types::Height;
use heddle_types::Transaction;
use heddle_wire::PublicAnswer;
use heddle_wire::PublicRequest;
use tokio::sync::oneshot;
use tokio::sync::watch;

use crate::node::checks::Checks;
use crate::node::checks::Submission;
use crate::node::inbox::Entrance;
use crate::node::serve::ServeJob;
use crate::node::shared::Shared;

/// Heights below the newest that are looked through for a certificate at a start.
const LOOK_BACK: usize = 64;

/// The newest certificate of a block that is durable here; none before the first.
#[derive(Debug)]
pub(crate) struct Head(watch::Sender<Option<Arc<CommitCert>>>);

impl Head {
    /// What a store that is durable up to `height` begins with.
    pub(crate) fn of(storage: &Storage, height: Height) -> Self {
        let heights = std::iter::successors(Some(height), |height| height.prev());
        let certs = heights.take(LOOK_BACK).filter(|height| *height > Height::ZERO);
        let certs = certs.filter_map(|height| storage.certificate(height).ok().flatten());
        let newest = certs.into_iter().find(|cert| cert.data.height <= height);
        Self(watch::Sender::new(newest.map(Arc::new)))
    }

    /// The block of `height` is durable, and final by `cert`, which may be a later block's.
    pub(crate) fn on_final(&self, height: Height, cert: &CommitCert) {
        if cert.data.height == height {
            self.0.send_replace(Some(Arc::new(cert.clone())));
        }
    }
}

/// Who answers what anybody may ask.
#[derive(Clone)]
pub(crate) struct Public {
    pub(crate) shared: Arc<Shared>,
    pub(crate) checks: Checks,
    pub(crate) serving: Entrance<ServeJob>,
}

impl Public {
    /// Called on the network's threads, in tasks of their runtime.
    pub(crate) fn on_request(&self, request: PublicRequest, reply: PublicReply) {
        match request {
            PublicRequest::CatchUp { id, request } => {
                self.serve(ServeJob::PublicCatchUp { id, request, reply });
            }
            PublicRequest::Snapshot(part) => self.serve(ServeJob::PublicSnapshot { part, reply }),
            PublicRequest::Head { above } => self.tell_head(above, reply),
            PublicRequest::Submit(transactions) => {
                let taken = self.take(transactions);
                reply.send(PublicAnswer::Submitted { taken }.encode().into());
            }
        }
    }

    /// When too many wait, the asker hears nothing and asks another.
    fn serve(&self, job: ServeJob) {
        if self.serving.try_tell(job, 0).is_some() {
            self.shared.metrics.frames_dropped.inc();
        }
    }

    fn tell_head(&self, above: Height, reply: PublicReply) {
        let mut head = self.shared.head.0.subscribe();
        tokio::spawn(async move {
            let is_above = |cert: &Option<Arc<CommitCert>>| {
                cert.as_ref().is_some_and(|cert| cert.data.height > above)
            };
            let told = tokio::time::timeout(PUBLIC_WAIT, head.wait_for(is_above)).await;
            let told = told.ok().and_then(Result::ok).and_then(|cert| cert.as_deref().cloned());
            reply.send(PublicAnswer::Head(told).encode().into());
        });
    }

    /// Checked and admitted as what this node's own users send; nobody waits for what comes of it.
    fn take(&self, transactions: Vec<Transaction>) -> bool {
        let (reply, _nobody) = oneshot::channel();
        !self.shared.halted.load(Ordering::SeqCst)
            && self.checks.submit(Submission { transactions, reply })
    }
}
