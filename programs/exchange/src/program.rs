//! The exchange as a program.

use heddle_sdk::BlockSpace;
use heddle_sdk::CallContext;
use heddle_sdk::CallError;
use heddle_sdk::Declaration;
use heddle_sdk::Described;
use heddle_sdk::ErrorText;
use heddle_sdk::GenesisView;
use heddle_sdk::Phase;
use heddle_sdk::PhaseContext;
use heddle_sdk::PhaseView;
use heddle_sdk::Program;
use heddle_sdk::Resident;
use heddle_sdk::WorkItem;
use heddle_types::Address;
use heddle_types::ProgramId;
use heddle_types::StateKey;
use heddle_types::Value;
use heddle_types::decode_exact;

use crate::admission;
use crate::book::Book;
use crate::call::ExchangeCall;
use crate::error::ExchangeError;
use crate::event::ExchangeEvent;
use crate::genesis;
use crate::keys;
use crate::limits::ACTIONS_MAX;
use crate::markets;
use crate::matching;

/// What an action of a batch takes, in about nanoseconds.
const ACTION_NANOS: u64 = 250;
/// What a batch takes besides.
const BATCH_NANOS: u64 = 1_000;

/// The exchange.
#[derive(Clone, Copy, Debug, Default)]
pub struct Exchange;

impl Program for Exchange {
    fn id(&self) -> ProgramId {
        ProgramId::EXCHANGE
    }

    fn name(&self) -> &'static str {
        "exchange"
    }

    fn access(
        &self,
        call: &[u8],
        signer: &Address,
        declaration: &mut Declaration<'_>,
    ) -> Result<(), CallError> {
        match decode(call)? {
            ExchangeCall::Orders(batch) => {
                let actions = u64::try_from(batch.actions.len()).unwrap_or(u64::MAX);
                declaration.cost(BATCH_NANOS.saturating_add(actions.saturating_mul(ACTION_NANOS)));
                admission::declare(&batch, signer, declaration)
            }
            ExchangeCall::CreateMarket(new) => markets::declare_create(&new, declaration),
            ExchangeCall::SetMode(market, _) => markets::declare_mode(market, declaration),
        }
    }

    fn execute(&self, ctx: &mut CallContext<'_, '_>, call: &[u8]) -> Result<(), CallError> {
        let signer = *ctx.signer();
        match decode(call)? {
            ExchangeCall::Orders(batch) => admission::execute(ctx, &batch),
            ExchangeCall::CreateMarket(new) => markets::create(ctx, &signer, &new),
            ExchangeCall::SetMode(market, change) => {
                markets::change_mode(ctx, &signer, (market, change))
            }
        }
    }

    fn space(&self, call: &[u8]) -> BlockSpace {
        decode(call).map_or(BlockSpace::Ordinary, |call| call.space())
    }

    fn error(&self, code: u16) -> Option<ErrorText> {
        match code.checked_sub(ExchangeError::CLEARING) {
            Some(code) => heddle_clearing::ClearingError::from_code(code).map(|error| error.text()),
            None => ExchangeError::from_code(code).map(ExchangeError::text),
        }
    }

    fn describe_event(&self, kind: u16, data: &[u8]) -> Option<Described> {
        ExchangeEvent::decode(kind, data).map(|event| event.describe())
    }

    fn describe_call(&self, call: &[u8]) -> Option<Described> {
        decode(call).ok().map(|call| call.describe())
    }

    fn genesis(
        &self,
        data: &[u8],
        view: &GenesisView<'_>,
    ) -> Result<Vec<(StateKey, Value)>, CallError> {
        genesis::entries(data, view)
    }

    fn phases(&self) -> &'static [Phase] {
        &[Phase::Match]
    }

    fn plan_phase(&self, _phase: Phase, view: &PhaseView<'_>) -> Vec<WorkItem> {
        matching::plan(view)
    }

    fn run_item(&self, ctx: &mut PhaseContext<'_, '_>) -> Result<(), CallError> {
        matching::run(ctx)
    }

    fn item_failed(&self, ctx: &mut PhaseContext<'_, '_>) -> Result<(), CallError> {
        matching::freeze(ctx)
    }

    fn load_resident(
        &self,
        name: &[u8],
        read: &mut dyn FnMut(&[u8]) -> Option<Value>,
    ) -> Result<Box<dyn Resident>, CallError> {
        if !keys::is_book(name) {
            return Err(ExchangeError::UnknownMarket.into());
        }
        let book = Book::load(read).map_err(|_| ExchangeError::CorruptState)?;
        Ok(Box::new(book))
    }
}

fn decode(call: &[u8]) -> Result<ExchangeCall, ExchangeError> {
    let call: ExchangeCall = decode_exact(call).map_err(|_| ExchangeError::MalformedCall)?;
    match &call {
        ExchangeCall::Orders(batch)
            if batch.actions.is_empty() || batch.actions.len() > ACTIONS_MAX =>
        {
            Err(ExchangeError::MalformedCall)
        }
        ExchangeCall::Orders(_) | ExchangeCall::CreateMarket(_) | ExchangeCall::SetMode(..) => {
            Ok(call)
        }
    }
}
