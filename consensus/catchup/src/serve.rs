//! Answering a range from what is stored.

use heddle_types::CommitCert;
use heddle_types::Height;

use crate::limits;
use crate::request::Response;

/// A final block as the store has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored<B> {
    /// The block.
    pub block: B,
    /// Its encoded size.
    pub bytes: usize,
    /// Its own commit certificate, if it has one; a block may be final through a descendant's only.
    pub cert: Option<CommitCert>,
}

/// Answers [`crate::Request::Range`] with blocks that `read` finds: ascending from `from`, until it has none.
///
/// The answer ends at the last certified block within what was asked for. If there is none, it runs on to the first
/// certified one, within the bounds of an answer; and if those are met first, it has no certificate.
pub fn serve_range<B>(
    from: Height,
    max_blocks: u16,
    max_bytes: u32,
    mut read: impl FnMut(Height) -> Option<Stored<B>>,
) -> Response<B> {
    let asked_blocks = usize::from(max_blocks.min(limits::RANGE_BLOCKS_MAX));
    let asked_bytes = max_bytes.min(limits::RANGE_BYTES_MAX) as usize;
    let mut blocks = Vec::new();
    let mut bytes = 0_usize;
    let mut certified: Option<(usize, CommitCert)> = None;
    let mut height = from;
    while blocks.len() < limits::RESPONSE_BLOCKS_MAX {
        let asked = blocks.len() < asked_blocks && bytes <= asked_bytes;
        if certified.is_some() && !asked {
            break;
        }
        let Some(stored) = read(height) else { break };
        bytes = bytes.saturating_add(stored.bytes).saturating_add(limits::BLOCK_OVERHEAD_BYTES);
        let over_asked = bytes > asked_bytes && certified.is_some();
        if !blocks.is_empty() && (over_asked || bytes > limits::RESPONSE_BYTES_MAX) {
            break;
        }
        blocks.push(stored.block);
        if let Some(cert) = stored.cert {
            certified = Some((blocks.len(), cert));
        }
        height = height.next();
    }
    match certified {
        Some((len, cert)) => {
            blocks.truncate(len);
            Response::Range { blocks, cert: Some(cert) }
        }
        None => Response::Range { blocks, cert: None },
    }
}

#[cfg(test)]
mod tests;
