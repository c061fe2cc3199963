//! Catching up: consecutive chunks, several on their way at once, delivered in order.

use std::collections::BTreeMap;
use std::sync::Arc;

use heddle_types::CheckedBlock;
use heddle_types::CommitCert;
use heddle_types::Height;
use heddle_types::Instant;
use heddle_types::ValidatorIndex;

use crate::chunk::Chunk;
use crate::chunk::State;
use crate::io::Action;
use crate::io::Fault;
use crate::limits;
use crate::request::Request;
use crate::request::RequestId;
use crate::retry::Asking;

/// The chunks between what is final here and what is known to be final elsewhere, by their first height, without gaps.
#[derive(Clone, Debug)]
pub(crate) struct Ranges {
    own_final: Height,
    target: Height,
    /// Who proved the target: a start for choosing whom to ask.
    prover: ValidatorIndex,
    chunks: BTreeMap<Height, Chunk>,
    /// How many blocks a new chunk has: what lately fitted an answer, and twice that when it went well.
    chunk_blocks: u16,
}

impl Ranges {
    pub(crate) const fn new(own_final: Height) -> Self {
        Self {
            own_final,
            target: own_final,
            prover: ValidatorIndex::ZERO,
            chunks: BTreeMap::new(),
            chunk_blocks: 64,
        }
    }

    pub(crate) const fn own_final(&self) -> Height {
        self.own_final
    }

    pub(crate) const fn target(&self) -> Height {
        self.target
    }

    pub(crate) fn on_target(&mut self, prover: ValidatorIndex, height: Height) {
        if height > self.target {
            self.target = height;
            self.prover = prover;
        }
    }

    /// More is final here. Returns who delivered it, if it was delivered.
    pub(crate) fn on_final(&mut self, height: Height) -> Option<ValidatorIndex> {
        self.own_final = self.own_final.max(height);
        self.target = self.target.max(self.own_final);
        let mut deliverer = None;
        while let Some(first) = self.chunks.first_entry() {
            if first.get().to > self.own_final {
                // What a run holds of it would be asked for again; a chunk that was asked for or is ready is trimmed in its turn.
                if first.get().from <= self.own_final && !first.get().is_filled() {
                    let mut rest = first.remove();
                    rest.from = self.own_final.next();
                    rest.run = None;
                    self.chunks.insert(rest.from, rest);
                }
                break;
            }
            if let State::Delivered { peer } = first.remove().state {
                deliverer = Some(peer);
            }
        }
        deliverer
    }

    /// What was delivered was refused: nothing else of that peer is delivered either.
    pub(crate) fn on_refused(&mut self, peer: ValidatorIndex) -> bool {
        let is_delivered = |chunk: &Chunk| matches!(chunk.state, State::Delivered { peer: whose } if whose == peer);
        if !self.chunks.values().any(is_delivered) {
            return false;
        }
        for chunk in self.chunks.values_mut() {
            let is_theirs = match &chunk.state {
                State::Ready { peer: whose, .. } | State::Delivered { peer: whose } => {
                    *whose == peer
                }
                State::Waiting | State::Parked | State::Asked(_) => false,
            };
            if is_theirs {
                chunk.retry.on_vain(peer);
                chunk.reset();
            }
        }
        true
    }

    /// What a peer was asked is lost.
    pub(crate) fn on_lost(&mut self, peer: ValidatorIndex) {
        for chunk in self.chunks.values_mut() {
            let is_source = chunk.run.as_ref().is_some_and(|run| run.peer == peer);
            if is_source || chunk.asked().is_some_and(|asked| asked.peer == peer) {
                chunk.retry.on_vain(peer);
                chunk.reset();
            }
        }
    }

    pub(crate) fn on_connected(&mut self, now: Instant, peer: ValidatorIndex) {
        self.chunks.values_mut().for_each(|chunk| chunk.retry.on_connected(now, peer));
    }

