//! One phase of a block: its items are planned by the programs, then run one after the other.

use rayon::prelude::*;

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
use heddle_sdk::limits::Bounds;
use heddle_sdk::limits::WORK_ITEMS_MAX;
use heddle_types::Event;
use heddle_types::ProgramId;
use heddle_types::StateView;

use crate::overlay::Overlay;
use crate::panics;
use crate::residents::InUse;
use crate::residents::KeptOrLoaded;
use crate::residents::KeptResidents;
use crate::residents::Objects;
use crate::residents::Part;
use crate::residents::Unavailable;
use crate::transaction::Runner;
use crate::transaction::Scratch;

/// What phases work on.
pub(crate) struct PhaseRun<'a, S> {
    pub(crate) runner: Runner<'a>,
    pub(crate) state: &'a mut S,
    pub(crate) inboxes: &'a mut Inboxes,
    pub(crate) events: &'a mut Vec<Event>,
    /// Resident objects in memory; none where all are loaded for every item.
    pub(crate) kept: Option<&'a mut KeptResidents>,
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

/// What a phase is planned on: what there is when it begins.
#[derive(Clone, Copy)]
pub(crate) struct Outset<'a> {
    pub(crate) runner: Runner<'a>,
    pub(crate) phase: Phase,
    pub(crate) state: &'a dyn StateView,
    pub(crate) inboxes: &'a Inboxes,
}

impl Outset<'_> {
    /// The items of the phase, as all programs plan them: by program, and in the order in which it planned them. Inboxes are not handed out yet.
    /// Where there are several `threads`, they complete items together.
    pub(crate) fn plan_items(self, threads: usize) -> Vec<Item> {
        let Self { runner, phase, .. } = self;
        let programs = runner.programs.iter();
        let taking_part = programs.filter(|program| program.phases().contains(&phase));
        let planned = taking_part.flat_map(|program| {
            let items = self.plan_items_of(program, threads);
            items.into_iter().map(|work| (program.id(), work))
        });
        let item =
            |(position, (program, work))| Item { program, phase, position, work, inbox: vec![] };
        (0_u32..).zip(planned).map(item).collect()
    }

    fn plan_items_of(self, program: &dyn Program, threads: usize) -> Vec<WorkItem> {
        let Self { runner, phase, state, inboxes } = self;
        let view = PhaseView::new(runner.block, program.id(), state, inboxes);
        let mut items = panics::catch(|| program.plan_phase(phase, &view)).unwrap_or_default();
        items.truncate(WORK_ITEMS_MAX);
        let complete = |item| {
            let completed = panics::catch(|| program.complete_item(phase, &view, item));
            completed.unwrap_or_default()
        };
        if threads == 1 || items.len() <= COMPLETED_TOGETHER {
            items.into_iter().filter_map(complete).collect()
        } else {
            let items = items.into_par_iter().with_min_len(COMPLETED_TOGETHER);
            items.filter_map(complete).collect()
        }
    }
}

/// Items that one thread completes at least: fewer are not worth waking another.
const COMPLETED_TOGETHER: usize = 64;

/// Runs one item on `base`. What it does is in `scratch` afterwards: effects, and events. An item that fails has no effect, and neither
/// has what its program makes of the failure if that fails too.
///
/// # Errors
/// [`Unavailable`] when its object was: nothing happened.
pub(crate) fn run_item(
    runner: Runner<'_>,
    base: &dyn Base,
    item: &Item,
    objects: &mut dyn Objects,
    scratch: &mut Scratch,
) -> Result<(), Unavailable> {
    let Some(program) = runner.programs.get(item.program) else {
        unreachable!("the program that planned the item");
    };
    let attempt = |run| Attempt { runner, base, item, program, run };
    if !attempt(|program, ctx| program.run_item(ctx)).make(Some(objects), scratch)? {
        // Without its object: so nothing has to be loaded where it ran, and what was wrong with the object cannot fail this too.
        let _is_frozen = attempt(|program, ctx| program.item_failed(ctx)).make(None, scratch)?;
    }
    Ok(())
}

