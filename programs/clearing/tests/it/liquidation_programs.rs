//! Clearing with a script of who is touched, and books in which a maker rests.

use heddle_clearing::Clearing;
use heddle_clearing::CloseReason;
use heddle_clearing::Closed;
use heddle_clearing::Instruction;
use heddle_clearing::Instructions;
use heddle_clearing::MarketId;
use heddle_clearing::OrderId;
use heddle_clearing::Outcome;
use heddle_clearing::Outcomes;
use heddle_clearing::Place;
use heddle_clearing::Side;
use heddle_clearing::Trade;
use heddle_clearing::TradeKind;
use heddle_clearing::liquidation;
use heddle_clearing::liquidation::Touched;
use heddle_clearing::market_inbox;
use heddle_clearing::outcome_inbox;
use heddle_num::Lots;
use heddle_num::Ticks;
use heddle_sdk::CallContext;
use heddle_sdk::CallError;
use heddle_sdk::Declaration;
use heddle_sdk::Described;
use heddle_sdk::ErrorText;
use heddle_sdk::Phase;
use heddle_sdk::PhaseContext;
use heddle_sdk::PhaseView;
use heddle_sdk::Program;
use heddle_sdk::Resident;
use heddle_sdk::WorkItem;
use heddle_types::AccessMode;
use heddle_types::Address;
use heddle_types::ProgramId;
use heddle_types::StateKey;
use heddle_types::Value;
use heddle_types::decode_exact;
use heddle_types::encode;

use crate::liquidation_world::MAKER;

/// Clearing, and accounts that are touched because the test says so.
pub(crate) struct Scripted;

const SCRIPT: &[u8] = b"X";

impl Program for Scripted {
    fn id(&self) -> ProgramId {
        Clearing.id()
    }

    fn name(&self) -> &'static str {
        Clearing.name()
    }

    fn access(
        &self,
        call: &[u8],
        signer: &Address,
        declaration: &mut Declaration<'_>,
    ) -> Result<(), CallError> {
        Clearing.access(call, signer, declaration)
    }

    fn execute(&self, ctx: &mut CallContext<'_, '_>, call: &[u8]) -> Result<(), CallError> {
        Clearing.execute(ctx, call)
    }

    fn error(&self, code: u16) -> Option<ErrorText> {
        Clearing.error(code)
    }

    fn describe_event(&self, kind: u16, data: &[u8]) -> Option<Described> {
        Clearing.describe_event(kind, data)
    }

    fn describe_call(&self, call: &[u8]) -> Option<Described> {
        Clearing.describe_call(call)
    }

    fn phases(&self) -> &'static [Phase] {
        Clearing.phases()
    }

    fn complete_item(
        &self,
        phase: Phase,
        view: &PhaseView<'_>,
        planned: WorkItem,
    ) -> Option<WorkItem> {
        Clearing.complete_item(phase, view, planned)
    }

    fn plan_phase(&self, phase: Phase, view: &PhaseView<'_>) -> Vec<WorkItem> {
        let mut items = Clearing.plan_phase(phase, view);
        if phase == Phase::Begin {
            let item = WorkItem::new(SCRIPT.to_vec())
                .with(liquidation::touched_inbox(), AccessMode::Append);
            let keys = (0..32).map(touched_key);
            items.push(keys.fold(item, |item, key| item.with(key, AccessMode::Write)));
        }
        items
    }

    fn run_item(&self, ctx: &mut PhaseContext<'_, '_>) -> Result<(), CallError> {
        if ctx.item() != SCRIPT {
            return Clearing.run_item(ctx);
        }
        for key in (0..32).map(touched_key) {
            let Some(page) = ctx.read(&key)? else { break };
            let touched: Vec<Touched> = borsh::from_slice(page.as_bytes()).unwrap();
            liquidation::touch(ctx, &touched)?;
            ctx.delete(&key)?;
        }
        Ok(())
    }

    fn item_failed(&self, ctx: &mut PhaseContext<'_, '_>) -> Result<(), CallError> {
        panic!("an item failed: {ctx:?}");
    }

    fn load_resident(
        &self,
        name: &[u8],
        read: &mut dyn FnMut(&[u8]) -> Option<Value>,
    ) -> Result<Box<dyn Resident>, CallError> {
        Clearing.load_resident(name, read)
    }
}

/// Books in which the maker has an order on each side: price, lots and the order's number.
pub(crate) struct Books;

