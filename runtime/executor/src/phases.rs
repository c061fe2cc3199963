//! One phase of a block: its items are planned by the programs, then run one after the other.

use heddle_sdk::Base;
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
use heddle_types::StateView;

use crate::overlay::Overlay;
use crate::panics;
use crate::transaction::Runner;
use crate::transaction::Scratch;

/// What phases work on.
pub(crate) struct PhaseRun<'a, S> {
    pub(crate) runner: Runner<'a>,
    pub(crate) state: &'a mut S,
    pub(crate) inboxes: &'a mut Inboxes,
    pub(crate) events: &'a mut Vec<Event>,
    pub(crate) scratch: &'a mut Scratch,
}

/// One item of a phase.
#[derive(Debug)]
pub(crate) struct Item {
    pub(crate) program: ProgramId,
    pub(crate) phase: Phase,
    /// Among all items of the phase.
    pub(crate) position: u32,
    pub(crate) work: WorkItem,
    /// What its inbox hands out.
    pub(crate) inbox: Vec<InboxEntry>,
}

/// The items of a phase, as all programs plan them on what there is when it begins: by program, and in the order in which it planned
/// them. Inboxes are not handed out yet.
pub(crate) fn plan_items(
    runner: Runner<'_>,
    phase: Phase,
    state: &dyn StateView,
    inboxes: &Inboxes,
) -> Vec<Item> {
    let taking_part = runner.programs.iter().filter(|program| program.phases().contains(&phase));
    let planned = taking_part.flat_map(|program| {
        let view = PhaseView::new(runner.block, program.id(), state, inboxes);
        let mut items = panics::catch(|| program.plan_phase(phase, &view)).unwrap_or_default();
        items.truncate(WORK_ITEMS_MAX);
        items.into_iter().map(|work| (program.id(), work))
    });
    let item = |(position, (program, work))| Item { program, phase, position, work, inbox: vec![] };
    (0_u32..).zip(planned).map(item).collect()
}

/// Runs one item on `base`. What it does is in `scratch` afterwards: effects, and events. An item that fails has no effect, and neither
/// has what its program makes of the failure if that fails too.
pub(crate) fn run_item(runner: Runner<'_>, base: &dyn Base, item: &Item, scratch: &mut Scratch) {
    let Some(program) = runner.programs.get(item.program) else {
        unreachable!("the program that planned the item");
    };
    let mut attempt = |run: Attempt| attempt(runner, base, item, (program, run), scratch);
    if !attempt(|program, ctx| program.run_item(ctx)) {
        let _is_frozen = attempt(|program, ctx| program.item_failed(ctx));
    }
}

/// One of the ways in which a program may be asked to do an item.
type Attempt = fn(&dyn Program, &mut PhaseContext<'_, '_>) -> Result<(), CallError>;

/// Whether it succeeded; then all of its effects are in `scratch`, else none.
fn attempt(
    runner: Runner<'_>,
    base: &dyn Base,
    item: &Item,
    (program, run): (&dyn Program, Attempt),
    scratch: &mut Scratch,
) -> bool {
    let Scratch { work: memory, effects } = scratch;
    effects.clear();
    let permission = Permission::Declared(&item.work.access);
    let mut work = Workspace::new(base, permission, fees::WORK_PER_ITEM, memory);
    work.enter(item.program, 0);
    let result = panics::catch(|| {
        let what = (item.work.item.as_slice(), item.inbox.as_slice());
        run(program, &mut PhaseContext::new(runner.block, item.phase, what, &mut work))
    });
    let has_succeeded = matches!(result, Ok(Ok(()))) && work.stopped().is_none();
    if has_succeeded {
        let settled = work.take_changes(|slot, _key, change| effects.settle_free(slot, change));
        assert!(settled.is_ok(), "all that an item declares is known when it runs");
        std::mem::swap(&mut effects.appends, memory.appends());
    } else {
        memory.events().clear();
    }
    has_succeeded
}

impl<S: Overlay> PhaseRun<'_, S> {
    /// Runs one phase, item by item.
    pub(crate) fn run(&mut self, phase: Phase) -> usize {
        let items = plan_items(self.runner, phase, &*self.state, self.inboxes);
        let count = items.len();
        self.run_items(items);
        count
    }

    pub(crate) fn run_items(&mut self, items: Vec<Item>) {
        for mut item in items {
            let inbox = item.work.inbox.as_ref();
            item.inbox = inbox.map(|key| self.inboxes.take(key)).unwrap_or_default();
            run_item(self.runner, &*self.state, &item, self.scratch);
            self.events.append(self.scratch.work.events());
            let effects = &mut self.scratch.effects;
            let _kept = self.state.apply(effects, |slot| *item.work.access.key(slot));
            for appended in effects.appends.drain(..) {
                self.inboxes.push(item.phase, item.position, appended);
            }
        }
    }
}
