//! The core: routes inputs to what is wanted, and answers with what to ask.

use std::sync::Arc;

use heddle_types::BlockHash;
use heddle_types::CheckedBlock;
use heddle_types::Height;
use heddle_types::Instant;
use heddle_types::ValidatorIndex;

use crate::blocks::Blocks;
use crate::io::Action;
use crate::io::Fault;
use crate::io::Input;
use crate::peers::Peers;
use crate::ranges::Ranges;
use crate::request::RequestId;
use crate::request::Response;
use crate::retry::Asking;

/// Fetches what others have. Deterministic: the same inputs give the same actions.
#[derive(Clone, Debug)]
pub struct CatchUp {
    now: Instant,
    peers: Peers,
    blocks: Blocks,
    ranges: Ranges,
    last_id: RequestId,
}

impl CatchUp {
    /// Of a node where `own_final` is final, and that knows nobody yet. Its requests are counted from `id`.
    pub fn new(own_final: Height, id: RequestId) -> Self {
        Self {
            now: Instant::START,
            peers: Peers::default(),
            blocks: Blocks::default(),
            ranges: Ranges::new(own_final),
            last_id: id,
        }
    }

    /// Takes an input; appends what is to be done.
    pub fn handle(&mut self, now: Instant, input: Input, actions: &mut Vec<Action>) {
        self.now = self.now.max(now);
        match input {
            Input::Connected(peer) => {
                self.peers.connect(peer);
                self.blocks.on_connected(self.now, peer);
                self.ranges.on_connected(self.now, peer);
            }
            Input::Disconnected(peer) => {
                self.peers.disconnect(peer);
                self.on_lost(peer);
            }
            Input::Fetch { hash, height, hint } => {
                if height > self.ranges.own_final() {
                    self.blocks.want(hash, height, hint);
                }
            }
            Input::CatchUp { peer, height } => self.ranges.on_target(peer, height),
            Input::Final(height) => self.on_final(height),
            Input::Response { peer, id, response } => self.on_response(peer, id, response, actions),
            Input::Refused { peer } => {
                if self.ranges.on_refused(peer) {
                    self.on_fault(peer, Fault::Refused, actions);
                }
            }
            Input::Malformed { peer } => {
                self.on_lost(peer);
                self.on_fault(peer, Fault::Malformed, actions);
            }
            Input::Renumbered(names) => {
                self.peers.renumber(&names);
                // What was missing in the last epoch is not missing in this one.
                self.blocks = Blocks::default();
                self.ranges.renumber(&names);
            }
            Input::Tick => {}
        }
        for late in self.ranges.take_late(self.now) {
            self.peers.strike(self.now, late);
        }
        let last_id = &mut self.last_id;
        let mut asking = Asking { now: self.now, peers: &self.peers, last_id, actions };
        self.blocks.ask(&mut asking);
        self.ranges.advance(&mut asking);
    }

    /// When to be told [`Input::Tick`], if nothing else comes before.
    pub fn deadline(&self) -> Option<Instant> {
        let deadlines = [self.blocks.deadline(self.now), self.ranges.deadline(self.now)];
        deadlines.into_iter().flatten().min()
    }

    /// The height that is final here, as far as this core was told.
    pub const fn own_final(&self) -> Height {
        self.ranges.own_final()
    }

    /// The highest height that is known to be final somewhere.
    pub const fn target(&self) -> Height {
        self.ranges.target()
    }

    fn on_final(&mut self, height: Height) {
        self.blocks.on_final(height);
        if let Some(deliverer) = self.ranges.on_final(height) {
            self.peers.forgive(deliverer);
        }
    }

    fn on_lost(&mut self, peer: ValidatorIndex) {
        self.blocks.on_lost(peer);
        self.ranges.on_lost(peer);
    }

    fn on_fault(&mut self, peer: ValidatorIndex, fault: Fault, actions: &mut Vec<Action>) {
        self.peers.strike(self.now, peer);
        actions.push(Action::Misbehaved { peer, fault });
    }

    /// An answer that nobody waits for any more, or that was never asked for, is dropped: it may only be late.
    fn on_response(
        &mut self,
        peer: ValidatorIndex,
        id: RequestId,
        response: Response,
        actions: &mut Vec<Action>,
    ) {
        let fault = if let Some(hash) = self.blocks.take_asked(peer, id) {
            self.on_block(peer, hash, response, actions)
        } else if let Some(from) = self.ranges.take_asked(peer, id) {
            self.on_range(peer, from, response)
        } else {
            Ok(())
        };
        if let Err(fault) = fault {
            self.on_fault(peer, fault, actions);
        }
    }

    fn on_block(
        &mut self,
        peer: ValidatorIndex,
        hash: BlockHash,
        response: Response,
        actions: &mut Vec<Action>,
    ) -> Result<(), Fault> {
        let fault = match response {
            Response::Block(Some(block)) if block.hash() == hash => {
                self.on_found(&hash, block, actions);
                return Ok(());
            }
            Response::Block(None) => None,
            Response::Block(Some(_)) => Some(Fault::WrongBlock),
            Response::Range { .. } => Some(Fault::WrongKind),
        };
        self.blocks.on_vain(&hash, peer);
        fault.map_or(Ok(()), Err)
    }

    fn on_found(&mut self, hash: &BlockHash, block: Arc<CheckedBlock>, actions: &mut Vec<Action>) {
        self.blocks.on_found(hash);
        actions.push(Action::Fetched(block));
    }

    fn on_range(
        &mut self,
        peer: ValidatorIndex,
        from: Height,
        response: Response,
    ) -> Result<(), Fault> {
        match response {
            Response::Range { blocks, cert } => self.ranges.on_answer(from, peer, blocks, cert),
            Response::Block(_) => {
                self.ranges.on_vain(from, peer);
                Err(Fault::WrongKind)
            }
        }
    }
}
