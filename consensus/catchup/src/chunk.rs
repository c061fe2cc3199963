//! A stretch of heights that is fetched with one request, or more where it proves too large or has no certificate.
//!
//! ```text
//! Waiting --ask--> Asked --blocks and certificate--> Ready --its turn--> Delivered --final--> (gone)
//!    ^  ^            |  |                                                    |
//!    |  +--in vain---+  +--blocks without certificate--> Parked, or Waiting  |
//!    +---------------------------refused-------------------------------------+
//! ```

use std::collections::BTreeMap;
use std::sync::Arc;

use heddle_types::CheckedBlock;
use heddle_types::CommitCert;
use heddle_types::Height;
use heddle_types::ValidatorIndex;

use crate::io::Fault;
use crate::limits;
use crate::retry::Asked;
use crate::retry::Retry;

/// Heights `from..=to`.
#[derive(Clone, Debug)]
pub(crate) struct Chunk {
    pub(crate) from: Height,
    pub(crate) to: Height,
    pub(crate) state: State,
    pub(crate) retry: Retry,
    /// Linked blocks from `from` on without a certificate, all from one peer, which must go on with them.
    pub(crate) run: Option<Run>,
}

#[derive(Clone, Debug)]
pub(crate) enum State {
    Waiting,
    /// Has no certificate where it was asked for: waits until it is the first, because only the first may collect a long run.
    Parked,
    Asked(Asked),
    Ready {
        peer: ValidatorIndex,
        blocks: Vec<Arc<CheckedBlock>>,
        cert: CommitCert,
    },
    Delivered {
        peer: ValidatorIndex,
    },
}

/// See [`Chunk::run`].
#[derive(Clone, Debug)]
pub(crate) struct Run {
    pub(crate) peer: ValidatorIndex,
    pub(crate) blocks: Vec<Arc<CheckedBlock>>,
    bytes: usize,
    answers: u32,
}

impl Chunk {
    pub(crate) fn new(from: Height, to: Height) -> Self {
        Self { from, to, state: State::Waiting, retry: Retry::default(), run: None }
    }

    /// The first height to ask for.
    pub(crate) fn next(&self) -> Height {
        let last = self.run.as_ref().and_then(|run| run.blocks.last());
        last.map_or(self.from, |block| block.header().height.next())
    }

    pub(crate) const fn asked(&self) -> Option<&Asked> {
        match &self.state {
            State::Asked(asked) => Some(asked),
            State::Waiting | State::Parked | State::Ready { .. } | State::Delivered { .. } => None,
        }
    }

    /// Whether it holds memory, or soon will.
    pub(crate) const fn is_filled(&self) -> bool {
        match &self.state {
            State::Asked(_) | State::Ready { .. } | State::Delivered { .. } => true,
            State::Waiting | State::Parked => false,
        }
    }

    /// Starts over, with another peer if there is one.
    pub(crate) fn reset(&mut self) {
        self.state = State::Waiting;
        self.run = None;
    }

    /// Another epoch began: each peer's new index by its old one. What is here or on its way from a peer that is not named
    /// is asked for again: nobody could be blamed for it.
    pub(crate) fn renumber(&mut self, names: &BTreeMap<ValidatorIndex, ValidatorIndex>) {
        self.retry.renumber(names);
        let rename = |peer: &mut ValidatorIndex| match names.get(peer) {
            Some(new) => {
                *peer = *new;
                true
            }
            None => false,
        };
        let is_known = match &mut self.state {
            State::Waiting | State::Parked => true,
            State::Asked(asked) => rename(&mut asked.peer),
            State::Ready { peer, .. } | State::Delivered { peer } => rename(peer),
        };
        let has_source = self.run.as_mut().is_none_or(|run| rename(&mut run.peer));
        if !is_known || !has_source {
            self.reset();
        }
    }

    /// Adds linked blocks without a certificate. False, and nothing kept, when the run is too long.
    pub(crate) fn extend_run(
        &mut self,
        peer: ValidatorIndex,
        blocks: Vec<Arc<CheckedBlock>>,
    ) -> bool {
        let run =
            self.run.get_or_insert_with(|| Run { peer, blocks: Vec::new(), bytes: 0, answers: 0 });
        run.bytes = blocks.iter().fold(run.bytes, |sum, block| sum.saturating_add(bytes_of(block)));
        run.blocks.extend(blocks);
        run.answers = run.answers.saturating_add(1);
        let fits = run.blocks.len() <= limits::UNCERTIFIED_BLOCKS_MAX
            && run.bytes <= limits::UNCERTIFIED_BYTES_MAX
            && run.answers <= limits::UNCERTIFIED_ANSWERS_MAX;
        self.state = State::Waiting;
        if !fits {
            self.run = None;
        }
        fits
    }

    /// Checks that an answer is linked blocks from the height asked for, and what the certificate is of. Gives the last
    /// height that it brings: after a closing block come only those of its tail, which is whole.
    pub(crate) fn check(
        &self,
        blocks: &[Arc<CheckedBlock>],
        cert: Option<&CommitCert>,
    ) -> Result<Option<Height>, Fault> {
        if blocks.len() > limits::RESPONSE_BLOCKS_MAX {
            return Err(Fault::WrongRange);
        }
        let mut height = self.next();
        let mut parent =
            self.run.as_ref().and_then(|run| run.blocks.last()).map(|last| last.hash());
        for block in blocks {
            let header = block.header();
            if header.height != height || parent.is_some_and(|parent| parent != header.parent) {
                return Err(Fault::WrongRange);
            }
            height = height.next();
            parent = Some(block.hash());
        }
        let closing = blocks.iter().position(|block| block.header().next_committee.is_some());
        let end = closing.map(|closing| blocks.split_at(closing));
        if let Some((_, [closing, tail @ ..])) = end {
            let name = closing.header().next_committee;
            if tail.iter().any(|block| block.header().next_committee != name) {
                return Err(Fault::WrongRange);
            }
            if cert.is_none() {
                return Err(Fault::NoCert);
            }
        }
        match (cert, blocks.last()) {
            (Some(cert), Some(last)) if cert.data == last.header().vote_data() => {}
            (Some(_), Some(_) | None) => return Err(Fault::WrongCert),
            (None, Some(_) | None) => {}
        }
        let last = closing.and_then(|closing| blocks.get(closing)).or(blocks.last());
        Ok(last.map(|block| block.header().height))
    }
}

fn bytes_of(block: &CheckedBlock) -> usize {
    let transactions: usize = block.transactions().iter().map(|checked| checked.bytes()).sum();
    transactions.saturating_add(limits::BLOCK_OVERHEAD_BYTES)
}
