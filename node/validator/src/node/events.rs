//! What programs reported in a block, in words.

use heddle_rpc_api::BlockEvents;
use heddle_rpc_api::ErrorKind;
use heddle_rpc_api::EventText;
use heddle_rpc_api::GetBlockEvents;
use heddle_rpc_api::RpcError;
use heddle_sdk::Described;
use heddle_sdk::Programs;
use heddle_types::Event;

use crate::node::backend;
use crate::node::shared::Shared;

/// A page of an executed final block's events.
pub(crate) fn read(shared: &Shared, request: &GetBlockEvents) -> Result<BlockEvents, RpcError> {
    let durable = shared.durable.read().height;
    let height = request.height;
    let block =
        if height <= durable { shared.receipts.read(&shared.storage, height) } else { Ok(None) };
    let block = block.map_err(|error| backend::internal(&error))?;
    let block = block.ok_or_else(|| {
        let oldest = shared.storage.oldest();
        if height < oldest {
            return RpcError::pruned(height, oldest);
        }
        let message = format!("height: found {height}, expected a final one, up to {durable}");
        RpcError::new(ErrorKind::NotFound, message)
    })?;
    let describe = |event: &Event| describe(&shared.programs, event);
    Ok(BlockEvents::page(request, block.events(), describe, block.phase_events.left_out))
}

/// What its program says that an event means.
pub(crate) fn describe(programs: &Programs, event: &Event) -> Option<EventText> {
    let Described { name, fields } = programs.describe_event(event)?;
    let fields = fields.into_iter().map(|(field, value)| (field.to_owned(), value)).collect();
    Some(EventText { name: name.to_owned(), fields })
}