/// One of the ways in which a program may be asked to do an item.
struct Attempt<'a> {
    runner: Runner<'a>,
    base: &'a dyn Base,
    item: &'a Item,
    program: &'a dyn Program,
    run: fn(&dyn Program, &mut PhaseContext<'_, '_>) -> Result<(), CallError>,
}

impl Attempt<'_> {
    /// Whether it succeeded; then all of its effects are in `scratch`, else none.
    fn make(
        &self,
        mut objects: Option<&mut dyn Objects>,
        scratch: &mut Scratch,
    ) -> Result<bool, Unavailable> {
        let Self { item, .. } = *self;
        let Scratch { work: memory, effects } = scratch;
        effects.clear();
        let permission = Permission::Declared(&item.work.access);
        let work = Workspace::new(self.base, permission, fees::WORK_PER_ITEM, memory);
        let mut work = work.within(Bounds::ITEM);
        work.enter(item.program, 0);
        let mut resident = match &mut objects {
            Some(objects) => InUse::take(self.program, item, &mut work, *objects)?,
            None => None,
        };
        let result = panics::catch(|| self.call(&mut work, &mut resident, &mut effects.parts));
        let has_succeeded = matches!(result, Ok(Ok(()))) && work.stopped().is_none();
        if has_succeeded {
            let settled = work.take_changes(|slot, _key, change| effects.settle_free(slot, change));
            assert!(settled.is_ok(), "all that an item declares is known when it runs");
            std::mem::swap(&mut effects.appends, memory.appends());
            if let Some((resident, objects)) = resident.zip(objects) {
                resident.keep(objects);
            }
        } else {
            effects.parts.clear();
            memory.events().clear();
        }
        Ok(has_succeeded)
    }

    /// All of the program's code that an item runs.
    fn call(
        &self,
        work: &mut Workspace<'_>,
        resident: &mut Option<InUse<'_>>,
        parts: &mut Vec<Part>,
    ) -> Result<(), CallError> {
        let Self { runner, item, program, run, .. } = *self;
        let what = (item.work.item.as_slice(), item.inbox.as_slice());
        let object = resident.as_mut().map(InUse::object);
        run(program, &mut PhaseContext::new(runner.block, item.phase, what, object, work))?;
        match resident {
            Some(resident) if work.stopped().is_none() => resident.flush(work, parts),
            Some(_) | None => Ok(()),
        }
    }
}

impl<S: Overlay> PhaseRun<'_, S> {
    /// Runs one phase, item by item. How many there were.
    pub(crate) fn run(&mut self, phase: Phase) -> usize {
        let (runner, state, inboxes) = (self.runner, &*self.state, &*self.inboxes);
        let items = Outset { runner, phase, state, inboxes }.plan_items(1);
        let count = items.len();
        self.run_items(items);
        count
    }

    /// Runs items in order. Those that have been handed their inboxes keep what they have.
    pub(crate) fn run_items(&mut self, items: Vec<Item>) {
        for mut item in items {
            let inbox = item.work.inbox.as_ref();
            item.inbox.extend(inbox.map(|key| self.inboxes.take(key)).unwrap_or_default());
            let (kept, state) = (self.kept.as_deref_mut(), &*self.state);
            let mut objects = KeptOrLoaded { kept, state };
            let ran = run_item(self.runner, state, &item, &mut objects, self.scratch);
            ran.unwrap_or_else(|Unavailable| unreachable!("every object can be loaded here"));
            self.events.append(self.scratch.work.events());
            let effects = &mut self.scratch.effects;
            let _kept = self.state.apply(effects, |slot| *item.work.access.key(slot));
            for appended in effects.appends.drain(..) {
                self.inboxes.push(item.phase, item.position, appended);
            }
        }
    }
}