pub(crate) type Resting = [(u32, u64, u32); 2];

impl Program for Books {
    fn id(&self) -> ProgramId {
        ProgramId::EXCHANGE
    }

    fn name(&self) -> &'static str {
        "exchange"
    }

    fn access(&self, _: &[u8], _: &Address, _: &mut Declaration<'_>) -> Result<(), CallError> {
        Err(CallError::Refused(1))
    }

    fn execute(&self, _: &mut CallContext<'_, '_>, _: &[u8]) -> Result<(), CallError> {
        Err(CallError::Refused(1))
    }

    fn error(&self, _: u16) -> Option<ErrorText> {
        None
    }

    fn describe_event(&self, _: u16, _: &[u8]) -> Option<Described> {
        None
    }

    fn describe_call(&self, _: &[u8]) -> Option<Described> {
        None
    }

    fn phases(&self) -> &'static [Phase] {
        &[Phase::Match]
    }

    fn plan_phase(&self, _: Phase, view: &PhaseView<'_>) -> Vec<WorkItem> {
        let inboxes = view.inboxes().map(|(key, _)| *key);
        inboxes
            .map(|inbox| {
                let market = inbox.bytes()[inbox.bytes().len() - 2..].try_into().unwrap();
                let market = MarketId::new(u16::from_be_bytes(market));
                assert_eq!(inbox, market_inbox(market));
                WorkItem::new(market.get().to_be_bytes().to_vec())
                    .with(book_key(market), AccessMode::Write)
                    .with(outcome_inbox(market), AccessMode::Append)
                    .with_inbox(inbox)
            })
            .collect()
    }

    fn run_item(&self, ctx: &mut PhaseContext<'_, '_>) -> Result<(), CallError> {
        let market = MarketId::new(u16::from_be_bytes(ctx.item().try_into().unwrap()));
        let book = ctx.read(&book_key(market))?;
        let book = book.map(|book| borsh::from_slice(book.as_bytes()).unwrap());
        let mut book: Resting = book.unwrap_or_default();
        let entries = ctx.inbox().iter();
        let instructions =
            entries.flat_map(|entry| decode_exact::<Instructions>(&entry.data).unwrap().0);
        let (mut moved, mut outcomes) = (0, Vec::new());
        for instruction in instructions {
            match instruction {
                Instruction::Place(place) => outcomes.extend(fill(&mut book, &place)),
                Instruction::MovePosition(_, lots) => moved += lots.get(),
                _ => {}
            }
        }
        assert_eq!(moved, 0, "positions only change hands");
        ctx.write(&book_key(market), Value::from(borsh::to_vec(&book).unwrap()))?;
        for outcomes in outcomes.chunks(heddle_clearing::limits::OUTCOMES_MAX) {
            ctx.append(&outcome_inbox(market), encode(&Outcomes(outcomes.to_vec())))?;
        }
        Ok(())
    }
}

fn fill(book: &mut Resting, place: &Place) -> Vec<Outcome> {
    assert!(place.is_liquidation && place.reduce_only);
    let (price, there, number) = match place.side {
        Side::Buy => &mut book[1],
        Side::Sell => &mut book[0],
    };
    let crosses = match place.side {
        Side::Buy => *price <= place.price.get(),
        Side::Sell => *price >= place.price.get(),
    };
    let lots = if crosses { place.lots.get().min(*there) } else { 0 };
    *there -= lots;
    let mut outcomes = Vec::new();
    if lots > 0 {
        outcomes.push(Outcome::Trade(Trade {
            maker: OrderId { account: MAKER, number: *number },
            taker: place.id,
            taker_side: place.side,
            price: Ticks::new(*price),
            lots: Lots::new(lots),
            kind: TradeKind::Liquidation,
        }));
    }
    if lots < place.lots.get() {
        let lots = Lots::new(place.lots.get() - lots);
        let closed = Closed { id: place.id, lots, reason: CloseReason::Unfilled };
        outcomes.push(Outcome::Closed(closed));
    }
    outcomes
}

pub(crate) fn touched_key(page: u8) -> StateKey {
    StateKey::new(ProgramId::CLEARING, &[b"X", &[page]]).unwrap()
}

pub(crate) fn book_key(market: MarketId) -> StateKey {
    StateKey::new(ProgramId::EXCHANGE, &[b"X", &market.get().to_be_bytes()]).unwrap()
}
