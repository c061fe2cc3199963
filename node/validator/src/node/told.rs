//! Who is told what other nodes say.

use std::sync::Arc;

use heddle_types::CommitCert;
use heddle_types::Height;
use heddle_types::PublicKey;

use crate::node::checks::Checks;
use crate::node::driver::DriverEvent;
use crate::node::inbox::Entrance;
use crate::node::shared::Shared;

/// Who is told what other nodes say. The driver ends first; what happens then concerns nobody.
#[derive(Clone)]
pub(crate) struct Told {
    pub(crate) shared: Arc<Shared>,
    pub(crate) checks: Checks,
    pub(crate) driver: Entrance<DriverEvent>,
}

impl Told {
    /// A peer can be asked.
    pub(crate) fn on_up(&self, peer: PublicKey) {
        self.driver.tell(DriverEvent::Connected(peer));
    }

    /// Votes and certificates reach a peer.
    pub(crate) fn on_reachable(&self, peer: PublicKey) {
        self.driver.tell(DriverEvent::Reachable(peer));
    }

    /// A peer can no longer be asked.
    pub(crate) fn on_down(&self, peer: PublicKey) {
        self.driver.tell(DriverEvent::Disconnected(peer));
    }

    /// A node that is followed says what is final there.
    pub(crate) fn on_head(&self, from: PublicKey, cert: CommitCert) {
        self.driver.tell(DriverEvent::Head { from, cert });
    }

    /// What is final here.
    pub(crate) fn own_final(&self) -> Height {
        self.shared.durable.read().height
    }
}