    /// Another epoch began: each peer's new index by its old one.
    pub(crate) fn renumber(&mut self, names: &BTreeMap<ValidatorIndex, ValidatorIndex>) {
        self.prover = names.get(&self.prover).copied().unwrap_or_default();
        self.chunks.values_mut().for_each(|chunk| chunk.renumber(names));
    }

    /// The chunk that a request was for, if `peer` was asked and did not answer yet. It counts as answered now.
    pub(crate) fn take_asked(&mut self, peer: ValidatorIndex, id: RequestId) -> Option<Height> {
        let is_this = |chunk: &Chunk| chunk.asked().is_some_and(|a| a.peer == peer && a.id == id);
        let (from, chunk) = self.chunks.iter_mut().find(|(_, chunk)| is_this(chunk))?;
        chunk.state = State::Waiting;
        Some(*from)
    }

    /// The answer to what [`Self::take_asked`] found: blocks, fewer than were asked for or more, or none.
    pub(crate) fn on_answer(
        &mut self,
        from: Height,
        peer: ValidatorIndex,
        blocks: Vec<Arc<CheckedBlock>>,
        cert: Option<CommitCert>,
    ) -> Result<(), Fault> {
        let is_first = self.chunks.keys().next() == Some(&from);
        let Some(chunk) = self.chunks.get_mut(&from) else { return Ok(()) };
        let last = match chunk.check(&blocks, cert.as_ref()) {
            Ok(last) => last,
            Err(fault) => {
                self.on_vain(from, peer);
                return Err(fault);
            }
        };
        let Some(last) = last else {
            // Whoever began a run has what certifies it: what is final ends with a certificate.
            let had_run = chunk.run.is_some();
            self.on_vain(from, peer);
            return if had_run { Err(Fault::NoCert) } else { Ok(()) };
        };
        let Some(cert) = cert else {
            // Others are asked first: a run costs time, and only who lies needs one where somebody has a certificate.
            let may_run = chunk.run.is_some() || (is_first && chunk.retry.rounds() > 0);
            if !may_run {
                chunk.retry.on_vain(peer);
                chunk.state = if is_first { State::Waiting } else { State::Parked };
            } else if !chunk.extend_run(peer, blocks) {
                self.on_vain(from, peer);
                return Err(Fault::NoCert);
            }
            return Ok(());
        };
        let answered = u16::try_from(blocks.len()).unwrap_or(u16::MAX);
        let mut all = chunk.run.take().map(|run| run.blocks).unwrap_or_default();
        all.extend(blocks);
        let wanted_to = chunk.to;
        // The end of an epoch says nothing about what fits an answer.
        let fits = all.iter().any(|block| block.header().next_committee.is_some());
        chunk.to = last;
        chunk.state = State::Ready { peer, blocks: all, cert };
        if last < wanted_to {
            self.chunk_blocks = if fits { self.chunk_blocks } else { answered.max(1) };
            self.chunks.entry(last.next()).or_insert_with(|| Chunk::new(last.next(), wanted_to));
        } else {
            self.chunk_blocks = self.chunk_blocks.saturating_mul(2).min(limits::RANGE_BLOCKS_MAX);
        }
        Ok(())
    }

    pub(crate) fn on_vain(&mut self, from: Height, peer: ValidatorIndex) {
        if let Some(chunk) = self.chunks.get_mut(&from) {
            chunk.retry.on_vain(peer);
            chunk.reset();
        }
    }

    /// Gives up on what is late; returns who was.
    pub(crate) fn take_late(&mut self, now: Instant) -> Vec<ValidatorIndex> {
        let mut late = Vec::new();
        for chunk in self.chunks.values_mut() {
            if let Some(asked) = chunk.asked().filter(|asked| asked.deadline <= now).copied() {
                chunk.retry.on_late(asked.peer);
                chunk.reset();
                late.push(asked.peer);
            }
        }
        late
    }

