//! What transactions touched. For people; no root commits to it.

use std::io;

use borsh::BorshDeserialize;
use borsh::BorshSerialize;

use crate::state_key::StateKey;

/// How one key was touched: any of reading, writing or deleting, adding, appending.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Touch(u8);

impl Touch {
    /// Not at all.
    pub const NONE: Self = Self(0);
    /// Its value was read.
    pub const READ: Self = Self(1);
    /// It was written or deleted.
    pub const WRITE: Self = Self(2);
    /// A number was added to it.
    pub const ADD: Self = Self(4);
    /// An entry was appended to it.
    pub const APPEND: Self = Self(8);

    /// Both.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether all of `other` is part of it.
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

/// What one transaction touched, by kind of access.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccessTrace {
    /// Keys read.
    pub reads: Vec<StateKey>,
    /// Keys written or deleted.
    pub writes: Vec<StateKey>,
    /// Keys added to.
    pub adds: Vec<StateKey>,
    /// Keys appended to.
    pub appends: Vec<StateKey>,
}

impl AccessTrace {
    /// From touched keys; each list keeps their order.
    pub fn new(touched: &[(StateKey, Touch)]) -> Self {
        let of = |kind| {
            let keys = touched.iter().filter(move |(_, touch)| touch.has(kind));
            keys.map(|(key, _)| *key).collect()
        };
        Self {
            reads: of(Touch::READ),
            writes: of(Touch::WRITE),
            adds: of(Touch::ADD),
            appends: of(Touch::APPEND),
        }
    }
}

/// What each transaction of a block touched, in key order each.
///
/// Every worker of an executor logs what its transactions touch one after the other, so that a transaction needs no memory of its
/// own; the logs stay as they are, and where a transaction's part is in them is noted.
#[derive(Clone, Debug, Default)]
pub struct Traces {
    logs: Vec<Vec<(StateKey, Touch)>>,
    spans: Vec<TraceSpan>,
}

/// Where in the logs a transaction's part is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceSpan {
    /// The log.
    pub log: u32,
    /// Where it begins.
    pub start: u32,
    /// How many keys it has.
    pub len: u32,
}

impl Traces {
    /// The parts `spans` of `logs`, one for each transaction.
    ///
    /// # Panics
    /// When a span is outside of its log.
    pub fn new(logs: Vec<Vec<(StateKey, Touch)>>, spans: Vec<TraceSpan>) -> Self {
        let traces = Self { logs, spans };
        for span in &traces.spans {
            assert!(traces.part(*span).is_some(), "a span is a part of a log");
        }
        traces
    }

    /// What the transaction at `position` touched; none past the last.
    pub fn touched(&self, position: usize) -> Option<&[(StateKey, Touch)]> {
        self.part(*self.spans.get(position)?)
    }

    /// The same by kind of access.
    pub fn get(&self, position: usize) -> Option<AccessTrace> {
        self.touched(position).map(AccessTrace::new)
    }

    /// Of how many transactions.
    pub const fn len(&self) -> usize {
        self.spans.len()
    }

    /// Whether of none.
    pub const fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    fn part(&self, span: TraceSpan) -> Option<&[(StateKey, Touch)]> {
        let index = |n| usize::try_from(n).ok();
        let log = self.logs.get(index(span.log)?)?;
        log.get(index(span.start)?..)?.get(..index(span.len)?)
    }

    fn parts(&self) -> impl Iterator<Item = &[(StateKey, Touch)]> {
        self.spans.iter().filter_map(|span| self.part(*span))
    }
}

impl PartialEq for Traces {
    fn eq(&self, other: &Self) -> bool {
        self.parts().eq(other.parts())
    }
}

impl Eq for Traces {}

impl FromIterator<Vec<(StateKey, Touch)>> for Traces {
    fn from_iter<I: IntoIterator<Item = Vec<(StateKey, Touch)>>>(traces: I) -> Self {
        let logs: Vec<_> = traces.into_iter().collect();
        let span = |(log, keys): (u32, &Vec<_>)| TraceSpan {
            log,
            start: 0,
            len: u32::try_from(keys.len()).unwrap_or(u32::MAX),
        };
        let spans = (0_u32..).zip(&logs).map(span).collect();
        Self::new(logs, spans)
    }
}

/// For each transaction its keys, each with how it was touched.
impl BorshSerialize for Traces {
    fn serialize<W: io::Write>(&self, writer: &mut W) -> io::Result<()> {
        let too_many = |_| io::Error::new(io::ErrorKind::InvalidInput, "more than 2^32 traces");
        u32::try_from(self.len()).map_err(too_many)?.serialize(writer)?;
        self.parts().try_for_each(|part| part.serialize(writer))
    }
}

impl BorshDeserialize for Traces {
    fn deserialize_reader<R: io::Read>(reader: &mut R) -> io::Result<Self> {
        Vec::<Vec<(StateKey, Touch)>>::deserialize_reader(reader).map(Self::from_iter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ProgramId;

    fn key(n: u8) -> StateKey {
        StateKey::new(ProgramId(1), &[&[n]]).unwrap()
    }

    #[test]
    fn traces_are_equal_by_what_they_say_and_not_by_where_it_is_logged() {
        let both = Touch::READ.with(Touch::WRITE);
        let first = vec![(key(1), Touch::ADD)];
        let second = vec![(key(1), both), (key(2), Touch::APPEND)];
        let log = [second.clone(), first.clone(), vec![(key(9), Touch::READ)]].concat();
        let spans = [(2, 1), (0, 2), (3, 0)];
        let spans = spans.map(|(start, len)| TraceSpan { log: 0, start, len }).to_vec();
        let one_log = Traces::new(vec![log], spans);
        let three_logs: Traces = [first, second, vec![]].into_iter().collect();
        assert_eq!(one_log, three_logs);
        assert_eq!(borsh::to_vec(&one_log).unwrap(), borsh::to_vec(&three_logs).unwrap());
        let again: Traces = borsh::from_slice(&borsh::to_vec(&one_log).unwrap()).unwrap();
        assert_eq!(again, one_log);
        let trace = one_log.get(1).unwrap();
        assert_eq!((trace.reads, trace.writes), (vec![key(1)], vec![key(1)]));
        assert_eq!((trace.adds, trace.appends), (vec![], vec![key(2)]));
        assert_eq!(one_log.get(3), None);
        assert_ne!(one_log, Traces::default());
    }
}
