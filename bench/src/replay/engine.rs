//! `replay --orderflow --engine`: a recording through an order book alone, its best prices against the recorded ones.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Instant;

use heddle_clearing::AccountId;
use heddle_clearing::Instruction;
use heddle_clearing::Outcome;
use heddle_clearing::limits::ORDER_LOTS_MAX;
use heddle_exchange::Book;
use heddle_exchange::Matching;
use heddle_num::Lots;
use heddle_num::Quote;
use heddle_num::Ticks;
use heddle_num::UnitValue;
use serde::Serialize;

use crate::error::BenchError;
use crate::machine::Machine;
use crate::orderflow;
use crate::orderflow::Check;
use crate::orderflow::Deed;
use crate::orderflow::Event;
use crate::orderflow::Levels;
use crate::orderflow::OrderLimits;
use crate::orderflow::Recording;
use crate::orderflow::Roster;
use crate::orderflow::Shadow;
use crate::orderflow::Tally;
use crate::output;
use crate::replay::lines::Lines;

/// Accounts that have the levels; each may have 256 orders open.
const MAKERS: u32 = 256;
const TAKERS: u32 = 16;
/// Timed runs; the median counts.
const REPS: usize = 5;
const LIMITS: OrderLimits = OrderLimits {
    lots_min: Lots::new(1),
    lots_max: Lots::new(ORDER_LOTS_MAX),
    unit: UnitValue::new(1),
    notional_min: Quote::ZERO,
    mark: Ticks::MAX,
};

/// What a replay found.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct EngineResult {
    machine: Machine,
    symbol: String,
    price_decimals: u8,
    size_decimals: u8,
    #[serde(flatten)]
    lines: Lines,
    #[serde(flatten)]
    tally: Tally,
    /// Levels that crossed newer ones and were dropped.
    crossed: u64,
    /// Lots.
    traded: String,
    taken_share: f64,
    levels: usize,
    ops: u64,
    ops_per_second: f64,
    ns_per_op: f64,
    #[serde(flatten)]
    check: Check,
    equal_share: f64,
    consistent: bool,
}

/// What was done, and what came out.
struct Replay {
    /// Each is what happened at one moment.
    blocks: Vec<Vec<Instruction>>,
    shadow: Shadow,
    levels: Levels,
    check: Check,
}

pub(crate) fn run(file: &Path, json: bool) -> Result<bool, BenchError> {
    let recording = Recording::read(file, None).map_err(|e| BenchError::failed(e.to_string()))?;
    let replay = Replay::of(&recording);
    let (nanos, outcomes) = replay.time();
    let result = replay.result(&recording, nanos, outcomes);
    let is_good = result.check.holds() && result.consistent;
    output::result(json, &result, EngineResult::text)?;
    Ok(is_good)
}

impl Replay {
    fn of(recording: &Recording) -> Self {
        let accounts: Vec<AccountId> = (0..MAKERS + TAKERS).map(AccountId::new).collect();
        let (makers, takers) = accounts.split_at(MAKERS as usize);
        let shadow = Shadow::new(Roster::new(makers, takers));
        let (levels, check) = (Levels::default(), Check::default());
        let mut replay = Self { blocks: Vec::new(), shadow, levels, check };
        recording.events().for_each(|event| replay.on(event));
        replay
    }

    fn on(&mut self, event: Event<'_>) {
        match event {
            Event::Take(take) => self.carry_out(&[Deed::Take(*take)]),
            Event::Update(update, touch) => {
                let mut changed: BTreeSet<_> = self.shadow.take_loose();
                self.levels.apply(update, &mut changed);
                let have = |key| self.shadow.lots(key);
                let deeds = orderflow::reconcile(&changed, &self.levels, LIMITS, have);
                self.carry_out(&deeds);
                if let Some(touch) = touch {
                    let found = self.shadow.touch();
                    self.check.compare(update.id, found, (touch, &self.levels));
                }
            }
        }
    }

    fn carry_out(&mut self, deeds: &[Deed]) {
        let named = self.shadow.name(deeds);
        let block: Vec<Instruction> = named.into_iter().map(|named| named.instruction).collect();
        self.shadow.run(&block);
        self.blocks.push(block);
    }

    /// Runs the same again, and nothing else: the median nanoseconds, and how many outcomes there were.
    fn time(&self) -> (u64, usize) {
        let mut outcomes: Vec<Outcome> = Vec::new();
        let mut nanos: Vec<u64> = Vec::with_capacity(REPS);
        for _ in 0..REPS {
            let mut book = Book::new();
            outcomes.clear();
            let start = Instant::now();
            for block in &self.blocks {
                book.run_block(&orderflow::env(), block, &mut outcomes);
            }
            nanos.push(u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX));
        }
        nanos.sort_unstable();
        let fills = outcomes.iter().filter(|outcome| matches!(outcome, Outcome::Trade(_)));
        (nanos[REPS / 2], fills.count())
    }

    /// Whether the book holds together and has, after the last update, the recorded levels and nothing else.
    fn is_whole(&self) -> bool {
        let book = self.shadow.book();
        let has = |(key, lots)| self.shadow.lots(key) == lots;
        book.check(Matching::Continuous).is_ok()
            && book.len() as usize == self.levels.iter().count()
            && self.levels.iter().all(has)
    }

    fn result(&self, recording: &Recording, nanos: u64, fills: usize) -> EngineResult {
        let tally = *self.shadow.tally();
        let ops = tally.orders + tally.takers + tally.cancels + tally.reductions;
        let check = self.check.clone();
        EngineResult {
            machine: Machine::this(),
            symbol: recording.symbol.clone(),
            price_decimals: recording.scale.price_decimals,
            size_decimals: recording.scale.size_decimals,
            lines: Lines::of(recording),
            crossed: self.levels.crossed(),
            taken_share: share(tally.lots, tally.lots_wanted),
            traded: tally.lots.to_string(),
            levels: self.levels.iter().count(),
            ops,
            ops_per_second: ops as f64 / (nanos as f64 / 1e9),
            ns_per_op: nanos as f64 / ops as f64,
            equal_share: share(check.equal, check.compared),
            check,
            consistent: fills as u64 == tally.fills && self.is_whole(),
            tally,
        }
    }
}

fn share(part: u64, whole: u64) -> f64 {
    part as f64 / whole.max(1) as f64
}

impl EngineResult {
    fn text(&self) -> String {
        let verdict = if self.check.holds() && self.consistent { "all right" } else { "NOT right" };
        let Check { compared, prices_equal, equal, unknown, .. } = self.check;
        format!(
            "{verdict}: {} of {}: {} orders, {} cancels, {} reductions, {} takers with {} fills, {:.1} % of what they wanted; \
             {compared} best prices compared, {prices_equal} equal, {equal} with quantities, {unknown} unknowable; \
             {:.2} M operations a second, {:.0} ns each",
            self.lines.updates,
            self.symbol,
            self.tally.orders,
            self.tally.cancels,
            self.tally.reductions,
            self.tally.takers,
            self.tally.fills,
            self.taken_share * 100.0,
            self.ops_per_second / 1e6,
            self.ns_per_op
        )
    }
}
