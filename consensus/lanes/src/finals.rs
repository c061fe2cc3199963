//! Final cuts that are not delivered yet.

use std::collections::VecDeque;

use heddle_types::BatchRef;
use heddle_types::Height;

use crate::cut;
use crate::cut::CutFault;
use crate::cut::Missing;
use crate::lane::Lane;
use crate::limits;
use crate::place::Positions;

/// In the chain's order.
#[derive(Clone, Debug)]
pub(crate) struct Finals {
    queue: VecDeque<FinalCut>,
    /// Where the last that was told of ends.
    end: Positions,
    /// Its height.
    height: Height,
}

#[derive(Clone, Debug)]
pub(crate) struct FinalCut {
    pub(crate) height: Height,
    /// Where the one before it ended.
    base: Positions,
    pub(crate) cut: Vec<BatchRef>,
}

impl Finals {
    /// None wait; the last one delivered ended at `end`.
    pub(crate) const fn new(end: Positions) -> Self {
        Self { queue: VecDeque::new(), end, height: Height::ZERO }
    }

    /// Heights go on above `height`.
    pub(crate) const fn resume(&mut self, height: Height) {
        self.height = height;
    }

    /// A cut is final.
    ///
    /// # Panics
    /// When heights do not ascend: agreement tells of each once, in order.
    pub(crate) fn push(&mut self, height: Height, cut: Vec<BatchRef>) {
        assert!(height > self.height, "final heights ascend");
        let base = self.end.clone();
        self.end.follow(&cut);
        self.height = height;
        self.queue.push_back(FinalCut { height, base, cut });
    }

    /// The first one, if all that it adds is durable. L7
    ///
    /// # Errors
    /// Its height and what is wrong with it, if no honest validator can have voted for it.
    pub(crate) fn take_available(
        &mut self,
        lanes: &[Lane],
    ) -> Result<Option<FinalCut>, (Height, CutFault)> {
        let Some(first) = self.queue.front() else { return Ok(None) };
        let extension = cut::extension(lanes, &first.base, &first.cut);
        let extension = extension.map_err(|fault| (first.height, fault))?;
        Ok(if extension.is_available() { self.queue.pop_front() } else { None })
    }

    /// What is missing for the first few.
    pub(crate) fn missing(&self, lanes: &[Lane]) -> Vec<Missing> {
        let first = self.queue.iter().take(limits::FINALS_FETCHED_MAX);
        let extensions =
            first.filter_map(|r#final| cut::extension(lanes, &r#final.base, &r#final.cut).ok());
        extensions.flat_map(|extension| extension.missing).collect()
    }

    /// Where the last that was told of ends.
    pub(crate) const fn end(&self) -> &Positions {
        &self.end
    }

    /// The height of the last that was told of.
    pub(crate) const fn height(&self) -> Height {
        self.height
    }

    /// How many wait.
    pub(crate) fn len(&self) -> usize {
        self.queue.len()
    }
}