    /// Delivers the first chunk if it is ready, and asks for whatever can be asked for.
    pub(crate) fn advance(&mut self, asking: &mut Asking<'_>) {
        // An answer shorter than its chunk may end where all is final by now.
        self.on_final(self.own_final);
        self.deliver(asking.actions);
        self.plan();
        let keys: Vec<Height> = self.chunks.keys().copied().collect();
        for from in keys {
            self.ask(from, asking);
        }
    }

    pub(crate) fn deadline(&self, now: Instant) -> Option<Instant> {
        let of = |chunk: &Chunk| match &chunk.state {
            State::Asked(asked) => Some(asked.deadline),
            State::Waiting => chunk.retry.wake_at(now),
            State::Parked | State::Ready { .. } | State::Delivered { .. } => None,
        };
        self.chunks.values().filter_map(of).min()
    }

    fn deliver(&mut self, actions: &mut Vec<Action>) {
        let Some(chunk) = self.chunks.values_mut().next() else { return };
        let (peer, blocks, cert) = match std::mem::replace(&mut chunk.state, State::Waiting) {
            State::Ready { peer, blocks, cert } => (peer, blocks, cert),
            other
            @ (State::Waiting | State::Parked | State::Asked(_) | State::Delivered { .. }) => {
                chunk.state = other;
                return;
            }
        };
        chunk.state = State::Delivered { peer };
        let height = chunk.to;
        let is_new = |block: &Arc<CheckedBlock>| block.header().height > self.own_final;
        let blocks = blocks.into_iter().filter(is_new).collect();
        actions.push(Action::Deliver { peer, blocks, cert, height });
    }

    /// Covers the heights up to the target with chunks, as far as there is room.
    fn plan(&mut self) {
        while self.chunks.len() < limits::CHUNKS_MAX {
            let covered = self.chunks.values().next_back().map_or(self.own_final, |last| last.to);
            if covered >= self.target {
                return;
            }
            let from = covered.next();
            let to = Height::new(covered.get().saturating_add(u64::from(self.chunk_blocks)));
            self.chunks.insert(from, Chunk::new(from, to.min(self.target)));
        }
    }

    fn ask(&mut self, from: Height, asking: &mut Asking<'_>) {
        let is_first = self.chunks.keys().next() == Some(&from);
        let filled = self.chunks.values().filter(|chunk| chunk.is_filled()).count();
        let mut load = BTreeMap::<ValidatorIndex, usize>::new();
        for asked in self.chunks.values().filter_map(Chunk::asked) {
            *load.entry(asked.peer).or_default() += 1;
        }
        let start = self.prover;
        let Some(chunk) = self.chunks.get_mut(&from) else { return };
        if is_first && matches!(chunk.state, State::Parked) {
            chunk.state = State::Waiting;
        }
        let has_room = is_first || filled < limits::CHUNKS_MAX;
        if !matches!(chunk.state, State::Waiting) || !has_room {
            return;
        }
        let load_of = |peer: ValidatorIndex| {
            let load = load.get(&peer).copied().unwrap_or(0);
            (load < limits::RANGES_PER_PEER_MAX).then_some(load)
        };
        // A run is worth something only if whoever began it goes on with it.
        let to = match &chunk.run {
            Some(run) => Some(run.peer),
            None => chunk.retry.pick(asking.now, asking.peers, start, load_of),
        };
        let Some(to) = to else { return };
        let max_blocks = match &chunk.run {
            // However far it is to the next certificate.
            Some(_) => limits::RANGE_BLOCKS_MAX,
            None => u16::try_from(chunk.to.since(chunk.next()).saturating_add(1))
                .unwrap_or(u16::MAX)
                .min(limits::RANGE_BLOCKS_MAX),
        };
        let request =
            Request::Range { from: chunk.next(), max_blocks, max_bytes: limits::RANGE_BYTES_MAX };
        let timeout = chunk.retry.timeout(limits::RANGE_TIMEOUT_MS);
        chunk.state = State::Asked(asking.send(to, request, timeout));
    }
}
