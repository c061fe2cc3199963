//! The end of the epoch, E4: noticed, told, proved to who is behind, and what the next one begins with.

use std::cmp::Ordering;
use std::sync::Arc;

use heddle_types::BlockHeader;
use heddle_types::CheckedBlock;
use heddle_types::CommitCert;
use heddle_types::Committee;
use heddle_types::EpochEnd;
use heddle_types::Height;
use heddle_types::Validator;
use heddle_types::ValidatorIndex;
use heddle_types::VoteData;

use super::Config;
use super::Replica;
use crate::epoch;
use crate::fetches::Fetches;
use crate::io::Action;
use crate::io::Message;
use crate::io::Now;
use crate::io::Recovered;
use crate::limits;
use crate::own::Kind;

/// A closing block that is final.
pub(super) struct Ending {
    before: BlockHeader,
    closing: Arc<CheckedBlock>,
    tail: Vec<BlockHeader>,
    cert: CommitCert,
    /// How the next epoch begins; none until it is known who decides in it.
    next: Option<EpochEnd>,
}

impl Replica {
    /// The replica of the next epoch, once this one's closing block is executed. What it asks for is carried out after all
    /// that this one asked for, and its indices are those of its own committee.
    pub fn successor(&self, now: Now, actions: &mut Vec<Action>) -> Option<Self> {
        let ending = self.ending.as_ref()?;
        let end = ending.next.as_ref()?;
        let executed = self.roots.newest().map(|root| root.height);
        if executed != Some(ending.closing.header().height) || self.halted {
            return None;
        }
        let committee = end.successor().ok().map(Arc::new)?;
        let config = Config { committee, genesis: end.genesis(), ..self.config.clone() };
        let recovered = Recovered {
            safety: self.outbox.durable().cloned(),
            lease: self.lease,
            high_tc: None,
            last_final: Arc::clone(&ending.closing),
            commit: ending.cert.clone(),
            executed: self.roots.executed().collect(),
            turns: Vec::new(),
            blocks: Vec::new(),
            nonce: self.nonce,
        };
        let mut next = Self::new(config, recovered, now, actions);
        for (from, message) in &self.early {
            let key = self.context.committee.validator(*from).map(|member| member.public_key);
            if let Some(from) = key.and_then(|key| next.context.committee.index_of(&key)) {
                next.on_message(from, message.clone());
                next.progress(actions);
            }
        }
        Some(next)
    }

    /// Whether the closing block of its epoch is final, and what was built on it is nothing to it any more.
    pub const fn has_ended(&self) -> bool {
        self.ending.is_some()
    }

    /// Who decides in its epoch.
    pub const fn committee(&self) -> &Arc<Committee> {
        &self.context.committee
    }

    /// What votes of its epoch name as certified and final in view 0.
    pub const fn genesis(&self) -> &VoteData {
        &self.config.genesis
    }

    /// Its position among them, if it is one.
    pub const fn own_index(&self) -> Option<ValidatorIndex> {
        self.context.me()
    }

    /// Whether a block may stand where it does in the epoch: E2, E3. True while that is not known here.
    pub(super) fn names_rightly(&self, block: &CheckedBlock, parent: &BlockHeader) -> bool {
        let header = block.header();
        let Some(candidates) = self.roots.candidates(header.executed.height) else { return true };
        let follows = !self.context.is_closing(parent)
            || self.closing_height(parent).is_some_and(|closing| {
                epoch::may_follow(header, block.transactions().is_empty(), closing)
            });
        follows && header.next_committee == self.context.next_committee(parent, candidates)
    }

    /// Blocks became final with a closing one among them: `tail` is what stands on it.
    pub(super) fn end(
        &mut self,
        mut blocks: Vec<Arc<CheckedBlock>>,
        tail: &[Arc<CheckedBlock>],
        cert: CommitCert,
    ) {
        let Some(closing) = blocks.pop() else { return };
        let before = blocks.last().unwrap_or_else(|| self.tree.last_final()).header().clone();
        if !blocks.is_empty() {
            self.outbox.push(Action::Commit { blocks, cert: cert.clone() });
        }
        let tail = tail.iter().map(|block| block.header().clone()).collect();
        self.ending = Some(Ending { before, closing, tail, cert, next: None });
        self.held = None;
        self.building = None;
        self.pending_commit = None;
        self.fetches = Fetches::default();
    }

