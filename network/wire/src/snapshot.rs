//! Asking for a snapshot on the public protocol. Its parts travel as they stand in files: whoever gets one finds out what it is.

use borsh::BorshDeserialize;
use borsh::BorshSerialize;
use heddle_types::Canonical;
use heddle_types::Height;
use heddle_types::SnapshotManifest;

/// A question's first byte.
pub(crate) const PART: u8 = 35;
/// An answer's.
const PART_IS: u8 = 36;

/// Bytes of an answer at most: a manifest is the largest.
pub const SNAPSHOT_PART_BYTES_MAX: usize = SnapshotManifest::BYTES_MAX + 1;

/// What can be asked of a snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum SnapshotPart {
    /// The manifest of the newest one that the node has.
    Manifest,
    /// A chunk.
    Chunk {
        /// Of the snapshot of this height.
        height: Height,
        /// Which.
        index: u32,
    },
}

impl SnapshotPart {
    /// The body of a frame that asks for it.
    pub fn encode(&self) -> Vec<u8> {
        let mut body = vec![PART];
        self.serialize(&mut body).expect("writing to a Vec cannot fail");
        body
    }
}

/// The body of a frame with a part's bytes; none when the node has it not.
pub fn encode_part(bytes: Option<&[u8]>) -> Vec<u8> {
    [[PART_IS].as_slice(), bytes.unwrap_or_default()].concat()
}

/// A part's bytes, from the body of a frame, and none when the node has it not; or none at all when it is another message.
pub fn decode_part(body: &[u8]) -> Option<Option<&[u8]>> {
    let (&PART_IS, bytes) = body.split_first()? else { return None };
    Some((!bytes.is_empty()).then_some(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::PublicRequest;

    #[test]
    fn a_question_reads_back_and_nothing_else_does() {
        let chunk = SnapshotPart::Chunk { height: Height::new(7), index: 9 };
        assert_eq!(SnapshotPart::Manifest.encode(), [35, 0]);
        assert_eq!(chunk.encode(), [35, 1, 7, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0]);
        for part in [SnapshotPart::Manifest, chunk] {
            let body = part.encode();
            assert_eq!(PublicRequest::decode(&body), Ok(PublicRequest::Snapshot(part)));
            assert!(PublicRequest::decode(&body[..body.len() - 1]).is_err());
            assert!(PublicRequest::decode(&[body, vec![0]].concat()).is_err());
        }
        assert!(PublicRequest::decode(&[35, 2]).is_err());
    }

    #[test]
    fn an_answer_is_the_bytes_or_nothing() {
        assert_eq!(decode_part(&encode_part(Some(b"abc"))), Some(Some(b"abc".as_slice())));
        assert_eq!(decode_part(&encode_part(None)), Some(None));
        assert_eq!(decode_part(b""), None);
        assert_eq!(decode_part(&[34, 1]), None);
    }
}
