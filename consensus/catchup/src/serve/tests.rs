use heddle_types::BlockHash;
use heddle_types::ChainId;
use heddle_types::CommitCert;
use heddle_types::Epoch;
use heddle_types::Height;
use heddle_types::View;
use heddle_types::VoteData;

use super::Stored;
use super::serve_range;
use crate::limits;
use crate::request::Response;

/// A store of blocks 0 to 99 that are their heights, each of so many bytes, certified where the height divides.
fn serve(
    from: u64,
    (blocks, bytes): (u16, u32),
    block_bytes: usize,
    certified_every: u64,
) -> (Vec<u64>, Option<u64>) {
    let read = |height: Height| {
        let cert = CommitCert::genesis(VoteData {
            chain: ChainId::ZERO,
            epoch: Epoch::ZERO,
            view: View::ZERO,
            height,
            block: BlockHash::ZERO,
        });
        let cert = height.get().is_multiple_of(certified_every).then_some(cert);
        (height.get() < 100).then_some(Stored {
            block: height.get(),
            bytes: block_bytes,
            cert,
            end: None,
        })
    };
    match serve_range(Height::new(from), blocks, bytes, read) {
        Response::Range { blocks, cert } => (blocks, cert.map(|cert| cert.data.height.get())),
        Response::Block(_) => panic!("a block"),
    }
}

fn heights(from: u64, to: u64) -> Vec<u64> {
    (from..=to).collect()
}

#[test]
fn no_more_than_the_count_asked_for() {
    assert_eq!(serve(3, (10, u32::MAX), 100, 1), (heights(3, 12), Some(12)));
}

#[test]
fn no_more_than_the_bytes_asked_for_but_the_first_in_any_case() {
    let block = 10_000 - limits::BLOCK_OVERHEAD_BYTES;
    assert_eq!(serve(3, (10, 30_000), block, 1), (heights(3, 5), Some(5)));
    assert_eq!(serve(3, (10, 29_999), block, 1), (heights(3, 4), Some(4)));
    assert_eq!(serve(3, (10, 1), block, 1), (heights(3, 3), Some(3)));
}

#[test]
fn the_answer_is_cut_back_to_the_last_certificate() {
    assert_eq!(serve(1, (10, u32::MAX), 100, 4), (heights(1, 8), Some(8)));
}

#[test]
fn the_answer_runs_on_to_the_first_certificate() {
    assert_eq!(serve(1, (2, u32::MAX), 100, 7), (heights(1, 7), Some(7)));
    assert_eq!(serve(1, (10, 100), 100, 7), (heights(1, 7), Some(7)));
}

#[test]
fn without_a_certificate_within_the_bounds_there_is_none() {
    let (blocks, cert) = serve(1, (10, u32::MAX), 1_000_000, 50);
    assert_eq!((blocks, cert), (heights(1, 4), None));
}

#[test]
fn beyond_what_is_final_there_is_nothing() {
    assert_eq!(serve(100, (10, u32::MAX), 100, 1), (Vec::new(), None));
    assert_eq!(serve(95, (10, u32::MAX), 100, 1), (heights(95, 99), Some(99)));
}