    /// Tells of the end once it is known who decides next: from executing what the closing block's leader had executed, or
    /// from somebody's proof.
    pub(super) fn try_tell_end(&mut self) {
        let Some(ending) = self.ending.as_mut().filter(|ending| ending.next.is_none()) else {
            return;
        };
        let header = ending.closing.header();
        let proven = self.proof.as_ref().filter(|proof| proof.closing == *header);
        let candidates = self.roots.candidates(header.executed.height);
        let members: Vec<Validator> = match (proven, candidates) {
            (Some(proof), _) => proof.members.clone(),
            (None, Some(candidates)) => candidates.to_vec(),
            (None, None) => return,
        };
        let end = EpochEnd {
            before: ending.before.clone(),
            closing: header.clone(),
            tail: ending.tail.clone(),
            cert: ending.cert.clone(),
            members,
        };
        // Its root was compared with the one computed here, and the candidates are part of that state.
        assert!(end.successor().is_ok(), "the committee that a quorum named is the one known here");
        let blocks = vec![Arc::clone(&ending.closing)];
        let cert = ending.cert.clone();
        ending.next = Some(end.clone());
        self.outbox.push(Action::EpochEnded(Box::new(end)));
        self.outbox.push(Action::Commit { blocks, cert });
    }

    /// Somebody's proof that this epoch ended.
    pub(super) fn on_epoch_end(&mut self, from: ValidatorIndex, end: &EpochEnd) {
        if self.proof.is_some()
            || !self.is_peer(from)
            || !self.rates.proofs.is_due(from, self.now.instant)
        {
            return;
        }
        let verified = end.verify(&self.context.committee, self.context.scheme());
        if verified.is_err() {
            return;
        }
        self.is_heard();
        self.check_own(end.cert.voters, &end.cert.data, Kind::CommitVote);
        self.proof = Some(Box::new(end.clone()));
        if self.ending.is_none() {
            for header in &end.tail {
                let block = CheckedBlock::build(header.clone(), Vec::new());
                self.tree.insert(Arc::new(block), end.cert.data.block);
            }
            self.pending_commit = Some((end.cert.clone(), from));
        }
    }

    /// A message of another epoch: whoever is behind is told how its epoch ended, whoever is ahead is told where this node
    /// is. Statements of the next epoch wait for it while this one's end is in sight.
    pub(super) fn on_other_epoch(&mut self, from: ValidatorIndex, message: &Message) {
        if !self.is_peer(from) {
            return;
        }
        let epoch = message.epoch();
        let is_proof = matches!(message, Message::EpochEnd(_));
        match epoch.cmp(&self.context.committee.epoch()) {
            Ordering::Less if !is_proof && self.rates.ends.is_due(from, self.now.instant) => {
                self.outbox.push_free(Action::ServeEpochEnd { to: from, epoch });
            }
            Ordering::Greater => {
                if epoch == self.context.committee.epoch().next() && !is_proof {
                    self.keep_early(from, message);
                }
                if self.rates.answers.is_due(from, self.now.instant) {
                    self.introduce(from);
                }
            }
            Ordering::Less | Ordering::Equal => {}
        }
    }

    /// Whether it is another member, or one of as many guests as are served.
    fn is_peer(&self, who: ValidatorIndex) -> bool {
        let end = self.context.committee.len().saturating_add(limits::GUESTS_MAX);
        usize::from(who.get()) < end && Some(who) != self.context.me()
    }

    /// The height of the block that closes the epoch, which `header`, not final here, stands on or is.
    fn closing_height(&self, header: &BlockHeader) -> Option<Height> {
        let up = self.tree.ancestors(header.hash());
        let closing = up.take_while(|block| self.context.is_closing(block.header())).last()?;
        Some(closing.header().height)
    }

    /// Keeps a few of each member's first words in the next epoch, which begins here a moment later than there.
    fn keep_early(&mut self, from: ValidatorIndex, message: &Message) {
        let tip = self.tree.get(self.record.high_qc.data.block);
        let in_sight = self.ending.is_some()
            || tip.is_some_and(|block| self.context.is_closing(block.header()));
        let is_member = self.context.committee.validator(from).is_some();
        let of_sender = || self.early.iter().filter(|(sender, _)| *sender == from);
        let is_proposal = |message: &Message| matches!(message, Message::Proposal(_));
        let again = is_proposal(message) && of_sender().any(|(_, kept)| is_proposal(kept));
        if in_sight && is_member && !again && of_sender().count() < limits::EARLY_MAX {
            self.early.push((from, message.clone()));
        }
    }
}
