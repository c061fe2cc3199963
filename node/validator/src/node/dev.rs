//! Faults that a development chain's node can be given while it runs.

use std::time::Duration;

use heddle_rpc_api::Clock;
use heddle_rpc_api::ErrorKind;
use heddle_rpc_api::LinkSetting;
use heddle_rpc_api::RpcError;
use heddle_rpc_api::SetClock;
use heddle_rpc_api::SetLinks;
use heddle_transport::LinkFault;
use heddle_transport::Transport;
use heddle_types::Committee;

use crate::node::clock;

/// Replaces the faults of all links; none is changed when one is of no peer.
pub(crate) fn set_links(
    transport: &Transport,
    committee: &Committee,
    request: SetLinks,
) -> Result<Vec<LinkSetting>, RpcError> {
    let by_key = |link: &LinkSetting| {
        let peer = committee.validator(link.peer)?;
        Some((peer.public_key, fault(link)))
    };
    let faults: Option<Vec<_>> = request.links.iter().map(by_key).collect();
    if !faults.is_some_and(|faults| transport.set_links(&faults)) {
        let message = "links: found a link to no other validator, expected peers of this node";
        return Err(RpcError::new(ErrorKind::Malformed, message));
    }
    tracing::warn!(links = ?request.links, "links are faulty on purpose");
    Ok(request.links)
}

/// Makes the wall clock wrong.
pub(crate) fn set_clock(request: SetClock) -> Clock {
    clock::set_wall_offset(request.offset_ms);
    tracing::warn!(offset_ms = request.offset_ms, "the clock is wrong on purpose");
    Clock { wall_ms: clock::wall().get() }
}

fn fault(link: &LinkSetting) -> LinkFault {
    LinkFault {
        is_cut: link.cut,
        delay: Duration::from_millis(link.delay_ms),
        jitter: Duration::from_millis(link.jitter_ms),
        loss_percent: link.loss_percent,
    }
}
