//! What the core is told and what it asks for. Closed enums; the driver carries actions out in order.

use std::collections::BTreeMap;
use std::sync::Arc;

use heddle_types::BlockHash;
use heddle_types::CheckedBlock;
use heddle_types::CommitCert;
use heddle_types::Height;
use heddle_types::ValidatorIndex;

use crate::request::Request;
use crate::request::RequestId;
use crate::request::Response;

/// What the core is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// A peer can be asked.
    Connected(ValidatorIndex),
    /// A peer can no longer be asked; what it was asked is lost.
    Disconnected(ValidatorIndex),
    /// The agreement core misses a block.
    Fetch {
        /// Which.
        hash: BlockHash,
        /// Its height as its certificate says.
        height: Height,
        /// Who has it.
        hint: ValidatorIndex,
    },
    /// `peer` proved that `height` is final.
    CatchUp {
        /// Who.
        peer: ValidatorIndex,
        /// What.
        height: Height,
    },
    /// What is final here, whenever it rises: through catching up or without it.
    Final(Height),
    /// A peer answered. Blocks are checked as far as they can be alone.
    Response {
        /// Who.
        peer: ValidatorIndex,
        /// What to.
        id: RequestId,
        /// What.
        response: Response,
    },
    /// The agreement core did not accept what [`Action::Deliver`] carried: a forged certificate, or blocks that do not follow
    /// the last final one.
    Refused {
        /// Whose it was.
        peer: ValidatorIndex,
    },
    /// A peer's frame was no message, or a response with a malformed block: the peer lies.
    Malformed {
        /// Who.
        peer: ValidatorIndex,
    },
    /// Another epoch began: each peer's new index by its old one. Who is not named is not there any more, until it is
    /// connected by its new index.
    Renumbered(BTreeMap<ValidatorIndex, ValidatorIndex>),
    /// The deadline has passed.
    Tick,
}

/// What the core asks for, to be carried out in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Ask a peer.
    Send {
        /// Whom.
        to: ValidatorIndex,
        /// Names the answer.
        id: RequestId,
        /// What.
        request: Request,
    },
    /// A block that [`Input::Fetch`] asked for, for the agreement core's `Fetched`.
    Fetched(Arc<CheckedBlock>),
    /// Consecutive blocks from the first that is not final here, for the agreement core's `Synced`. They are parent-linked and
    /// `cert` names the last; its signatures, and whether the first follows what is final here, are not checked. There is
    /// never a second before the first is answered, with [`Input::Final`] of at least `height`, or with [`Input::Refused`].
    Deliver {
        /// Whose they are.
        peer: ValidatorIndex,
        /// The blocks, oldest first.
        blocks: Vec<Arc<CheckedBlock>>,
        /// The commit certificate of the last.
        cert: CommitCert,
        /// The last one's height; or, where an epoch ends, that of its closing block, which the others are the tail of.
        height: Height,
    },
    /// A peer answered with something that no honest one would, and is avoided for a while. For counting.
    Misbehaved {
        /// Who.
        peer: ValidatorIndex,
        /// How.
        fault: Fault,
    },
}

/// What a peer did that no honest one would.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Another block than was asked for.
    WrongBlock,
    /// Blocks that are not consecutive from the height asked for, more than an answer may have, or of two epochs.
    WrongRange,
    /// A certificate of another block than the last.
    WrongCert,
    /// Blocks without a certificate, and none of those that would lead to one, or too many of them.
    NoCert,
    /// A block to who asked for a range, or the other way round.
    WrongKind,
    /// An answer whose bytes or blocks are malformed.
    Malformed,
    /// Blocks that the agreement core refused.
    Refused,
}
