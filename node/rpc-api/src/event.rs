//! What programs report: in receipts, and from the phases of a block.

use std::collections::BTreeMap;

use heddle_types::Bytes;
use heddle_types::Height;
use heddle_types::ProgramId;
use heddle_types::TxIndex;
use serde::Deserialize;
use serde::Serialize;

use crate::limits;
use crate::number;
use crate::params::ParamError;
use crate::params::Params;
use crate::request::Request;
use crate::subscription::Subscribed;
use crate::text;

/// Something that a program reported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// The program's number.
    pub program: u32,
    /// The program's own number for this kind of event.
    pub kind: u16,
    /// The program's own encoding.
    #[serde(with = "text")]
    pub data: Bytes,
    /// Its name, such as `Transfer`; null when the program has no words for it.
    pub name: Option<String>,
    /// What it says, by the field's name: addresses in hex, amounts as decimal strings.
    pub fields: BTreeMap<String, String>,
}

/// An event in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventText {
    /// Its name.
    pub name: String,
    /// What it says, by the field's name.
    pub fields: BTreeMap<String, String>,
}

impl Event {
    /// From an event and what its program says that it means.
    pub fn new(event: &heddle_types::Event, text: Option<EventText>) -> Self {
        let (name, fields) = match text {
            Some(EventText { name, fields }) => (Some(name), fields),
            None => (None, BTreeMap::new()),
        };
        let data = event.data.to_vec().into();
        Self { program: event.program.0, kind: event.kind, data, name, fields }
    }
}

/// Which events are wanted: those that meet all that is given.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct EventFilter {
    /// Of this program.
    #[serde(with = "crate::key::program_option", skip_serializing_if = "Option::is_none")]
    pub program: Option<ProgramId>,
    /// Of this kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<u16>,
    /// Whose data begins with these bytes, such as a market's number.
    #[serde(with = "text::option", skip_serializing_if = "Option::is_none")]
    pub prefix: Option<Bytes>,
}

impl EventFilter {
    /// Whether an event is wanted.
    pub fn matches(&self, event: &heddle_types::Event) -> bool {
        self.program.is_none_or(|program| program == event.program)
            && self.kind.is_none_or(|kind| kind == event.kind)
            && self.prefix.as_ref().is_none_or(|prefix| event.data.starts_with(prefix))
    }

    fn from_params(params: &mut Params) -> Result<Self, ParamError> {
        let program = params.has("program").then(|| params.program("program")).transpose()?;
        let kind = params.optional_integer("kind", u16::MAX.into())?;
        let prefix = params.optional_text("prefix")?;
        let kind = kind.and_then(|kind| u16::try_from(kind).ok());
        Ok(Self { program, kind, prefix })
    }
}

/// `getBlockEvents`: what programs reported in an executed final block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct GetBlockEvents {
    /// The block's height.
    #[serde(with = "number")]
    pub height: Height,
    /// Which.
    #[serde(flatten)]
    pub filter: EventFilter,
    /// From this index on; the page before's `next`.
    pub from: u64,
    /// Events at most, 1 to [`limits::EVENTS_MAX`].
    pub limit: u64,
}

impl GetBlockEvents {
    /// The first page of all that `filter` wants of a block, as large as pages are.
    pub const fn all(height: Height, filter: EventFilter) -> Self {
        Self { height, filter, from: 0, limit: limits::EVENTS_MAX }
    }
}

impl Request for GetBlockEvents {
    const METHOD: &'static str = "getBlockEvents";
    type Reply = BlockEvents;

    fn from_params(mut params: Params) -> Result<Self, ParamError> {
        let height = params.number("height")?;
        let filter = EventFilter::from_params(&mut params)?;
        let from = params.optional_integer("from", limits::INTEGER_MAX)?.unwrap_or(0);
        let limit = params.optional_integer("limit", limits::EVENTS_MAX)?;
        let limit = limit.unwrap_or(limits::EVENTS_MAX);
        if limit == 0 {
            return Err(ParamError::new("limit", "0", "an integer from 1 to 10000"));
        }
        params.finish("height, program, kind, prefix, from, limit")?;
        Ok(Self { height, filter, from, limit })
    }
}

/// `subscribeEvents`: the events of each executed final block, in order. WebSocket only.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SubscribeEvents {
    /// Which.
    #[serde(flatten)]
    pub filter: EventFilter,
    /// The first sequence wanted, which is the height; without it the next block.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from_seq: Option<u64>,
}

impl Request for SubscribeEvents {
    const METHOD: &'static str = "subscribeEvents";
    type Reply = Subscribed;

    fn from_params(mut params: Params) -> Result<Self, ParamError> {
        let filter = EventFilter::from_params(&mut params)?;
        let from_seq = params.optional_integer("fromSeq", limits::INTEGER_MAX)?;
        params.finish("program, kind, prefix, fromSeq")?;
        Ok(Self { filter, from_seq })
    }
}

/// A page of a block's events, in order: those of its transactions, then those of its phases, in which the ones from before the
/// transactions come first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BlockEvents {
    /// The block's height.
    #[serde(with = "number")]
    pub height: Height,
    /// Those wanted.
    pub events: Vec<BlockEvent>,
    /// Where to go on; null when there are no more.
    pub next: Option<u64>,
    /// How many events of phases no node keeps, because the block had more than is kept of one.
    pub left_out: u64,
}

/// One event of a block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlockEvent {
    /// Its place among all of the block's events.
    pub index: u64,
    /// The transaction that it is of; null for one of a phase.
    #[serde(with = "number::option")]
    pub transaction: Option<TxIndex>,
    /// What it says.
    #[serde(flatten)]
    pub event: Event,
}

impl BlockEvents {
    /// The page that is asked for, out of `all` events of the block in their order; `describe` puts one into words. It holds at most
    /// [`limits::EVENT_DATA_BYTES_MAX`] bytes of data, but one event in any case.
    pub fn page<'a>(
        request: &GetBlockEvents,
        all: impl Iterator<Item = (Option<TxIndex>, &'a heddle_types::Event)>,
        describe: impl Fn(&heddle_types::Event) -> Option<EventText>,
        left_out: u64,
    ) -> Self {
        let GetBlockEvents { height, filter, from, limit } = request;
        let mut page = Self { height: *height, events: Vec::new(), next: None, left_out };
        let mut bytes = 0_usize;
        let wanted =
            (0_u64..).zip(all).filter(|(index, (_, event))| index >= from && filter.matches(event));
        for (index, (transaction, event)) in wanted {
            bytes = bytes.saturating_add(event.data.len());
            let is_full =
                page.events.len() as u64 >= *limit || bytes > limits::EVENT_DATA_BYTES_MAX;
            if is_full && !page.events.is_empty() {
                page.next = Some(index);
                break;
            }
            let event = Event::new(event, describe(event));
            page.events.push(BlockEvent { index, transaction, event });
        }
        page
    }
}

#[cfg(test)]
mod tests;
