//! How many views pass without a final block once the faults are over.

use heddle_types::Epoch;
use heddle_types::Height;
use heddle_types::View;

use super::oracle::Violation;
use super::oracle::ensure;

/// What is final somewhere: the last epoch that ended, and the highest height.
pub(crate) type Final = (Option<Epoch>, Height);

/// Counts views from the moment on in which all are up and whatever is sent arrives.
#[derive(Debug)]
pub(crate) struct Pace {
    /// Views that may pass without a final block.
    views_max: u64,
    /// The last progress, and the highest view then; none before that moment.
    last: Option<(Final, View)>,
    slowest: u64,
}

impl Pace {
    /// Among `members` of which any third may be faulty: the view that was under way may fail, and those of faulty leaders; the
    /// next one makes a block final, and whoever is first enters the one after it before that.
    pub(crate) const fn new(members: usize) -> Self {
        let faulty = (members as u64 - 1) / 3;
        Self { views_max: faulty + 2, last: None, slowest: 0 }
    }

    pub(crate) const fn has_begun(&self) -> bool {
        self.last.is_some()
    }

    pub(crate) const fn begin(&mut self, known: Final, view: View) {
        self.last = Some((known, view));
    }

    /// The highest view, and what is final by now.
    ///
    /// # Errors
    /// Too many views passed since the last final block.
    pub(crate) fn on_view(&mut self, known: Final, view: View) -> Result<(), Violation> {
        let Some((last, since)) = &mut self.last else { return Ok(()) };
        if *last != known {
            (*last, *since) = (known, view);
        }
        let passed = view.since(*since);
        self.slowest = self.slowest.max(passed);
        ensure!(passed <= self.views_max, "no block is final from view {since} to view {view}");
        Ok(())
    }

    /// The most views that passed without a final block.
    pub(crate) const fn slowest(&self) -> u64 {
        self.slowest
    }
}
