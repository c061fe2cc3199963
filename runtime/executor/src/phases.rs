//! One phase of a block: its items are planned by the programs, then run one after the other.

use heddle_sdk::CallError;
use heddle_sdk::InboxEntry;
use heddle_sdk::Inboxes;
use heddle_sdk::Permission;
use heddle_sdk::Phase;
use heddle_sdk::PhaseContext;
use heddle_sdk::PhaseView;
use heddle_sdk::Program;
use heddle_sdk::WorkItem;
use heddle_sdk::Workspace;
use heddle_sdk::fees;
use heddle_sdk::limits::WORK_ITEMS_MAX;
use heddle_types::Event;
use heddle_types::ProgramId;

use crate::block_state::BlockState;
use crate::panics;
use crate::transaction::Runner;
use crate::transaction::Scratch;

/// What phases work on.
pub(crate) struct PhaseRun<'a, 's> {
    pub(crate) runner: Runner<'a>,
    pub(crate) state: &'a mut BlockState<'s>,
    pub(crate) inboxes: &'a mut Inboxes,
    pub(crate) events: &'a mut Vec<Event>,
    pub(crate) scratch: &'a mut Scratch,
}

impl PhaseRun<'_, '_> {
    /// Runs one phase: all programs plan on what there is when it begins, then all items run, by program and in the order in which
    /// it planned them. How many there were.
    pub(crate) fn run(&mut self, phase: Phase) -> usize {
        let programs = self.runner.programs;
        let taking_part = programs.iter().filter(|program| program.phases().contains(&phase));
        let planned: Vec<_> =
            taking_part.map(|program| (program, self.plan(program, phase))).collect();
        let items = planned
            .into_iter()
            .flat_map(|(program, items)| items.into_iter().map(move |item| (program, item)));
        let mut count = 0;
        for (position, (program, item)) in (0_u32..).zip(items) {
            count += 1;
            let inbox = item.inbox.map(|key| self.inboxes.take(&key)).unwrap_or_default();
            // An item that fails has no effect, and neither has what its program makes of the failure if that fails too.
            let work = Item { program: program.id(), phase, position, item: &item, inbox: &inbox };
            if !self.attempt(&work, |ctx| program.run_item(ctx)) {
                let _frozen = self.attempt(&work, |ctx| program.item_failed(ctx));
            }
        }
        count
    }

    fn plan(&self, program: &dyn Program, phase: Phase) -> Vec<WorkItem> {
        let view = PhaseView::new(self.runner.block, program.id(), self.state, self.inboxes);
        let mut items = panics::catch(|| program.plan_phase(phase, &view)).unwrap_or_default();
        items.truncate(WORK_ITEMS_MAX);
        items
    }

    /// Whether it succeeded; then all of its effects are made, else none.
    fn attempt(
        &mut self,
        item: &Item<'_>,
        run: impl FnOnce(&mut PhaseContext<'_, '_>) -> Result<(), CallError>,
    ) -> bool {
        let scratch = &mut *self.scratch;
        scratch.effects.clear();
        let permission = Permission::Declared(&item.item.access);
        let mut work =
            Workspace::new(&*self.state, permission, fees::WORK_PER_ITEM, &mut scratch.work);
        work.enter(item.program, 0);
        let result = panics::catch(|| {
            let what = (item.item.item.as_slice(), item.inbox);
            run(&mut PhaseContext::new(self.runner.block, item.phase, what, &mut work))
        });
        let has_succeeded = matches!(result, Ok(Ok(()))) && work.stopped().is_none();
        if has_succeeded {
            let effects = &mut scratch.effects;
            let settled = work.take_changes(|slot, _key, change| effects.settle_free(slot, change));
            assert!(settled.is_ok(), "everything is known when one runs after the other");
            std::mem::swap(&mut scratch.effects.appends, scratch.work.appends());
            self.events.append(scratch.work.events());
        }
        self.apply(item);
        has_succeeded
    }

    fn apply(&mut self, item: &Item<'_>) {
        let effects = &mut self.scratch.effects;
        let _kept = self.state.apply(effects, |slot| item.item.access.key(slot));
        for appended in effects.appends.drain(..) {
            self.inboxes.push(item.phase, item.position, appended);
        }
    }
}

/// One item of a phase.
struct Item<'i> {
    program: ProgramId,
    phase: Phase,
    /// Among all items of the phase.
    position: u32,
    item: &'i WorkItem,
    inbox: &'i [InboxEntry],
}
