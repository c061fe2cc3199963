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
    /// If it closed its epoch: what made it final.
    pub end: Option<Tail<B>>,
}

/// The blocks by which a closing block became final, and that are final for nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tail<B> {
    /// Oldest first; none when the closing block has a certificate itself.
    pub blocks: Vec<B>,
    /// Their encoded size.
    pub bytes: usize,
    /// The commit certificate of the last, or of the closing block.
    pub cert: CommitCert,
}

/// Answers [`crate::Request::Range`] with blocks that `read` finds: ascending from `from`, until it has none.
///
/// The answer ends at the last certified block within what was asked for. If there is none, it runs on to the first
/// certified one, within the bounds of an answer; and if those are met first, it has no certificate. It never goes beyond the
/// end of an epoch, which it has whole: the closing block, its tail, and the certificate of that.
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
        let tail = stored.end.as_ref().map_or((0, 0), |tail| (tail.blocks.len(), tail.bytes));
        bytes = bytes.saturating_add(stored.bytes).saturating_add(tail.1);
        bytes = bytes.saturating_add(limits::BLOCK_OVERHEAD_BYTES.saturating_mul(1 + tail.0));
        let over_asked = bytes > asked_bytes && certified.is_some();
        let over_max = bytes > limits::RESPONSE_BYTES_MAX
            || blocks.len().saturating_add(tail.0) >= limits::RESPONSE_BLOCKS_MAX;
        if !blocks.is_empty() && (over_asked || over_max) {
            break;
        }
        blocks.push(stored.block);
        if let Some(Tail { blocks: tail, cert, .. }) = stored.end {
            blocks.extend(tail);
            return Response::Range { blocks, cert: Some(cert) };
        }
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
