//! The proof that a lane forks.

use heddle_types::BatchHeader;
use heddle_types::Committee;
use heddle_types::SignedBatchHeader;
use heddle_types::ValidatorIndex;
use heddle_types::VoteScheme;

/// Two different batches that one validator signed at one place of its lane. Only constructed from what is verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fork {
    first: SignedBatchHeader,
    second: SignedBatchHeader,
}

impl Fork {
    /// From what somebody says is one; none if it is not. Verifies both signatures.
    pub fn check(
        first: SignedBatchHeader,
        second: SignedBatchHeader,
        committee: &Committee,
        scheme: &dyn VoteScheme,
    ) -> Option<Self> {
        let contradict = contradict(&first.header, &second.header);
        let signed =
            contradict && first.verify(committee, scheme) && second.verify(committee, scheme);
        signed.then_some(Self { first, second })
    }

    /// From two whose signatures were verified.
    pub(crate) fn of(first: &SignedBatchHeader, second: &SignedBatchHeader) -> Option<Self> {
        let contradict = contradict(&first.header, &second.header);
        contradict.then(|| Self { first: first.clone(), second: second.clone() })
    }

    /// Whose lane it is.
    pub const fn lane(&self) -> ValidatorIndex {
        self.first.header.lane
    }

    /// Both headers, with their owner's signatures.
    pub const fn headers(&self) -> [&SignedBatchHeader; 2] {
        [&self.first, &self.second]
    }
}

fn contradict(first: &BatchHeader, second: &BatchHeader) -> bool {
    let place = |header: &BatchHeader| (header.chain, header.epoch, header.lane, header.sequence);
    place(first) == place(second) && first != second
}
