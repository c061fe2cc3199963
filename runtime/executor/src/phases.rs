//! One phase of a block: its items are planned by the programs, then run one after the other.

use heddle_sdk::BlockInfo;
use heddle_sdk::CallError;
use heddle_sdk::Effects;
use heddle_sdk::InboxEntry;
use heddle_sdk::Inboxes;
use heddle_sdk::Permission;
use heddle_sdk::Phase;
use heddle_sdk::PhaseContext;
use heddle_sdk::PhaseView;
use heddle_sdk::Program;
use heddle_sdk::Programs;
use heddle_sdk::WorkItem;
use heddle_sdk::Workspace;
use heddle_sdk::fees;
use heddle_sdk::limits::WORK_ITEMS_MAX;
use heddle_types::Event;
use heddle_types::ProgramId;

use crate::block_state::BlockState;
use crate::panics;

/// What phases work on.
pub(crate) struct PhaseRun<'a, 's> {
    pub(crate) programs: &'a Programs,
    pub(crate) block: BlockInfo,
    pub(crate) state: &'a mut BlockState<'s>,
    pub(crate) inboxes: &'a mut Inboxes,
    pub(crate) events: &'a mut Vec<Event>,
}

impl PhaseRun<'_, '_> {
    /// Runs one phase: all programs plan on what there is when it begins, then all items run, by program and in the order in which
    /// it planned them. How many there were.
    pub(crate) fn run(&mut self, phase: Phase) -> usize {
        let programs = self.programs;
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
            let id = program.id();
            let effects =
                self.attempt(id, phase, (&item, &inbox), |ctx| program.run_item(ctx)).or_else(
                    || self.attempt(id, phase, (&item, &inbox), |ctx| program.item_failed(ctx)),
                );
            self.apply(phase, position, effects.unwrap_or_default());
        }
        count
    }

    fn plan(&self, program: &dyn Program, phase: Phase) -> Vec<WorkItem> {
        let view = PhaseView::new(self.block, program.id(), self.state, self.inboxes);
        let mut items = panics::catch(|| program.plan_phase(phase, &view)).unwrap_or_default();
        items.truncate(WORK_ITEMS_MAX);
        items
    }

    fn attempt(
        &self,
        program: ProgramId,
        phase: Phase,
        (item, inbox): (&WorkItem, &[InboxEntry]),
        run: impl FnOnce(&mut PhaseContext<'_, '_>) -> Result<(), CallError>,
    ) -> Option<Effects> {
        let permission = Permission::Declared(&item.access);
        let mut work = Workspace::new(self.state, permission, fees::WORK_PER_ITEM);
        work.enter(program, 0);
        let result = panics::catch(|| {
            run(&mut PhaseContext::new(self.block, phase, (&item.item, inbox), &mut work))
        });
        let has_succeeded = matches!(result, Ok(Ok(()))) && work.failure().is_none();
        has_succeeded.then(|| work.into_effects())
    }

    fn apply(&mut self, phase: Phase, position: u32, effects: Effects) {
        for (key, change) in effects.changes {
            self.state.apply(key, change, None);
        }
        for appended in effects.appends {
            self.inboxes.push(phase, position, appended);
        }
        self.events.extend(effects.events);
    }
}
